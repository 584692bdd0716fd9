"""The bars of a page: how its selection spreads over time, each a window to filter by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.edtf import EventDate
from app.domain.vocabulary import Interval
from app.schemas.responses import Bucket
from app.site.view import PageView
from app.urls import UrlBuilder

MAX_TICKS = 10
"""So many years are named below the bars."""


@dataclass(frozen=True)
class Bar:
    """A bucket of the histogram, drawn; heights are per cent."""

    label: str
    period: str
    url: str
    possible: float
    certain: float
    tick: str
    """What stands below it, if anything."""


def draw_bars(front: PageView, local: UrlBuilder) -> Iterator[Bar]:
    """Draw the histogram; each bar links to what it counts."""
    buckets, interval = front.histogram.buckets, front.histogram.interval
    highest = max((bucket.possible for bucket in buckets), default=0) or 1
    open_ = local.with_param("date").with_param("from").with_param("to")
    for bucket, tick in zip(buckets, _ticks(buckets, interval), strict=True):
        period = _period(bucket, interval)
        yield Bar(
            label=f"{period.display}: {bucket.possible} possible, {bucket.certain} certain",
            period=period.display,
            url=open_.page_url(**_window(period)),
            possible=100 * bucket.possible / highest,
            certain=100 * bucket.certain / highest,
            tick=tick,
        )


def _period(bucket: Bucket, interval: Interval) -> EventDate:
    """Write a bucket as a month or a year where it is one, else by its days."""
    first, last = bucket.start.isoformat(), bucket.end.isoformat()
    whole = EventDate.parse(first[: {"month": 7, "year": 4}.get(interval, 10)])
    if (whole.earliest, whole.latest) == (bucket.start, bucket.end):
        return whole
    return EventDate.parse(f"{first}/{last}")


def _window(period: EventDate) -> dict[str, str]:
    assert period.start  # noqa: S101 - a bucket has both ends
    assert period.end  # noqa: S101
    return {"from": period.start.iso, "to": period.end.iso}


def _ticks(buckets: Sequence[Bucket], interval: Interval) -> Iterator[str]:
    """Give for each bucket the year that begins in it, of many years some."""
    steps = (1, 2, 5, 10, 20, 50, 100)
    step = next(step for step in steps if interval != "year" or len(buckets) <= MAX_TICKS * step)
    for bucket in buckets:
        year = bucket.end.year
        begins = bucket.start <= date(year, 1, 1)
        yield f"{year:04}" if begins and year % step == 0 else ""
