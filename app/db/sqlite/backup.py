"""Copies of the file, taken and put back while others use it.

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
"""So many pages are copied between two looks at the clock and the keyboard."""
_MAGIC = b"SQLite format 3\x00"


def back_up(database: Database, target: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the file as it is at this moment, while others go on reading and writing.

    The copy is one file, which stands at the target only when it is whole and checked, in place of
    an older copy. Raises DatabaseError if the file is not sound, if something else stands at the
    target, or if it cannot be written.
    """
    verify_file(database)
    _require_backup_target(database, target)
    try:
        with atomic_write(target) as part:
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                _copy_pages(database, copy, lambda _status, left, all_: progress(all_ - left, all_))
                copy.execute("PRAGMA journal_mode = DELETE")  # nothing beside it, wherever it goes
                (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise DatabaseError(f"{database.path} is damaged: {found}; restore an older backup")
    except OSError as error:
        raise DatabaseError(f"{target}: it cannot be written: {error.strerror}") from None
    except sqlite3.Error as error:
        raise DatabaseError(f"{target}: {describe_error(error)}") from None


def restore(
    database: Database,
    source: Path,
    waiting: Callable[[], None],
    progress: Callable[[int, int], None],
) -> None:
    """Put a copy in place of all that is stored, migrated, in one transaction.

    Servers go on, and answer from what was until all is there. Who writes is waited for as by
    `Database.write`. Raises DatabaseError if the copy is not sound, or none of ours.
    """
    if database.read_only:
        raise DatabaseError(f"{database.path} is read-only here; nothing was changed")
    patience = database.lock_wait(waiting)

    def stepped(status: int, left: int, all_: int) -> None:
        if status == BUSY:
            patience.wait_or_raise()
        else:
            progress(all_ - left, all_)

    if database.path.exists() and source.exists() and source.samefile(database.path):
        raise DatabaseError(f"{source}: it is what is to be restored; name a backup")
    if not source.is_file():
        raise DatabaseError(f"{source}: there is no such file; name a backup")
    _require_restorable_target(database)
    with closing(open_copy(source, database)) as copy:
        verify_file(copy)
        if schema_revision(copy) is None:
            raise DatabaseError(f"{source} is no backup: it holds nothing")
        try:
            with _migrated(copy, database) as current:
                database.create()
                with closing(_connect(database.path)) as target:
                    _copy_pages(current, target, stepped)
        except (OSError, sqlite3.Error) as error:
            raise DatabaseError(
                f"{database.path}: {describe_error(error)}; nothing was changed"
            ) from None
    database.truncate_wal()


@contextmanager
def _migrated(copy: Database, database: Database) -> Iterator[Database]:
    """Give what a copy holds, brought to this version in a file of its own."""
    with TemporaryDirectory(prefix=".restored-", dir=database.path.absolute().parent) as folder:
        path = Path(folder) / copy.path.name
        with closing(_connect(path)) as target:
            _copy_pages(copy, target, lambda *_: None)
        with closing(open_copy(path, database, read_only=False)) as current:
            migrate_if_needed(current)
            yield current


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None)


def _require_restorable_target(database: Database) -> None:
    """Refuse to write into what is damaged, or another program's."""
    if not database.path.exists():
        return
    try:
        verify_file(database)
    except DatabaseError as error:
        raise DatabaseError(
            f"{error}; to restore into it, stop what uses it, and move it, {database.path}-wal and "
            f"{database.path}-shm away"
        ) from None


def open_copy(path: Path, database: Database, *, read_only: bool = True) -> Database:
    """Name a copy of a database."""
    return Database(database.settings, path=path, read_only=read_only, query_timeout=inf)


def _copy_pages(
    source: Database, target: sqlite3.Connection, stepped: Callable[[int, int, int], None]
) -> None:
    with source.read() as connection:
        connection.execute(text("SELECT 1 FROM sqlite_master"))  # what is seen is settled here
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - Database opened it
        driver.backup(target, pages=PAGES_PER_STEP, progress=stepped)


def _require_backup_target(database: Database, target: Path) -> None:
    """Refuse a target that is no older copy."""
    if not target.exists():
        return
    if not target.is_file():
        raise DatabaseError(f"{target}: it is no file; name one")
    if target.samefile(database.path):
        raise DatabaseError(f"{target}: it is what is to be copied; name another file")
    if any(Path(f"{target}-{name}").exists() for name in ("wal", "journal")):
        raise DatabaseError(f"{target}: it is in use; name another file")
    with target.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DatabaseError(f"{target}: it is no backup; name another file")
