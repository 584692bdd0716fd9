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
from app.errors import parameter_error, validation_problem
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
    dates, extent = _read_dates(connection, where)
    return _histogram(dates, _checked_buckets(extent, where.days, interval), interval)


def auto_histogram(connection: Connection, where: EventFilter, max_buckets: int) -> Histogram:
    """Count in the finest interval that is coarse enough for some event to be certain in a bucket.

    Finer buckets would spread an event that is known to the month over many days. Years may be more
    than `max_buckets`. There are no buckets if there are too many years, or only one.
    """
    dates, extent = _read_dates(connection, where)
    for interval in INTERVALS:
        limit = MAX_YEARS if interval == "year" else max_buckets
        buckets = _split(extent, where.days, interval, limit)
        if not 1 < len(buckets) <= limit:
            buckets = []
        histogram = _histogram(dates if buckets else [], buckets, interval)
        if any(bucket.certain for bucket in histogram.buckets):
            return histogram
    return histogram


def _read_dates(
    connection: Connection, where: EventFilter
) -> tuple[Sequence[DateCount], Days | None]:
    """Read the dates of the matching events, and the days that their buckets cover, if any.

    These days are the window. An open side of it is the first or the last written day of an event.
    """
    # Each bucket is a window of its own, so events that only overlap the filter's window count.
    where = replace(where, certain_only=False)
    rows = connection.execute(_select_dates(where), where.values)
    dates = [DateCount(Bounds.from_key(key), certain, events) for key, certain, events in rows]
    first, last = where.days
    if not dates and not (first and last):
        return dates, None
    # An event that overlaps a window of one side may have its written day outside the window.
    first = first or min([last or date.max, *(one.bounds.sort_day for one in dates)])
    last = last or max(first, _last_written_day(connection, where, [one.bounds for one in dates]))
    return dates, (first, last)


@lru_cache(MAX_STATEMENTS)
def _select_dates(where: EventFilter) -> Selection:
    # Events with the same bounds are one row: there are fewer of these than of events.
    key = tables.event.c.date_key
    rows = select(key, is_certain, func.count())
    return restrict_to_matching(rows, tables.event.c.id, where).group_by(key, is_certain)


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


def _histogram(
    dates: Iterable[DateCount], buckets: Sequence[Days], interval: Interval
) -> Histogram:
    """Count the events in each bucket. The buckets are in order and without gaps."""
    starts, ends = [first for first, _ in buckets], [last for _, last in buckets]
    certain_in: Counter[date] = Counter()
    # By how many more events are possible than in the bucket before. So an event that spans a
    # thousand buckets costs two additions.
    changes: Counter[int] = Counter()
    for (_, earliest, latest), certain, events in dates:
        begin, end = bisect_left(ends, earliest), bisect_right(starts, latest)
        changes[begin] += events
        changes[end] -= events
        if certain and begin < end and starts[begin] <= earliest and latest <= ends[begin]:
            certain_in[starts[begin]] += events
    possible = accumulate(changes[at] for at in range(len(buckets)))
    return Histogram(
        interval=interval,
        buckets=[
            Bucket(start=first, end=last, certain=certain_in[first], possible=count)
            for (first, last), count in zip(buckets, possible, strict=True)
        ],
    )


def _checked_buckets(extent: Days | None, window: DateRange, interval: Interval) -> list[Days]:
    """Split an extent into at most 1,000 buckets; raise a 422 that names an interval that fits."""
    buckets = _split(extent, window, interval, MAX_BUCKETS)
    if len(buckets) <= MAX_BUCKETS:
        return buckets
    fix = "Narrow the date range."
    for wider in INTERVALS[INTERVALS.index(interval) + 1 :]:
        if len(_split(extent, window, wider, MAX_BUCKETS)) <= MAX_BUCKETS:
            fix = f"Use `interval={wider}`."
            break
    detail = f"{interval!r} makes more than {MAX_BUCKETS:,} buckets. {fix}"
    raise validation_problem(parameter_error("interval", detail))


def _split(extent: Days | None, window: DateRange, interval: Interval, limit: int) -> list[Days]:
    """Split an extent into buckets; return `limit` + 1 of them if there are too many."""
    # Days from the year 1 to 9999 would be 3.6 million buckets.
    return [*islice(_buckets(extent, window, interval), limit + 1)] if extent else []


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
        # The last week of the calendar ends before its Sunday.
        return monday, monday + min(timedelta(days=6), date.max - monday)
    months = {"month": 1, "quarter": 3, "year": 12}[interval]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    # `months` divides 12, so the last month is in the same year.
    month = first.month + months - 1
    return first, date(day.year, month, monthrange(day.year, month)[1])
