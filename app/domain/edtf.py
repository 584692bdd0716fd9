"""Event dates that state their precision: a strict subset of EDTF (ISO 8601-2).

https://www.loc.gov/standards/datetime/

The package `edtf` is unfit: version 5.0.2 takes 3 to 10 ms for a date, and accepts 2021-02-29.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple, Self

from app.domain.vocabulary import DateForm, DatePrecision

# Not calendar.month_name, which follows the machine's locale.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MAX_LENGTH = 32
MAX_POINT_DAYS = 366
"""Maximum length, in days, of one point: a year."""
# `EventDate.sort_key` is one integer, so that one database index serves as sort order and as date
# filter.
HAS_START_BIT = 1 << 22
"""The bit of a sort key above its number of days; the calendar has 3,652,059 days."""
KEY_DAY = 2 * HAS_START_BIT
"""One day in a sort key."""
# One short index range per duration class finds the events that have begun before a date range and
# last into it. Without classes, at 100,000 events, that takes 15 times as long.
SPAN_NO_START = 46
"""Duration class of dates without a start. It exceeds that of the longest interval, 45."""
SPAN_UNCERTAIN = 64
"""Added to the duration class of approximate and uncertain dates."""
DAY_PATTERN = "[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
"""A year, a month or a day. Also matches days that a month lacks, such as 2021-02-30."""
_POINT_PATTERN = f"{DAY_PATTERN}[?~%]?"
PATTERN = (
    rf"^({_POINT_PATTERN}|{_POINT_PATTERN}/(\.\.|{_POINT_PATTERN})?|(\.\.)?/{_POINT_PATTERN}"
    rf"|\[{DAY_PATTERN}\.\.({DAY_PATTERN})?\]|\[\.\.{DAY_PATTERN}\])$"
)
"""Any date, for JSON Schema. Like `DAY_PATTERN`, it also matches some invalid dates."""
DATE_HINT = "Write 2021, 2021-11 or 2021-11-03."

DateRange = tuple[date | None, date | None]
"""First and last day, both inclusive; None for an open side."""

_POINT = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?([?~%]?)")
_SET = re.compile(r"\[([^\[\],.]*)\.\.([^\[\],]*)\]")


def span_days(span: int) -> tuple[int, int]:
    """Return the shortest duration of a class in days, and the exclusive limit of its longest."""
    power, half = divmod(span % SPAN_UNCERTAIN, 2)
    if span % SPAN_UNCERTAIN == SPAN_NO_START:
        return 0, MAX_POINT_DAYS
    if power < 2:
        return power, power + 1
    least = (2 + half) << power - 2
    return least, least + (1 << power - 2)


class DateError(ValueError):
    """A text is not a date. `app.domain.human_dates.advice` explains why."""


class Bounds(NamedTuple):
    """The days that a sort key encodes; an open side reaches the end of the calendar."""

    sort_day: date
    earliest: date
    latest: date

    @classmethod
    def from_key(cls, key: int) -> Self:
        """Decode an `EventDate.sort_key`."""
        day, rest = divmod(key, KEY_DAY)
        has_start, length = divmod(rest, HAS_START_BIT)
        sort_day = date.fromordinal(day)
        latest = date.fromordinal(day + length)
        return cls(sort_day, sort_day if has_start else date.min, latest)


@dataclass(frozen=True, slots=True)
class Point:
    """A year, a month or a day, with the qualifier `?`, `~`, `%` or none."""

    first: date
    last: date
    precision: DatePrecision
    qualifier: str

    @property
    def approximate(self) -> bool:
        """Whether it is qualified by `~` or `%`."""
        return self.qualifier in ("~", "%")

    @property
    def uncertain(self) -> bool:
        """Whether it is qualified by `?` or `%`."""
        return self.qualifier in ("?", "%")

    @property
    def iso(self) -> str:
        """The ISO 8601 form, without the qualifier."""
        return self.first.isoformat()[: {"year": 4, "month": 7, "day": 10}[self.precision]]

    @property
    def display(self) -> str:
        """The English form, such as "about July 2022 (uncertain)"."""
        words = f"{self.first.year:04}"  # four digits as in EDTF: 33 could be read as 1933
        if self.precision != "year":
            words = f"{MONTHS[self.first.month - 1]} {words}"
        if self.precision == "day":
            words = f"{self.first.day} {words}"
        about = "about " if self.approximate else ""
        return f"{about}{words}{' (uncertain)' if self.uncertain else ''}"


@dataclass(frozen=True, slots=True)
class EventDate:
    """The date of an event, exactly as precise as its source.

    `start` or `end` is None if that side is open or unknown. In a plain date, both are the same
    point.
    """

    edtf: str
    form: DateForm
    start: Point | None
    end: Point | None

    @staticmethod
    def parse(text: str) -> "EventDate":
        """Parse an EDTF text of at most 32 characters; raise DateError for any other string.

        Where people wrote it, use `parse_date` of `app.domain.human_dates.advice`, whose error says
        how to write it.
        """
        return _parse(text)

    @property
    def earliest(self) -> date:
        """The first possible day, inclusive; the first of the calendar without a start."""
        return self.start.first if self.start else date.min

    @property
    def latest(self) -> date:
        """The last possible day, inclusive; the last of the calendar without an end."""
        return self.end.last if self.end else date.max

    @property
    def sort_day(self) -> date:
        """The day to sort by: `earliest` or, without a start, the first day of the end."""
        return self._known.first

    @property
    def last_written_day(self) -> date:
        """The last day that the text names: `latest` or, without an end, that of the start."""
        return self.latest if self.end else self._known.last

    @property
    def sort_key(self) -> int:
        """The sort order as one integer: by sort day, then earliest, then latest.

        The sum of the sort day times `KEY_DAY`, `HAS_START_BIT` if the sort day is the earliest
        day, and the days from the sort day to the latest. `Bounds.from_key` decodes it.
        """
        day = self.sort_day.toordinal()
        has_start = HAS_START_BIT if self.earliest == self.sort_day else 0
        return day * KEY_DAY + has_start + self.latest.toordinal() - day

    @property
    def duration_class(self) -> int:
        """The days from sort day to latest, in steps of half a power of two; see `span_days`.

        `SPAN_NO_START` for a date without a start. `SPAN_UNCERTAIN` is added if the date is
        approximate or uncertain.
        """
        has_start, length = divmod(self.sort_key % KEY_DAY, HAS_START_BIT)
        power = length.bit_length()
        half = length >> power - 2 & 1 if power > 1 else 0
        span = 2 * power + half if has_start else SPAN_NO_START
        return span + SPAN_UNCERTAIN if self.approximate or self.uncertain else span

    @property
    def precision(self) -> DatePrecision:
        """Day, month or year of a plain date; range for an interval or a set."""
        return self._known.precision if self.form == "date" else "range"

    @property
    def approximate(self) -> bool:
        """Whether either end is approximate."""
        return any(point.approximate for point in (self.start, self.end) if point)

    @property
    def uncertain(self) -> bool:
        """Whether either end is uncertain."""
        return any(point.uncertain for point in (self.start, self.end) if point)

    @property
    def display(self) -> str:
        """The English form, which claims no more than the EDTF text."""
        if self.form == "date":
            return self._known.display
        if self.start and self.end:
            words = (self.start.display, self.end.display)
            return "between {} and {}".format(*words) if self.form == "set" else " – ".join(words)
        return self._one_sided_display()

    def _one_sided_display(self) -> str:
        words = self._known.display
        if self.form == "set":
            on = "on" if self._known.precision == "day" else "in"
            return f"{on} or {'after' if self.start else 'before'} {words}"
        # In EDTF, `..` is an open end and an empty one is unknown.
        if ".." in self.edtf:
            return f"{'since' if self.start else 'until'} {words}"
        return f"from {words} (end unknown)" if self.start else f"until {words} (start unknown)"

    @property
    def _known(self) -> Point:
        """The start or, without one, the end."""
        point = self.start or self.end
        assert point  # noqa: S101 - the parser rejects a date without either
        return point


# Loading and rendering parse the same dates again and again, since many events share a day. Errors
# are not cached.
@lru_cache(16_384)
def _parse(text: str) -> EventDate:
    if len(text) > MAX_LENGTH:
        raise _error(text)
    if text.count("/") == 1:
        ends = ("" if end == ".." else end for end in text.split("/"))
        return _parse_range("interval", text, *ends)
    if match := _SET.fullmatch(text):
        return _parse_range("set", text, *match.groups())
    point = _parse_point(text, text)
    return EventDate(text, "date", point, point)


def _parse_range(form: DateForm, text: str, first: str, last: str) -> EventDate:
    start = _parse_point(first, text) if first else None
    end = _parse_point(last, text) if last else None
    ends = [point for point in (start, end) if point]
    if not ends or ends[0].first > ends[-1].last:
        raise _error(text)
    # The ends of a set have the same precision and no qualifier.
    if form == "set" and any(
        point.qualifier or point.precision != ends[0].precision for point in ends
    ):
        raise _error(text)
    return EventDate(text, form, start, end)


def _parse_point(text: str, whole: str) -> Point:
    match = _POINT.fullmatch(text)
    if not match:
        raise _error(whole)
    year, month, day, qualifier = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise _error(whole) from None
    if day:
        return Point(first, first, "day", qualifier)
    if month:
        last = first.replace(day=monthrange(first.year, first.month)[1])
        return Point(first, last, "month", qualifier)
    return Point(first, first.replace(month=12, day=31), "year", qualifier)


def _error(text: str) -> DateError:
    return DateError(f"{text[:MAX_LENGTH]!r} is not a date.")
