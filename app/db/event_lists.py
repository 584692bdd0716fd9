"""Lists of events in the order of their dates: those of an actor, a source, a topic, a timeline.

Each row of such a table repeats the `date_key` of its event, so that one index serves both the list
and its order.
"""

from typing import Any, NamedTuple

from sqlalchemy import Column, Table, func, select, true

from app.db import tables
from app.db.expressions import Condition, Expression

_part, _citation = tables.participation, tables.citation
_topic, _membership = tables.event_topic, tables.event_timeline


class EventList(NamedTuple):
    """A table of lists, and the column whose value names a list."""

    table: Table
    value: Column[Any]
    distinct: Condition = true()
    """Holds for one row only, where an event may be in a list twice."""


# Without `first`, an actor with two roles in an event, or a source that it cites twice, would count
# the event twice. `count(distinct)` instead took twenty times as long at a million events.
EVENT_LISTS = {
    "actor": EventList(_part, _part.c.actor_id, _part.c.first),
    "source": EventList(_citation, _citation.c.source_id, _citation.c.first),
    "topic": EventList(_topic, _topic.c.topic),
    "timeline": EventList(_membership, _membership.c.timeline_id),
}
"""By the name of the filter. Except for `topic`, it is also the name of the owners' table."""


def event_count(owner: Table) -> Expression:
    """Build the number of events in the list of each row of `owner`, such as `tables.actor`."""
    events = EVENT_LISTS[owner.name]
    listed = select(func.count()).where(events.value == owner.c.id, events.distinct)
    return listed.correlate(owner).scalar_subquery()
