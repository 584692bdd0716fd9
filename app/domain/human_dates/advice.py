"""What people may mean by a text that is not an EDTF date: values, and words that explain them.

Loader, API and importer share it. A value is never more precise than the text, except for the part
of a year or a month that a word such as "early" means: as a set, and as a question. Nothing is
guessed: neither a century, nor whether the day or the month is first.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from app.domain.edtf import DATE_HINT, MAX_LENGTH, DateError, EventDate
from app.domain.human_dates.parts import WORDS_HINT, UnreadableError
from app.domain.human_dates.ranges import find_spans, has_joiner, neighbour
from app.domain.human_dates.spans import (
    BEFORE_YEAR_ONE,
    NO_YEAR,
    RANGE_OF_YEARS,
    ZEROS,
    Span,
    point,
    year_and_ending,
)
from app.domain.human_dates.tokens import Token, read_tokens
from app.domain.text import quote

MAX_TEXT = 100
"""Characters of a text that is read. Words can be longer than a date, and time is limited."""
_TOO_LONG = f"A date has at most {MAX_LENGTH} characters. {DATE_HINT}"
_EMPTY = f"It is empty. {DATE_HINT}"
_NO_SIDE = f"At least one side needs a date. {DATE_HINT}"
_UNDATED = "It states no date. Write a range that is certain, such as [2019..2021]."
_CLOCK = "Times of day are not supported."
_DIGITS = "X digits are not supported."
_REMARK = "A remark belongs in `date_note`."
_SET_MARK = "A set cannot contain '?', '~' or '%'."
_IF_CERTAIN = "if that is certain"
_IF_BETWEEN = "if it happened at some time between"
_IF_LASTED = "if it lasted from one to the other"
_IF_ANY_TIME = "if any time between is possible too"


class Reading(NamedTuple):
    """A date that a text may mean."""

    edtf: str
    condition: str = ""
    """When it is right, as "if …"; empty if it always is."""


class Advice(NamedTuple):
    """What a text may mean as a date."""

    readings: tuple[Reading, ...] = ()
    """The values that it may mean. If the first has no condition, the others say more."""
    note: str = ""
    """What is wrong, as sentences."""

    @property
    def value(self) -> str | None:
        """The date that the text certainly means; None if it is a question or has no reading."""
        first = next(iter(self.readings), None)
        return None if first is None or first.condition else first.edtf

    @property
    def message(self) -> str:
        """The note and the readings in words."""
        parts = [" ".join(filter(None, reading)) for reading in self.readings]
        values = f"{', '.join(parts[:-1])}, or {parts[-1]}" if len(parts) > 1 else "".join(parts)
        # A full stop after `1990/..` would look like a part of it.
        stop = "" if values.endswith("..") else "."
        return " ".join(filter(None, (self.note, values and f"Write {values}{stop}")))

    def days(self) -> "Advice":
        """Return only the readings that are a day, without a qualifier."""
        plain = [one for one in self.readings if one.edtf[-1].isdecimal()]
        days = [one for one in plain if EventDate.parse(one.edtf).precision == "day"]
        return Advice(tuple(days), self.note)

    def bound(self, side: Literal["start", "end"]) -> "Advice":
        """Return the first or the last year, month or day of the readings, for a date range.

        If there is none, the message shows how to write a date.
        """
        bounds: dict[str, str] = {}
        for edtf, condition in self.readings[: 1 if self.value else None]:
            if point := getattr(EventDate.parse(edtf), side):
                bounds.setdefault(point.iso, condition)
        if not bounds:
            explains = self.note and not self.readings and self.note not in (_UNDATED, _NO_SIDE)
            return Advice(note=self.note if explains else DATE_HINT)
        if len(bounds) == 1:
            bounds = dict.fromkeys(bounds, "")
        return Advice(tuple(Reading(*bound) for bound in bounds.items()), self.note)


def validate_date(text: str) -> str:
    """Return a text that is a date unchanged; raise DateError for any other."""
    return parse_date(text).edtf


def parse_date(text: str) -> EventDate:
    """Parse an EDTF text; raise a DateError that says how to write any other text."""
    try:
        return EventDate.parse(text)
    except DateError:
        ellipsis = "…" if len(text) > MAX_LENGTH else ""
        advice = suggest_dates(text).message
        quoted = f"{text[:MAX_LENGTH]!r}{ellipsis}"
        raise DateError(f"{quoted} is not a date. {advice}") from None


def suggest_day(text: str, otherwise: str) -> str:
    """Return how to write a text as a day, or `otherwise` if it is not understood as one."""
    advice = suggest_dates(text).days()
    return advice.message if advice.readings else otherwise


def suggest_dates(text: str) -> Advice:
    """Return the dates that a text may mean, of which a valid date is one.

    A valid date has another reading too if it is `1911-12`, which people also write for 1911/1912.
    """
    try:
        return _suggest(text)
    except UnreadableError as error:
        return Advice(note=str(error))


def _suggest(text: str) -> Advice:
    if len(text) > MAX_TEXT:
        raise UnreadableError(_TOO_LONG)
    with suppress(DateError):
        return Advice((Reading(EventDate.parse(text).edtf), *_range_of_years(text)))
    if spans := _unknown_digits(text):
        return _advice(spans)
    if not (tokens := read_tokens(text)):
        raise UnreadableError(NO_YEAR if text.strip() else _EMPTY)
    tokens, clock = _without_clock(tokens)
    tokens, remark = _without_remark(tokens)
    _check_tokens(tokens)
    brackets = {token.name for token in tokens} & {*"[]{}"}
    plain = [token for token in tokens if token.name not in brackets]
    relation, plain = _without_relation(plain)
    in_brackets = not brackets.isdisjoint("[]")
    if in_brackets:  # an open side of a set, not of an interval
        relation = {"until": "by", "since": "from"}.get(relation, relation)
    spans = find_spans(plain, in_brackets=in_brackets)
    return _advice(spans, relation, [clock, remark])


def _advice(spans: Sequence[Span], relation: str = "", notes: Sequence[str] = ()) -> Advice:
    readings = [reading for span in spans for reading in _readings(span, relation)]
    notes = [*notes, *(span.note for span in spans)]
    if any(reading.condition == _IF_CERTAIN for reading in readings):
        notes.append(_SET_MARK)
    return Advice(tuple(dict.fromkeys(readings)), " ".join(dict.fromkeys(filter(None, notes))))


def _range_of_years(text: str) -> Iterator[Reading]:
    """Yield 1911/1912 for `1911-12`, which is a valid month and its first reading."""
    year, _, month = text.partition("-")
    if len(text) == len("1911-12") and month.isdecimal():
        for span in year_and_ending(int(year), int(month)):
            if span.style == "range":
                yield Reading(f"{span.first}/{span.last}", RANGE_OF_YEARS)


def _unknown_digits(text: str) -> list[Span]:
    """Return the periods that EDTF's `X` and a question mark for a digit mean."""
    year, *rest = text.casefold().replace("u", "x").split("-")
    is_day_missing = len(rest) == 2 and not rest[1].strip("?")  # `2018-11-?`; `1914-?` is a range
    if is_day_missing:
        rest[1] = "x"
    digits = year.rstrip("x?")
    if len(year) != 4 or set(f"{digits}{''.join(rest)}") - set("0123456789x") or len(rest) > 2:
        return []
    if digits == year and "x" not in "".join(rest):
        return []
    if not digits.isdecimal():
        raise UnreadableError(_UNDATED)
    if digits == year:
        known = [int(part) for part in rest[: 1 if "x" not in rest[0] else 0]]
        return [point(int(year), *known)._replace(note=ZEROS if is_day_missing else _DIGITS)]
    label = {1: "the millennium", 2: "the century", 3: "the decade"}[len(digits)]
    first, last = max(int(digits.ljust(4, "0")), 1), digits.ljust(4, "9")
    span = Span(f"{first:04}", last, "period", label=label)
    if year == f"{digits}?":
        uncertain = Span(f"0{digits}", f"0{digits}", "point", f"if it means the year {digits}")
        return [
            span._replace(condition="if the last digit is unknown"),
            uncertain._replace(marks=("?", "?")),
        ]
    return [span._replace(note=_DIGITS)]


