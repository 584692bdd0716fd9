"""Selections: each filter is written once, for rows, counts, facets and buckets alike.

Nothing here runs a query; a selection is handed to a connection by whoever wants its rows.

What events are found by are lists in the order of their dates: those of an actor, a source, a topic
or a timeline; those that touch some days; all there are. A selection is led by lists that hold all
that it may find, and asks the rest of each event in them. A page merges its lists only as far as it
goes, so that it costs the same however long they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import (
    case,
    column,
    exists,
    func,
    select,
    union,
    union_all,
)

from app.db import tables
from app.db.event_lists import EVENT_LISTS
from app.db.expressions import (
    Condition,
    Expression,
    Order,
    Param,
    Params,
    Rows,
    Selection,
    equals_any,
    in_values,
)
from app.db.ordering import SORTS
from app.db.sqlite.fulltext import SEARCH_INDEX, matches
from app.db.statements import MAX_PARAMS
from app.query.filters import EventFilter, ListFilter
from app.query.windows import (
    UNBOUNDED,
    ConditionSets,
    contained_in,
    contained_lists_by_span,
    overlap_lists,
    overlap_lists_by_span,
    overlaps,
)

EXACT_COUNT_LIMIT = 10_000
"""So many events are sorted for a page; of more, all are gone through in order until it is full."""
LIMIT = Param("limit", int)
"""How many rows a page selects."""

_event, _part = tables.event.c, tables.participation.c
# The same tables, to be asked about an event of another list.
_aliases = {axis.table: axis.table.alias() for axis in EVENT_LISTS.values()}
_any_part = _aliases[tables.participation].c
_ID, _KEY, _SLUG = _event.id, _event.date_key, _event.slug
is_certain = ~(_event.approximate | _event.uncertain)


def select_events(where: EventFilter) -> Rows:
    """Select the ids of the events that match, each once, in no order."""
    lists, rest = _driving_lists_unordered(where)
    return _union([one.select(rest) for one in lists])


def _union(selections: Sequence[Selection]) -> Rows:
    return union_all(*selections) if len(selections) > 1 else selections[0]


def select_count(where: EventFilter) -> Selection:
    """Select how many events match, exactly up to 10,000."""
    lists, rest = _driving_lists_unordered(where)
    found = [one.select(rest) for one in lists]
    # With an offset, SQLite 3.40 forgets DISTINCT where a subquery gives one value.
    if not rest.matches_all or any(one.repeats for one in lists):
        return select(func.count()).select_from(
            _union(found).limit(EXACT_COUNT_LIMIT + 1).subquery()
        )
    # Where nothing is asked of each event, it is faster to see whether there are more, and SQLite
    # counts a list in a quarter of the time that it takes to count a selection that is cut.
    more = _union(found).limit(1).offset(EXACT_COUNT_LIMIT).scalar_subquery().is_not(None)
    numbers = [select(func.count()).select_from(one.subquery()) for one in found]
    return select(
        case((more, EXACT_COUNT_LIMIT + 1), else_=sum(one.scalar_subquery() for one in numbers))
    )


def restrict_to_matching(rows: Selection, event_id: Expression, where: EventFilter) -> Selection:
    """Keep of some rows those of the events that match."""
    if where.matches_all:
        return rows
    found = select_events(where).subquery()
    return rows.where(event_id == found.c[0])


def select_page(where: EventFilter, order: Order, *, few: bool, after: bool) -> Rows:
    """Select id and keys of the first events, or of the first after a position.

    `few` tells that 10,000 match at most.
    """
    lists, rest = _driving_lists(where, apart=True)
    if order.keys is SORTS["date"] and all(one.in_order for one in lists):
        pages = [one.page(rest, order, after=after) for one in lists]
        # What is linked to several values may stand in several lists.
        overlap = where.lists and _is_plural(where.lists[0].values)
        merged = union(*pages) if overlap else union_all(*pages) if pages[1:] else pages[0]
        named = Order((column("date_key"), column("slug")), order.descending)
        return merged.order_by(*named.clauses()).limit(LIMIT.bind)
    rows = select(_ID, *order.keys)
    if few and not where.matches_all:
        # The limit keeps SQLite from going through all events in order until it meets these few.
        found = select_events(where).limit(EXACT_COUNT_LIMIT).subquery()
        rows = rows.where(found.c[0] == _ID)
    else:
        rows = rows.where(*_conditions(where, _ALL))
    if after:
        rows = rows.where(order.is_after)
    return rows.order_by(*order.clauses()).limit(LIMIT.bind)


@dataclass(frozen=True)
class _EventList:
    """Events, and where their ids and the keys of their dates stand."""

    ids: Expression
    key: Expression
    holds: Sequence[Condition] = ()
    """What holds of its rows."""
    in_order: bool = True
    """Whether they are in the order of dates."""
    repeats: bool = False
    """Whether an event may stand in it twice."""

    def select(self, rest: EventFilter) -> Selection:
        """Select the ids of those for which the rest of a filter holds."""
        # What is added keeps SQLite from going through all links, for want of doubles side by side.
        ids = select(self.ids + 0).distinct() if self.repeats else select(self.ids)
        found = ids.where(*self.holds, *_conditions(rest, self))
        asks_days = rest.is_windowed or any(rest.visible_window)
        if _needs_event_table(rest) or (asks_days and self.key is _KEY):
            found = self._join_event(found)
        return found

    def page(self, rest: EventFilter, order: Order, *, after: bool) -> Selection:
        """Select id and keys of those for which the rest of a filter holds."""
        found: Selection = select(
            self.ids.label("id"), self.key.label("date_key"), _SLUG.label("slug")
        )
        found = self._join_event(found).where(*self.holds, *_conditions(rest, self))
        return found.where(replace(order, keys=(self.key, _SLUG)).is_after) if after else found

    def _join_event(self, found: Selection) -> Selection:
        return found if self.ids is _ID else found.where(self.ids == _ID)


_ALL = _EventList(_ID, _KEY)


def _driving_lists(
    where: EventFilter, *, apart: bool = False
) -> tuple[list[_EventList], EventFilter]:
    """Choose lists that hold all that a filter may find; give what they leave of it to be asked.

    `apart` gives lists that are each in order, as far as there are any.
    """
    if where.matching_ids:
        having = _EventList(_ID, _KEY, [in_values(_ID, where.matching_ids)], in_order=False)
        return [having], replace(where, words=None, matching_ids=None)
    lists, rest = [_ALL], where
    if where.lists:
        link, *others = where.lists
        parts = [link]
        # To write down more lists, of which a window takes three, would cost more than to sort.
        most = MAX_PARAMS // 3 if where.is_windowed else MAX_PARAMS
        values = () if isinstance(link.values, Param) or where.words else link.values
        if apart and 0 < len(values) <= most:
            parts = [link._replace(values=(value,)) for value in values]
        lists, rest = [_list_for(part) for part in parts], replace(where, lists=tuple(others))
    # Words that many events have are looked up for each list, so there is but one.
    if where.is_windowed and not where.words and not (where.certain_only and where.lists):
        lists = [
            replace(one, holds=[*one.holds, *in_window])
            for one in lists
            for in_window in _lists_in_window(one, where)
        ]
        rest = replace(rest, window=UNBOUNDED)
    return lists, rest


def _lists_in_window(one: "_EventList", where: EventFilter) -> ConditionSets:
    if where.lists:
        return overlap_lists(one.key, where.window)
    by_span = contained_lists_by_span if where.certain_only else overlap_lists_by_span
    return by_span(one.key, _event.span, where.window, where.spans)


def _driving_lists_unordered(where: EventFilter) -> tuple[list[_EventList], EventFilter]:
    lists, rest = _driving_lists(where)
    if lists[0] is _ALL and rest.words and not rest.is_windowed:
        return [_having(rest.words)], replace(rest, words=None)
    return lists, rest


def _having(words: Param) -> _EventList:
    return _EventList(SEARCH_INDEX.c.rowid, _KEY, [matches(words)], in_order=False)


def _list_for(link: ListFilter) -> _EventList:
    axis, values, roles = link
    holds = [equals_any(axis.value, values), axis.distinct]
    if roles:
        same = _any_part.event_id == _part.event_id, _any_part.actor_id == _part.actor_id
        holds.append(exists().where(*same, equals_any(_any_part.role, roles)))
    ids, key, several = axis.table.c.event_id, axis.table.c.date_key, _is_plural(values)
    return _EventList(ids, key, holds, in_order=not several, repeats=several)


def _is_plural(values: Params) -> bool:
    return isinstance(values, Param) or len(values) > 1


def _conditions(where: EventFilter, of: _EventList) -> list[Condition]:
    """List what must hold of an event in a list, one condition or more for each filter given."""
    return [condition for given in FILTERS for condition in given(where, of)]


def _lists(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    for axis, values, roles in where.lists:
        asked = _aliases[axis.table].c
        found = exists().where(asked.event_id == of.ids, equals_any(asked[axis.value.name], values))
        yield found.where(equals_any(_any_part.role, roles)) if roles else found


def _roles(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    if where.roles:
        yield exists().where(_any_part.event_id == of.ids, equals_any(_any_part.role, where.roles))


def _excluded_actors(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    if where.excluded_actors:
        excluded = equals_any(_any_part.actor_id, where.excluded_actors)
        yield ~exists().where(_any_part.event_id == of.ids, excluded)


def _window(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    if where.certain_only and where.is_windowed:
        yield from contained_in(of.key, where.window)
        yield is_certain
    else:
        yield from overlaps(of.key, where.window)


def _view(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    yield from overlaps(of.key, where.visible_window)


def _own_columns(where: EventFilter, _: _EventList) -> Iterator[Condition]:
    if where.kinds:
        yield equals_any(_event.kind, where.kinds)
    if where.statuses:
        yield equals_any(_event.status, where.statuses)
    if where.min_sources:
        yield _event.sources >= where.min_sources.bind


def _words(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    if where.words:
        # What is added keeps SQLite from being led by words that are in most events.
        yield (of.ids + 0).in_(select(SEARCH_INDEX.c.rowid).where(matches(where.words)))


def _needs_event_table(where: EventFilter) -> bool:
    """Tell whether conditions look at columns of `event`."""
    certain = where.certain_only and where.is_windowed
    return bool(where.kinds or where.statuses or where.min_sources or certain)


FILTERS = (_lists, _roles, _excluded_actors, _window, _view, _own_columns, _words)


def _spans() -> Selection:
    # From each to the next, through the index: there are few of them among any number of events.
    spans = select(func.min(_event.span).label("span")).cte("spans", recursive=True)
    following = select(func.min(_event.span)).where(_event.span > spans.c.span)
    beyond = select(following.correlate(spans).scalar_subquery()).where(spans.c.span.is_not(None))
    found = spans.union_all(beyond)
    return select(found.c.span).where(found.c.span.is_not(None))


DISTINCT_SPANS = _spans()
"""The spans of all events."""
