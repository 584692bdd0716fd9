"""The periods that one date of people, or one end of a range, may mean."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Literal, NamedTuple

from app.domain.edtf import MONTHS
from app.domain.human_dates.parts import WORDS_HINT, Part, UnreadableError
from app.domain.human_dates.tokens import Token
from app.domain.human_dates.words import DECADE_SUFFIXES, EARLY, LATE, MID, SUMMER, WINTER

BEFORE_YEAR_ONE = "Years before 1 cannot be written yet."
YEARS = "Years run from 0001 to 9999."
NO_YEAR = "It has no year. Write the year with four digits."
NO_CENTURY = "The year has two digits, so the century is unknown. Write all four digits."
ZEROS = "Leave out an unknown month or day."
_MONTHS_HINT = "Months run from 01 to 12."
_SERIAL = (
    f"{YEARS} If it is the number that a spreadsheet stores for a day, format the cell as "
    "yyyy-mm-dd, and copy it again."
)
SERIALS = range(10_000, 80_000)
"""Excel's numbers of the days from 1927 to 2119. Other numbers of five digits are too unlikely."""
FIRST_IS_DAY = "if the day is first"
FIRST_IS_MONTH = "if the month is first"
RANGE_OF_YEARS = "if it is a range of years"


Style = Literal["point", "period", "part", "range", "either", "set", "list", "open"]


class Span(NamedTuple):
    """A period that a date may mean, from a first to a last year, month or day."""

    first: str
    last: str
    style: Style = "point"
    """`point`: one year, month or day; `period`: a decade, a season; `part`: the part of a year or
    month that a word such as "early" means.

    Of two dates, `range`: it mostly lasted from one to the other; `either`: that, or at some time
    between; `set`: at some time between; `list`: one of both; `open`: since the first."""
    condition: str = ""
    """When it is meant, as "if …", where the text may mean something else too."""
    label: str = ""
    """The name of a period, such as "the decade"."""
    note: str = ""
    """A sentence about the mistake or the reading."""
    marks: tuple[str, str] = ("", "")
    """The qualifiers of both ends: `~`, `?`, `%` or none."""


def resolve(part: Part) -> list[Span]:
    """Return the periods that one date may mean; raise UnreadableError if there are none."""
    if not part.numbers and not {"roman", "century"} <= part.values.keys():
        raise UnreadableError(NO_YEAR if part.values else WORDS_HINT)
    spans = [*_spans(part)]
    return [span._replace(marks=(part.mark, part.mark)) for span in spans]


def _spans(part: Part) -> Iterator[Span]:
    if "season" in part.values:
        yield from _season(part)
    elif "week" in part.values:
        yield from _week(part)
    elif {"quarter", "half"} & part.values.keys() or _is_half(part):
        yield from _fraction(part)
    else:
        whole = [*_whole(part)]
        yield from whole
        if number := part.values.get("part"):
            yield _third(whole[0], number)


def _is_half(part: Part) -> bool:
    # In Italian and Polish, "middle" and "half" are one word: `metà 2019`, `prima metà del 2019`.
    return part.values.get("part") == MID and "ordinal" in part.values


def _is_decade(part: Part) -> bool:
    suffixes = [number.suffix for number in part.years if number.number % 10 == 0]
    return "decade" in part.values or not DECADE_SUFFIXES.isdisjoint(suffixes)


def _whole(part: Part) -> Iterator[Span]:
    """Yield what the date means without a part such as "early" or "second half of"."""
    if "century" in part.values:
        yield _century(_index(part))
    elif _is_decade(part):
        yield from _decade(part)
    else:
        yield from _points(part)


def _index(part: Part) -> int:
    """Return the number of a quarter, half or century: in words, in Roman or in Arabic digits."""
    numbers = [part.values[name] for name in ("ordinal", "roman") if name in part.values]
    numbers += [number.number for number in part.short_numbers]
    if len(numbers) != 1:
        raise UnreadableError(WORDS_HINT)
    return numbers[0]


def _year(part: Part) -> int:
    if len(part.years) != 1:
        raise UnreadableError(WORDS_HINT if part.years else NO_YEAR)
    return part.years[0].number


# --- Years, months and days


