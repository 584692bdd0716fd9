"""Lists of events in the order of their dates."""

from typing import Any, NamedTuple

from sqlalchemy import Column, Table, true

from app.db import tables
from app.db.expressions import Condition


class EventList(NamedTuple):
    """What an event may be linked to, and the table of the links."""

    table: Table
    value: Column[Any]
    """What a link is to."""
    distinct: Condition = true()
    """What holds of one link only where an event has several to the same."""


_part = tables.participation.c
_citation, _topic = tables.citation.c, tables.event_topic.c
_timeline = tables.event_timeline.c
EVENT_LISTS = {
    "actor": EventList(tables.participation, _part.actor_id, _part.first),
    "source": EventList(tables.citation, _citation.source_id, _citation.first),
    "topic": EventList(tables.event_topic, _topic.topic),
    "timeline": EventList(tables.event_timeline, _timeline.timeline_id),
}
