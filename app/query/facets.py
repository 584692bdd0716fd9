"""Facets: how many of the matching events have each value of a property."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Column, Connection, func, select, true

from app.db import tables
from app.db.event_lists import EVENT_LISTS
from app.db.expressions import Condition, Expression, Selection
from app.db.statements import MAX_STATEMENTS
from app.domain.vocabulary import FacetName
from app.query.filters import EventFilter
from app.query.pagination import make_total
from app.query.planner import count_events
from app.query.selection import LIMIT, LIMIT_VALUE, restrict_to_matching
from app.schemas.responses import EventFacets, FacetCount, FacetCounts


class Facet(NamedTuple):
    """The rows that hold the values of a facet: one event and one value each."""

    event_id: Expression
    value: Expression
    distinct: Condition = true()
    """Holds for one row only, where an event has several rows of a value."""
    label: Column[str] | None = None
    """The name of the record that a value refers to."""


def _list_facet(name: str, label: Column[str]) -> Facet:
    table, value, distinct = EVENT_LISTS[name]
    return Facet(table.c.event_id, value, distinct, label)


FACETS: dict[FacetName, Facet] = {
    "actor": _list_facet("actor", tables.actor.c.name),
    "kind": Facet(tables.event.c.id, tables.event.c.kind),
    "status": Facet(tables.event.c.id, tables.event.c.status),
    "topic": _list_facet("topic", tables.topic.c.label),
    "timeline": _list_facet("timeline", tables.timeline.c.title),
    "source": _list_facet("source", tables.source.c.title),
}


def count_facets(
    connection: Connection, where: EventFilter, names: Iterable[FacetName], limit: int
) -> EventFacets:
    """Count the matching events by each of the facets, or by all six if none is named."""
    counts = {name: count_facet(connection, where, name, limit) for name in names or FACETS}
    total = make_total(count_events(connection, where))
    return EventFacets(total=total, facets=FacetCounts(**counts))


def count_facet(
    connection: Connection, where: EventFilter, name: FacetName, limit: int
) -> list[FacetCount]:
    """Count the matching events by one facet, the most frequent values first."""
    rows = connection.execute(_select_facet(name, where), {**where.values, LIMIT.name: limit})
    return [FacetCount(value=value, label=label, count=count) for value, label, count in rows]


@lru_cache(MAX_STATEMENTS)
def _select_facet(name: FacetName, where: EventFilter) -> Selection:
    event_id, facet_value, distinct, label = FACETS[name]
    rows: Selection = select(facet_value.label("value"), func.count().label("events"))
    matching = restrict_to_matching(rows.where(distinct), event_id, where)
    # Labels are joined to the counts: to join them to the events would cost a look-up for each.
    counts = matching.group_by(facet_value).subquery()
    value, events = counts.c.value, counts.c.events
    if label is None:
        statement = select(value, value, events)
    elif label.table is tables.topic:
        topic = tables.topic
        statement = select(value, func.coalesce(label, value), events)
        statement = statement.outerjoin_from(counts, topic, topic.c.slug == value)
    else:
        record = label.table.c
        statement = select(record.slug, label, events).where(record.id == value)
        value = record.slug
    # Values with as many events are in a fixed order, so that equal requests have equal ETags.
    return statement.order_by(events.desc(), value).limit(LIMIT_VALUE)
