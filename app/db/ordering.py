"""Total orders of events, actors, sources and timelines.

Each ends with the slug, which is unique. Otherwise rows with equal keys would have no fixed order,
and a cursor could skip or repeat them.
"""

from sqlalchemy import String, cast, func, type_coerce

from app.db import tables
from app.db.event_lists import event_count
from app.db.expressions import Expression, Order

_actor, _source, _event = tables.actor.c, tables.source.c, tables.event.c
# A cursor contains the keys as JSON, so days and timestamps stay the texts that are stored. NULL
# compares as unknown: a source without a day would be on no page after the first.
_published = func.coalesce(cast(_source.published, String), "")

ACTOR_ORDER = Order((-event_count(tables.actor), _actor.slug))
SOURCE_ORDER = Order((_published, _source.slug), descending=True)
TIMELINE_ORDER = Order((tables.timeline.c.slug,))

SORTS: dict[str, tuple[Expression, ...]] = {
    "date": (_event.date_key, _event.slug),
    "updated": (type_coerce(_event.updated_at, String), _event.slug),
}
"""The keys of events, by the name of the sort."""
