"""Filters: which events a request selects, with parameters instead of values.

Requests of the same form have equal filters, so they share one statement.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from app.db.event_lists import EVENT_LISTS, EventList
from app.db.expressions import Param, Params
from app.db.statements import Values
from app.domain.edtf import DateRange
from app.domain.vocabulary import FacetName
from app.query.windows import UNBOUNDED, Window


class ListFilter(NamedTuple):
    """Events in any of several lists of one kind, for example those of two actors."""

    event_list: EventList
    values: Params
    roles: Params = ()
    """The roles in which an actor takes part, any of them."""


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """The conditions on an event, whose names have been found in the database."""

    values: Values = field(default_factory=Values, compare=False)
    """The values of all parameters. They are not compared: filters of one form are equal."""
    reads_lists_lazily: bool = True
    """Whether the engine merges lists only as far as needed, as SQLite does."""
    lists: tuple[ListFilter, ...] = ()
    """Each must hold. The first one drives the query."""
    roles: Params = ()
    """The roles in which anybody takes part, any of them."""
    excluded_actors: Params = ()
    window: Window = UNBOUNDED
    certain_only: bool = False
    """Whether an event must lie in the window certainly and wholly."""
    visible_window: Window = UNBOUNDED
    """Days that an event must also touch, because a calendar shows only these."""
    spans: tuple[int, ...] = ()
    """The duration classes of all events, which a window without lists needs."""
    kinds: Params = ()
    statuses: Params = ()
    words: Param | None = None
    """The query of the search index."""
    matching_ids: Param | None = None
    """The events with these words, if there are few."""
    min_sources: Param | None = None
    updated_since: Param | None = None
    """The moment from which on records have been updated, as it is stored."""
    few_updated: bool = False
    """Whether so few events were updated since then that they drive the query."""

    @property
    def is_windowed(self) -> bool:
        """Whether the window has a first or a last day."""
        return any(self.window)

    @property
    def days(self) -> DateRange:
        """The first and the last day of the window."""
        first, last = (
            None if day is None else date.fromordinal(self.values[day.name]) for day in self.window
        )
        return first, last

    @property
    def matches_all(self) -> bool:
        """Whether every event matches."""
        # Without a window, `certain_only` and the duration classes have no effect.
        every = EventFilter(reads_lists_lazily=self.reads_lists_lazily)
        return replace(self, certain_only=False, spans=()) == every

    def without(self, facet: FacetName) -> "EventFilter":
        """Return the filter without its conditions on a facet, to count the facet's other values.

        Without its actors, their roles apply to any participant.
        """
        if facet == "kind":
            return replace(self, kinds=())
        if facet == "status":
            return replace(self, statuses=())
        # The roles of a removed actor filter stay, as a condition on any participant.
        removed = [one for one in self.lists if one.event_list is EVENT_LISTS[facet]]
        roles = next((one.roles for one in removed if one.roles), self.roles)
        return replace(self, lists=tuple(x for x in self.lists if x not in removed), roles=roles)
