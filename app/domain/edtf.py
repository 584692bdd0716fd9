"""Dates that say how much is known: a strict subset of EDTF (ISO 8601-2).

https://www.loc.gov/standards/datetime/
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self

from app.domain.vocabulary import DateForm, DatePrecision

# Not calendar.month_name, which follows the machine's locale.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MAX_LENGTH = 32
MAX_POINT_DAYS = 366
"""Days, at most, of what is known of one end of a date."""
HAS_START_BIT = 1 << 22
"""In the key of a date, more than there are days; see `EventDate.key`."""
KEY_DAY = 2 * HAS_START_BIT
SPAN_NO_START = 46
"""The span of what has no start; that of anything else that is certain is less."""
SPAN_UNCERTAIN = 64
"""Added to the span of what is not certain."""
DAY_PATTERN = "[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
"""A year, a month or a day: as much of it as a pattern can say."""
_POINT_PATTERN = f"{DAY_PATTERN}[?~%]?"
PATTERN = (
    rf"^({_POINT_PATTERN}|{_POINT_PATTERN}/(\.\.|{_POINT_PATTERN})?|(\.\.)?/{_POINT_PATTERN}"
    rf"|\[{DAY_PATTERN}\.\.({DAY_PATTERN})?\]|\[\.\.{DAY_PATTERN}\])$"
)
"""Any date: as much of it as a pattern can say."""
DATE_HINT = "write 2021, 2021-11 or 2021-11-03"

DateRange = tuple[date | None, date | None]
"""First and last day, both inclusive; None where that side is open."""

_POINT = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?([?~%])?")
_SET = re.compile(r"\[([^\[\],]*)\.\.([^\[\],]*)\]")


def span_days(span: int) -> tuple[int, int]:
    """Give the least number of days from sort day to latest, and one that is never reached."""
    power, half = divmod(span % SPAN_UNCERTAIN, 2)
    if span % SPAN_UNCERTAIN == SPAN_NO_START:
        return 0, MAX_POINT_DAYS
    if power < 2:
        return power, power + 1
    least = (2 + half) << power - 2
    return least, least + (1 << power - 2)


class DateError(ValueError):
    """A text is not a date; the message quotes it and says what to write instead."""


def validate_date(text: str) -> str:
    """Give back a text that is a date; raise DateError on any other."""
    return EventDate.parse(text).edtf


class Bounds(NamedTuple):
    """What the key of a date says of it; an open end lies at the end of the calendar."""

    sort_day: date
    earliest: date
    latest: date

    @classmethod
    def from_key(cls, key: int) -> Self:
        """Read an `EventDate.key`."""
        day, rest = divmod(key, KEY_DAY)
        started, length = divmod(rest, HAS_START_BIT)
        sort_day = date.fromordinal(day)
        latest = date.fromordinal(day + length)
        return cls(sort_day, sort_day if started else date.min, latest)


@dataclass(frozen=True, slots=True)
class Point:
    """A year, a month or a day, and how sure of it its source is."""

    first: date
    last: date
    precision: DatePrecision
    qualifier: str

    @property
    def approximate(self) -> bool:
        """Written with `~` or `%`."""
        return self.qualifier in ("~", "%")

    @property
    def uncertain(self) -> bool:
        """Written with `?` or `%`."""
        return self.qualifier in ("?", "%")

    @property
    def iso(self) -> str:
        """As it is written, but for how sure of it its source is."""
        return self.first.isoformat()[: {"year": 4, "month": 7, "day": 10}[self.precision]]

    @property
    def display(self) -> str:
        """In English words, as in "about July 2022 (uncertain)"."""
        words = f"{self.first.year:04}"  # as EDTF has it: 33 might be 1933
        if self.precision != "year":
            words = f"{MONTHS[self.first.month - 1]} {words}"
        if self.precision == "day":
            words = f"{self.first.day} {words}"
        about = "about " if self.approximate else ""
        return f"{about}{words}{' (uncertain)' if self.uncertain else ''}"


@dataclass(frozen=True, slots=True)
class EventDate:
    """When something happened, as precisely as its source says and no more.

    `start` and `end` are absent where the source leaves that side open or unknown. A plain date
    has one point that is both.
    """

    edtf: str
    form: DateForm
    start: Point | None
    end: Point | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an EDTF text of at most 32 characters; raise DateError on any other string."""
        try:
            return cls._read(text)
        except DateError as cure:
            cut = "…" if len(text) > MAX_LENGTH else ""
            raise DateError(f"{text[:MAX_LENGTH]!r}{cut} is not a date; {cure}") from None

    @classmethod
    def _read(cls, text: str) -> Self:
        if len(text) > MAX_LENGTH:
            raise DateError(f"a date has at most {MAX_LENGTH} characters; {DATE_HINT}")
        if text.count("/") == 1:
            ends = ("" if end == ".." else end for end in text.split("/"))
            return cls._between("interval", text, *ends)
        if match := _SET.fullmatch(text):
            return cls._between("set", text, *match.groups())
        point = _point(text, text)
        return cls(text, "date", point, point)

    @classmethod
    def _between(cls, form: DateForm, text: str, first: str, last: str) -> Self:
        start = _point(first, text) if first else None
        end = _point(last, text) if last else None
        if not (start or end):
            raise DateError(f"it needs a date on one side at least; {DATE_HINT}")
        if form == "set":
            _check_set(text, start, end)
        if start and end and start.first > end.last:
            raise DateError(f"it ends before it starts; write {_swapped(form, first, last)}")
        return cls(text, form, start, end)

    @property
    def earliest(self) -> date:
        """The first day it can touch, inclusive; the first day there is where the start is open."""
        return self.start.first if self.start else date.min

    @property
    def latest(self) -> date:
        """The last day it can touch, inclusive; the last day there is where the end is open."""
        return self.end.last if self.end else date.max

    @property
    def sort_day(self) -> date:
        """Where it stands in a list: `earliest` or, without a start, the first day of its end."""
        return self._known.first

    @property
    def last_written_day(self) -> date:
        """The last day of what is written: `latest` or, without an end, that of its start."""
        return self.latest if self.end else self._known.last

    @property
    def sort_key(self) -> int:
        """Where it stands in a list, as one number that orders as sort day, earliest and latest do.

        The sort day times `DAY`, `HAS_START_BIT` if it is the earliest, and the days from it to the
        latest; `Bounds` reads it.
        """
        day = self.sort_day.toordinal()
        started = HAS_START_BIT if self.earliest == self.sort_day else 0
        return day * KEY_DAY + started + self.latest.toordinal() - day

    @property
    def duration_class(self) -> int:
        """How long it lasts, in steps of half a power of two; `span_days` tells between what.

        `SPAN_NO_START` where nothing says when it started, and `SPAN_UNCERTAIN` more where it is about then,
        or perhaps.
        """
        started, length = divmod(self.sort_key % KEY_DAY, HAS_START_BIT)
        power = length.bit_length()
        span = (
            2 * power + (length >> power - 2 & 1 if power > 1 else 0) if started else SPAN_NO_START
        )
        return span + SPAN_UNCERTAIN if self.approximate or self.uncertain else span

    @property
    def precision(self) -> DatePrecision:
        """Day, month or year for a plain date; range for an interval and a set."""
        return self._known.precision if self.form == "date" else "range"

    @property
    def approximate(self) -> bool:
        """Whether its source says "about" of any part of it."""
        return any(point.approximate for point in (self.start, self.end) if point)

    @property
    def uncertain(self) -> bool:
        """Whether any part of it is a reading that may be wrong."""
        return any(point.uncertain for point in (self.start, self.end) if point)

    @property
    def display(self) -> str:
        """In English words, which claim no more than the EDTF does."""
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
        if ".." in self.edtf:
            return f"{'since' if self.start else 'until'} {words}"
        return f"from {words} (end unknown)" if self.start else f"until {words} (start unknown)"

    @property
    def _known(self) -> Point:
        known = self.start or self.end
        assert known  # noqa: S101 - the parser refuses a date without any end
        return known


