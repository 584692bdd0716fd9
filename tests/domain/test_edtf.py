"""Dates: the subset of EDTF that is taken, what is derived from it, and what is refused."""

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

# written: what the message must tell
REFUSED = {
    "": "write 2021, 2021-11 or 2021-11-03",
    "November 2021": "in digits, no more of them than are known: 2021, 2021-11 or 2021-11-03",
    "last November": "in digits, no more of them than are known: 2021, 2021-11 or 2021-11-03",
    "circa 2021": "written with '~' behind it, as 2021~ or 2021-11~",
    "c. 2021-11": "written with '~' behind it, as 2021~ or 2021-11~",
    "before 2021": "then or earlier is written [..2021-11]",
    "since 2021-11": "goes on since then 2021-11/..",
    "1990s": "a decade is written [1990..1999]",
    "2021-2022": "'/' between two whole dates, as 2021-11-30/2021-12-02",
    "2021-11-30 to 2021-12-02": "'/' between two whole dates, as 2021-11-30/2021-12-02",
    "2021-11-30 – 2021-12-02": "'/' between two whole dates, as 2021-11-30/2021-12-02",
    "2021-11/12": "'/' between two whole dates, as 2021-11-30/2021-12-02",
    "2021-30-11": "there is no month 30; months run from 01 to 12",
    " 2021": "remove the spaces",
    "2021\n": "remove the spaces",
    "2021-13": "there is no month 13",
    "2021-00": "there is no month 00",
    "2021-02-29": "February 2021 has days 01 to 28",
    "2021-11-31": "November 2021 has days 01 to 30",
    "0000": "years run from 0001",
    "2021-21": "2021-03/2021-05",
    "2021-41": "seasons",
    "202X": "[2020..2029]",
    "2021-XX": "X digits",
    "2021-11-XX": "2021-11 for a day unknown",
    "Y12345": "0001 to 9999",
    "-2021": "without a sign",
    "12021": "0001 to 9999",
    "Y1E20000000": "0001 to 9999",
    "2021-11-03T10:00": "write the day alone",
    "2021-11-03T10:00:00Z": "write the day alone",
    "20211103": "hyphens",
    "2021/11/03": "hyphens",
    "03.11.2021": "hyphens",
    "2021-1-3": "hyphens",
    "2021/11": "hyphens",
    "11/2021": "hyphens",
    "2021/2022/2023": "one '/'",
    "2022/2021": "write 2021/2022",
    "2022-07-19/2021-11": "write 2021-11/2022-07-19",
    "[2022..2021]": "write [2021..2022]",
    "/": "on one side at least",
    "../..": "on one side at least",
    "../": "on one side at least",
    "[..]": "on one side at least",
    "2021..2022": "[2021-11..2022-07]",
    "..2021/2022": "[2021-11..2022-07]",
    "[2021": "[2021-11..2022-07]",
    "[2021]": "[2021-11..2022-07]",
    "[2021,2022]": "only ranges",
    "{2021..2022}": "only ranges",
    "[2021?..2022]": "write [2021..2022]",
    "[2021..2022-07]": "write [2021-01-01..2022-07-31]",
    "?2021": "at the end of a date",
    "2021?-11": "at the end of a date",
    "2021??": "at the end of a date",
    "٢٠٢١": "plain ASCII",
    "2021–2022": "between two whole dates",
    "２０２１": "plain ASCII",
    "2021" * 9: "at most 32",
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_derives(text: str) -> None:
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


@pytest.mark.parametrize("text", REFUSED)
def test_refuses_and_tells_what_to_write(text: str) -> None:
    with pytest.raises(DateError) as refusal:
        EventDate.parse(text)
    assert REFUSED[text] in str(refusal.value)


SHAPED = st.text(alphabet="0129-/.[]?~%X T:", max_size=MAX_LENGTH + 2)


@given(st.text() | SHAPED)
@example("\x00")
@example("\ud800")
@example("9" * 100_000)
def test_parsing_is_total(text: str) -> None:
    with contextlib.suppress(DateError):
        when = EventDate.parse(text)
        assert when.earliest <= when.sort_day <= when.latest
        assert when.edtf == text
        assert when.display
        assert text.isascii()


@st.composite
def points(draw: st.DrawFn, *, qualified: bool = True) -> str:
    """Write a day, a month or a year, perhaps with a qualifier."""
    day = draw(st.dates(min_value=date(1000, 1, 1)))
    text = day.isoformat()[: draw(st.sampled_from([4, 7, 10]))]
    return text + (draw(st.sampled_from(["", "", "?", "~", "%"])) if qualified else "")


@given(st.dates(), st.dates())
def test_a_span_holds_what_lasts_so_long(one: date, other: date) -> None:
    start, end = sorted((one, other))
    least, most = span_days(EventDate.parse(f"{start}/{end}").duration_class)
    assert least <= (end - start).days < most


@given(points())
def test_the_oracle_agrees_on_plain_dates(text: str) -> None:
    _agrees_with_the_oracle(text)


@given(points(), points())
def test_the_oracle_agrees_on_intervals(start: str, end: str) -> None:
    if start.rstrip("?~%") <= end.rstrip("?~%"):
        _agrees_with_the_oracle(f"{start}/{end}")


@given(st.dates(min_value=date(1000, 1, 1)), st.dates(min_value=date(1000, 1, 1)))
def test_the_oracle_agrees_on_sets(one: date, other: date) -> None:
    start, end = sorted((one, other))
    when = EventDate.parse(f"[{start}..{end}]")
    oracle = edtf.parse_edtf(when.edtf)
    assert _day(oracle.lower_strict()) == when.earliest
    assert _day(oracle.upper_strict()) == when.latest


def _agrees_with_the_oracle(text: str) -> None:
    when, oracle = EventDate.parse(text), edtf.parse_edtf(text)
    assert _day(oracle.lower_strict()) == when.earliest
    assert _day(oracle.upper_strict()) == when.latest


def _day(moment: tuple[int, ...]) -> date:
    return date(*moment[:3])
