"""What the matching events are made of: how many bear each value."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Table, func, select, true

from app.db import tables
from app.db.event_lists import AXES
from app.db.expressions import Condition, Expression, Selection
from app.domain.vocabulary import FacetName
from app.query.filters import EventFilter
from app.query.pagination import total_of
from app.query.planner import count_events
from app.query.selection import keep_matching
from app.schemas.responses import EventFacets, FacetCount, FacetCounts


class Named(NamedTuple):
    """The records that values stand for."""

    table: Table
    label: Expression


class Facet(NamedTuple):
    """What events are counted by: rows of an event with a value each."""

    event_id: Expression
    value: Expression
    once: Condition = true()
    """What holds of one row only where an event has several of a value."""
    named: Named | None = None


def _linked(axis: str, named: Named | None = None) -> Facet:
    table, value, once = AXES[axis]
    return Facet(table.c.event_id, value, once, named)


FACETS: dict[FacetName, Facet] = {
    "actor": _linked("actor", Named(tables.actor, tables.actor.c.name)),
    "kind": Facet(tables.event.c.id, tables.event.c.kind),
    "status": Facet(tables.event.c.id, tables.event.c.status),
    "topic": _linked("topic"),
    "timeline": _linked("timeline", Named(tables.timeline, tables.timeline.c.title)),
    "source": _linked("source", Named(tables.source, tables.source.c.title)),
}


def count_facets(
    connection: Connection, where: EventFilter, names: Iterable[FacetName], limit: int
) -> EventFacets:
    """Count the matching events by each of the facets, or by all six if none is named."""
    counts = {
        name: [
            FacetCount(value=value, label=label, count=count)
            for value, label, count in connection.execute(
                _select_facet(FACETS[name], where).limit(limit), where.values
            )
        ]
        for name in names or FACETS
    }
    total = total_of(count_events(connection, where))
    return EventFacets(total=total, facets=FacetCounts(**counts))


def _select_facet(facet: Facet, where: EventFilter) -> Selection:
    rows: Selection = select(facet.value.label("value"), func.count().label("events"))
    counted = keep_matching(rows.where(facet.once), facet.event_id, where)
    # Names are looked up for the values, not for every event that bears them.
    counts = counted.group_by(facet.value).subquery()
    events = counts.c.events
    value: Expression = counts.c.value
    label = value
    if facet.named:
        value, label = facet.named.table.c.slug, facet.named.label
    found = select(value, label, events).select_from(counts)
    if facet.named:
        found = found.join(facet.named.table, facet.named.table.c.id == counts.c.value)
    return found.order_by(events.desc(), value)
