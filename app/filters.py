"""What an event must be, apart from the values that it is compared with.

So there are but as many filters as there are forms of a question, and each is written down as a
statement once.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Column, Table, true

from app.expressions import Condition, Slot, Slots
from app.models import Citation, EventTimeline, EventTopic, Participation, table_of
from app.statements import Values
from app.windows import OPEN, Days, Window


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


class Link(NamedTuple):
    """What an event must be linked to: any of these values of an axis."""

    axis: Axis
    values: Slots
    roles: Slots = ()
    """What an actor must take part as."""


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """What an event must be: a query whose names have been found in the database.

    Two that differ in their values only are equal, and found by the same statements.
    """

    values: Values = field(default_factory=Values, compare=False)
    """What stands in the slots."""
    links: tuple[Link, ...] = ()
    """Each must hold; that of the fewest events stands first."""
    roles: Slots = ()
    """What anybody must take part as."""
    excluded_actors: Slots = ()
    window: Window = OPEN
    within: bool = False
    view: Window = OPEN
    """Days that it must also touch, whatever the window asks."""
    spans: tuple[int, ...] = ()
    """The spans of all events, where a window needs them."""
    kinds: Slots = ()
    statuses: Slots = ()
    words: Slot | None = None
    """What the search index is asked."""
    having_words: Slot | None = None
    """The events that have these words, where they are few."""
    min_sources: Slot | None = None

    @property
    def is_windowed(self) -> bool:
        """Whether only some days match."""
        return any(self.window)

    @property
    def days(self) -> Days:
        """The window as days."""
        first, last = (
            None if day is None else date.fromordinal(self.values[day.name]) for day in self.window
        )
        return first, last

    @property
    def is_open(self) -> bool:
        """Whether every event matches."""
        return replace(self, within=False, spans=()) == EventFilter()
