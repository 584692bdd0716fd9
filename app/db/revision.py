"""The revision: one number that every change of the data advances."""

from sqlalchemy import Connection, select, update
from sqlmodel import col

from app.db.models import Revision


def revision_of(connection: Connection) -> int:
    """Read the number that every transaction that writes advances."""
    number: int = connection.execute(select(col(Revision.number))).scalar_one()
    return number


def advance_revision(connection: Connection) -> None:
    """Say that this transaction changes what is published."""
    connection.execute(update(Revision).values(number=col(Revision.number) + 1))