def _points(part: Part) -> Iterator[Span]:
    if part.values.keys() - {"month", "roman", "part"}:
        raise UnreadableError(WORDS_HINT)
    if {"month", "roman"} <= part.values.keys():
        raise UnreadableError(WORDS_HINT)
    month = part.values.get("month", part.values.get("roman"))
    if month is not None:
        yield _month_by_name(part, month)
    elif len(part.numbers) == 1:
        yield _single_number(part)
    elif len(set(part.separators)) > 1 or part.separators[0] == "word":
        raise UnreadableError(WORDS_HINT)
    elif len(part.numbers) == 2:
        yield from _two_numbers(part.numbers, part.separators[0])
    elif len(part.numbers) == 3:
        yield from _three_numbers(part.numbers, part.separators[0])
    else:
        raise UnreadableError(WORDS_HINT)


def _month_by_name(part: Part, month: int) -> Span:
    years, others = part.years, part.short_numbers
    if not years:
        # `3-Nov-21` has a year of two digits, `Dec 17-21` has none.
        is_range = part.separators in (["-"], ["–"])
        is_year = (len(others) > 1 and not is_range) or any(one.number > 31 for one in others)
        raise UnreadableError(NO_CENTURY if is_year else NO_YEAR)
    if len(years) > 1 or len(others) > 1:
        raise UnreadableError(WORDS_HINT)
    return point(years[0].number, month, others[0].number if others else None)


