"""Histograms: how the matching events are distributed over time."""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, islice
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from app.db import tables
from app.db.expressions import Selection
from app.db.statements import MAX_STATEMENTS
from app.domain.edtf import KEY_DAY, MAX_POINT_DAYS, Bounds, DateRange, EventDate
from app.domain.vocabulary import Interval, choices
from app.errors import ProblemError, parameter_error, validation_problem
from app.query.filters import EventFilter
from app.query.selection import is_certain, restrict_to_matching
from app.query.windows import has_no_end
from app.schemas.responses import Bucket, Histogram

MAX_BUCKETS = 1_000
MAX_YEARS = 150
"""Yearly buckets of an automatic histogram. More bars would be too thin to click."""
ONE_DAY = timedelta(days=1)
INTERVALS: tuple[Interval, ...] = choices(Interval)
"""From the finest to the coarsest."""

Days = tuple[date, date]
"""The first and the last day of a bucket, both inclusive."""


class DateCount(NamedTuple):
    """The number of events with the same bounds."""

    bounds: Bounds
    certain: bool
    events: int


def read_histogram(connection: Connection, where: EventFilter, interval: Interval) -> Histogram:
    """Count the matching events in each bucket of the window, or of the days of these events.

    Raises a 422 if there are more than 1,000 buckets.
    """
    distribution = _DateDistribution(connection, where)
    buckets = _checked_buckets(distribution.extent, where.days, interval)
    return distribution.histogram(buckets, interval)


def auto_histogram(connection: Connection, where: EventFilter, max_buckets: int) -> Histogram:
    """Count in the finest interval that is coarse enough for some event to be certain in a bucket.

    Finer buckets would spread an event that is known to the month over many days. Years may be more
    than `max_buckets`. There are no buckets if there are too many years, or only one.
    """
    distribution = _DateDistribution(connection, where)
    for interval in INTERVALS:
        limit = MAX_YEARS if interval == "year" else max_buckets
        buckets = _split(distribution.extent, where.days, interval, limit)
        histogram = distribution.histogram(buckets if 1 < len(buckets) <= limit else [], interval)
        if any(bucket.certain for bucket in histogram.buckets):
            return histogram
    return histogram


class _DateDistribution:
    """The dates of the matching events."""

    def __init__(self, connection: Connection, where: EventFilter) -> None:
        # Each bucket is a window of its own, so events that only overlap the filter's window count.
        where = replace(where, certain_only=False)
        rows = connection.execute(_select_dates(where), where.values)
        self._dates = [
            DateCount(Bounds.from_key(key), certain, events) for key, certain, events in rows
        ]
        self.extent = _extent(connection, where, self._dates)
        self._begun = _CumulativeCounts((one.bounds.earliest, one.events) for one in self._dates)
        self._over = _CumulativeCounts((one.bounds.latest, one.events) for one in self._dates)

    def histogram(self, buckets: Sequence[Days], interval: Interval) -> Histogram:
        """Count the events in each bucket."""
        certain = _count_certain(buckets, self._dates)
        return Histogram(
            interval=interval,
            buckets=[
                Bucket(
                    start=first,
                    end=last,
                    certain=certain[first],
                    possible=self._begun.up_to(last) - self._over.before(first),
                )
                for first, last in buckets
            ],
        )


@lru_cache(MAX_STATEMENTS)
def _select_dates(where: EventFilter) -> Selection:
    key = tables.event.c.date_key
    rows = select(key, is_certain, func.count())
    return restrict_to_matching(rows, tables.event.c.id, where).group_by(key, is_certain)


def _extent(connection: Connection, where: EventFilter, dates: Sequence[DateCount]) -> Days | None:
    """Return the window. For an open side, return the first or the last written day of an event."""
    first, last = where.days
    if not dates and not (first and last):
        return None
    # An event that overlaps a window of one side may have its written day outside the window.
    first = first or min([last or date.max, *(one.bounds.sort_day for one in dates)])
    last = last or max(first, _last_written_day(connection, where, [one.bounds for one in dates]))
    return first, last


