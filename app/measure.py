"""What is worth knowing of a filter before it is followed: where there is least to go through."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from app.database import run
from app.expressions import Rows
from app.queries import FEW, SPANS, EventFilter, Link, select_events
from app.search import INDEX, matches

MAX_IDS = 1_000
"""The words that so many events have, and no more, are replaced by these events."""


def count_up_to(most: int, connection: Connection, ids: Rows) -> int:
    """Count what is selected, no further than is asked."""
    count: int = connection.execute(_COUNT.select_from(ids.limit(most).subquery())).scalar_one()
    return count


_COUNT = select(func.count())


def measured(where: EventFilter, connection: Connection) -> EventFilter:
    """Put what the fewest events have where selections begin."""
    spans: Sequence[int] = ()
    if any(where.window):
        spans = run(connection, SPANS).scalars().all()
    links = where.links
    if len(links) > 1:
        links = sorted(links, key=lambda link: _events_of(connection, link))
    having_words = None
    if where.words:
        found = select(INDEX.c.rowid).where(matches(where.words)).limit(MAX_IDS + 1)
        ids = connection.scalars(found).all()
        having_words = ids if len(ids) <= MAX_IDS else None
    return replace(where, spans=spans, links=links, having_words=having_words)


def _events_of(connection: Connection, link: Link) -> int:
    # Beyond so many any list is long.
    return count_up_to(FEW, connection, select_events(EventFilter(links=[link])))
