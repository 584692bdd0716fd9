"""Windows of days, which the API calls date ranges, as conditions on the `date_key` of events.

See `EventDate.sort_key`.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from sqlalchemy import Integer, false, literal, or_

from app.db.expressions import Condition, Expression, Param
from app.domain.edtf import HAS_START_BIT, KEY_DAY, SPAN_NO_START, SPAN_UNCERTAIN, span_days

Window = tuple[Param | None, Param | None]
"""The first and the last day, as `date.toordinal` counts them. None leaves a side open."""
UNBOUNDED: Window = (None, None)

ConditionSets = Iterator[list[Condition]]
"""Conditions of lists that are each in the order of dates. No event is in two of the lists."""


def overlaps(key: Expression, window: Window) -> Iterator[Condition]:
    """Yield the conditions that an event could have happened in the window."""
    first, last = window
    if first:
        yield _last_day(key) >= first.bind
    if last:
        yield or_(key < _key_after(last), _has_no_start(key))


def contained_in(key: Expression, window: Window) -> Iterator[Condition]:
    """Yield the conditions that an event lies wholly in the window."""
    first, last = window
    yield from _sort_day_in(key, window)
    if first:
        yield or_(_begins_calendar(first), ~_has_no_start(key))
    if last:
        yield _last_day(key) <= last.bind


def overlap_lists(key: Expression, window: Window) -> ConditionSets:
    """Yield lists of the events that overlap the window: by sort day, and those that reach into it.

    Each list is a range of the key, which an index in the order of dates serves.
    """
    first, last = window
    yield [*_sort_day_in(key, window)]
    if first:
        yield [key < _key_of(first), *overlaps(key, (first, None))]
    # The sort day of an event without a start is in its end, which may be after the window.
    if last:
        yield [key >= _key_after(last), _has_no_start(key)]


def overlap_lists_by_span(
    key: Expression, span: Expression, window: Window, spans: Sequence[int]
) -> ConditionSets:
    """Yield lists like `overlap_lists`, but one for each duration class (`event.span`).

    An event of a class lasts a known number of days at least, and fewer than another. So only
    events that begin shortly before the window are scanned, not all events before it.
    """
    first, last = window
    yield [*_sort_day_in(key, window)]
    for one in spans:
        shortest, never = span_days(one)
        if first and never > 1:  # an event of one day ends before the window begins
            all_reach, none_reach = _key_of(first, -shortest), _key_of(first, -never)
            yield [span == one, key >= all_reach, key < _key_of(first)]
            yield [
                *(span == one, key >= none_reach, key < all_reach),
                *overlaps(key, (first, None)),
            ]
        # Without a start, an event also reaches back from a sort day after the window.
        if last and one % SPAN_UNCERTAIN == SPAN_NO_START:
            yield [span == one, key >= _key_after(last)]


def contained_lists_by_span(
    key: Expression, span: Expression, window: Window, spans: Sequence[int]
) -> ConditionSets:
    """Yield lists of the events that lie certainly and wholly in the window, one for each class."""
    first, last = window
    certain = [one for one in spans if one < SPAN_UNCERTAIN]
    for one in certain:
        shortest, never = span_days(one)
        conditions = [span == one]
        if first:
            conditions.append(key >= _key_of(first))
        if first and one == SPAN_NO_START:
            conditions.append(_begins_calendar(first))
        if last:
            conditions.append(key < _key_after(last, -shortest))
        # The key's range finds all events that begin early enough for the shortest of the class.
        if last and never > 1:
            conditions.append(_last_day(key) <= last.bind)
        yield conditions
    # A union needs at least one part.
    if not certain:
        yield [false()]


def has_no_end(key: Expression) -> Condition:
    """Build the condition that the end of an event is open or unknown."""
    return _last_day(key) == date.max.toordinal()


def _sort_day_in(key: Expression, window: Window) -> Iterator[Condition]:
    first, last = window
    if first:
        yield key >= _key_of(first)
    if last:
        yield key < _key_after(last)


def _begins_calendar(day: Param) -> Condition:
    # A window that begins on the first day there is contains events without a start.
    return day.bind == date.min.toordinal()


def _has_no_start(key: Expression) -> Condition:
    return key.bitwise_and(HAS_START_BIT) == 0


def _key_of(day: Param, offset_days: int = 0) -> Expression:
    """Build the lowest key of a day, `offset_days` later."""
    return (day.bind + offset_days) * KEY_DAY


def _key_after(day: Param, offset_days: int = 0) -> Expression:
    return _key_of(day, offset_days + 1)


# Part of most conditions, and to build an expression takes longer than to look it up.
@cache
def _last_day(key: Expression) -> Expression:
    """Build the last day on which an event can have happened, as `date.toordinal` counts it."""
    shift = literal(KEY_DAY.bit_length() - 1, Integer)  # not a BIGINT, for PostgreSQL
    return key.bitwise_rshift(shift) + key.bitwise_and(HAS_START_BIT - 1)