# --- What surrounds a date


def _without_clock(tokens: Sequence[Token]) -> tuple[list[Token], str]:
    """Remove times of day and their zones, and return a note about them."""
    kept, at = list[Token](), 0
    while at < len(tokens):
        length = _clock_length(tokens[at:], kept[-1] if kept else None)
        if not length:
            kept.append(tokens[at])
        at += length or 1
    return kept, _CLOCK if len(kept) < len(tokens) else ""


def _clock_length(tokens: Sequence[Token], before: Token | None) -> int:
    """Return the number of tokens of a time such as `T10:00+02:00` at the beginning, or 0."""
    kinds = [token.text if token.kind == "symbol" else token.kind for token in tokens[:3]]
    if kinds[0] == "clock":
        return 1
    if kinds[:2] == ["number", "clock"] and not tokens[0].is_year:
        return 2
    # The `T` of ISO 8601. In French, `2021T1` is a quarter.
    follows_day = before is not None and before.kind == "number" and len(before.text) in (2, 8)
    is_iso = tokens[0].text in ("T", "t") and follows_day and kinds[1:2] == ["number"]
    if not is_iso and kinds != ["number", ":", "number"]:
        return 0
    spaces = (at for at, token in enumerate(tokens) if at and not token.glued)
    return next(spaces, len(tokens))


