"""The file as a whole: looked over, and brought to the schema of this version."""

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
"""Bytes of a file that a probe reads whole: a tenth of a second's work."""
VERIFY_TIMEOUT = 1.0
"""Seconds that a file is looked over before it is used; that is a hundred thousand events."""


def migrate_if_needed(database: Database) -> None:
    """Have the file sound and of this version, in one transaction, however many try at once.

    Raises DatabaseError, and leaves as it is what is damaged, made by another program or by a newer
    version, or can only be read and is of an older one.
    """
    if not database.path.absolute().parent.is_dir():
        raise DatabaseError(f"{database.path}: there is no directory {database.path.parent}")
    if database.path.exists():
        verify_file(database)
    if database.read_only:
        require_current_schema(database)
        return
    database.create()
    if schema_revision(database) == _head():
        return  # and no writer is waited for
    with database.write() as connection:
        command.upgrade(_alembic(connection), "head")


def require_current_schema(database: Database) -> None:
    """Raise DatabaseError unless the tables are those that this version reads."""
    found = schema_revision(database)
    if found != _head():
        raise DatabaseError(
            f"{database.path} has schema {found or 'none'}, this version reads {_head()}; "
            "run `timeline migrate`"
        )


def find_corruption(
    connection: Connection, full_check_max_bytes: float = FULL_CHECK_MAX_BYTES
) -> str | None:
    """Describe what SQLite finds broken in the file, if anything.

    A small file is read whole; of a larger one, or one that takes longer than a reader may, the
    first page of each table, so that a probe stays cheap.
    https://www.sqlite.org/pragma.html#pragma_integrity_check
    """
    try:
        found = _check_whole(connection) if _size(connection) <= full_check_max_bytes else None
        if found is None:
            tables = text("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
            for name in connection.execute(tables).scalars().all():
                rows = select(text("*")).select_from(table(name))
                connection.execute(rows.limit(1))
    except DBAPIError as error:
        if error_code(error.orig) not in CORRUPT:
            raise
        return str(error.orig)
    return None if found in (None, "ok") else found.splitlines()[-1]


def _size(connection: Connection) -> int:
    pages, size = (
        connection.execute(text(f"PRAGMA {name}")).scalar_one()
        for name in ("page_count", "page_size")
    )
    return int(pages * size)


def _check_whole(connection: Connection) -> str | None:
    """Give the first thing that is broken, or "ok"; None if that takes too long to tell."""
    try:
        return str(connection.execute(text("PRAGMA integrity_check(1)")).scalar_one())
    except DBAPIError as error:
        if error_code(error.orig) == INTERRUPTED:
            return None
        raise


def verify_file(database: Database) -> None:
    """Raise DatabaseError unless the file is sound and ours; never touch it."""
    if database.path.exists() and not database.path.is_file():
        raise DatabaseError(f"{database.path} is no file; name one")
    with closing(
        Database(
            database.settings, path=database.path, read_only=True, query_timeout=VERIFY_TIMEOUT
        )
    ) as looking:
        patience = database.lock_wait()
        while True:
            before = looking.data_version()
            try:
                return _require_usable(looking)
            except DBAPIError as error:
                busy = error_code(error.orig) == BUSY
                refusal = DatabaseError(f"{database.path}: {describe_error(error.orig)}")
            except DatabaseError as error:
                busy, refusal = False, error
            # Who writes meanwhile may have been seen half-way.
            if looking.data_version() == before and not busy:
                raise refusal
            patience.wait_or_raise()
            time.sleep(0.05)


def _require_usable(database: Database) -> None:
    with database.read() as connection:
        names = text("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = connection.execute(names).scalars().all()
        if tables and "alembic_version" not in tables:
            raise DatabaseError(
                f"{database.path} is a database of another program; name another file"
            )
        found = MigrationContext.configure(connection).get_current_revision()
        if found not in {None, *(script.revision for script in _scripts().walk_revisions())}:
            raise DatabaseError(
                f"{database.path} has schema {found}, made by a newer version; install that version"
            )
        if damaged := find_corruption(connection, inf):
            raise DatabaseError(f"{database.path} is damaged: {damaged}; restore a backup")


def schema_revision(database: Database) -> str | None:
    """Read which schema the tables have; None if there are none."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    """Give the schema that this version reads."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic())


def _alembic(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resource_dir("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
