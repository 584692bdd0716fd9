"""The revision: one number that every change of the data advances."""

from contextvars import ContextVar

from sqlalchemy import Connection, select, update

from app.db import tables

MAX_REVISION = 2**53 - 1
"""The largest integer that every JSON parser reads exactly."""


class RequestRevision:
    """The revision that a request requires, and the one that its response is made from.

    Routes run in threads, with a copy of the context. So the context holds this object, which the
    thread changes, instead of a number.
    """

    __slots__ = ("read", "required")

    def __init__(self, required: int = 0) -> None:
        self.required = required
        """The oldest revision that may be read, if it exists. Otherwise the newest one is read."""
        self.read: int | None = None
        """The revision of the first snapshot that was read. Later ones are at least as new."""

    def record(self, number: int) -> None:
        """Record the revision of a snapshot."""
        if self.read is None:
            self.read = number


request_revision: ContextVar[RequestRevision | None] = ContextVar("request_revision", default=None)
"""Set while a request is handled. Transactions of commands need no revision."""


def revision_of(connection: Connection) -> int:
    """Return the current revision."""
    number: int = connection.execute(select(tables.revision.c.number)).scalar_one()
    return number


def advance_revision(connection: Connection) -> None:
    """Advance the revision. Each transaction that changes published data calls this."""
    connection.execute(update(tables.revision).values(number=tables.revision.c.number + 1))


def advance_revision_beyond(connection: Connection, number: int) -> None:
    """Advance the revision of a restored database beyond that of the one which it replaces.

    Otherwise caches and clients could take a number that they know for the data that they know.
    """
    number = max(revision_of(connection), number) + 1
    connection.execute(update(tables.revision).values(number=number))
