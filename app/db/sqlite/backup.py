"""Backup and restore, while other processes read and write.

https://www.sqlite.org/backup.html
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db.backups import (
    ARCHIVE_MAGIC,
    COMPANIONS,
    SQLITE_MAGIC,
    count_records,
    read_header,
    reading_backup,
    require_file,
    require_no_companion,
)
from app.db.database import Counts, OnWait, Progress
from app.db.fulltext import CHECK_INDEX
from app.db.revision import advance_revision_beyond, revision_of
from app.db.schema import schema_revision
from app.db.sqlite.connections import SqliteFile
from app.db.sqlite.errors import BUSY, describe_error
from app.db.sqlite.migrate import find_damage, find_wrong_row, migrate_if_needed, verify_file
from app.domain.text import escape
from app.errors import DatabaseError
from app.files import atomic_write, temporary_folder
from app.settings import Settings

PAGES_PER_STEP = 1_000
"""Pages that are copied between two calls of the progress callback, where Ctrl-C is noticed too."""
_IN_WAL_MODE = b"\x02\x02"
"""The bytes after the magic and the page size. A backup is not in WAL mode, a database is."""


def back_up(database: SqliteFile, target: Path, progress: Progress) -> Counts:
    """Copy the current state of the database to one file, with the same mode.

    The target appears, or replaces an older backup, only when the copy is complete and verified.
    Raises DatabaseError if the database is damaged, or if the target is another kind of file, is in
    use or cannot be written.
    """
    verify_file(database)
    require_other_file(database, target)
    _require_backup_target(target)
    try:
        with atomic_write(target, access_of=database.path) as part:
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                _copy_pages(
                    database, copy, lambda _status, left, total: progress(total - left, total)
                )
                # One file that can be moved: in WAL mode, opening it would create two more.
                copy.execute("PRAGMA journal_mode = DELETE")
            _require_intact(part, database.settings, named=database.path)
            with closing(_open(part, database.settings)) as opened, opened.read() as connection:
                return count_records(connection)
    except OSError as error:
        raise DatabaseError(f"{target}: The file cannot be written ({error.strerror}).") from None
    except sqlite3.Error as error:
        raise DatabaseError(f"{target}: {describe_error(error)}") from None


def verify_backup(settings: Settings, path: Path) -> Counts:
    """Return what a backup contains; raise DatabaseError if anything is wrong with it."""
    if not path.exists():
        raise DatabaseError(f"{path}: There is no such file. Name a backup.")
    with closing(_open(path, settings)) as copy:
        with reading_backup():
            verify_file(copy, completely=True)
        if schema_revision(copy) is None:
            raise DatabaseError(f"{path}: The file is empty. Name a backup.")
        with copy.read() as connection:
            return count_records(connection)


def restore(database: SqliteFile, source: Path, on_wait: OnWait, progress: Progress) -> None:
    """Replace all records with those of a backup, migrated, in one transaction.

    Servers keep running, with the old records until the end. Waits for other writers as
    `Database.write` does. Raises DatabaseError if the backup is damaged or not one of ours.
    """
    if database.read_only:
        raise DatabaseError(
            f"{database.path}: The file or its directory is read-only. Nothing was changed."
        )
    lock_wait = database.lock_wait(on_wait)

    def after_step(status: int, left: int, total: int) -> None:
        if status == BUSY:
            lock_wait.wait_or_raise()
        else:
            progress(total - left, total)

    if database.path.exists() and source.exists() and source.samefile(database.path):
        raise DatabaseError(f"{source}: This is the database itself. Name a backup.")
    require_file(source)
    _require_restorable_target(database)
    if read_header(source).startswith(ARCHIVE_MAGIC):
        raise DatabaseError(
            f"{source}: This is a backup of a PostgreSQL database. Restore it into one, and copy "
            "that with `timeline copy`."
        )
    with closing(_open(source, database.settings)) as copy:
        with reading_backup():
            verify_file(copy)
        if schema_revision(copy) is None:
            raise DatabaseError(f"{source}: The file is empty. Name a backup.")
        try:
            with _migrated_copy(copy, database) as current:
                _create_target(database, source)
                _copy_page_size(database, current)
                with closing(_connect(database.path)) as target:
                    _copy_pages(current, target, after_step)
        except (OSError, sqlite3.Error) as error:
            raise DatabaseError(
                f"{database.path}: {describe_error(error)} Nothing was changed."
            ) from None
    database.truncate_wal()


@contextmanager
def _migrated_copy(backup: SqliteFile, database: SqliteFile) -> Iterator[SqliteFile]:
    """Yield a verified temporary copy of a backup with the current schema."""
    with temporary_folder(database.path.absolute().parent) as folder:
        path = folder / "copy.db"
        path.touch(0o600)
        with closing(_connect(path)) as target:
            _copy_pages(backup, target, lambda *_: None)
        with closing(_open(path, database.settings, read_only=False)) as current:
            try:
                migrate_if_needed(current)
            except DBAPIError as error:  # rows that break a rule of the current schema
                raise DatabaseError(
                    f"{backup.path}: The backup cannot be migrated: {escape(error.orig)}. Use "
                    "another backup."
                ) from None
            with reading_backup():
                _require_intact(path, database.settings, named=backup.path)
            with current.write() as connection:
                advance_revision_beyond(connection, _stored_revision(database))
            yield current


def _stored_revision(database: SqliteFile) -> int:
    """Return the revision of the data that a restore replaces; 0 if there is none."""
    if not database.path.exists() or schema_revision(database) is None:
        return 0
    with database.read() as connection:
        return revision_of(connection)


def _require_intact(copy: Path, settings: Settings, named: Path) -> None:
    """Raise DatabaseError if a copy is damaged where `verify_file` does not look; it names `named`.

    The full-text index can be checked only in a file that may be written.
    """
    with closing(_open(copy, settings)) as opened:
        try:
            with opened.read() as connection:
                problem = find_damage(connection) or find_wrong_row(connection)
        except DBAPIError as error:
            problem = describe_error(error.orig)
    if not problem:
        with closing(_connect(copy)) as connection:
            try:
                connection.execute(CHECK_INDEX)
            except sqlite3.DatabaseError:
                problem = "The full-text index is damaged. Restore a backup."
    if problem:
        raise DatabaseError(f"{named}: {problem}")


def _create_target(database: SqliteFile, source: Path) -> None:
    """Create the database if it is missing, no more readable than the backup."""
    if not database.path.exists():
        mode = source.stat().st_mode & 0o666 | 0o600
        os.close(os.open(database.path, os.O_CREAT | os.O_RDWR, mode))
    database.create()


def _copy_page_size(database: SqliteFile, copy: SqliteFile) -> None:
    """Convert a copy to the page size of the database, which cannot change in WAL mode.

    https://www.sqlite.org/pragma.html#pragma_page_size
    """
    copy.close()  # only the last connection to a file can change its mode
    with closing(_connect(database.path)) as target, closing(_connect(copy.path)) as rebuilt:
        wanted, size = (one.execute("PRAGMA page_size").fetchone()[0] for one in (target, rebuilt))
        if size != wanted:
            rebuilt.execute("PRAGMA journal_mode = DELETE")
            rebuilt.execute(f"PRAGMA page_size = {wanted}")
            rebuilt.execute("VACUUM")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None)


def _require_restorable_target(database: SqliteFile) -> None:
    """Raise DatabaseError if the file to overwrite is damaged or belongs to another program."""
    if not database.path.exists():
        return
    try:
        verify_file(database)
    except DatabaseError as error:
        raise DatabaseError(
            f"{error} To restore into this path, stop the processes that use it, and move it, "
            f"{database.path}-wal and {database.path}-shm away."
        ) from None


def _open(path: Path, settings: Settings, *, read_only: bool = True) -> SqliteFile:
    """Return a copied file, without a query timeout."""
    return SqliteFile(settings, path=path, read_only=read_only, query_timeout=inf)


def _copy_pages(
    source: SqliteFile, target: sqlite3.Connection, after_step: Callable[[int, int, int], None]
) -> None:
    with source.read() as connection:
        # BEGIN takes no snapshot, the first read does. Without one, SQLite starts the copy over
        # whenever another process writes.
        connection.execute(text("SELECT 1 FROM sqlite_master"))
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - SqliteFile opened it
        driver.backup(target, pages=PAGES_PER_STEP, progress=after_step)


def require_other_file(database: SqliteFile, target: Path) -> None:
    """Raise DatabaseError for a file that SQLite reads, of this or of another database."""
    require_no_companion(target)
    parts = [Path(f"{database.path}{suffix}") for suffix in ("", *COMPANIONS)]
    # A link, or another spelling of the name, is the same file too.
    if target.exists() and any(part.exists() and part.samefile(target) for part in parts):
        raise DatabaseError(f"{target}: This is the database itself. Name another file.")


def _require_backup_target(target: Path) -> None:
    """Raise DatabaseError if the target exists and is not an older backup."""
    if not target.exists():
        return
    if not target.is_file():
        raise DatabaseError(f"{target}: This is not a file. Name a file.")
    resolved = os.path.realpath(target)
    if any(Path(f"{resolved}-{suffix}").exists() for suffix in ("wal", "journal")):
        raise DatabaseError(f"{target}: The file is in use. Name another file.")
    header = read_header(target)
    if not header.startswith(SQLITE_MAGIC) or not _has_our_tables(target):
        raise DatabaseError(f"{target}: The file is not a backup. Name another file.")
    if header.endswith(_IN_WAL_MODE):
        raise DatabaseError(f"{target}: This is a database, not a backup. Name another file.")


def _has_our_tables(path: Path) -> bool:
    """Return whether a database that nobody is using has tables of ours."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        query = "SELECT count(*) FROM sqlite_master WHERE name IN ('alembic_version', 'event')"
        try:
            (number,) = connection.execute(query).fetchone()
        except sqlite3.Error:
            return False
    return bool(number == 2)
