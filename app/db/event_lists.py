"""Lists of events in the order of their dates."""

from typing import Any, NamedTuple

from sqlalchemy import Column, Table, true

from app.db import tables
from app.db.expressions import Condition


class Axis(NamedTuple):
    """What an event may be linked to, and the table of the links."""

    table: Table
    value: Column[Any]
    """What a link is to."""
    once: Condition = true()
    """What holds of one link only where an event has several to the same."""


_part = tables.participation.c
_citation, _topic = tables.citation.c, tables.event_topic.c
_timeline = tables.event_timeline.c
AXES = {
    "actor": Axis(tables.participation, _part.actor_id, _part.first),
    "source": Axis(tables.citation, _citation.source_id, _citation.first),
    "topic": Axis(tables.event_topic, _topic.topic),
    "timeline": Axis(tables.event_timeline, _timeline.timeline_id),
}
