"""The advice for dates that people write: values, questions, and what it never does."""

import re
from datetime import date

import pytest
from babel.dates import get_month_names
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.edtf import MAX_LENGTH, DateError, EventDate
from app.domain.human_dates.advice import MAX_TEXT, parse_date, suggest_dates
from app.domain.human_dates.tokens import Token, read_tokens
from app.domain.human_dates.words import LANGUAGES, REGIONS, WORDS
from tests.domain.human_dates import HUMAN_DATES
from tests.domain.test_edtf import EXAMPLES, INVALID

CASES = {text: advice for group in HUMAN_DATES.values() for text, advice in group.items()}


@pytest.mark.parametrize("text", CASES)
def test_date_of_people_gets_a_value_or_a_question(text: str) -> None:
    advice, expected = suggest_dates(text), CASES[text]
    if " " not in expected:
        assert advice.value == expected
        expected = f"Write {expected}{'' if expected.endswith('..') else '.'}"
    assert advice.message == expected


@pytest.mark.parametrize("text", [text for text in CASES if text != "1911-12"])
def test_message_quotes_the_text_before_the_advice(text: str) -> None:
    with pytest.raises(DateError) as error:
        parse_date(text)
    assert str(error.value) == f"{text!r} is not a date. {suggest_dates(text).message}"


# A text: its value, the first date that it may mean, and whether this is a question.
VALUES = {
    "2018": ("2018", "2018"),
    "early November 2018": ("2018-11", "2018-11"),
    "1957-61": ("1957/1961", "1957/1961"),
    "1911-12": ("1911-12", "1911-12"),
    "2011/12": (None, "2011-12"),
    "spring 2019": (None, "[2019-03..2019-05]"),
    "3/4/2011": (None, "2011-04-03"),
    "probably before 1990": (None, "[..1989]"),
    "29/10/18": (None, None),
    "327 BC": (None, None),
}


@pytest.mark.parametrize("text", VALUES)
def test_value_is_what_a_text_certainly_means(text: str) -> None:
    advice = suggest_dates(text)
    first = advice.readings[0].edtf if advice.readings else None
    assert (advice.value, first) == VALUES[text]


@pytest.mark.parametrize("text", EXAMPLES)
def test_valid_date_means_itself(text: str) -> None:
    assert suggest_dates(text).value == parse_date(text).edtf == text


def test_long_text_is_not_read() -> None:
    too_long = f"A date has at most {MAX_LENGTH} characters. Write 2021, 2021-11 or 2021-11-03."
    assert suggest_dates(" 2021" + " " * MAX_TEXT).message == too_long
    with pytest.raises(DateError) as error:
        parse_date("in 2021 " * 50_000)
    assert str(error.value) == f"'{'in 2021 ' * 4}'… is not a date. {too_long}"


PHRASES = [
    phrase.strip()
    for lines in WORDS.values()
    for line in lines.strip().split("\n")
    for phrase in line.split(", ")
    if phrase.strip(" -")
]
MONTHS = [
    (month, name)
    for locale in (*LANGUAGES, *REGIONS)
    for context in ("format", "stand-alone")
    for width in ("wide", "abbreviated")
    for month, name in get_month_names(width, context, locale).items()
]
NUMBERS = st.sampled_from(["3", "12", "31", "18", "1990", "2019", "00", "2020-05", "3/4/2011"])
SYMBOLS = st.sampled_from([*"-–/.,()?~%[]{}+<>:&T", "..", "XIX", "X", "s", "\u200f"])
HUMAN_TEXTS = st.lists(
    st.sampled_from(PHRASES)
    | st.sampled_from(MONTHS).map(lambda month: month[1])
    | NUMBERS
    | SYMBOLS
    | st.just(" "),
    max_size=9,
).map("".join)


def _points(text: str) -> list[str]:
    return re.findall("[0-9-]{4,}", text)


@given(HUMAN_TEXTS | st.text())
@example("\x00")
@example("\ud800")
@example("000s")
@example("9999-W52")
@example("من 90 actualidad 2019 späte")
def test_every_text_gets_advice_whose_values_are_valid(text: str) -> None:
    advice = suggest_dates(text)
    assert advice.message.endswith(".")
    assert [EventDate.parse(reading.edtf).edtf for reading in advice.readings] == [
        reading.edtf for reading in advice.readings
    ]
    assert len(set(advice.readings)) == len(advice.readings)
    # The first reading is certain, or all of them say when they are right.
    assert all(reading.condition for reading in advice.readings[1:])


