"""What the matching events are made of: how many bear each value."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Table, func, select, true

from app.db import tables
from app.db.event_lists import EVENT_LISTS
from app.db.expressions import Condition, Expression, Selection
from app.domain.vocabulary import FacetName
from app.query.filters import EventFilter
from app.query.pagination import make_total
from app.query.planner import count_events
from app.query.selection import restrict_to_matching
from app.schemas.responses import EventFacets, FacetCount, FacetCounts


class LabelSource(NamedTuple):
    """The records that values stand for."""

    table: Table
    label: Expression


class Facet(NamedTuple):
    """What events are counted by: rows of an event with a value each."""

    event_id: Expression
    value: Expression
    distinct: Condition = true()
    """What holds of one row only where an event has several of a value."""
    labels: LabelSource | None = None


def _linked(axis: str, named: LabelSource | None = None) -> Facet:
    table, value, once = EVENT_LISTS[axis]
    return Facet(table.c.event_id, value, once, named)


FACETS: dict[FacetName, Facet] = {
    "actor": _linked("actor", LabelSource(tables.actor, tables.actor.c.name)),
    "kind": Facet(tables.event.c.id, tables.event.c.kind),
    "status": Facet(tables.event.c.id, tables.event.c.status),
    "topic": _linked("topic"),
    "timeline": _linked("timeline", LabelSource(tables.timeline, tables.timeline.c.title)),
    "source": _linked("source", LabelSource(tables.source, tables.source.c.title)),
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
    total = make_total(count_events(connection, where))
    return EventFacets(total=total, facets=FacetCounts(**counts))


def _select_facet(facet: Facet, where: EventFilter) -> Selection:
    rows: Selection = select(facet.value.label("value"), func.count().label("events"))
    counted = restrict_to_matching(rows.where(facet.distinct), facet.event_id, where)
    # Names are looked up for the values, not for every event that bears them.
    counts = counted.group_by(facet.value).subquery()
    events = counts.c.events
    value: Expression = counts.c.value
    label = value
    if facet.labels:
        value, label = facet.labels.table.c.slug, facet.labels.label
    found = select(value, label, events).select_from(counts)
    if facet.labels:
        found = found.join(facet.labels.table, facet.labels.table.c.id == counts.c.value)
    return found.order_by(events.desc(), value)