def _without_remark(tokens: Sequence[Token]) -> tuple[list[Token], str]:
    """Remove parentheses with words that are not part of a date, and return a note about them."""
    texts = [token.text if token.kind == "symbol" else "" for token in tokens]
    if "(" not in texts:
        return list(tokens), ""
    start = texts.index("(")
    end = texts.index(")", start) + 1 if ")" in texts[start:] else len(texts)
    if all(token.kind != "unknown" for token in tokens[start:end]):
        return list(tokens), ""
    return [*tokens[:start], *tokens[end:]], _REMARK


def _check_tokens(tokens: Sequence[Token]) -> None:
    """Raise UnreadableError if there is no date, or a word that is not understood."""
    kinds = [token.kind for token in tokens]
    symbols = {token.text for token in tokens}
    # A minus sign before the year, as in EDTF.
    is_signed = len(tokens) > 1 and tokens[0].text == "-" and tokens[1].glued
    is_negative = is_signed and (tokens[1].is_year or kinds.count("number") == 3)
    if "bc" in kinds or is_negative:
        raise UnreadableError(BEFORE_YEAR_ONE)
    if "undated" in kinds:
        raise UnreadableError(_UNDATED)
    if "unknown" in kinds:
        word = quote(tokens[kinds.index("unknown")].text)
        raise UnreadableError(f"{word} is not understood. {WORDS_HINT}")
    if not {"number", "century"} & {*kinds}:
        only_symbols = {*kinds} == {"symbol"}
        is_empty_range = only_symbols and not symbols.isdisjoint(("/", ".."))
        hint = DATE_HINT if only_symbols else NO_YEAR
        raise UnreadableError(_NO_SIDE if is_empty_range else hint)


_LEADING = {
    **{name: name for name in ("before", "by", "until", "after", "from", "since", "between")},
    "<": "before",
    ">": "after",
    "–": "until",
    "..": "until",
}
_DASHES = ("-", "–", "/")
_TRAILING = {
    **{name: name for name in ("by", "from", "since")},
    **dict.fromkeys(("+", "-", "–", ".."), "since"),
}


def _without_relation(tokens: Sequence[Token]) -> tuple[str, list[Token]]:
    """Remove the word or symbol that makes a date a bound, and return what it means."""
    rest = [*tokens]
    while rest[-1].name in (".", ","):
        rest.pop()
    # The hyphen belongs to a word without a meaning, as in `ה-5 בנובמבר 2018`.
    if rest[0].name == "+" or (rest[0].name == "-" and rest[1].glued):
        rest.pop(0)
    relation, rest = _relation(rest)
    if relation == "since" and has_joiner(rest):
        relation = ""  # "from 1985 to 1990"
    if any(token.kind == "part" for token in rest):
        # Before an imprecise time may also be in it.
        relation = {"before": "by", "after": "from"}.get(relation, relation)
    return relation, rest


