"""Windows of days, as conditions on the `date_key` of events; see `EventDate.key`."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from sqlalchemy import or_

from app.dates import DAY, LONGEST_YEAR, STARTED, UNSTARTED
from app.expressions import Condition, Expression

Window = tuple[date | None, date | None]
"""First and last day, both inclusive; None where that side is open."""
OPEN: Window = (None, None)


def touches(key: Expression, window: Window) -> Iterator[Condition]:
    """Say that it could have happened in the window."""
    first, last = window
    if first:
        yield _last_day(key) >= first.toordinal()
    if last:
        yield or_(key < _next(last), _has_no_start(key))


def lies_in(key: Expression, window: Window) -> Iterator[Condition]:
    """Say that it lies wholly in the window, as far as its bounds go."""
    first, last = window
    if first and first > date.min:
        yield key >= _begin(first)
        yield key.bitwise_and(STARTED) > 0
    if last:
        yield key < _next(last)
        yield _last_day(key) <= last.toordinal()


def lists_touching(
    key: Expression, span: Expression | None, window: Window, spans: Sequence[int]
) -> Iterator[list[Condition]]:
    """Give conditions for lists that together hold each event that touches the window, once.

    Those in the window by their sort day; those before it that last until it, of each span that
    there is or, where the spans stand nowhere, of any; and behind it those that have no start.
    """
    first, last = window
    inside = []
    if first:
        inside.append(key >= _begin(first))
    if last:
        inside.append(key < _next(last))
    yield inside
    if first:
        running = [key < _begin(first), *touches(key, (first, None))]
        if span is None:
            yield running
        else:
            for length in filter(None, spans):  # what lasts a day is over by then
                reach = 2**length - 1 if length < UNSTARTED else LONGEST_YEAR
                yield [span == length, key >= max(first.toordinal() - reach, 0) * DAY, *running]
    if last and UNSTARTED in spans:
        unstarted = _has_no_start(key) if span is None else span == UNSTARTED
        yield [unstarted, key >= _next(last)]


def _has_no_start(key: Expression) -> Condition:
    return key.bitwise_and(STARTED) == 0


def _begin(day: date) -> int:
    return day.toordinal() * DAY


def _next(day: date) -> int:
    return (day.toordinal() + 1) * DAY


@cache
def _last_day(key: Expression) -> Expression:
    """Count the last day on which it can have happened, as `date.toordinal` does."""
    return key.bitwise_rshift(DAY.bit_length() - 1) + key.bitwise_and(STARTED - 1)
