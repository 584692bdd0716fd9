"""Verifies a database file before it is used, and migrates it to the schema of this version."""

import time
from contextlib import closing
from math import inf
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.db.integrity import find_contradiction, find_stale_record
from app.db.schema import current_revision, require_current_schema, schema_revision, upgrade
from app.db.sqlite.connections import SqliteFile
from app.db.sqlite.errors import BUSY, describe_error, error_code
from app.db.sqlite.integrity import find_corruption, find_orphan
from app.db.sqlite.schema import find_schema_problem
from app.errors import DatabaseError
from app.files import remove_leftovers

VERIFY_TIMEOUT = 1.0
"""Seconds to check a file before it is used: enough for a hundred thousand events."""


def migrate_if_needed(database: SqliteFile) -> None:
    """Verify the file, and migrate it to the current schema in one transaction.

    Several processes can call it at once. Raises DatabaseError, leaving the file untouched, if it
    is damaged, of another program, of a newer version, or read-only and of an older version.
    """
    folder = database.path.absolute().parent
    if not folder.is_dir():
        hint = ""
        if not database.path.is_absolute() and Path("/", database.path.parent).is_dir():
            hint = f", or write an absolute path with four slashes: sqlite:////{database.path}"
        raise DatabaseError(
            f"{database.path}: There is no directory {database.path.parent}. Create it{hint}."
        )
    if database.path.exists():
        verify_file(database)
    if database.read_only:
        require_current_schema(database)
        return
    remove_leftovers(folder)
    database.create()
    if schema_revision(database) == current_revision():
        return  # without waiting for a writer
    with database.write() as connection:
        upgrade(connection)


def verify_file(database: SqliteFile, *, completely: bool = False) -> None:
    """Raise DatabaseError unless the file is intact and ours. Never writes to it.

    Takes about a second at most, or as long as needed to read all of it `completely`.
    """
    if database.path.exists() and not database.path.is_file():
        raise DatabaseError(f"{database.path}: This is not a file. Name a file.")
    timeout = inf if completely else VERIFY_TIMEOUT
    with closing(
        SqliteFile(database.settings, path=database.path, read_only=True, query_timeout=timeout)
    ) as reader:
        lock_wait = database.lock_wait()
        while True:
            version = reader.data_version()
            try:
                return _require_usable(reader, completely)
            except DBAPIError as error:
                busy = error_code(error.orig) == BUSY
                failure = DatabaseError(f"{database.path}: {describe_error(error.orig)}")
            except DatabaseError as error:
                busy, failure = False, error
            # A read without locks can see half of another process's write. Then the version has
            # changed, and the file is checked again.
            if reader.data_version() == version and not busy:
                raise failure
            lock_wait.wait_or_raise()
            time.sleep(0.05)


def _require_usable(database: SqliteFile, completely: bool) -> None:
    with database.read() as connection:
        # https://www.sqlite.org/pragma.html#pragma_cell_size_check
        connection.execute(text("PRAGMA cell_size_check = ON"))
        problem = find_schema_problem(connection) or find_damage(connection)
        if completely and not problem:
            problem = find_wrong_row(connection) or find_stale_record(connection)
        if problem:
            raise DatabaseError(f"{database.path}: {problem}")


def find_damage(connection: Connection) -> str | None:
    """Return the first damage that SQLite finds, and the fix, or None.

    Reads the whole file, unless that exceeds the query timeout.
    """
    damage = find_corruption(connection, inf)
    return damage and f"The file is damaged: {damage}. Restore a backup."


def find_wrong_row(connection: Connection) -> str | None:
    """Return which row contradicts another, and the fix, or None. Reads every table.

    The whole file must be intact.
    """
    return find_orphan(connection) or find_contradiction(connection)
