"""EDTF: the supported subset, the values derived from a date, and the hints for mistakes."""

import contextlib
from datetime import date

import edtf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.edtf import MAX_LENGTH, SPAN_UNCERTAIN, Bounds, DateError, EventDate, span_days

FIRST, LAST = date.min, date.max

# written: (form, precision, earliest, latest, sort day, display)
EXAMPLES = {
    "2021": ("date", "year", date(2021, 1, 1), date(2021, 12, 31), date(2021, 1, 1), "2021"),
    "2021-11": (
        *("date", "month", date(2021, 11, 1), date(2021, 11, 30), date(2021, 11, 1)),
        "November 2021",
    ),
    "2021-07-25": (
        *("date", "day", date(2021, 7, 25), date(2021, 7, 25), date(2021, 7, 25)),
        "25 July 2021",
    ),
    "2024-02": (
        *("date", "month", date(2024, 2, 1), date(2024, 2, 29), date(2024, 2, 1)),
        "February 2024",
    ),
    "0001": ("date", "year", FIRST, date(1, 12, 31), FIRST, "0001"),
    "9999": ("date", "year", date(9999, 1, 1), LAST, date(9999, 1, 1), "9999"),
    "2022-07~": (
        *("date", "month", date(2022, 7, 1), date(2022, 7, 31), date(2022, 7, 1)),
        "about July 2022",
    ),
    "2022-07?": (
        *("date", "month", date(2022, 7, 1), date(2022, 7, 31), date(2022, 7, 1)),
        "July 2022 (uncertain)",
    ),
    "2022-07-01%": (
        *("date", "day", date(2022, 7, 1), date(2022, 7, 1), date(2022, 7, 1)),
        "about 1 July 2022 (uncertain)",
    ),
    "2021-11/2022-07": (
        *("interval", "range", date(2021, 11, 1), date(2022, 7, 31), date(2021, 11, 1)),
        "November 2021 – July 2022",
    ),
    "2021~/2022-07-19?": (
        *("interval", "range", date(2021, 1, 1), date(2022, 7, 19), date(2021, 1, 1)),
        "about 2021 – 19 July 2022 (uncertain)",
    ),
    "2021-11/..": (
        *("interval", "range", date(2021, 11, 1), LAST, date(2021, 11, 1)),
        "since November 2021",
    ),
    "2021-11/": (
        *("interval", "range", date(2021, 11, 1), LAST, date(2021, 11, 1)),
        "from November 2021 (end unknown)",
    ),
    "../2021-11": (
        *("interval", "range", FIRST, date(2021, 11, 30), date(2021, 11, 1)),
        "until November 2021",
    ),
    "/2021-11": (
        *("interval", "range", FIRST, date(2021, 11, 30), date(2021, 11, 1)),
        "until November 2021 (start unknown)",
    ),
    "[2022-07-10..2022-07-16]": (
        *("set", "range", date(2022, 7, 10), date(2022, 7, 16), date(2022, 7, 10)),
        "between 10 July 2022 and 16 July 2022",
    ),
    "[..2022-07]": (
        *("set", "range", FIRST, date(2022, 7, 31), date(2022, 7, 1)),
        "in or before July 2022",
    ),
    "[..2022-07-19]": (
        *("set", "range", FIRST, date(2022, 7, 19), date(2022, 7, 19)),
        "on or before 19 July 2022",
    ),
    "[2021..]": ("set", "range", date(2021, 1, 1), LAST, date(2021, 1, 1), "in or after 2021"),
    "[2021-11-03..]": (
        *("set", "range", date(2021, 11, 3), LAST, date(2021, 11, 3)),
        "on or after 3 November 2021",
    ),
}

WORDS = "Write the date in digits, as precisely as it is known: 2021, 2021-11 or 2021-11-03."
ABOUT = "Write an approximate date with '~' at its end: 2021~ or 2021-11~."
SLASH = "Write an interval with '/' between two complete dates: 2021-11-30/2021-12-02."
MONTHS = "Months run from 01 to 12."
YEARS = "Years run from 0001 to 9999, without a sign."
CLOCK = "Times of day are not supported. Write the day alone: 2021-11-03."
HYPHENS = "Write year, month and day with hyphens and leading zeros: 2021-11-03."
EMPTY = "At least one side needs a date."
BRACKETS = "Write a set as [2021-11..2022-07], [..2022-07] or [2021-11..]."
QUALIFIER = "Write one '?', '~' or '%' at the end of a date: 2021-11?, 2021-11~ or 2021-11%."