def _relation(tokens: list[Token]) -> tuple[str, list[Token]]:
    names = [token.name for token in tokens]
    if names[-1] == "?" and names[-2] in _DASHES:
        return "begun", tokens[:-2]
    if names[0] == "?" and names[1] in _DASHES:
        return "ended", tokens[2:]
    # After qualifiers and the dots of abbreviations, as in "prob. before 1990".
    skipped = ("about", "uncertain", ".", ",", "~", "?")
    start = next(at for at, name in enumerate(names) if name not in skipped)
    if relation := _LEADING.get(names[start]):
        return relation, [*tokens[:start], *tokens[start + 1 :]]
    if relation := _TRAILING.get(names[-1]):
        return relation, tokens[:-1]
    return "", tokens


# --- From periods to values


def _readings(span: Span, relation: str) -> Iterator[Reading]:
    first, last = _marked(span)
    interval, when = f"{first}/{last}", span.condition
    if relation == "between" and span.style in ("either", "range"):
        yield _set(span, when)
    elif relation:
        yield from _bounds(span, relation) if span.style != "part" else ()
    elif span.style == "point":
        yield Reading(first, when)
    elif span.style == "open":
        yield Reading(f"{first}/..", when)
    elif span.style == "period":
        is_question = when == f"if it means {span.label}"
        yield _set(span, f"if it happened in {span.label}" if is_question else when)
        yield Reading(interval, f"if it lasted all of {'it' if is_question else span.label}")
    elif span.style in ("part", "set", "list"):
        yield _set(span, _IF_ANY_TIME if span.style == "list" else when)
    else:
        yield Reading(interval, _IF_LASTED if span.style == "either" else when)
        if not when:
            yield _set(span, _IF_BETWEEN)


def _marked(span: Span) -> tuple[str, str]:
    """Return both ends with their qualifiers."""
    return f"{span.first}{span.marks[0]}", f"{span.last}{span.marks[1]}"


def _set(span: Span, condition: str) -> Reading:
    first, last = span.first, span.last
    # Both ends need the same precision.
    if len(first) < len(last):
        first = EventDate.parse(first).earliest.isoformat()[: len(last)]
    elif len(last) < len(first):
        last = EventDate.parse(last).latest.isoformat()[: len(first)]
    return _certain(f"[{first}..{last}]", condition, span)


def _certain(edtf: str, condition: str, span: Span) -> Reading:
    """Return a set, which cannot be approximate or uncertain: then it is a question."""
    return Reading(edtf, _IF_CERTAIN if any(span.marks) else condition)


# The values of each relation, and their conditions. `start` and `end` have qualifiers.
_BOUNDS: dict[str, dict[str, str]] = {
    "by": {"[..{last}]": ""},
    "from": {"[{first}..]": ""},
    "until": {
        "[..{last}]": "if it happened then or earlier",
        "../{end}": "if it lasted until then",
    },
    "since": {
        "[{first}..]": "if it happened then or later",
        "{start}/..": "if it has lasted since then",
    },
    "begun": {"{start}/": ""},
    "ended": {"/{end}": ""},
}


def _bounds(span: Span, relation: str) -> Iterator[Reading]:
    """Yield the open sets and intervals of a relation such as "before"."""
    if relation == "before":
        span, relation = span._replace(last=neighbour(span.first, -1)), "by"
    elif relation == "after":
        span, relation = span._replace(first=neighbour(span.last, 1)), "from"
    # Nobody knows which bound "after 1990 or 1991" is.
    if relation not in _BOUNDS or span.style in ("either", "set", "list"):
        raise UnreadableError(WORDS_HINT)
    start, end = _marked(span)
    for template, condition in _BOUNDS[relation].items():
        edtf = template.format(first=span.first, last=span.last, start=start, end=end)
        when = condition or span.condition
        yield _certain(edtf, when, span) if template.endswith("]") else Reading(edtf, when)