def _single_number(part: Part) -> Span:
    (number,) = part.numbers
    if len(number.text) in (3, 4) or part.is_ad:
        return point(number.number)
    if len(number.text) == 8:
        year, rest = divmod(number.number, 10_000)
        return point(year, rest // 100, rest % 100)
    if len(number.text) == 5 and number.number in SERIALS:
        raise UnreadableError(_SERIAL)
    is_decade = number.suffix in DECADE_SUFFIXES and number.number % 10 == 0
    if len(number.text) < 3:
        raise UnreadableError(NO_CENTURY if is_decade or number.number > 31 else NO_YEAR)
    raise UnreadableError(YEARS)


def _two_numbers(numbers: Sequence[Token], separator: str) -> Iterator[Span]:
    first, second = numbers
    if first.number in SERIALS and len(first.text) == 5:
        raise UnreadableError(_SERIAL)  # with the time of day as a fraction
    if first.is_year and not second.is_year:
        yield from year_and_ending(first.number, second.number, separator)
    elif second.is_year and not first.is_year:
        yield point(second.number, first.number)
    elif first.is_year:
        raise UnreadableError(WORDS_HINT)
    else:
        is_year = max(first.number, second.number) > 31
        raise UnreadableError(NO_CENTURY if is_year else NO_YEAR)


def _three_numbers(numbers: Sequence[Token], separator: str) -> Iterator[Span]:
    one, two, three = (number.number for number in numbers)
    years = [number.is_year for number in numbers]
    if years == [True, False, False]:
        if two > 12 and three <= 12:
            span = point(one, three, two)
            yield span._replace(condition="if the day precedes the month", note=_MONTHS_HINT)
        else:
            yield point(one, two, three)
    elif years == [False, False, True]:
        yield from _day_and_month(one, two, three, separator)
    else:
        raise UnreadableError(WORDS_HINT if any(years) else NO_CENTURY)


def _day_and_month(one: int, two: int, year: int, separator: str) -> Iterator[Span]:
    if one > 12 or two > 12:
        yield point(year, min(one, two), max(one, two))
    # In CLDR, no language writes the month first if there are dots. Nothing is to choose if both
    # are equal, or if a zero leaves out the day.
    elif separator == "." or one == two or 0 in (one, two):
        yield point(year, two or one, one if two else 0)
    else:
        yield point(year, two, one)._replace(condition=FIRST_IS_DAY)
        yield point(year, one, two)._replace(condition=FIRST_IS_MONTH)


def point(year: int, month: int | None = None, day: int | None = None) -> Span:
    """Return a year, month or day. A zero is unknown, like everything after it."""
    note = ZEROS if 0 in (month, day) else ""
    if not 1 <= year <= 9999:
        raise UnreadableError(YEARS)
    if not month:
        return Span(f"{year:04}", f"{year:04}", note=note)
    if month > 12:
        raise UnreadableError(_MONTHS_HINT)
    text = f"{year:04}-{month:02}"
    if day:
        last = monthrange(year, month)[1]
        if day > last:
            raise UnreadableError(f"The days of {MONTHS[month - 1]} {year} run from 01 to {last}.")
        text = f"{text}-{day:02}"
    return Span(text, text, note=note)


# --- Endings of a year: months, seasons, quarters, and the second year of a range

_QUARTERS, _THIRDS, _HALVES = range(33, 37), range(37, 40), range(40, 42)
# EDTF's codes. https://www.loc.gov/standards/datetime/
_CODES = {
    range(21, 25): "In EDTF, 21 to 24 are spring, summer, autumn and winter.",
    range(25, 33): "In EDTF, 25 to 32 are the seasons of the northern and southern hemisphere.",
    _QUARTERS: "In EDTF, 33 to 36 are the quarters of a year.",
    _THIRDS: "In EDTF, 37 to 39 are periods of four months.",
    _HALVES: "In EDTF, 40 and 41 are the halves of a year.",
}
_USUAL_CODES = {*range(21, 25), *_QUARTERS}
"""The codes that are more than a theoretical reading where a range of years is another."""


def year_and_ending(year: int, ending: int, separator: str = "-") -> Iterator[Span]:
    """Yield the meanings of a year with two more digits: `1829-30`, `1911-12`, `2019-21`."""
    end = year - year % 100 + ending + (100 if ending == 0 and year % 100 == 99 else 0)
    years = Span(f"{year:04}", f"{end:04}", "range") if year < end <= 9999 else None
    spans = [*_months_and_codes(year, ending, is_code=separator == "-", is_range=bool(years))]
    # For typographers, a dash between numbers is a range. A dot or a comma never is.
    if years and separator == "–":
        spans = [years]
    elif years and separator in ("-", "/"):
        note = f"There is no month {ending}." if separator == "-" and not spans else ""
        spans.append(years._replace(condition=RANGE_OF_YEARS if spans else "", note=note))
    if not spans:
        raise UnreadableError(_MONTHS_HINT)
    yield from spans


def _months_and_codes(year: int, ending: int, *, is_code: bool, is_range: bool) -> Iterator[Span]:
    if ending <= 12:
        condition = f"if {ending:02} is the month" if is_range and ending else ""
        yield point(year, ending)._replace(condition=condition)
    for codes, note in _CODES.items():
        if is_code and ending in codes and (ending in _USUAL_CODES or not is_range):
            for span in _code(year, ending):
                condition = span.condition or (f"if it means {span.label}" if is_range else "")
                yield span._replace(condition=condition, note=f"{note} {span.note}".rstrip())


def _code(year: int, code: int) -> Iterator[Span]:
    months = [f"{year:04}-{month:02}" for month in range(1, 13)]
    if code < 33:
        hemisphere = "" if code < 25 else "northern" if code < 29 else "southern"
        yield from _seasons(year, (code - 21) % 4 + 1, hemisphere)
    elif code in _QUARTERS:
        yield _slice(months, code - 32, 4)._replace(label="that quarter")
    elif code in _THIRDS:
        yield _slice(months, code - 36, 3)._replace(label="those four months")
    else:
        yield _slice(months, code - 39, 2)._replace(label="that half")


# --- Seasons

_SEASON_NAMES = ("spring", "summer", "autumn", "winter")
_SEASON_MONTHS = ("March to May", "June to August", "September to November", "December to February")


def _season(part: Part) -> Iterator[Span]:
    season = part.values["season"]
    if part.values.keys() - {"season", "part"}:
        raise UnreadableError(WORDS_HINT)
    years = [number.number for number in part.numbers]
    if len(years) == 2 and season in (SUMMER, WINTER) and part.years:
        if years[1] % 100 != (years[0] + 1) % 100:
            raise UnreadableError(WORDS_HINT)
        label = f"that {_SEASON_NAMES[season - 1]}"
        yield _months(years[0], 12)._replace(label=label)
    elif len(part.numbers) == 1:
        yield from _seasons(_year(part), season)
    else:
        raise UnreadableError(WORDS_HINT)


def _seasons(year: int, season: int, hemisphere: str = "") -> Iterator[Span]:
    """Yield the months of a season: of the northern hemisphere, if none is known."""
    place = hemisphere or "northern"
    name = _SEASON_NAMES[season - 1]
    shift = 2 if place == "southern" else 0
    start = (3 * (season + shift) - 1) % 12 + 1
    other = _SEASON_MONTHS[(season + 1) % 4]
    note = "" if hemisphere else f"In the southern hemisphere, {name} is {other}."
    if start < 12:
        span = _months(year, start)._replace(label=f"the {place} {name}", note=note)
        yield span._replace(condition="" if hemisphere else f"if it means {span.label}")
        return
    for first, verb in ((year - 1, "ends"), (year, "begins")):
        label = f"the {place} {name} that {verb} in {year:04}"
        yield _months(first, 12)._replace(label=label, condition=f"if it means {label}", note=note)


def _months(year: int, month: int) -> Span:
    """Return three months as a period."""
    end_year, end = (year + 1, month - 10) if month > 10 else (year, month + 2)
    first, last = point(year, month).first, point(end_year, end).first
    return Span(first, last, "period")


# --- Decades, centuries, quarters, halves, weeks, and parts of periods


def _decade(part: Part) -> Iterator[Span]:
    if len(part.numbers) != 1:
        raise UnreadableError(WORDS_HINT)
    (number,) = part.numbers
    if not number.is_year:
        raise UnreadableError(NO_CENTURY)
    year = number.number
    if not year:
        raise UnreadableError(YEARS)
    if year % 10:  # "années 1991": the plural of a year
        yield _single_number(part)
        return
    decade = Span(f"{year:04}", f"{year + 9:04}", "period", label="the decade")
    if year % 100:
        yield decade
        return
    century = Span(f"{year:04}", f"{year + 99:04}", "period", label="the century")
    yield from (span._replace(condition=f"if it means {span.label}") for span in (decade, century))


def _century(number: int) -> Span:
    if not 1 <= number <= 99:
        raise UnreadableError(YEARS)
    return Span(f"{number - 1:02}01", f"{number:02}00", "period", label="the century")


def _week(part: Part) -> Iterator[Span]:
    year, short = _year(part), part.short_numbers
    if "month" in part.values:
        note = "The days of a week depend on the day that it begins with."
        yield point(year, part.values["month"])._replace(note=note)
        return
    try:
        days = [date.fromisocalendar(year, short[0].number, day) for day in (1, 7)]
    except (ValueError, IndexError, OverflowError):
        raise UnreadableError(WORDS_HINT) from None
    first, last = (day.isoformat() for day in days)
    yield Span(first, last, "period", label="the week", note="Weeks begin on Monday (ISO 8601).")


def _fraction(part: Part) -> Iterator[Span]:
    """Yield a quarter or a half of a year, a month, a decade or a century."""
    count, label = (4, "that quarter") if "quarter" in part.values else (2, "that half")
    if "century" in part.values or _is_decade(part):
        others = {name: value for name, value in part.values.items() if name != "ordinal"}
        number, whole = part.values.get("ordinal", 0), next(_whole(replace(part, values=others)))
    else:
        number, whole = _index(part), point(_year(part), part.values.get("month"))
    if not 1 <= number <= count or (count == 4 and len(whole.first) > 4):
        raise UnreadableError(WORDS_HINT)
    units = _units(whole)
    half = _slice(units, number, count)
    if len(whole.first) == len("2020-05"):  # its first half has 15 days
        first, last = (units[0], units[14]) if number == 1 else (units[15], units[-1])
        half = half._replace(first=first, last=last)
    yield half._replace(label=label)


def _third(whole: Span, number: int) -> Span:
    """Return the part of a period that "early", "mid" or "late" means."""
    units = _units(whole)
    name = {EARLY: "first", LATE: "last"}.get(number, "middle")
    if len(whole.first) == 7:
        # Ten days each, not a third: the last part has from eight to eleven days.
        first, last = units[10 * (number - 1)], units[-1 if number == LATE else 10 * number - 1]
        count = "" if number == LATE else "ten "
        condition = f"if it happened on one of its {name} {count}days"
    else:
        first, last, *_ = _slice(units, number, 3)
        kind = "four months" if len(whole.last) == 4 and whole.style == "point" else "third"
        condition = f"if it happened in its {name} {kind}"
    return Span(first, last, "part", condition)


def _units(whole: Span) -> list[str]:
    """Return the days of a month, the months of a year, or the years of a decade or century."""
    if whole.style == "period":
        return [f"{year:04}" for year in range(int(whole.first), int(whole.last) + 1)]
    year, *month = (int(number) for number in whole.first.split("-"))
    if not month:
        return [f"{year:04}-{month:02}" for month in range(1, 13)]
    if len(month) > 1:
        raise UnreadableError(WORDS_HINT)
    days = monthrange(year, month[0])[1]
    return [f"{whole.first}-{day:02}" for day in range(1, days + 1)]


def _slice(units: Sequence[str], number: int, count: int) -> Span:
    """Return the n-th of some equal parts of a period, in which the earlier ones may be longer."""
    start, end = (-(-len(units) * at // count) for at in (number - 1, number))
    return Span(units[start], units[end - 1], "period")
