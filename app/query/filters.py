"""What an event must be, apart from the values that it is compared with.

So there are but as many filters as there are forms of a question, and each is written down as a
statement once.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from app.db.event_lists import EventList
from app.db.expressions import Param, Params
from app.db.statements import Values
from app.domain.edtf import DateRange
from app.query.windows import UNBOUNDED, Window


class ListFilter(NamedTuple):
    """What an event must be linked to: any of these values of an axis."""

    event_list: EventList
    values: Params
    roles: Params = ()
    """What an actor must take part as."""


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """What an event must be: a query whose names have been found in the database.

    Two that differ in their values only are equal, and found by the same statements.
    """

    values: Values = field(default_factory=Values, compare=False)
    """What stands in the slots."""
    lists: tuple[ListFilter, ...] = ()
    """Each must hold; that of the fewest events stands first."""
    roles: Params = ()
    """What anybody must take part as."""
    excluded_actors: Params = ()
    window: Window = UNBOUNDED
    certain_only: bool = False
    visible_window: Window = UNBOUNDED
    """Days that it must also touch, whatever the window asks."""
    spans: tuple[int, ...] = ()
    """The spans of all events, where a window needs them."""
    kinds: Params = ()
    statuses: Params = ()
    words: Param | None = None
    """What the search index is asked."""
    matching_ids: Param | None = None
    """The events that have these words, where they are few."""
    min_sources: Param | None = None

    @property
    def is_windowed(self) -> bool:
        """Whether only some days match."""
        return any(self.window)

    @property
    def days(self) -> DateRange:
        """The window as days."""
        first, last = (
            None if day is None else date.fromordinal(self.values[day.name]) for day in self.window
        )
        return first, last

    @property
    def matches_all(self) -> bool:
        """Whether every event matches."""
        return replace(self, certain_only=False, spans=()) == EventFilter()
