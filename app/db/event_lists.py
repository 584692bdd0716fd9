"""Lists of events in the order of their dates: those of an actor, a source, a topic, a timeline.

Each row of such a table repeats the `date_key` of its event, so that one index serves both the list
and its order.
"""

from typing import Any, NamedTuple

from sqlalchemy import Column, Table, true

from app.db import tables
from app.db.expressions import Condition


class EventList(NamedTuple):
    """A table of lists, and the column whose value names a list."""

    table: Table
    value: Column[Any]
    distinct: Condition = true()
    """Holds for one row only, where an event may be in a list twice."""


EVENT_LISTS = {
    "actor": EventList(
        tables.participation, tables.participation.c.actor_id, tables.participation.c.first
    ),
    "source": EventList(tables.citation, tables.citation.c.source_id, tables.citation.c.first),
    "topic": EventList(tables.event_topic, tables.event_topic.c.topic),
    "timeline": EventList(tables.event_timeline, tables.event_timeline.c.timeline_id),
}
"""By the name of the filter."""
