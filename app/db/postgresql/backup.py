"""Backup and restore with PostgreSQL's own programs, while other processes read and write.

https://www.postgresql.org/docs/current/app-pgdump.html
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from subprocess import PIPE
from typing import IO, Any

from sqlalchemy import Connection, TableClause, delete, text

from app.db import tables
from app.db.backups import SQLITE_MAGIC, read_header, reading_backup, require_file
from app.db.bulk import update_statistics
from app.db.database import Counts, Database, OnWait, Progress
from app.db.fulltext import merge_additions
from app.db.integrity import find_contradiction, find_stale_record
from app.db.postgresql.archive import (
    ARCHIVED,
    RECORD_TABLES,
    Archive,
    find_program,
    last_line,
    running,
)
from app.db.postgresql.urls import split_secrets
from app.db.revision import advance_revision_beyond, revision_of
from app.db.schema import current_revision
from app.domain.text import escape
from app.errors import DatabaseError
from app.files import atomic_write
from app.settings import Settings

_CHUNK = 2**16
"""Bytes of rows that are written at a time, instead of one call of the driver for each row."""
_SIZES = text(
    "SELECT relname, nspname, pg_table_size(pg_class.oid) / 1024 FROM pg_class"
    " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE pg_class.oid IN (SELECT to_regclass(name)"
    " FROM json_array_elements_text(CAST(:names AS JSON)) AS name)"
)


def back_up(database: Database, target: Path, progress: Progress) -> Counts:
    """Write our tables to an archive, which only its owner can read; see `Database`.

    Any server of the database can be dumped, also a standby.
    """
    settings = database.settings
    database.verify()
    database.require_other_file(target)
    program = find_program("pg_dump", settings)
    with database.read() as connection:
        # Otherwise the backup could not be restored.
        if problem := find_contradiction(connection):
            raise DatabaseError(f"{database.name}: {problem}")
        _require_version(program, int(connection.scalar(text("SHOW server_version_num"))))
        _require_backup_target(target, settings)  # which needs `pg_restore`
        sizes = connection.execute(_SIZES, {"names": json.dumps(ARCHIVED)}).all()
    if not sizes:  # without a name, `pg_dump` would dump the tables of others
        raise DatabaseError(f"{database.name}: The database is empty. Run `timeline migrate`.")
    url, password = _connection(settings)
    command = [
        *(program, "--format=custom", "--encoding=UTF8", "--verbose", "--no-password"),
        # In quotes, no character of the pattern is special.
        *('--table="{}"."{}"'.format(schema.replace('"', '""'), name) for name, schema, _ in sizes),
        f"--dbname={url}",
    ]
    try:
        with atomic_write(target, private=True) as part:
            with running([*command, f"--file={part}"], password, stderr=PIPE) as process:
                assert process.stderr  # noqa: S101 - it is a pipe
                problem = _follow(process.stderr, {name: size for name, _, size in sizes}, progress)
                if process.wait():
                    raise DatabaseError(f"{database.name}: The backup failed: {problem}")
            return Archive(part, settings, named=target).read().counts
    except OSError as error:
        raise DatabaseError(f"{target}: The file cannot be written ({error.strerror}).") from None


def _connection(settings: Settings) -> tuple[str, str]:
    """Return the URL for `pg_dump`, of any server, without the password, and that."""
    url, secrets = split_secrets(settings.database_url)
    if "sslpassword" in secrets:
        raise DatabaseError(
            "TIMELINE_DATABASE_URL: `pg_dump` would show the option sslpassword to other users. "
            "Use a key without a password."
        )
    url += f"{'&' if '?' in url else '?'}target_session_attrs=any"  # the last one counts
    return url, secrets.get("password", "")


def _follow(output: IO[bytes], sizes: dict[str, int], progress: Progress) -> str:
    """Report the tables that `pg_dump` begins, by their sizes; return its last line."""
    done, line = 0, b""
    for line in output:
        _, is_table, name = line.partition(b"dumping contents of table ")
        if is_table:
            progress(done, sum(sizes.values()))
            done += sizes.get(name.decode().rpartition(".")[2].strip('"\n'), 0)
    return last_line(line)


def verify_backup(settings: Settings, path: Path) -> Counts:
    """Return what a backup contains; raise DatabaseError if anything is wrong with it."""
    return Archive(path, settings).read().counts


def restore(database: Database, source: Path, on_wait: OnWait, progress: Progress) -> None:
    """Replace all records with those of an archive, in one transaction; see `Database`.

    Not by TRUNCATE or by `pg_restore` itself, which would lock readers out.
    """
    require_file(source)
    if read_header(source).startswith(SQLITE_MAGIC):
        raise DatabaseError(
            f"{source}: This is an SQLite database. Copy it into an empty database with `timeline "
            "copy`."
        )
    archive = Archive(source, database.settings)
    contents = archive.read()
    if contents.revision != current_revision():
        raise DatabaseError(
            f"{source}: The schema is {contents.revision}, but this version restores only "
            f"{current_revision()}. Restore the archive into an empty database with `pg_restore "
            "--no-owner --dbname`, run `timeline migrate` there, and back that up."
        )
    database.migrate_if_needed()
    with database.write(on_wait) as connection:
        before = revision_of(connection)
        for table in reversed(RECORD_TABLES):
            connection.execute(delete(table))
        done = 0

        def on_size(size: int) -> None:
            nonlocal done
            done += size
            progress(done // 1024, contents.size // 1024)

        for table in RECORD_TABLES:
            _copy_rows(connection, archive, table, on_size)
        merge_additions(connection)
        with reading_backup():
            if problem := find_contradiction(connection) or find_stale_record(connection):
                raise DatabaseError(f"{source}: {problem}")
        # Caches and standbys take a number that they know for the data that they know.
        advance_revision_beyond(connection, before)
        update_statistics(connection, tables.event)


def _copy_rows(
    connection: Connection, archive: Archive, table: TableClause, on_size: Callable[[int], None]
) -> None:
    driver: Any = connection.connection.driver_connection
    errors: Any = connection.dialect.loaded_dbapi
    with closing(archive.blocks(f"--table={table.name}")) as blocks:
        for _, columns, rows in blocks:
            if sorted(columns) != sorted(column.name for column in table.c):
                raise DatabaseError(
                    f"{archive.name}: The table {table.name!r} differs from that of schema "
                    f"{current_revision()}. Use another backup."
                )
            statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
            try:
                with driver.cursor() as cursor, cursor.copy(statement) as copy:
                    for chunk in _chunks(rows):
                        copy.write(chunk)
                        on_size(len(chunk))
            except (errors.DataError, errors.IntegrityError) as error:
                raise DatabaseError(
                    f"{archive.name}: The rows of {table.name!r} break a rule of the database: "
                    f"{escape(error.diag.message_primary or error)}. Use another backup."
                ) from None


def _chunks(rows: Iterator[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for row in rows:
        chunk += row
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _require_version(program: str, server: int) -> None:
    """Raise DatabaseError if `pg_dump` is older than the server, which it then refuses to dump."""
    with running([program, "--version"], stdout=PIPE) as process:
        words = process.stdout.read().decode().split() if process.stdout else []
    # pg_dump (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1)
    version = "".join(takewhile(str.isdecimal, words[2])) if len(words) > 2 else ""
    if not version or int(version) < server // 10_000:
        raise DatabaseError(
            f"{program}: Its version is {version or 'unknown'}, and that of the server is "
            f"{server // 10_000}. Install the client programs of PostgreSQL {server // 10_000} (on "
            f"Debian the package postgresql-client-{server // 10_000}), or set "
            "TIMELINE_POSTGRESQL_PROGRAMS to their directory."
        )


def _require_backup_target(target: Path, settings: Settings) -> None:
    """Raise DatabaseError if the target exists and is not an older backup."""
    if not target.exists():
        return
    if not target.is_file():
        raise DatabaseError(f"{target}: This is not a file. Name a file.")
    try:
        names = Archive(target, settings).table_names()
    except DatabaseError:
        names = set()
    if not names >= {"alembic_version", "event"}:
        raise DatabaseError(f"{target}: The file is not a backup. Name another file.")
