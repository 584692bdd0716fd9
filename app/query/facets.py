"""Facets: how many of the matching events have each value of a property."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection, Table, func, select, true

from app.db import tables
from app.db.event_lists import EVENT_LISTS
from app.db.expressions import Condition, Expression, Selection
from app.db.statements import MAX_STATEMENTS
from app.domain.vocabulary import FacetName
from app.query.filters import EventFilter
from app.query.pagination import make_total
from app.query.planner import count_events
from app.query.selection import LIMIT, restrict_to_matching
from app.schemas.responses import EventFacets, FacetCount, FacetCounts


class LabelSource(NamedTuple):
    """The table of the records that values refer to, and the column that names them."""

    table: Table
    label: Expression


class Facet(NamedTuple):
    """The rows that hold the values of a facet: one event and one value each."""

    event_id: Expression
    value: Expression
    distinct: Condition = true()
    """Holds for one row only, where an event has several rows of a value."""
    labels: LabelSource | None = None


def _list_facet(name: str, labels: LabelSource | None = None) -> Facet:
    table, value, distinct = EVENT_LISTS[name]
    return Facet(table.c.event_id, value, distinct, labels)


FACETS: dict[FacetName, Facet] = {
    "actor": _list_facet("actor", LabelSource(tables.actor, tables.actor.c.name)),
    "kind": Facet(tables.event.c.id, tables.event.c.kind),
    "status": Facet(tables.event.c.id, tables.event.c.status),
    "topic": _list_facet("topic"),
    "timeline": _list_facet("timeline", LabelSource(tables.timeline, tables.timeline.c.title)),
    "source": _list_facet("source", LabelSource(tables.source, tables.source.c.title)),
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
    facet = FACETS[name]
    rows: Selection = select(facet.value.label("value"), func.count().label("events"))
    matching = restrict_to_matching(rows.where(facet.distinct), facet.event_id, where)
    # Labels are joined to the counts: to join them to the events would cost a look-up for each.
    counts = matching.group_by(facet.value).subquery()
    events = counts.c.events
    value: Expression = counts.c.value
    label = value
    if facet.labels:
        value, label = facet.labels.table.c.slug, facet.labels.label
    statement = select(value, label, events).select_from(counts)
    if facet.labels:
        table = facet.labels.table
        statement = statement.join(table, table.c.id == counts.c.value)
    return statement.order_by(events.desc(), value).limit(LIMIT.bind)
