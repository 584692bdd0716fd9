"""EDTF: the supported subset, and the values derived from a date."""

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

# Texts that are no dates, and for which `tests.domain.test_date_advice` compares the advice.
INVALID = [
    "",
    "November 2021",
    "last November",
    "circa 2021",
    "c. 2021-11",
    "before 2021",
    "since 2021-11",
    "1990s",
    "2021-2022",
    "2021-11-30 to 2021-12-02",
    "2021-11-30 – 2021-12-02",
    "2021–2022",
    "2021-11/12",
    "2021-30-11",
    "2021-13",
    "2021-00",
    " 2021",
    "2021\n",
    "2021-02-29",
    "2021-11-31",
    "0000",
    "2021-21",
    "2021-41",
    "202X",
    "2021-XX",
    "2021-11-XX",
    "Y12345",
    "-2021",
    "12021",
    "Y1E20000000",
    "2021-11-03T10:00",
    "2021-11-03T10:00:00Z",
    "20211103",
    "2021/11/03",
    "03.11.2021",
    "2021-1-3",
    "2021/11",
    "11/2021",
    "2021/2022/2023",
    "2022/2021",
    "2022-07-19/2021-11",
    "[2022..2021]",
    "/",
    "../..",
    "../",
    "[..]",
    "2021..2022",
    "..2021/2022",
    "[2021",
    "[2021]",
    "[2021,2022]",
    "{2021..2022}",
    "[2021?..2022]",
    "[2021..2022-07]",
    "?2021",
    "2021?-11",
    "2021??",
    "٢٠٢١",
    "２０２１",
    "2021" * 9,
]


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
def test_other_text_is_not_a_date(text: str) -> None:
    with pytest.raises(DateError):
        EventDate.parse(text)


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