# written: part of the hint in the message
INVALID = {
    "": "Write 2021, 2021-11 or 2021-11-03.",
    "November 2021": WORDS,
    "last November": WORDS,
    "circa 2021": ABOUT,
    "c. 2021-11": ABOUT,
    "before 2021": "[..2021-11] if it happened then or earlier, ../2021-11 if it lasted until then",
    "since 2021-11": "[2021-11..] if it happened then or later, 2021-11/.. if it has lasted since",
    "1990s": "[1990..1999] if it happened in the decade, 1990/1999 if it lasted all of it",
    "2021-2022": SLASH,
    "2021-11-30 to 2021-12-02": SLASH,
    "2021-11-30 – 2021-12-02": SLASH,
    "2021–2022": SLASH,
    "2021-11/12": SLASH,
    "2021-30-11": MONTHS,
    "2021-13": MONTHS,
    "2021-00": MONTHS,
    " 2021": "Remove the spaces around the date.",
    "2021\n": "Remove the spaces around the date.",
    "2021-02-29": "The days of February 2021 run from 01 to 28.",
    "2021-11-31": "The days of November 2021 run from 01 to 30.",
    "0000": "Years run from 0001 to 9999.",
    "2021-21": "Seasons are not supported. Write the months: 2021-03/2021-05.",
    "2021-41": "Seasons are not supported.",
    "202X": "[2020..2029] for a decade",
    "2021-XX": "X digits are not supported.",
    "2021-11-XX": "Write 2021-11 for an unknown day",
    "Y12345": YEARS,
    "-2021": YEARS,
    "12021": YEARS,
    "Y1E20000000": YEARS,
    "2021-11-03T10:00": CLOCK,
    "2021-11-03T10:00:00Z": CLOCK,
    "20211103": HYPHENS,
    "2021/11/03": HYPHENS,
    "03.11.2021": HYPHENS,
    "2021-1-3": HYPHENS,
    "2021/11": HYPHENS,
    "11/2021": HYPHENS,
    "2021/2022/2023": "An interval has one '/'. Write 2021-11/2022-07.",
    "2022/2021": "It ends before it starts. Write 2021/2022.",
    "2022-07-19/2021-11": "Write 2021-11/2022-07-19.",
    "[2022..2021]": "Write [2021..2022].",
    "/": EMPTY,
    "../..": EMPTY,
    "../": EMPTY,
    "[..]": EMPTY,
    "2021..2022": BRACKETS,
    "..2021/2022": BRACKETS,
    "[2021": BRACKETS,
    "[2021]": BRACKETS,
    "[2021,2022]": "The only supported sets are ranges. Write [2021-11..2022-07].",
    "{2021..2022}": "The only supported sets are ranges.",
    "[2021?..2022]": "A set cannot contain '?', '~' or '%'. Write [2021..2022].",
    "[2021..2022-07]": "Write [2021-01-01..2022-07-31].",
    "?2021": QUALIFIER,
    "2021?-11": QUALIFIER,
    "2021??": QUALIFIER,
    "٢٠٢١": "Use ASCII characters only.",
    "２０２１": "Use ASCII characters only.",
    "2021" * 9: "A date has at most 32 characters.",
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_valid_date_has_derived_values(text: str) -> None:
    when = EventDate.parse(text)
    derived = (when.form, when.precision, when.earliest, when.latest, when.sort_day, when.display)
    assert derived == EXAMPLES[text]
    assert when.edtf == text
    assert when.uncertain == ("?" in text or "%" in text)
    assert when.approximate == ("~" in text or "%" in text)
    assert Bounds.from_key(when.sort_key) == (when.sort_day, when.earliest, when.latest)
    least, most = span_days(when.duration_class)
    assert least <= (when.latest - when.sort_day).days < most
    assert (when.duration_class >= SPAN_UNCERTAIN) == (when.approximate or when.uncertain)


@pytest.mark.parametrize("text", INVALID)
def test_invalid_date_raises_with_hint(text: str) -> None:
    with pytest.raises(DateError) as error:
        EventDate.parse(text)
    message = str(error.value)
    assert message.startswith(f"{text[:MAX_LENGTH]!r}")
    assert " is not a date. " in message
    assert INVALID[text] in message
    assert message.endswith(".")


@pytest.mark.parametrize("text", ["2021-11", "[..2022-07]", "2021/"])
def test_parsed_date_is_cached(text: str) -> None:
    assert EventDate.parse(text) is EventDate.parse(text)


DATE_LIKE = st.text(alphabet="0129-/.[]?~%X T:", max_size=MAX_LENGTH + 2)


@given(st.text() | DATE_LIKE)
@example("\x00")
@example("\ud800")
@example("9" * 100_000)
def test_any_text_is_parsed_or_raises_date_error(text: str) -> None:
    with contextlib.suppress(DateError):
        when = EventDate.parse(text)
        assert when.earliest <= when.sort_day <= when.latest
        assert when.edtf == text
        assert when.display
        assert text.isascii()


@st.composite
def points(draw: st.DrawFn, *, qualified: bool = True) -> str:
    """Generate a year, a month or a day, with or without a qualifier."""
    day = draw(st.dates(min_value=date(1000, 1, 1)))
    text = day.isoformat()[: draw(st.sampled_from([4, 7, 10]))]
    return text + (draw(st.sampled_from(["", "", "?", "~", "%"])) if qualified else "")


@given(st.dates(), st.dates())
def test_duration_class_covers_the_duration(one: date, other: date) -> None:
    start, end = sorted((one, other))
    least, most = span_days(EventDate.parse(f"{start}/{end}").duration_class)
    assert least <= (end - start).days < most


@given(points())
def test_plain_date_agrees_with_edtf_library(text: str) -> None:
    check_against_library(text)


@given(points(), points())
def test_interval_agrees_with_edtf_library(start: str, end: str) -> None:
    if start.rstrip("?~%") <= end.rstrip("?~%"):
        check_against_library(f"{start}/{end}")


@given(st.dates(min_value=date(1000, 1, 1)), st.dates(min_value=date(1000, 1, 1)))
def test_set_agrees_with_edtf_library(one: date, other: date) -> None:
    start, end = sorted((one, other))
    check_against_library(f"[{start}..{end}]")


def check_against_library(text: str) -> None:
    when, oracle = EventDate.parse(text), edtf.parse_edtf(text)
    assert _day(oracle.lower_strict()) == when.earliest
    assert _day(oracle.upper_strict()) == when.latest


def _day(moment: tuple[int, ...]) -> date:
    return date(*moment[:3])