def _point(text: str, whole: str) -> Point:
    match = _POINT.fullmatch(text)
    if not match:
        raise DateError(_hint(whole, text))
    year, month, day, qualifier = match.groups()
    try:
        if day:
            first = last = date(int(year), int(month), int(day))
            precision: DatePrecision = "day"
        elif month:
            first = date(int(year), int(month), 1)
            last = first.replace(day=monthrange(first.year, first.month)[1])
            precision = "month"
        else:
            first, last = date(int(year), 1, 1), date(int(year), 12, 31)
            precision = "year"
    except ValueError:
        raise DateError(_out_of_calendar(int(year), int(month or 1), day)) from None
    return Point(first, last, precision, qualifier or "")


def _check_set(text: str, start: Point | None, end: Point | None) -> None:
    ends = [point for point in (start, end) if point]
    if any(point.qualifier for point in ends):
        plain = re.sub("[?~%]", "", text)
        raise DateError(f"a set takes no '?', '~' or '%'; write {plain}")
    if len({point.precision for point in ends}) > 1:
        raise DateError(
            "both ends of a set are years, months or days alike; "
            f"write [{ends[0].first}..{ends[1].last}]"
        )


def _swapped(form: DateForm, first: str, last: str) -> str:
    return f"[{last}..{first}]" if form == "set" else f"{last}/{first}"


