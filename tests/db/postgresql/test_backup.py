"""Backups of PostgreSQL: what they contain, which ones are restored, and how `pg_dump` is run."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from app.db.backups import rotate_backups
from app.db.database import Database
from app.db.engines import open_database, verify_backup
from app.db.revision import revision_of
from app.db.schema import current_revision
from app.errors import DatabaseError
from app.settings import Settings
from tests.support.cli import TIMELINE, command_env, run, without_coverage
from tests.support.corpus import FERRY, HARBOUR, SEED
from tests.support.databases import load_into, new_database
from tests.support.postgresql import EMPTY, create_database, drop_database, programs, server_url
from tests.support.snapshot import read_tables

NAMES = ("backed_up", "restored")


@pytest.fixture
def urls() -> Iterator[list[str]]:
    """Yield the URLs of two migrated databases without records."""
    yield [create_database(name) for name in NAMES]
    for name in NAMES:
        drop_database(name)


@pytest.fixture
def databases(urls: list[str]) -> Iterator[list[Database]]:
    """Yield two databases: one with 28 events, and one with six."""
    opened = [_open(url) for url in urls]
    load_into(opened[0], SEED, HARBOUR)
    load_into(opened[1], HARBOUR)
    yield opened
    for database in opened:
        database.close()


def _open(url: str, folder: Path | str = "", **settings: float) -> Database:
    """Open a database with the programs in a folder, by default those of the server's version."""
    return open_database(
        Settings(database_url=url, postgresql_programs=str(folder or programs()), **settings)  # type: ignore[arg-type]
    )


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _back_up(database: Database, path: Path) -> Path:
    database.back_up(path, lambda *_: None)
    return path


def _restore(database: Database, path: Path) -> None:
    database.restore(path, lambda: None, lambda *_: None)


def _count_events(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one())


def _revision(database: Database) -> int:
    with database.read() as connection:
        return revision_of(connection)


