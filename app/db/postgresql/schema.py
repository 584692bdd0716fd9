"""The schema of a database, compared with the models."""

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from app.db import models  # noqa: F401 - defines the tables
from app.db.fulltext import SEARCH_INDEX
from app.db.schema import current_revision
from app.domain.text import quote

_OBJECTS = text(
    "SELECT relname || coalesce('.' || attname, '') FROM pg_class "
    "LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped "
    "AND relkind = 'r' "
    "WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
)


def find_missing_object(connection: Connection, revision: str) -> str | None:
    """Return which column or index of ours is missing, and the fix, or None.

    Only the schema of this version is known. Columns and indexes that others have added do no harm.
    """
    if revision != current_revision():
        return None
    stored = {*connection.scalars(_OBJECTS)}
    for name, kind in _expected().items():
        if name not in stored:
            return f"The {kind} {quote(name)} of schema {revision} is missing. Restore a backup."
    return None


def _expected() -> dict[str, str]:
    """Return the kind of each column and index by its name."""
    columns = dict.fromkeys((f"{SEARCH_INDEX.name}.{one.name}" for one in SEARCH_INDEX.c), "column")
    indexes = {"ix_event_search_content": "index"}
    for table in SQLModel.metadata.sorted_tables:
        columns |= dict.fromkeys((f"{table.name}.{column.name}" for column in table.c), "column")
        indexes |= dict.fromkeys((str(index.name) for index in table.indexes), "index")
    return columns | indexes
