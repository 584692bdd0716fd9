"""What the backups of all engines share: what a file is, rotated files, a summary."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, func, select

from app.db import tables
from app.db.database import Counts, Database, Progress
from app.errors import DatabaseError

SQLITE_MAGIC = b"SQLite format 3\x00"
"""The first bytes of an SQLite file: https://www.sqlite.org/fileformat2.html#magic_header_string"""
ARCHIVE_MAGIC = b"PGDMP"
"""The first bytes of an archive of `pg_dump`."""
COMPANIONS = ("-wal", "-shm", "-journal")
"""The ends of the names of files that SQLite reads together with a database of the same name."""
HEADER_SIZE = 20
"""The bytes of a file that show what it is: of SQLite the magic, the page size and the mode."""
_TIMESTAMP = "%Y%m%dT%H%M%S.%fZ"
_TIMESTAMP_PATTERN = r"\d{8}T\d{6}\.\d{6}Z"
"""The time in the name of a rotated backup: the names sort by it, and no two are equal."""


def read_header(path: Path) -> bytes:
    """Read the first bytes of a file.

    Returns b"" for anything but a file, and for one that may be replaced but not read.
    """
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(HEADER_SIZE)
    return b""


def require_file(path: Path) -> None:
    """Raise DatabaseError unless a path that is to be read as a backup is that of a file."""
    if not path.is_file():
        problem = "This is not a file" if path.exists() else "There is no such file"
        problem = "This is a directory" if path.is_dir() else problem
        raise DatabaseError(f"{path}: {problem}. Name a backup.")


def require_no_companion(target: Path) -> None:
    """Raise DatabaseError if writing a file would overwrite a part of a database of SQLite."""
    # On some file systems, -WAL and -wal are the same file.
    if os.path.realpath(target).lower().endswith(COMPANIONS):
        raise DatabaseError(
            f"{target}: The name is that of a part of a database. Name another file."
        )


def require_no_database(target: Path) -> None:
    """Raise DatabaseError if the target of an export is a database or backup, of any program."""
    if read_header(target).startswith((SQLITE_MAGIC, ARCHIVE_MAGIC)):
        raise DatabaseError(f"{target}: This is a database. Name another file.")


def count_records(connection: Connection) -> Counts:
    """Count the records that describe the contents of a database."""
    events, timelines = (
        connection.execute(select(func.count(one.c.id))).scalar_one()
        for one in (tables.event, tables.timeline)
    )
    return Counts(events, timelines)


@contextmanager
def reading_backup() -> Iterator[None]:
    """Replace the advice of errors to restore a backup, since the file that is read is one."""
    try:
        yield
    except DatabaseError as error:
        message = str(error)
        for advice in ("Restore a backup", "Restore another backup"):
            message = message.replace(advice, "Use another backup")
        raise DatabaseError(message) from None


def rotate_backups(
    database: Database, folder: Path, keep: int, progress: Progress
) -> tuple[Path, Counts, int]:
    """Write a new backup into a folder, then delete all but the newest ones of this database.

    Only files are deleted whose names are those of such backups. Returns the new file, what it
    contains and the number of deleted ones.
    """
    if not folder.is_dir():
        problem = "This is not a directory" if folder.exists() else "There is no such directory"
        raise DatabaseError(f"{folder}: {problem}. Name a directory for the backups.")
    name, suffix = database.backup_name, database.backup_suffix
    target = folder / f"{name}-{datetime.now(UTC).strftime(_TIMESTAMP)}{suffix}"
    counts = database.back_up(target, progress)
    pattern = re.compile(rf"{re.escape(name)}-{_TIMESTAMP_PATTERN}{re.escape(suffix)}", re.ASCII)
    backups = sorted(
        path
        for path in folder.iterdir()
        if pattern.fullmatch(path.name) and path.is_file() and not path.is_symlink()
    )
    # Newer ones, of a process at the same time or of a clock that ran fast, are not ours to delete.
    old = [path for path in backups[:-keep] if path < target]
    for path in old:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise DatabaseError(
                f"{path}: The file cannot be deleted ({error.strerror}). The new backup is "
                f"complete: {target}."
            ) from None
    return target, counts, len(old)
