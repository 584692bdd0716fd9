"""Windows of days, as conditions on the `date_key` of events; see `EventDate.key`."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from sqlalchemy import false, or_

from app.db.expressions import Condition, Expression, Param
from app.domain.edtf import HAS_START_BIT, KEY_DAY, SPAN_NO_START, SPAN_UNCERTAIN, span_days

Window = tuple[Param | None, Param | None]
"""Where the days go in a statement, as `date.toordinal` counts them."""
UNBOUNDED: Window = (None, None)


def overlaps(key: Expression, window: Window) -> Iterator[Condition]:
    """Say that it could have happened in the window."""
    first, last = window
    if first:
        yield _last_day(key) >= first.bind
    if last:
        yield or_(key < _key_after(last), _has_no_start(key))


def contained_in(key: Expression, window: Window) -> Iterator[Condition]:
    """Say that it lies wholly in the window, as far as its bounds go."""
    first, last = window
    yield from _inside(key, window)
    if first:
        yield or_(_is_first_of_all(first), ~_has_no_start(key))
    if last:
        yield _last_day(key) <= last.bind


ConditionSets = Iterator[list[Condition]]
"""Conditions for lists in the order of dates, none of which has an event of another."""


def overlap_lists(key: Expression, window: Window) -> ConditionSets:
    """List all that touches the window: what is in it by its sort day, and what lasts into it."""
    first, last = window
    yield [*_inside(key, window)]
    if first:
        yield [key < _key_of(first), *overlaps(key, (first, None))]
    if last:
        yield [key >= _key_after(last), _has_no_start(key)]


def overlap_lists_by_span(
    key: Expression, span: Expression, window: Window, spans: Sequence[int]
) -> ConditionSets:
    """List the same where a list of each span is at hand: it tells what surely lasts so long."""
    first, last = window
    yield [*_inside(key, window)]
    for one in spans:
        least, most = span_days(one)
        if first and most > 1:  # what lasts a day is over by then
            sure, never = _key_of(first, -least), _key_of(first, -most)
            yield [span == one, key >= sure, key < _key_of(first)]
            yield [span == one, key >= never, key < sure, *overlaps(key, (first, None))]
        if last and one % SPAN_UNCERTAIN == SPAN_NO_START:
            yield [span == one, key >= _key_after(last)]


def contained_lists_by_span(
    key: Expression, span: Expression, window: Window, spans: Sequence[int]
) -> ConditionSets:
    """List all that lies wholly and certainly in the window."""
    first, last = window
    certain = [one for one in spans if one < SPAN_UNCERTAIN]
    for one in certain:
        least, most = span_days(one)
        conditions = [span == one]
        if first:
            conditions.append(key >= _key_of(first))
        if first and one == SPAN_NO_START:
            conditions.append(_is_first_of_all(first))
        if last:
            conditions.append(key < _key_after(last, -least))
        if last and most > 1:
            conditions.append(_last_day(key) <= last.bind)
        yield conditions
    if not certain:
        yield [false()]


def _inside(key: Expression, window: Window) -> Iterator[Condition]:
    first, last = window
    if first:
        yield key >= _key_of(first)
    if last:
        yield key < _key_after(last)


def has_no_end(key: Expression) -> Condition:
    """Say that nothing tells when it is over."""
    return _last_day(key) == date.max.toordinal()


def _is_first_of_all(day: Param) -> Condition:
    # Where a window begins with the calendar, what has no start lies in it.
    return day.bind == date.min.toordinal()


def _has_no_start(key: Expression) -> Condition:
    return key.bitwise_and(HAS_START_BIT) == 0


def _key_of(day: Param, more: int = 0) -> Expression:
    return (day.bind + more) * KEY_DAY


def _key_after(day: Param, more: int = 0) -> Expression:
    return _key_of(day, more + 1)


@cache
def _last_day(key: Expression) -> Expression:
    """Count the last day on which it can have happened, as `date.toordinal` does."""
    return key.bitwise_rshift(KEY_DAY.bit_length() - 1) + key.bitwise_and(HAS_START_BIT - 1)
