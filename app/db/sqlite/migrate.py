"""Verifies a database file before it is used, and migrates it to the schema of this version."""

import time
from contextlib import closing
from math import inf

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, table, text
from sqlalchemy.exc import DBAPIError

from app.db.sqlite.database import Database
from app.db.sqlite.errors import BUSY, CORRUPT, INTERRUPTED, describe_error, error_code
from app.errors import DatabaseError
from app.settings import resource_dir

FULL_CHECK_MAX_BYTES = 16 * 2**20
"""Larger files are only sampled by a probe. To check this many bytes takes a tenth of a second."""
VERIFY_TIMEOUT = 1.0
"""Seconds to check a file before it is used: enough for a hundred thousand events."""


def migrate_if_needed(database: Database) -> None:
    """Verify the file, and migrate it to the current schema in one transaction.

    Several processes can call it at once. Raises DatabaseError, leaving the file untouched, if it
    is damaged, of another program, of a newer version, or read-only and of an older version.
    """
    if not database.path.absolute().parent.is_dir():
        raise DatabaseError(
            f"{database.path}: There is no directory {database.path.parent}. Create it."
        )
    if database.path.exists():
        verify_file(database)
    if database.read_only:
        require_current_schema(database)
        return
    database.create()
    if schema_revision(database) == _head():
        return  # without waiting for a writer
    with database.write() as connection:
        command.upgrade(_alembic_config(connection), "head")


def require_current_schema(database: Database) -> None:
    """Raise DatabaseError unless the file has the schema of this version."""
    found = schema_revision(database)
    if found != _head():
        raise DatabaseError(
            f"{database.path}: The schema is {found or 'missing'}, but this version needs "
            f"{_head()}. Run `timeline migrate`."
        )


def find_corruption(
    connection: Connection, full_check_max_bytes: float = FULL_CHECK_MAX_BYTES
) -> str | None:
    """Return SQLite's description of the damage to the file, or None.

    Checks the whole file if it is small. Otherwise, or if that exceeds the query timeout, reads the
    first page of each table, so that a probe stays cheap.
    https://www.sqlite.org/pragma.html#pragma_integrity_check
    """
    try:
        small = _file_size(connection) <= full_check_max_bytes
        result = _integrity_check(connection) if small else None
        if result is None:
            tables = text("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
            for name in connection.execute(tables).scalars().all():
                rows = select(text("*")).select_from(table(name))
                connection.execute(rows.limit(1))
    except DBAPIError as error:
        if error_code(error.orig) not in CORRUPT:
            raise
        return str(error.orig)
    return None if result in (None, "ok") else result.splitlines()[-1]


def _file_size(connection: Connection) -> int:
    pages, page_size = (
        connection.execute(text(f"PRAGMA {name}")).scalar_one()
        for name in ("page_count", "page_size")
    )
    return int(pages * page_size)


def _integrity_check(connection: Connection) -> str | None:
    """Return "ok" or the first problem; None if the check exceeds the query timeout."""
    try:
        return str(connection.execute(text("PRAGMA integrity_check(1)")).scalar_one())
    except DBAPIError as error:
        if error_code(error.orig) == INTERRUPTED:
            return None
        raise


def verify_file(database: Database) -> None:
    """Raise DatabaseError unless the file is intact and ours. Never writes to it."""
    if database.path.exists() and not database.path.is_file():
        raise DatabaseError(f"{database.path}: This is not a file. Name a file.")
    with closing(
        Database(
            database.settings, path=database.path, read_only=True, query_timeout=VERIFY_TIMEOUT
        )
    ) as reader:
        lock_wait = database.lock_wait()
        while True:
            version = reader.data_version()
            try:
                return _require_usable(reader)
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


def _require_usable(database: Database) -> None:
    with database.read() as connection:
        names = text("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = connection.execute(names).scalars().all()
        if tables and "alembic_version" not in tables:
            raise DatabaseError(
                f"{database.path}: The database belongs to another program. Name another file."
            )
        found = MigrationContext.configure(connection).get_current_revision()
        if found not in {None, *(script.revision for script in _scripts().walk_revisions())}:
            raise DatabaseError(
                f"{database.path}: The schema is {found}, of a newer version. Install that version."
            )
        if damage := find_corruption(connection, inf):
            raise DatabaseError(
                f"{database.path}: The file is damaged: {damage}. Restore a backup."
            )


def schema_revision(database: Database) -> str | None:
    """Return the revision of the schema in the file, or None if it has no tables."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    """Return the schema revision of this version."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic_config())


def _alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    # ConfigParser interpolates %: https://docs.python.org/3/library/configparser.html
    config.set_main_option("script_location", str(resource_dir("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
