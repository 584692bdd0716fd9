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

# Looser than DAY_PATTERN, so that a month 13 gets a message of its own.
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
    """A text is not a date. The message quotes the text and says how to write it."""


def validate_date(text: str) -> str:
    """Return a text that is a date unchanged; raise DateError for any other."""
    return EventDate.parse(text).edtf


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
        """Parse an EDTF text of at most 32 characters; raise DateError for any other string."""
        try:
            return _parse(text)
        except DateError as hint:
            ellipsis = "…" if len(text) > MAX_LENGTH else ""
            raise DateError(f"{text[:MAX_LENGTH]!r}{ellipsis} is not a date. {hint}") from None

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
        raise DateError(f"A date has at most {MAX_LENGTH} characters. {DATE_HINT}")
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
    if not (start or end):
        raise DateError(f"At least one side needs a date. {DATE_HINT}")
    if form == "set":
        _check_set(text, start, end)
    if start and end and start.first > end.last:
        swapped = f"[{last}..{first}]" if form == "set" else f"{last}/{first}"
        raise DateError(f"It ends before it starts. Write {swapped}.")
    return EventDate(text, form, start, end)


def _parse_point(text: str, whole: str) -> Point:
    match = _POINT.fullmatch(text)
    if not match:
        raise DateError(_hint(whole, text))
    year, month, day, qualifier = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise DateError(_calendar_hint(int(year), int(month or 1), day)) from None
    if day:
        return Point(first, first, "day", qualifier)
    if month:
        last = first.replace(day=monthrange(first.year, first.month)[1])
        return Point(first, last, "month", qualifier)
    return Point(first, first.replace(month=12, day=31), "year", qualifier)


def _check_set(text: str, start: Point | None, end: Point | None) -> None:
    ends = [point for point in (start, end) if point]
    if any(point.qualifier for point in ends):
        plain = re.sub("[?~%]", "", text)
        raise DateError(f"A set cannot contain '?', '~' or '%'. Write {plain}.")
    if len({point.precision for point in ends}) > 1:
        wider = f"[{ends[0].first}..{ends[1].last}]"
        raise DateError(f"Both ends of a set need the same precision. Write {wider}.")


def _calendar_hint(year: int, month: int, day: str | None) -> str:
    if year == 0:
        return "Years run from 0001 to 9999."
    # The EDTF codes of seasons, quarters, quadrimesters and semesters.
    if 21 <= month <= 41 and not day:
        return "Seasons are not supported. Write the months: 2021-03/2021-05."
    if not 1 <= month <= 12:
        return "Months run from 01 to 12."
    return f"The days of {MONTHS[month - 1]} {year} run from 01 to {monthrange(year, month)[1]}."


_ASCII = f"Use ASCII characters only. {DATE_HINT}"
_CLOCK = "Times of day are not supported. Write the day alone: 2021-11-03."
_DIGITS = "X digits are not supported. Write 2021-11 for an unknown day, [2020..2029] for a decade."
_YEARS = "Years run from 0001 to 9999, without a sign."
_RANGES = "The only supported sets are ranges. Write [2021-11..2022-07]."
_BRACKETS = "Write a set as [2021-11..2022-07], [..2022-07] or [2021-11..]."
_QUALIFIER = "Write one '?', '~' or '%' at the end of a date: 2021-11?, 2021-11~ or 2021-11%."
_HYPHENS = "Write year, month and day with hyphens and leading zeros: 2021-11-03."
_ABOUT = "Write an approximate date with '~' at its end: 2021~ or 2021-11~."
_BEFORE = "Write [..2021-11] if it happened then or earlier, ../2021-11 if it lasted until then."
_AFTER = "Write [2021-11..] if it happened then or later, 2021-11/.. if it has lasted since then."
_DECADE = "Write [1990..1999] if it happened in the decade, 1990/1999 if it lasted all of it."
_SLASH = "Write an interval with '/' between two complete dates: 2021-11-30/2021-12-02."
_WORDS = "Write the date in digits, as precisely as it is known: 2021, 2021-11 or 2021-11-03."
_YEAR = r"[0-9]{4}[0-9-]*"
# Common mistakes, each with its hint. The first pattern that matches wins, so a special one
# precedes a general one.
_HINTS = tuple(
    # DOTALL, because a text may contain line breaks.
    (re.compile(pattern, re.DOTALL), hint)
    for pattern, hint in (
        (rf" *{_YEAR} *(to|until|till|-|–|—) *{_YEAR} *", _SLASH),
        (r".*[^\x00-\x7f].*", _ASCII),
        (r"\s+|", DATE_HINT),
        (r"\s.*|.*\s", "Remove the spaces around the date."),
        (rf"(?i)(c\.|ca\.?|circa|about|around|approximately) *{_YEAR}", _ABOUT),
        (rf"(?i)(before|until|till|by) *{_YEAR}", _BEFORE),
        (rf"(?i)(after|since|from) *{_YEAR}", _AFTER),
        (r"[0-9]{3}0'?s", _DECADE),
        (r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?/[0-9]{2}", _SLASH),
        (r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ].*|.*[0-9]:[0-9].*", _CLOCK),
        (r"(?i).*[a-z]{3}.*", _WORDS),
        (r"[0-9-]*X[0-9X-]*", _DIGITS),
        (r"Y.*|[+-]?[0-9]{5,7}|[0-9]{9,}|[+-][0-9].*", _YEARS),
        (r"[\[{].*,.*|\{.*", _RANGES),
        (r"[^\[\]/]+\.\.[^\[\]/]*|\.\.[^\[\]/]+|\[.*|.*\]", _BRACKETS),
        (r"[?~%].*|.*[?~%]-.*|.*[?~%]{2}", _QUALIFIER),
        (r"[0-9]{8}|[0-9]{4}[-/.][0-9]{1,2}", _HYPHENS),
        (r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}|[0-9]{1,2}[/.][0-9]{4}", _HYPHENS),
        (r".*/.*/.*", "An interval has one '/'. Write 2021-11/2022-07."),
    )
)


def _hint(*texts: str) -> str:
    """Return the hint for the first of the texts that is a known mistake."""
    return next(
        (hint for text in texts for pattern, hint in _HINTS if pattern.fullmatch(text)), DATE_HINT
    )
