"""Total orders of events, actors, sources and timelines."""

from sqlalchemy import (
    String,
    func,
    select,
    type_coerce,
)
from sqlmodel import col

from app.db.expressions import (
    Expression,
    Order,
)
from app.db.models import Actor, Event, Participation, Source, Timeline, table_of

_event = table_of(Event).c

# How many events an actor takes part in; a column of `actor`.
events_of_actor = (
    select(func.count())
    .where(col(Participation.actor_id) == col(Actor.id), col(Participation.first))
    .correlate(Actor)
    .scalar_subquery()
)

ACTOR_ORDER = Order((-events_of_actor, col(Actor.slug)))
SOURCE_ORDER = Order(
    (func.coalesce(type_coerce(col(Source.published), String), ""), col(Source.slug)),
    descending=True,
)
TIMELINE_ORDER = Order((col(Timeline.slug),))

SORTS: dict[str, tuple[Expression, ...]] = {
    "date": (_event.date_key, _event.slug),
    "updated": (type_coerce(_event.updated_at, String), _event.slug),
}


def event_order(sort: str, *, descending: bool = False) -> Order:
    """Order events by `date` or by when they were last `updated`."""
    return Order(SORTS[sort], descending)
