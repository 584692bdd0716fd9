"""Total orders of events, actors, sources and timelines."""

from sqlalchemy import String, func, select, type_coerce

from app.db import tables
from app.db.expressions import Expression, Order

_actor, _event = tables.actor.c, tables.event.c
_part, _source = tables.participation.c, tables.source.c

# The number of events in which an actor takes part, correlated to `actor`.
actor_event_count = (
    select(func.count())
    .where(_part.actor_id == _actor.id, _part.first)
    .correlate(tables.actor)
    .scalar_subquery()
)

ACTOR_ORDER = Order((-actor_event_count, _actor.slug))
SOURCE_ORDER = Order(
    (func.coalesce(type_coerce(_source.published, String), ""), _source.slug), descending=True
)
TIMELINE_ORDER = Order((tables.timeline.c.slug,))

SORTS: dict[str, tuple[Expression, ...]] = {
    "date": (_event.date_key, _event.slug),
    "updated": (type_coerce(_event.updated_at, String), _event.slug),
}


def event_order(sort: str, *, descending: bool = False) -> Order:
    """Return the order of events by `date`, or by when they were last `updated`."""
    return Order(SORTS[sort], descending)
