"""Lists of events in the order of their dates."""

from typing import Any, NamedTuple

from sqlalchemy import Column, Table, true

from app.db.expressions import Condition
from app.db.models import Citation, EventTimeline, EventTopic, Participation, table_of


class Axis(NamedTuple):
    """What an event may be linked to, and the table of the links."""

    table: Table
    value: Column[Any]
    """What a link is to."""
    once: Condition = true()
    """What holds of one link only where an event has several to the same."""


_part = table_of(Participation).c
_citation, _topic = table_of(Citation).c, table_of(EventTopic).c
_timeline = table_of(EventTimeline).c
AXES = {
    "actor": Axis(table_of(Participation), _part.actor_id, _part.first),
    "source": Axis(table_of(Citation), _citation.source_id, _citation.first),
    "topic": Axis(table_of(EventTopic), _topic.topic),
    "timeline": Axis(table_of(EventTimeline), _timeline.timeline_id),
}
