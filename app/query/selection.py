"""Selections of events: each condition is written once, for rows, counts, facets and histograms.

Nothing here runs a statement. Events are found by lists in the order of their dates: the lists of
an actor, a source, a topic or a timeline, the events that overlap some days, or all events. One or
several lists that together hold every match drive a selection, and the other conditions are checked
for each event in them. A page merges its lists and reads them only until it is full, so it costs
the same however long they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlalchemy import case, column, exists, func, literal_column, select, union, union_all

from app.db import tables
from app.db.dialects import Unindexed
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
from app.db.fulltext import SEARCH_INDEX, matches
from app.db.ordering import SORTS
from app.db.statements import MAX_PARAMS, MAX_STATEMENTS, as_json
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
"""Matches that are counted exactly. If more match, a page is read in order until full."""
LIMIT = Param("limit", int)
# Newer versions of SQLite plan a statement with `LIMIT ?` each time that it runs, because the plan
# can depend on the number. That takes longer than to run it.
LIMIT_VALUE = LIMIT.bind + literal_column("0")
"""The number of rows on a page."""

_event, _part = tables.event.c, tables.participation.c
# The same tables again, for conditions on events that another list drives.
_aliases = {one.table: one.table.alias() for one in EVENT_LISTS.values()}
_any_part = _aliases[tables.participation].c
_recent = tables.event.alias()
_ID, _KEY, _SLUG = _event.id, _event.date_key, _event.slug
is_certain = ~(_event.approximate | _event.uncertain)


def select_events(where: EventFilter) -> Rows:
    """Select the ids of the events that match, each once, in no order."""
    lists, rest = _driving_lists_unordered(where)
    return _union([one.select(rest) for one in lists])


@lru_cache(MAX_STATEMENTS)
def select_count(where: EventFilter) -> Selection:
    """Select the number of the events that match, exactly up to 10,000."""
    lists, rest = _driving_lists_unordered(where)
    ids = [one.select(rest) for one in lists]
    # SQLite 3.40 forgets DISTINCT in a subquery with OFFSET that returns one value.
    is_whole = rest.matches_all and not any(one.repeats for one in lists)
    if not (is_whole and where.reads_lists_lazily):
        first = _union(ids).limit(EXACT_COUNT_LIMIT + 1).subquery()
        return select(func.count()).select_from(first)
    # Without other conditions it is faster to look whether there are more. SQLite counts a whole
    # list in a quarter of the time that it takes to count a limited selection.
    more = _union(ids).limit(1).offset(EXACT_COUNT_LIMIT).scalar_subquery().is_not(None)
    counts = [select(func.count()).select_from(one.subquery()).scalar_subquery() for one in ids]
    return select(case((more, EXACT_COUNT_LIMIT + 1), else_=sum(counts)))


def restrict_to_matching(rows: Selection, event_id: Expression, where: EventFilter) -> Selection:
    """Restrict rows to those whose event matches."""
    if where.matches_all:
        return rows
    matching = select_events(where).subquery()
    return rows.where(event_id == matching.c[0])


@lru_cache(MAX_STATEMENTS)
def select_page(where: EventFilter, order: Order, *, few: bool, after: bool) -> Selection:
    """Select the ids and the keys of the first events, or of the first events `after` a position.

    `few` says that at most 10,000 events match. The rows are read by `read_json`.
    """
    lists, rest = _driving_lists(where, separate=True)
    if order.keys is SORTS["date"] and all(one.in_order for one in lists):
        pages = [one.page(rest, order, after=after) for one in lists]
        # An event may be in the lists of several actors.
        may_repeat = where.lists and _is_plural(where.lists[0].values)
        merged_order = Order((column("date_key"), column("slug")), order.descending)
        if pages[1:] and not where.reads_lists_lazily:
            pages = [_limited(one, merged_order) for one in pages]
        merged = union(*pages) if may_repeat else union_all(*pages) if pages[1:] else pages[0]
        return as_json(merged.order_by(*merged_order.clauses()).limit(LIMIT_VALUE))
    rows = select(_ID, *order.keys)
    by_update = order.keys is SORTS["updated"]
    # Few updated events are a range of the index by update, in order.
    if few and not where.matches_all and not (where.few_updated and by_update):
        # Without the limit, SQLite scans all events in order until it finds these few.
        matching = select_events(where).limit(EXACT_COUNT_LIMIT).subquery()
        rows = rows.where(matching.c[0] == _ID)
    else:
        # A position after the moment implies it. With both, SQLite may start at the moment.
        is_implied = by_update and after and not order.descending
        rest = replace(where, updated_since=None) if is_implied else where
        rows = rows.where(*_conditions(rest, _ALL))
    if after:
        rows = rows.where(order.is_after)
    return as_json(rows.order_by(*order.clauses()).limit(LIMIT_VALUE))


def _limited(page: Selection, order: Order) -> Selection:
    """Limit the rows of one list to those that a page can have."""
    rows = page.order_by(*order.clauses()).limit(LIMIT_VALUE).subquery()
    return select(*rows.c)


# UNION ALL: no event is in two of the lists, and to compare them SQLite would store all ids.
def _union(selections: Sequence[Selection]) -> Rows:
    return union_all(*selections) if len(selections) > 1 else selections[0]


@dataclass(frozen=True)
class _EventList:
    """A list of events: the columns of their ids and of the keys of their dates."""

    ids: Expression
    key: Expression
    conditions: Sequence[Condition] = ()
    """Select the rows of the list."""
    in_order: bool = True
    """Whether the rows are in the order of dates."""
    repeats: bool = False
    """Whether an event may be in the list twice."""

    def select(self, rest: EventFilter) -> Selection:
        """Select the ids of the events for which the rest of a filter holds."""
        # Otherwise SQLite scans the whole index for DISTINCT.
        ids = select(Unindexed(self.ids)).distinct() if self.repeats else select(self.ids)
        ids = ids.where(*self.conditions, *_conditions(rest, self))
        needs_days = rest.is_windowed or any(rest.visible_window)
        if _needs_event_table(rest) or (needs_days and self.key is _KEY):
            ids = self._join_event(ids)
        return ids

    def page(self, rest: EventFilter, order: Order, *, after: bool) -> Selection:
        """Select the ids and the keys of the events for which the rest of a filter holds."""
        rows: Selection = select(
            self.ids.label("id"), self.key.label("date_key"), _SLUG.label("slug")
        )
        rows = self._join_event(rows).where(*self.conditions, *_conditions(rest, self))
        return rows.where(replace(order, keys=(self.key, _SLUG)).is_after) if after else rows

    def _join_event(self, rows: Selection) -> Selection:
        return rows if self.ids is _ID else rows.where(self.ids == _ID)


_ALL = _EventList(_ID, _KEY)


def _driving_lists(
    where: EventFilter, *, separate: bool = False
) -> tuple[list[_EventList], EventFilter]:
    """Return lists that together hold every match, and the filter that is left to check.

    `separate` returns lists that are each in order, where that is possible.
    """
    if where.matching_ids:
        matching = _EventList(_ID, _KEY, [in_values(_ID, where.matching_ids)], in_order=False)
        return [matching], replace(where, words=None, matching_ids=None)
    if where.few_updated and where.updated_since:
        # A subquery, because SQLite does not know how few they are: with a plain condition, it
        # reads all events of a kind instead.
        ids = select(_recent.c.id).where(_recent.c.updated_at >= where.updated_since.bind)
        updated = _EventList(_ID, _KEY, [_ID.in_(ids)], in_order=False)
        return [updated], replace(where, updated_since=None, few_updated=False)
    lists, rest = [_ALL], where
    if where.lists:
        first, *others = where.lists
        parts = [first]
        # A statement of more lists costs more than to sort. A window takes three lists of each.
        limit = MAX_PARAMS // 3 if where.is_windowed else MAX_PARAMS
        values = () if isinstance(first.values, Param) or where.words else first.values
        if separate and 0 < len(values) <= limit:
            parts = [first._replace(values=(value,)) for value in values]
        lists, rest = [_list_for(part) for part in parts], replace(where, lists=tuple(others))
    # Frequent words are looked up once for each list, so they stay with one list.
    if where.is_windowed and not where.words and not (where.certain_only and where.lists):
        lists = [
            replace(one, conditions=[*one.conditions, *in_window])
            for one in lists
            for in_window in _lists_in_window(one, where)
        ]
        rest = replace(rest, window=UNBOUNDED)
    return lists, rest


def _lists_in_window(one: _EventList, where: EventFilter) -> ConditionSets:
    if where.lists:
        return overlap_lists(one.key, where.window)
    by_span = contained_lists_by_span if where.certain_only else overlap_lists_by_span
    return by_span(one.key, _event.span, where.window, where.spans)


def _driving_lists_unordered(where: EventFilter) -> tuple[list[_EventList], EventFilter]:
    lists, rest = _driving_lists(where)
    if lists[0] is _ALL and rest.words and not rest.is_windowed:
        found = _EventList(SEARCH_INDEX.c.rowid, _KEY, [matches(rest.words)], in_order=False)
        return [found], replace(rest, words=None)
    return lists, rest


def _list_for(one: ListFilter) -> _EventList:
    event_list, values, roles = one
    conditions = [equals_any(event_list.value, values), event_list.distinct]
    # The actor may have the role in another row than the first, which the list has.
    if roles:
        same = _any_part.event_id == _part.event_id, _any_part.actor_id == _part.actor_id
        conditions.append(exists().where(*same, equals_any(_any_part.role, roles)))
    columns, is_plural = event_list.table.c, _is_plural(values)
    return _EventList(
        columns.event_id, columns.date_key, conditions, in_order=not is_plural, repeats=is_plural
    )


def _is_plural(values: Params) -> bool:
    return isinstance(values, Param) or len(values) > 1


def _conditions(where: EventFilter, of: _EventList) -> list[Condition]:
    """Return all conditions of a filter on the events of a list."""
    return [condition for conditions in CONDITIONS for condition in conditions(where, of)]


def _lists(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    # EXISTS stops at the first row, and a list in which an event is twice does not double it.
    for event_list, values, roles in where.lists:
        rows = _aliases[event_list.table].c
        value = equals_any(rows[event_list.value.name], values)
        found = exists().where(rows.event_id == of.ids, value)
        yield found.where(equals_any(_any_part.role, roles)) if roles else found


def _participants(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    takes_part = exists().where(_any_part.event_id == of.ids)
    if where.roles:
        yield takes_part.where(equals_any(_any_part.role, where.roles))
    if where.excluded_actors:
        yield ~takes_part.where(equals_any(_any_part.actor_id, where.excluded_actors))


def _days(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    if where.certain_only and where.is_windowed:
        yield from contained_in(of.key, where.window)
        yield is_certain
    else:
        yield from overlaps(of.key, where.window)
    yield from overlaps(of.key, where.visible_window)


def _event_columns(where: EventFilter, _: _EventList) -> Iterator[Condition]:
    if where.kinds:
        yield equals_any(_event.kind, where.kinds)
    if where.statuses:
        yield equals_any(_event.status, where.statuses)
    if where.min_sources:
        yield _event.sources >= where.min_sources.bind
    if where.updated_since:
        yield _event.updated_at >= where.updated_since.bind


def _words(where: EventFilter, of: _EventList) -> Iterator[Condition]:
    if where.words:
        # So that SQLite does not drive the query with words that most events contain.
        yield Unindexed(of.ids).in_(select(SEARCH_INDEX.c.rowid).where(matches(where.words)))


def _needs_event_table(where: EventFilter) -> bool:
    """Check whether a condition needs columns of `event`."""
    is_certain_window = where.certain_only and where.is_windowed
    columns = where.kinds, where.statuses, where.min_sources, where.updated_since
    return is_certain_window or any(columns)


CONDITIONS = (_lists, _participants, _days, _event_columns, _words)
"""Yield the conditions of the fields of `EventFilter`, which `app.query.names` sets.

A new condition on a column of `event` also belongs in `_needs_event_table`: without it, the table
is not joined to the list, and each row counts once for every event.
"""


def _distinct_spans() -> Selection:
    # A loose index scan: each step reads the next larger value from the index. There are fewer
    # than 128 values among any number of events, but SELECT DISTINCT reads the whole index.
    spans = select(func.min(_event.span).label("span")).cte("spans", recursive=True)
    larger = select(func.min(_event.span)).where(_event.span > spans.c.span)
    step = select(larger.correlate(spans).scalar_subquery()).where(spans.c.span.is_not(None))
    found = spans.union_all(step)
    return select(found.c.span).where(found.c.span.is_not(None))


DISTINCT_SPANS = _distinct_spans()
"""Selects the duration classes of all events."""
