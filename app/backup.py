"""Copies of the file, taken and put back while others use it.

https://www.sqlite.org/backup.html
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from app.database import Database, explained
from app.errors import DatabaseError
from app.findings import Tell
from app.upkeep import look_over, prepare, schema_of

PAGES = 1_000
"""So many pages are copied between two looks at the clock and the keyboard."""
_MAGIC = b"SQLite format 3\x00"


def back_up(database: Database, target: Path, tell: Tell) -> None:
    """Copy the file as it is at this moment, while others go on reading and writing.

    The copy is one file, which stands at the target only when it is whole and checked, in place of
    an older copy. Raises DatabaseError if the file is not sound, if something else stands at the
    target, or if it cannot be written.
    """
    look_over(database)
    _require_free(database, target)
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            _copy(database, copy, lambda _status, left, all_: tell(all_ - left, all_))
            copy.execute("PRAGMA journal_mode = DELETE")  # nothing beside it, wherever it goes
            (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise DatabaseError(f"{database.path} is damaged: {found}; restore an older backup")
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"{target}: {explained(error)}") from None
    finally:
        part.unlink(missing_ok=True)


def restore(database: Database, source: Path, waiting: Callable[[], None], tell: Tell) -> None:
    """Put a copy in place of all that is stored, in one transaction, and migrate it.

    Servers go on, and answer from what was until all is there. Who writes is waited for as by
    `Database.write`. Raises DatabaseError if the copy is not sound, or none of ours.
    """
    if database.read_only:
        raise DatabaseError(f"{database.path} is read-only here; nothing was changed")
    patience = database.patience(waiting)

    def stepped(status: int, left: int, all_: int) -> None:
        if status == sqlite3.SQLITE_BUSY:
            patience.wait()
        else:
            tell(all_ - left, all_)

    if database.path.exists() and source.exists() and source.samefile(database.path):
        raise DatabaseError(f"{source}: it is what is to be restored; name a backup")
    with closing(copy_at(source, database)) as copy:
        look_over(copy)
        if schema_of(copy) is None:
            raise DatabaseError(f"{source} is no backup: it holds nothing")
        database.create()
        with closing(sqlite3.connect(database.path, isolation_level=None)) as target:
            try:
                _copy(copy, target, stepped)
            except sqlite3.Error as error:
                raise DatabaseError(f"{database.path}: {explained(error)}") from None
    database.shorten_log()
    prepare(database)


def copy_at(path: Path, database: Database) -> Database:
    """Name a copy of a database, to be read."""
    settings = database.settings.model_copy(update={"database_url": f"sqlite:///{path}"})
    return Database(settings, read_only=True)


def _copy(
    source: Database, target: sqlite3.Connection, stepped: Callable[[int, int, int], None]
) -> None:
    with source.read() as connection:
        connection.execute(text("SELECT 1 FROM sqlite_master"))  # what is seen is settled here
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - Database opened it
        driver.backup(target, pages=PAGES, progress=stepped)


def _require_free(database: Database, target: Path) -> None:
    """Refuse a target that is no older copy."""
    if target.is_dir():
        raise DatabaseError(f"{target}: it is a directory; name a file in it")
    if not target.exists():
        return
    if target.samefile(database.path):
        raise DatabaseError(f"{target}: it is what is to be copied; name another file")
    if any(Path(f"{target}-{name}").exists() for name in ("wal", "journal")):
        raise DatabaseError(f"{target}: it is in use; name another file")
    with target.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DatabaseError(f"{target}: it is no backup; name another file")
