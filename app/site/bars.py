"""The bars of the page: the number of events over time. Each bar links to its period."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.edtf import EventDate
from app.domain.vocabulary import Interval
from app.schemas.responses import Bucket
from app.site.view import PageView
from app.urls import UrlBuilder

MAX_TICKS = 10
"""The largest number of years that are labelled below the bars."""


@dataclass(frozen=True)
class Bar:
    """A bar for a bucket of the histogram. Heights are percentages of the highest bar."""

    label: str
    period: str
    """The period in words."""
    url: str
    """The page of the events in the period."""
    possible: float
    """The height for the events that possibly happened in the period."""
    certain: float
    """The height for the events that certainly happened in the period."""
    tick: str
    """The label below the bar, or an empty text."""


def build_bars(view: PageView, links: UrlBuilder) -> Iterator[Bar]:
    """Build a bar for each bucket of the histogram."""
    buckets, interval = view.histogram.buckets, view.histogram.interval
    # Without events the highest bar is 0, which no height can be divided by.
    highest = max((bucket.possible for bucket in buckets), default=0) or 1
    without_dates = links.with_param("date").with_param("from").with_param("to")
    for bucket, tick in zip(buckets, _ticks(buckets, interval), strict=True):
        first, last = _period(bucket, interval)
        period = EventDate.parse(first if first == last else f"{first}/{last}").display
        yield Bar(
            label=f"{period}: {bucket.possible} possible, {bucket.certain} certain",
            period=period,
            url=without_dates.page_url(**{"from": first, "to": last}),
            possible=100 * bucket.possible / highest,
            certain=100 * bucket.certain / highest,
            tick=tick,
        )


def _period(bucket: Bucket, interval: Interval) -> tuple[str, str]:
    """Return a bucket as a whole month or year if it is one, and otherwise as its days.

    The first and the last bucket can be shorter than the interval.
    """
    first, last = bucket.start.isoformat(), bucket.end.isoformat()
    name = first[: {"month": 7, "year": 4}.get(interval, 10)]
    whole = EventDate.parse(name)
    is_whole = (whole.earliest, whole.latest) == (bucket.start, bucket.end)
    return (name, name) if is_whole else (first, last)


def _ticks(buckets: Sequence[Bucket], interval: Interval) -> Iterator[str]:
    """Yield for each bucket the year that begins in it, or an empty text.

    With many years, only every second, fifth, tenth … year is labelled, so that the labels fit.
    """
    steps = (1, 2, 5, 10, 20, 50, 100)
    step = next(step for step in steps if interval != "year" or len(buckets) <= MAX_TICKS * step)
    for bucket in buckets:
        year = bucket.end.year
        begins = bucket.start <= date(year, 1, 1)
        yield f"{year:04}" if begins and year % step == 0 else ""