def _last_written_day(connection: Connection, where: EventFilter, bounds: Sequence[Bounds]) -> date:
    closed = max((one.latest for one in bounds if one.latest < date.max), default=date.min)
    begun = max((one.sort_day for one in bounds if one.latest == date.max), default=None)
    if begun is None:
        return closed
    event = tables.event.c
    # The written day of an open-ended event lies within a year of its sort day, so only the latest
    # of these events are read. An explicit end in 9999 is not open-ended.
    late = event.date_key >= (begun.toordinal() - MAX_POINT_DAYS) * KEY_DAY
    endless = select(event.edtf).where(has_no_end(event.date_key), late | ~event.open_end)
    dates = restrict_to_matching(endless.distinct(), event.id, where)
    found = connection.scalars(dates, where.values)
    return max(closed, *(EventDate.parse(edtf).last_written_day for edtf in found))


class _CumulativeCounts:
    """The numbers of events by day, summed up to any day."""

    def __init__(self, days: Iterable[tuple[date, int]]) -> None:
        counts: Counter[date] = Counter()
        for day, events in days:
            counts[day] += events
        self._days = sorted(counts)
        self._sums = [0, *accumulate(counts[day] for day in self._days)]

    def up_to(self, day: date) -> int:
        """Return the number of events until a day, inclusive."""
        return self._sums[bisect_right(self._days, day)]

    def before(self, day: date) -> int:
        """Return the number of events before a day."""
        return self._sums[bisect_left(self._days, day)]


def _count_certain(buckets: Sequence[Days], dates: Sequence[DateCount]) -> Counter[date]:
    """Count the events that lie certainly and wholly in a bucket, by its first day."""
    starts = [first for first, _ in buckets]
    counts: Counter[date] = Counter()
    for one in dates:
        at = bisect_right(starts, one.bounds.earliest) - 1
        if one.certain and at >= 0 and one.bounds.latest <= buckets[at][1]:
            counts[starts[at]] += one.events
    return counts


def _checked_buckets(extent: Days | None, window: DateRange, interval: Interval) -> list[Days]:
    """Split an extent into at most 1,000 buckets; raise a 422 that names an interval that fits."""
    for wider in INTERVALS[INTERVALS.index(interval) :]:
        buckets = _split(extent, window, wider, MAX_BUCKETS)
        if len(buckets) <= MAX_BUCKETS:
            if wider == interval:
                return buckets
            raise _too_many(interval, f"Use `interval={wider}`.")
    raise _too_many(interval, "Narrow the window.")


def _split(extent: Days | None, window: DateRange, interval: Interval, limit: int) -> list[Days]:
    """Split an extent into buckets; return `limit` + 1 of them if there are too many."""
    return [*islice(_buckets(extent, window, interval), limit + 1)] if extent else []


def _too_many(interval: Interval, fix: str) -> ProblemError:
    detail = f"{interval!r} makes more than {MAX_BUCKETS:,} buckets. {fix}"
    return validation_problem(parameter_error("interval", detail))


def _buckets(extent: Days, window: DateRange, interval: Interval) -> Iterator[Days]:
    """Yield the buckets that cover an extent. The outer two end where the window does."""
    day, end = extent
    while True:
        first, last = _bucket_around(day, interval)
        yield max(first, window[0] or first), min(last, window[1] or last)
        if last >= end:
            return
        day = last + ONE_DAY


def _bucket_around(day: date, interval: Interval) -> Days:
    if interval == "day":
        return day, day
    if interval == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + min(timedelta(days=6), date.max - monday)
    months = {"month": 1, "quarter": 3, "year": 12}[interval]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    month = first.month + months - 1
    return first, date(day.year, month, monthrange(day.year, month)[1])
