"""What is worth knowing of a filter before it is followed: where there is least to go through."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from app.database import run
from app.queries import SPANS, EventFilter, Link, select_events
from app.search import INDEX, matches

MAX_IDS = 1_000
"""The words that so many events have, and no more, are replaced by these events."""
MAX_COMPARED = 10_000
"""Beyond this, any list is long."""


def measured(where: EventFilter, connection: Connection) -> EventFilter:
    """Put what the fewest events have where selections begin."""
    spans: Sequence[int] = ()
    if any(where.window):
        spans = run(connection, SPANS).scalars().all()
    links = where.links
    if len(links) > 1:
        links = sorted(links, key=lambda link: _size(connection, link))
    having_words = None
    if where.words:
        found = select(INDEX.c.rowid).where(matches(where.words)).limit(MAX_IDS + 1)
        ids = connection.scalars(found).all()
        having_words = ids if len(ids) <= MAX_IDS else None
    return replace(where, spans=spans, links=links, having_words=having_words)


def _size(connection: Connection, link: Link) -> int:
    some = select_events(EventFilter(links=[link])).limit(MAX_COMPARED).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0
