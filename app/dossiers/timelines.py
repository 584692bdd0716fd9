"""Finds a timeline by its id."""

from rapidfuzz import process
from sqlalchemy import Connection, select

from app.db import tables
from app.db.ordering import TIMELINE_ORDER
from app.domain.text import quote

MAX_NEAREST = 3
"""Similar ids in the message about an unknown one."""


class TimelineError(Exception):
    """There is no such timeline; the message names the nearest ones."""


def timeline_ids(connection: Connection) -> dict[str, int]:
    """Return the row ids of all timelines by their slugs, in order."""
    rows = select(tables.timeline.c.slug, tables.timeline.c.id).order_by(*TIMELINE_ORDER.clauses())
    return {row.slug: row.id for row in connection.execute(rows)}


def find_timeline(connection: Connection, slug: str) -> int:
    """Return the row id of a timeline; raise TimelineError if there is none with this slug."""
    ids = timeline_ids(connection)
    if slug in ids:
        return ids[slug]
    nearest = [quote(match) for match, *_ in process.extract(slug, [*ids], limit=MAX_NEAREST)]
    verb = "is" if len(nearest) == 1 else "are"
    hint = f"The nearest {verb} {', '.join(nearest)}." if nearest else "The database has none."
    raise TimelineError(f"There is no timeline {quote(slug)}. {hint}")
