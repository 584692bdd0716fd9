"""Opens a database with the engine that its URL names."""

from pathlib import Path

from app.db.backups import ARCHIVE_MAGIC, read_header
from app.db.database import Counts, Database
from app.db.postgresql import backup as postgresql
from app.db.sqlite import backup as sqlite
from app.db.sqlite.database import SqliteDatabase
from app.errors import DatabaseError
from app.settings import Settings


def open_database(settings: Settings, *, query_timeout: float | None = None) -> Database:
    """Return the database of the settings. `query_timeout` overrides theirs."""
    if settings.database_url.startswith("postgresql:"):
        try:
            import psycopg  # noqa: F401, PLC0415 - only installed where it is needed
        except ImportError:
            raise DatabaseError(
                "TIMELINE_DATABASE_URL: PostgreSQL needs a driver. Run "
                "`pip install 'timeline-api[postgresql]'`."
            ) from None
        from app.db.postgresql.database import PostgresqlDatabase  # noqa: PLC0415

        return PostgresqlDatabase(settings, query_timeout=query_timeout)
    return SqliteDatabase(settings, query_timeout=query_timeout)


def verify_backup(settings: Settings, path: Path) -> Counts:
    """Return what a backup contains, whichever engine it is of.

    Reads all of it, and needs no database. Raises DatabaseError if anything is wrong with it.
    """
    if read_header(path).startswith(ARCHIVE_MAGIC):
        return postgresql.verify_backup(settings, path)
    return sqlite.verify_backup(settings, path)