# What names a part of a year, so that the advice may contain months or days.
PARTS = {"part", "season", "quarter", "half", "week"}


@given(
    st.integers(1000, 9999),
    st.lists(st.sampled_from(PHRASES), max_size=2),
    st.lists(st.sampled_from(PHRASES), max_size=2),
)
def test_year_with_words_never_becomes_a_month_or_a_day(
    year: int, before: list[str], after: list[str]
) -> None:
    text = " ".join([*before, str(year), *after])
    kinds = {token.kind for token in read_tokens(text)}
    for reading in suggest_dates(text).readings:
        when = EventDate.parse(reading.edtf)
        assert when.form != "date" or when.precision == "year"
        assert kinds & PARTS or {len(point) for point in _points(reading.edtf)} == {4}


@given(
    st.integers(1000, 9999), st.sampled_from(MONTHS), st.lists(st.sampled_from(PHRASES), max_size=2)
)
def test_month_with_words_never_becomes_a_day(
    year: int, month: tuple[int, str], phrases: list[str]
) -> None:
    text = " ".join([*phrases, month[1], str(year)])
    kinds = {token.kind for token in read_tokens(text)}
    for reading in suggest_dates(text).readings:
        when = EventDate.parse(reading.edtf)
        assert when.form != "date" or when.precision in ("year", "month")
        assert kinds & PARTS or {len(point) for point in _points(reading.edtf)} <= {4, 7}


@given(st.dates(date(1000, 1, 1)), st.sampled_from(["-", "/", ".", " ", ", "]))
def test_day_and_month_in_numbers_are_never_guessed(day: date, separator: str) -> None:
    advice = suggest_dates(f"{day.day}{separator}{day.month}{separator}{day.year}")
    is_ambiguous = separator != "." and day.day <= 12 and day.day != day.month
    assert (advice.value is None) == is_ambiguous
    assert day.isoformat() in [reading.edtf for reading in advice.readings]


@given(st.dates(date(1000, 1, 1)), st.sampled_from(["{:%d/%m/%y}", "{:%d.%m.%y}", "{:%b-%y}"]))
def test_century_is_never_guessed(day: date, form: str) -> None:
    assert suggest_dates(form.format(day)).readings == ()


@pytest.mark.parametrize("locale", [*LANGUAGES, *REGIONS])
def test_all_names_of_months_are_understood(locale: str) -> None:
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for month, name in get_month_names(width, context, locale).items():
                for text in (f"{name} 2021", f"{name.upper()} 2021", f"2021 {name}"):
                    assert suggest_dates(text).value == f"2021-{month:02}", text


def test_each_meaning_has_a_line_for_each_language() -> None:
    assert {len(lines.strip().split("\n")) for lines in WORDS.values()} == {len(LANGUAGES)}


def test_no_phrase_has_two_meanings() -> None:
    meanings: dict[str, set[tuple[str, int]]] = {}
    for meaning, lines in WORDS.items():
        for phrase in re.split(", |\n", lines):
            if phrase.strip(" -"):
                meanings.setdefault(phrase.strip().casefold(), set()).add(meaning)
    assert [phrase for phrase, found in meanings.items() if len(found) > 1] == []


@pytest.mark.parametrize("text", INVALID)
def test_invalid_edtf_gets_advice(text: str) -> None:
    assert suggest_dates(text).message


TOKENS = {
    "1st": Token("number", "1", 1, suffix="st"),
    "1990's": Token("number", "1990", 1990, suffix="s"),
    "1990-е": Token("number", "1990", 1990, suffix="е"),
    "٣": Token("number", "3", 3),
    "XIXe": Token("roman", "XIXe", 19),
    "xix": Token("unknown", "xix"),
    "IIX": Token("roman", "IIX", 10),
    "XL": Token("unknown", "XL"),
    "v. Chr.": Token("bc", "v"),
    "NACH": Token("after", "NACH"),
    "באוגוסט": Token("month", "באוגוסט", 8),
    "—": Token("symbol", "–"),
    "…": Token("symbol", ".."),
}


@pytest.mark.parametrize("text", TOKENS)
def test_words_and_numbers_are_recognised(text: str) -> None:
    assert read_tokens(text)[0] == TOKENS[text]
