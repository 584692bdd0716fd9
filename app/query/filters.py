"""What an event must be, apart from the values that it is compared with.

So there are but as many filters as there are forms of a question, and each is written down as a
statement once.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from app.db.event_lists import Axis
from app.db.expressions import Slot, Slots
from app.db.statements import Values
from app.domain.edtf import Days
from app.query.windows import OPEN, Window


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