def _out_of_calendar(year: int, month: int, day: str | None) -> str:
    if year == 0:
        return "years run from 0001 to 9999"
    if 21 <= month <= 41 and not day:
        return "seasons are not taken; write the months, as 2021-03/2021-05"
    if not 1 <= month <= 12:
        return f"there is no month {month:02}; months run from 01 to 12"
    days = monthrange(year, month)[1]
    return f"{MONTHS[month - 1]} {year} has days 01 to {days}"


# What people write instead of EDTF, tried in this order, and what to tell them.
_PLAIN = f"a date is written in plain ASCII characters; {DATE_HINT}"
_CLOCK = "clock times are not taken; write the day alone, as 2021-11-03"
_DIGITS = "X digits are not taken; write 2021-11 for a day unknown, [2020..2029] for a decade"
_YEARS = "years run from 0001 to 9999, without a sign"
_RANGES = "of sets only ranges are taken; write [2021-11..2022-07]"
_BRACKETS = "a set is written [2021-11..2022-07], [..2022-07] or [2021-11..]"
_QUALIFIER = "one '?', '~' or '%' stands at the end of a date; write 2021-11?, 2021-11~ or 2021-11%"
_HYPHENS = "write year-month-day with hyphens and zeros, as in 2021-11-03"
_ABOUT = "what is about then is written with '~' behind it, as 2021~ or 2021-11~"
_BEFORE = "what was then or earlier is written [..2021-11], what went on until then ../2021-11"
_AFTER = "what was then or later is written [2021-11..], what goes on since then 2021-11/.."
_DECADE = "a decade is written [1990..1999] if it was at some time in it, 1990/1999 if it lasted"
_SLASH = "what lasted is written with '/' between two whole dates, as 2021-11-30/2021-12-02"
_WORDS = "a date is written in digits, no more of them than are known: 2021, 2021-11 or 2021-11-03"
_YEAR = r"[0-9]{4}[0-9-]*"
_HINTS = tuple(
    (re.compile(pattern, re.DOTALL), cure)
    for pattern, cure in (
        (rf" *{_YEAR} *(to|until|till|-|–|—) *{_YEAR} *", _SLASH),
        (r".*[^\x00-\x7f].*", _PLAIN),
        (r"\s+|", DATE_HINT),
        (r"\s.*|.*\s", "remove the spaces around it"),
        (rf"(?i)(c\.|ca\.?|circa|about|around|approximately) *{_YEAR}", _ABOUT),
        (rf"(?i)(before|until|till|by) *{_YEAR}", _BEFORE),
        (rf"(?i)(after|since|from) *{_YEAR}", _AFTER),
        (r"[0-9]{3}0'?s", _DECADE),
        (r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?/[0-9]{2}", _SLASH),
        (r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ].*|.*[0-9]:[0-9].*", _CLOCK),
        (r"(?i).*[a-z]{3}.*", _WORDS),
        (r"[0-9]{0,4}[0-9X-]*X[0-9X-]*", _DIGITS),
        (r"Y.*|[+-]?[0-9]{5,7}|[0-9]{9,}|[+-][0-9].*", _YEARS),
        (r"[\[{].*,.*|\{.*", _RANGES),
        (r"[^\[\]/]+\.\.[^\[\]/]*|\.\.[^\[\]/]+|\[.*|.*\]", _BRACKETS),
        (r"[?~%].*|.*[?~%]-.*|.*[?~%]{2,}", _QUALIFIER),
        (r"[0-9]{8}|[0-9]{4}[-/.][0-9]{1,2}", _HYPHENS),
        (r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}|[0-9]{1,2}[/.][0-9]{4}", _HYPHENS),
        (r".*/.*/.*", "an interval has one '/'; write 2021-11/2022-07"),
    )
)


def _hint(*texts: str) -> str:
    """Tell how to write the first of the texts that is a known mistake."""
    return next(
        (cure for text in texts for pattern, cure in _HINTS if pattern.fullmatch(text)),
        DATE_HINT,
    )
