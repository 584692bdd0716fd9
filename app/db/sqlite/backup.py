"""Backup and restore, while other processes read and write.

https://www.sqlite.org/backup.html
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from app.db.sqlite.database import Database
from app.db.sqlite.errors import BUSY, describe_error
from app.db.sqlite.migrate import migrate_if_needed, schema_revision, verify_file
from app.errors import DatabaseError
from app.files import atomic_write

PAGES_PER_STEP = 1_000
"""Pages that are copied between two calls of the progress callback, where Ctrl-C is noticed too."""
_MAGIC = b"SQLite format 3\x00"
"""The first bytes of a database: https://www.sqlite.org/fileformat2.html#magic_header_string"""


def back_up(database: Database, target: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the current state of the database to one file.

    The target appears, or replaces an older backup, only when the copy is complete and verified.
    Raises DatabaseError if the database is damaged, or if the target is another kind of file, is in
    use or cannot be written.
    """
    verify_file(database)
    _require_backup_target(database, target)
    try:
        with atomic_write(target) as part:
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                _copy_pages(
                    database, copy, lambda _status, left, total: progress(total - left, total)
                )
                # One file that can be moved: in WAL mode, opening it would create two more.
                copy.execute("PRAGMA journal_mode = DELETE")
                (result,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if result != "ok":
                raise DatabaseError(
                    f"{database.path}: The file is damaged: {result}. Restore an older backup."
                )
    except OSError as error:
        raise DatabaseError(f"{target}: The file cannot be written ({error.strerror}).") from None
    except sqlite3.Error as error:
        raise DatabaseError(f"{target}: {describe_error(error)}") from None


def restore(
    database: Database,
    source: Path,
    on_wait: Callable[[], None],
    progress: Callable[[int, int], None],
) -> None:
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
    if not source.is_file():
        raise DatabaseError(f"{source}: There is no such file. Name a backup.")
    _require_restorable_target(database)
    with closing(open_copy(source, database)) as copy:
        verify_file(copy)
        if schema_revision(copy) is None:
            raise DatabaseError(f"{source}: The file is empty. Name a backup.")
        try:
            with _migrated_copy(copy, database) as current:
                database.create()
                with closing(_connect(database.path)) as target:
                    _copy_pages(current, target, after_step)
        except (OSError, sqlite3.Error) as error:
            raise DatabaseError(
                f"{database.path}: {describe_error(error)} Nothing was changed."
            ) from None
    database.truncate_wal()


@contextmanager
def _migrated_copy(backup: Database, database: Database) -> Iterator[Database]:
    """Yield a temporary copy of a backup with the current schema; the backup is not touched."""
    with TemporaryDirectory(prefix=".restored-", dir=database.path.absolute().parent) as folder:
        path = Path(folder) / backup.path.name
        with closing(_connect(path)) as target:
            _copy_pages(backup, target, lambda *_: None)
        with closing(open_copy(path, database, read_only=False)) as current:
            migrate_if_needed(current)
            yield current


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None)


def _require_restorable_target(database: Database) -> None:
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


def open_copy(path: Path, database: Database, *, read_only: bool = True) -> Database:
    """Return the Database of a copied file, without a query timeout."""
    return Database(database.settings, path=path, read_only=read_only, query_timeout=inf)


def _copy_pages(
    source: Database, target: sqlite3.Connection, after_step: Callable[[int, int, int], None]
) -> None:
    with source.read() as connection:
        # BEGIN takes no snapshot, the first read does. Without one, SQLite starts the copy over
        # whenever another process writes.
        connection.execute(text("SELECT 1 FROM sqlite_master"))
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - Database opened it
        driver.backup(target, pages=PAGES_PER_STEP, progress=after_step)


def _require_backup_target(database: Database, target: Path) -> None:
    """Raise DatabaseError if the target exists and is not an older backup."""
    if not target.exists():
        return
    if not target.is_file():
        raise DatabaseError(f"{target}: This is not a file. Name a file.")
    if target.samefile(database.path):
        raise DatabaseError(f"{target}: This is the database itself. Name another file.")
    if any(Path(f"{target}-{suffix}").exists() for suffix in ("wal", "journal")):
        raise DatabaseError(f"{target}: The file is in use. Name another file.")
    with target.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DatabaseError(f"{target}: The file is not a backup. Name another file.")
