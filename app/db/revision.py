"""The revision: one number that every change of the data advances."""

from sqlalchemy import Connection, select, update

from app.db import tables


def revision_of(connection: Connection) -> int:
    """Return the current revision."""
    number: int = connection.execute(select(tables.revision.c.number)).scalar_one()
    return number


def advance_revision(connection: Connection) -> None:
    """Advance the revision. Each transaction that changes published data calls this."""
    connection.execute(update(tables.revision).values(number=tables.revision.c.number + 1))