def test_backup_is_restored_in_one_transaction(databases: list[Database], tmp_path: Path) -> None:
    database, other = databases
    for _ in range(2):  # the second replaces the first
        assert database.back_up(tmp_path / "x.dump", lambda *_: None) == (28, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["x.dump"]
    assert (tmp_path / "x.dump").stat().st_mode & 0o777 == 0o600
    assert verify_backup(other.settings, tmp_path / "x.dump") == (28, 2)
    expected = {**read_tables(database), "revision": []}
    seen: list[tuple[int, int]] = []
    before = _revision(other)
    with closing(_open(other.settings.database_url)) as reader:
        done = []

        def on_progress(*numbers: int) -> None:
            done.append(numbers)
            seen.append((_count_events(reader), _revision(reader)))

        other.restore(tmp_path / "x.dump", lambda: None, on_progress)
        assert {*seen} == {(6, before)}
        assert done[-1][0] == done[-1][1] > 0
        assert _count_events(reader) == 28
    assert {**read_tables(other), "revision": []} == expected
    other.verify(completely=True)
    # Caches and clients must not take the data for any that they know.
    assert _revision(other) == max(before, _revision(database)) + 1
    load_into(other, FERRY)
    newest = _revision(other)
    _restore(other, tmp_path / "x.dump")
    assert _revision(other) == newest + 1


def test_restore_creates_tables(databases: list[Database], tmp_path: Path) -> None:
    backup = _back_up(databases[0], tmp_path / "x.dump")
    with closing(_open(create_database("restored", EMPTY))) as new:
        _restore(new, backup)
        assert _count_events(new) == 28


def test_tables_of_others_are_neither_backed_up_nor_changed(
    databases: list[Database], tmp_path: Path
) -> None:
    for database in databases:
        _execute(database.settings.database_url, "CREATE TABLE bookmark AS SELECT 1 AS id")
    backup = _back_up(databases[0], tmp_path / "x.dump")
    listed = subprocess.check_output([programs() / "pg_restore", "--list", backup], text=True)
    assert " TABLE DATA public event " in listed
    assert "bookmark" not in listed
    _restore(databases[1], backup)
    _execute(databases[1].settings.database_url, "DROP TABLE bookmark")


def test_tables_in_schema_with_special_name_are_backed_up(tmp_path: Path) -> None:
    url = create_database("backed_up", EMPTY)
    _execute(url, 'CREATE SCHEMA "Our ""own"".*"')
    _execute(url, 'ALTER DATABASE backed_up SET search_path = "Our ""own"".*"')
    with closing(_open(url)) as database:
        database.migrate_if_needed()
        load_into(database, HARBOUR)
        backup = _back_up(database, tmp_path / "x.dump")
        load_into(database, SEED)
        _restore(database, backup)
        assert _count_events(database) == 6
    with closing(_open(create_database("restored"))) as other:
        _restore(other, backup)
        assert _count_events(other) == 6


def test_rotated_backup_has_name_of_database(databases: list[Database], tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        path, counts, deleted = rotate_backups(databases[0], tmp_path, 2, lambda *_: None)
        assert counts == (28, 2)
        names.append(path.name)
    assert deleted == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == names[1:]
    assert all(re.fullmatch(r"backed_up-\d{8}T\d{6}\.\d{6}Z\.dump", name) for name in names)


def test_any_reachable_host_is_backed_up(databases: list[Database], tmp_path: Path) -> None:
    user, _, place = databases[0].settings.database_url.rpartition("@")
    url = f"{user}@127.0.0.1:1,{place}?target_session_attrs=read-write"
    with closing(_open(url)) as database:
        assert database.back_up(tmp_path / "x.dump", lambda *_: None) == (28, 2)


# ---- files that are refused


def _write_files(folder: Path, database: Database) -> None:
    """Write the files that the tables below name."""
    backup = _back_up(database, folder / "backup.dump")
    content = backup.read_bytes()
    (folder / "cut.dump").write_bytes(content[: len(content) * 3 // 4])
    (folder / "header.dump").write_bytes(content[:20])
    middle = len(content) // 2
    (folder / "overwritten.dump").write_bytes(content[:middle] + b"x" * 50 + content[middle + 50 :])
    shutil.copy(HARBOUR, folder / "dossier.yaml")
    new_database(folder / "timeline.db").close()
    url = create_database("restored", EMPTY)
    _execute(url, "CREATE TABLE bookmark AS SELECT 1 AS id")
    _dump(url, folder / "foreign.dump")


def _dump(url: str, path: Path, *options: str) -> None:
    command = ["pg_dump", "--format=custom", f"--file={path}", *options, url]
    subprocess.run(command, executable=programs() / "pg_dump", check=True)


_NOT_BACKUP = "The file is not a backup. Name another file."
INVALID_TARGETS = {
    ".": "This is not a file. Name a file.",
    "dossier.yaml": _NOT_BACKUP,
    "timeline.db": _NOT_BACKUP,
    "foreign.dump": _NOT_BACKUP,
    "header.dump": _NOT_BACKUP,
    "x.db-wal": "The name is that of a part of a database. Name another file.",
    "nowhere/x.dump": "The file cannot be written (No such file or directory).",
}
_UNREADABLE = "The archive cannot be read: "
INVALID_SOURCES = {
    ".": "This is a directory. Name a backup.",
    "nothing.dump": "There is no such file. Name a backup.",
    "dossier.yaml": "The file is not an archive that `timeline backup` wrote. Use another backup.",
    "timeline.db": (
        "This is an SQLite database. Copy it into an empty database with `timeline copy`."
    ),
    "foreign.dump": "The archive belongs to another program. Use another backup.",
    "cut.dump": _UNREADABLE,
    "header.dump": _UNREADABLE,
    "overwritten.dump": _UNREADABLE,
}


@pytest.mark.sqlite  # one of the files is a database
def test_invalid_file_is_refused_and_changes_nothing(
    databases: list[Database], tmp_path: Path
) -> None:
    database = databases[0]
    _write_files(tmp_path, database)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for use, messages in ((_back_up, INVALID_TARGETS), (_restore, INVALID_SOURCES)):
        for name, message in messages.items():
            with pytest.raises(DatabaseError) as refused:
                use(database, tmp_path / name)
            assert str(refused.value).startswith(f"{tmp_path / name}: {message}")
    for name in ("foreign.dump", "cut.dump", "header.dump", "overwritten.dump"):
        with pytest.raises(DatabaseError) as refused:
            verify_backup(database.settings, tmp_path / name)
        assert str(refused.value).startswith(f"{tmp_path / name}: {INVALID_SOURCES[name]}")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert _count_events(database) == 28


CURRENT = current_revision()
_RULE = "break a rule of the database: "
# Changes of a database before it is dumped, with the message for the archive.
WRONG_CONTENTS = {
    "UPDATE alembic_version SET version_num = '9999'": "The schema is 9999, of a newer version.",
    "DELETE FROM alembic_version": "The archive belongs to another program.",
    "DROP TABLE event_topic": f"The table 'event_topic' of schema {CURRENT} is missing.",
    "ALTER TABLE topic ADD x text": f"The table 'topic' differs from that of schema {CURRENT}.",
    "DELETE FROM event_record WHERE event_id = 1": (
        "The table 'event_record' must have one row for each event."
    ),
    "DELETE FROM event_search WHERE rowid = 1": (
        "The table 'event_search' must have one row for each event."
    ),
    "DELETE FROM revision": "The table 'revision' must have one row.",
    "UPDATE citation SET date_key = 0": "The table 'citation' has another date of ",
    "UPDATE event SET title = 'x' WHERE id = 2": "The stored record of '",
    "ALTER TABLE event DROP CONSTRAINT ck_event_sources; UPDATE event SET sources = 0": (
        f"The rows of 'event' {_RULE}"
    ),
    "ALTER TABLE source ALTER published TYPE text; UPDATE source SET published = 'x'": (
        f"The rows of 'source' {_RULE}"
    ),
    "CREATE SCHEMA other; CREATE TABLE other.event AS SELECT 1 AS id": (
        "The archive belongs to another program."
    ),
}


@pytest.mark.parametrize("script", WRONG_CONTENTS)
def test_inconsistent_archive_is_refused_and_changes_nothing(
    databases: list[Database], tmp_path: Path, script: str
) -> None:
    database, other = databases
    database.close()
    url, backup = database.settings.database_url, tmp_path / "x.dump"
    for statement in script.split("; "):
        _execute(url, statement)
    _dump(url, backup)
    before = read_tables(other)
    with pytest.raises(DatabaseError) as refused:
        _restore(other, backup)
    assert str(refused.value).startswith(f"{backup}: {WRONG_CONTENTS[script]}")
    assert "Restore a" not in str(refused.value)
    assert read_tables(other) == before


def test_archive_in_other_encoding_is_refused(databases: list[Database], tmp_path: Path) -> None:
    backup = tmp_path / "x.dump"
    _dump(databases[0].settings.database_url, backup, "--encoding=GB18030")
    with pytest.raises(DatabaseError, match=r"The texts are not in UTF-8\. Use another backup\."):
        _restore(databases[1], backup)


def test_older_archive_is_refused_with_fix(databases: list[Database], tmp_path: Path) -> None:
    database, other = databases
    _execute(database.settings.database_url, "UPDATE alembic_version SET version_num = '0005'")
    backup = tmp_path / "x.dump"
    _dump(database.settings.database_url, backup)
    assert verify_backup(other.settings, backup) == (28, 2)
    with pytest.raises(DatabaseError, match=r"The schema is 0005, .*run `timeline migrate` there"):
        _restore(other, backup)
    assert _count_events(other) == 6


def test_inconsistent_database_is_not_backed_up(databases: list[Database], tmp_path: Path) -> None:
    """Otherwise the backup could not be restored."""
    database = databases[0]
    _execute(database.settings.database_url, "DELETE FROM event_record WHERE event_id = 1")
    with pytest.raises(DatabaseError, match="The table 'event_record' must have one row for each"):
        _back_up(database, tmp_path / "x.dump")
    assert not [*tmp_path.iterdir()]


def test_empty_database_is_not_backed_up(tmp_path: Path) -> None:
    refused = pytest.raises(DatabaseError, match=r"The database is empty\. Run `timeline migrate`")
    with closing(_open(create_database("restored", EMPTY))) as database, refused:
        _back_up(database, tmp_path / "x.dump")
    drop_database("restored")


def test_restore_waits_for_other_writer(databases: list[Database], tmp_path: Path) -> None:
    backup = _back_up(databases[0], tmp_path / "x.dump")
    waits: list[bool] = []
    url = databases[1].settings.database_url
    refused = pytest.raises(DatabaseError, match="Another process has been writing for 0 s")
    with closing(_open(url, busy_timeout=0)) as other, databases[1].write(), refused:
        other.restore(backup, lambda: waits.append(True), lambda *_: None)
    assert waits == [True]
    assert _count_events(databases[1]) == 6


def test_interrupted_restore_changes_nothing(databases: list[Database], tmp_path: Path) -> None:
    backup = _back_up(databases[0], tmp_path / "x.dump")

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            databases[1].restore(backup, lambda: None, interrupt)
        assert _count_events(databases[1]) == 6


# ---- the programs


def _program(folder: Path, name: str, script: str) -> None:
    """Write a shell script that replaces a program of PostgreSQL, and any other by the real one."""
    for real in ("pg_dump", "pg_restore"):
        (folder / real).unlink(missing_ok=True)
        (folder / real).symlink_to(programs() / real)
    (folder / name).unlink()
    (folder / name).write_text(f"#!/bin/sh\n{script}")
    (folder / name).chmod(0o755)


def test_missing_program_is_reported_with_fix(urls: list[str], tmp_path: Path) -> None:
    with closing(_open(urls[0], tmp_path)) as database, pytest.raises(DatabaseError) as refused:
        _back_up(database, tmp_path / "x.dump")
    assert str(refused.value) == (
        f"{tmp_path}/pg_dump: There is no such program. Set TIMELINE_POSTGRESQL_PROGRAMS to the "
        "directory that contains it."
    )


def test_missing_programs_in_path_are_reported_with_fix(
    urls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = Settings(database_url=urls[0])
    with closing(open_database(settings)) as database, pytest.raises(DatabaseError) as refused:
        _back_up(database, tmp_path / "x.dump")
    assert str(refused.value) == (
        "pg_dump: There is no such program. Install PostgreSQL's client programs (on Debian the "
        "package postgresql-client), or set TIMELINE_POSTGRESQL_PROGRAMS to the directory that "
        "contains it."
    )


def test_older_program_is_refused_with_fix(urls: list[str], tmp_path: Path) -> None:
    _program(tmp_path, "pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24 (Debian)'")
    with closing(_open(urls[0], tmp_path)) as database, pytest.raises(DatabaseError) as refused:
        _back_up(database, tmp_path / "x.dump")
    assert re.fullmatch(
        rf"{re.escape(str(tmp_path))}/pg_dump: Its version is 9, and that of the server is (\d+)\. "
        r"Install the client programs of PostgreSQL \1 \(on Debian the package "
        r"postgresql-client-\1\), or set TIMELINE_POSTGRESQL_PROGRAMS to their directory\.",
        str(refused.value),
    )


FAILURES: dict[str, str] = {
    "pg_dump": "The backup failed: pg_dump: error: no\\x1b.",
    "pg_restore": "The archive cannot be read: pg_restore: error: no\\x1b. Use another backup, or "
    "a newer pg_restore.",
}


@pytest.mark.parametrize("name", FAILURES)
def test_failed_program_is_reported_and_leaves_nothing(
    urls: list[str], tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    version = f'[ "$1" = --version ] && exec {programs()}/{name} "$@"'
    _program(tmp_path, name, f"{version}\nprintf '{name}: error: no\\033.\\n' >&2; exit 1")
    with closing(_open(urls[0], tmp_path)) as database, pytest.raises(DatabaseError) as refused:
        _back_up(database, folder / "x.dump")
    assert str(refused.value).endswith(f": {FAILURES[name]}")
    assert not [*folder.iterdir()]


Move = Callable[[str, str], tuple[str, dict[str, str]]]
# Where a password can be: the URL and the environment.
PASSWORDS: dict[str, Move] = {
    "user": lambda place, password: (f"timeline:{password}@{place}", {}),
    "option": lambda place, password: (f"timeline@{place}?password={password}", {}),
    "environment": lambda place, password: (f"timeline@{place}", {"PGPASSWORD": password}),
}


@pytest.mark.parametrize("where", PASSWORDS)
def test_password_is_in_no_argument(
    urls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    _program(
        tmp_path, "pg_dump", f'echo "$@" >>{tmp_path}/arguments; exec {programs()}/pg_dump "$@"'
    )
    user, _, place = urls[0].removeprefix("postgresql://").rpartition("@")
    password = user.partition(":")[2]
    url, environment = PASSWORDS[where](place, password)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with closing(_open(f"postgresql://{url}", tmp_path)) as database:
        _back_up(database, tmp_path / "x.dump")
    arguments = (tmp_path / "arguments").read_text()
    assert place in arguments
    assert password not in arguments


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_backup_ends_its_program(
    urls: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    folder, pipe = tmp_path / "backups", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    version = f'[ "$1" = --version ] && exec {programs()}/pg_dump "$@"'
    _program(tmp_path, "pg_dump", f"{version}\necho $$ >{pipe}\nexec sleep 600")
    environment = {"TIMELINE_DATABASE_URL": urls[0], "TIMELINE_POSTGRESQL_PROGRAMS": str(tmp_path)}
    with subprocess.Popen(
        [TIMELINE, "backup", folder / "x.dump"],
        env=without_coverage(command_env(tmp_path, environment)),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        child = int(pipe.read_text())
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert errors == "Interrupted. No partial changes were kept.\n"
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert not [*folder.iterdir()]


# ---- the commands


def test_commands_back_up_verify_and_restore(urls: list[str], tmp_path: Path) -> None:
    settings = {"TIMELINE_POSTGRESQL_PROGRAMS": str(programs())}
    name = re.sub("//.*@", "//", urls[0])
    with closing(_open(urls[0])) as database:
        load_into(database, HARBOUR)
    commands = {
        ("backup", "x.dump"): "x.dump: 6 events of 1 timeline.\n",
        ("verify", "x.dump"): "x.dump: 6 events of 1 timeline, no errors.\n",
        ("restore", "x.dump"): f"{name}: 6 events of 1 timeline.\n",
        ("verify",): f"{name}: 6 events of 1 timeline, no errors.\n",
    }
    for arguments, output in commands.items():
        done = run(tmp_path, *arguments, TIMELINE_DATABASE_URL=urls[0], **settings)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", output)
    refused = run(tmp_path, "restore", "x.dump", TIMELINE_DATABASE_URL="sqlite:///new.db")
    assert refused.stderr == (
        "x.dump: This is a backup of a PostgreSQL database. Restore it into one, and copy that "
        "with `timeline copy`.\n"
    )
    refused = run(tmp_path, "export", "-o", "x.dump", TIMELINE_DATABASE_URL=urls[0])
    assert refused.returncode == 1
    assert server_url().partition("@")[2] in name
