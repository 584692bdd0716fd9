"""The revision: one number that every change of the data advances."""

from sqlalchemy import Connection, select, update

from app.db import tables


def revision_of(connection: Connection) -> int:
    """Read the number that every transaction that writes advances."""
    number: int = connection.execute(select(tables.revision.c.number)).scalar_one()
    return number


def advance_revision(connection: Connection) -> None:
    """Say that this transaction changes what is published."""
    connection.execute(update(tables.revision).values(number=tables.revision.c.number + 1))
