"""Windows of days, as conditions on the `date_key` of events; see `EventDate.key`."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from sqlalchemy import false, or_

from app.db.expressions import Condition, Expression, Slot
from app.domain.edtf import DAY, DOUBTFUL, STARTED, UNSTARTED, days_of

Window = tuple[Slot | None, Slot | None]
"""Where the days go in a statement, as `date.toordinal` counts them."""
OPEN: Window = (None, None)


def touches(key: Expression, window: Window) -> Iterator[Condition]:
    """Say that it could have happened in the window."""
    first, last = window
    if first:
        yield _last_day(key) >= first.value
    if last:
        yield or_(key < _next(last), _has_no_start(key))


def lies_in(key: Expression, window: Window) -> Iterator[Condition]:
    """Say that it lies wholly in the window, as far as its bounds go."""
    first, last = window
    yield from _inside(key, window)
    if first:
        yield or_(_is_first_of_all(first), ~_has_no_start(key))
    if last:
        yield _last_day(key) <= last.value


Lists = Iterator[list[Condition]]
"""Conditions for lists in the order of dates, none of which has an event of another."""


def lists_touching(key: Expression, window: Window) -> Lists:
    """List all that touches the window: what is in it by its sort day, and what lasts into it."""
    first, last = window
    yield [*_inside(key, window)]
    if first:
        yield [key < _begin(first), *touches(key, (first, None))]
    if last:
        yield [key >= _next(last), _has_no_start(key)]


def lists_touching_by_span(
    key: Expression, span: Expression, window: Window, spans: Sequence[int]
) -> Lists:
    """List the same where a list of each span is at hand: it tells what surely lasts so long."""
    first, last = window
    yield [*_inside(key, window)]
    for one in spans:
        least, most = days_of(one)
        if first and most > 1:  # what lasts a day is over by then
            sure, never = _begin(first, -least), _begin(first, -most)
            yield [span == one, key >= sure, key < _begin(first)]
            yield [span == one, key >= never, key < sure, *touches(key, (first, None))]
        if last and one % DOUBTFUL == UNSTARTED:
            yield [span == one, key >= _next(last)]


def lists_in_by_span(
    key: Expression, span: Expression, window: Window, spans: Sequence[int]
) -> Lists:
    """List all that lies wholly and certainly in the window."""
    first, last = window
    certain = [one for one in spans if one < DOUBTFUL]
    for one in certain:
        least, most = days_of(one)
        conditions = [span == one]
        if first:
            conditions.append(key >= _begin(first))
        if first and one == UNSTARTED:
            conditions.append(_is_first_of_all(first))
        if last:
            conditions.append(key < _next(last, -least))
        if last and most > 1:
            conditions.append(_last_day(key) <= last.value)
        yield conditions
    if not certain:
        yield [false()]


def _inside(key: Expression, window: Window) -> Iterator[Condition]:
    first, last = window
    if first:
        yield key >= _begin(first)
    if last:
        yield key < _next(last)


def has_no_end(key: Expression) -> Condition:
    """Say that nothing tells when it is over."""
    return _last_day(key) == date.max.toordinal()


def _is_first_of_all(day: Slot) -> Condition:
    # Where a window begins with the calendar, what has no start lies in it.
    return day.value == date.min.toordinal()


def _has_no_start(key: Expression) -> Condition:
    return key.bitwise_and(STARTED) == 0


def _begin(day: Slot, more: int = 0) -> Expression:
    return (day.value + more) * DAY


def _next(day: Slot, more: int = 0) -> Expression:
    return _begin(day, more + 1)


@cache
def _last_day(key: Expression) -> Expression:
    """Count the last day on which it can have happened, as `date.toordinal` does."""
    return key.bitwise_rshift(DAY.bit_length() - 1) + key.bitwise_and(STARTED - 1)
