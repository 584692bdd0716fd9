"""How the matching events spread over time."""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate, islice
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from app.db import tables
from app.db.expressions import Selection
from app.domain.edtf import KEY_DAY, MAX_POINT_DAYS, Bounds, DateRange, EventDate
from app.domain.vocabulary import Interval, choices
from app.errors import ProblemError, parameter_error, validation_problem
from app.query.filters import EventFilter
from app.query.selection import is_certain, restrict_to_matching
from app.query.windows import has_no_end
from app.schemas.responses import Bucket, Histogram

MAX_BUCKETS = 1_000
MANY_YEARS = 150
ONE_DAY = timedelta(days=1)
INTERVALS: tuple[Interval, ...] = choices(Interval)
"""From the finest to the coarsest."""


class DateCount(NamedTuple):
    """So many events with the same bounds."""

    bounds: Bounds
    certain: bool
    events: int


def read_histogram(connection: Connection, where: EventFilter, interval: Interval) -> Histogram:
    """Count the matching events in each stretch of the window or, where it is open, of theirs."""
    spread = _DateDistribution(connection, where)
    return spread.histogram(_checked_buckets(spread.extent, where.days, interval), interval)


def auto_histogram(connection: Connection, where: EventFilter, few: int) -> Histogram:
    """Count in the finest stretches in one of which an event lies for certain, else in years.

    Finer ones would make many days of what is known to the month. Years may be more than `few`;
    where they are too many, or one is all there is, there are no buckets.
    """
    spread = _DateDistribution(connection, where)
    for interval in INTERVALS:
        most = MANY_YEARS if interval == "year" else few
        windows = _split(spread.extent, where.days, interval, most)
        counted = spread.histogram(windows if 1 < len(windows) <= most else [], interval)
        if any(bucket.certain for bucket in counted.buckets):
            return counted
    return counted


class _DateDistribution:
    """The dates of the matching events, from the first day to the last."""

    def __init__(self, connection: Connection, where: EventFilter) -> None:
        # A bucket is a window of its own, so what could touch it counts, whatever the filter says.
        where = replace(where, certain_only=False)
        rows = connection.execute(_select_spans(where), where.values)
        self._spans = [
            DateCount(Bounds.from_key(key), certain, events) for key, certain, events in rows
        ]
        self.extent = _extent(connection, where, self._spans)
        self._begun = _CumulativeCounts((span.bounds.earliest, span.events) for span in self._spans)
        self._over = _CumulativeCounts((span.bounds.latest, span.events) for span in self._spans)

    def histogram(self, windows: Sequence[tuple[date, date]], interval: Interval) -> Histogram:
        """Count in each of some windows."""
        certain = _count_certain(windows, self._spans)
        return Histogram(
            interval=interval,
            buckets=[
                Bucket(
                    start=first,
                    end=last,
                    certain=certain[first],
                    possible=self._begun.up_to(last) - self._over.before(first),
                )
                for first, last in windows
            ],
        )


def _select_spans(where: EventFilter) -> Selection:
    rows = select(tables.event.c.date_key, is_certain, func.count())
    return restrict_to_matching(rows, tables.event.c.id, where).group_by(
        tables.event.c.date_key, is_certain
    )


def _extent(
    connection: Connection, where: EventFilter, spans: Sequence[DateCount]
) -> tuple[date, date] | None:
    """Give the window or, where it is open, the first or last day that is known of an event."""
    first, last = where.days
    if not spans and not (first and last):
        return None
    # What is known of a matching event may lie on the far side of the one end that is given.
    first = first or min([last or date.max, *(span.bounds.sort_day for span in spans)])
    last = last or max(first, _last_known(connection, where, [span.bounds for span in spans]))
    return first, last


def _last_known(connection: Connection, where: EventFilter, bounds: Sequence[Bounds]) -> date:
    closed = max((one.latest for one in bounds if one.latest < date.max), default=date.min)
    begun = max((one.sort_day for one in bounds if one.latest == date.max), default=None)
    if begun is None:
        return closed
    event = tables.event.c
    # Of what has no end its start is known: a year, at most. What is written to end in 9999 does.
    late = event.date_key >= (begun.toordinal() - MAX_POINT_DAYS) * KEY_DAY
    endless = select(event.edtf).where(has_no_end(event.date_key), late | ~event.open_end)
    found = connection.scalars(
        restrict_to_matching(endless.distinct(), event.id, where), where.values
    )
    return max(closed, *(EventDate.parse(edtf).last_written_day for edtf in found))


class _CumulativeCounts:
    """Counts events by day, and sums the counts on one side of any day."""

    def __init__(self, days: Iterable[tuple[date, int]]) -> None:
        counts: Counter[date] = Counter()
        for day, events in days:
            counts[day] += events
        self._days = sorted(counts)
        self._sums = [0, *accumulate(counts[day] for day in self._days)]

    def up_to(self, day: date) -> int:
        return self._sums[bisect_right(self._days, day)]

    def before(self, day: date) -> int:
        return self._sums[bisect_left(self._days, day)]


def _count_certain(
    windows: Sequence[tuple[date, date]], spans: Sequence[DateCount]
) -> Counter[date]:
    """Count, by its first day, the events that lie certainly and wholly in a window."""
    starts = [first for first, _ in windows]
    counts: Counter[date] = Counter()
    for span in spans:
        at = bisect_right(starts, span.bounds.earliest) - 1
        if span.certain and at >= 0 and span.bounds.latest <= windows[at][1]:
            counts[starts[at]] += span.events
    return counts


def _checked_buckets(
    extent: tuple[date, date] | None, window: DateRange, interval: Interval
) -> list[tuple[date, date]]:
    """Cut an extent into at most 1,000 windows."""
    for width in INTERVALS[INTERVALS.index(interval) :]:
        cut = _split(extent, window, width, MAX_BUCKETS)
        if len(cut) <= MAX_BUCKETS:
            if width == interval:
                return cut
            raise _too_many(interval, f"give `interval={width}`")
    raise _too_many(interval, "narrow the window")


def _split(
    extent: tuple[date, date] | None, window: DateRange, interval: Interval, most: int
) -> list[tuple[date, date]]:
    """Cut an extent into windows; one more than `most` of them tells that there are too many."""
    return [*islice(_buckets(extent, window, interval), most + 1)] if extent else []


def _too_many(interval: Interval, cure: str) -> ProblemError:
    detail = f"{interval!r} gives more than {MAX_BUCKETS:,} buckets; {cure}"
    return validation_problem(parameter_error("interval", detail))


def _buckets(
    extent: tuple[date, date], clip: DateRange, interval: Interval
) -> Iterator[tuple[date, date]]:
    """Cut the calendar into windows that cover the extent, the outer two clipped as asked."""
    day, end = extent
    while True:
        first, last = _bucket_around(day, interval)
        yield max(first, clip[0] or first), min(last, clip[1] or last)
        if last >= end:
            return
        day = last + ONE_DAY


def _bucket_around(day: date, interval: Interval) -> tuple[date, date]:
    if interval == "day":
        return day, day
    if interval == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + min(timedelta(days=6), date.max - monday)
    months = {"month": 1, "quarter": 3, "year": 12}[interval]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    month = first.month + months - 1
    return first, date(day.year, month, monthrange(day.year, month)[1])
