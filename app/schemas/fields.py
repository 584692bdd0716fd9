"""The types of values in a dossier: texts, ids, links, numbers and dates."""

import re
from contextlib import suppress
from datetime import date
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo

from app.domain.edtf import MAX_LENGTH, PATTERN, DateError, EventDate
from app.domain.human_dates.advice import parse_date, suggest_day
from app.domain.limits import MAX_QUOTE_LENGTH, MAX_SLUG_LENGTH, MAX_TITLE_LENGTH, SLUG_PATTERN
from app.domain.text import normal_form, quote

MAX_NUMBER = 10**15
MAX_LINE_LENGTH = 1_000
MAX_PROSE_LENGTH = 10_000
MAX_LINK_LENGTH = 2_000
MAX_ALIASES_LENGTH = 20_000
"""Maximum number of characters of all aliases of an actor, which are in the full-text index of each
of its events."""
MAX_ITEMS = 1_000
"""Maximum number of names, participants, citations or topics of one record. Every response with the
record contains all of them."""
# No control characters except tabs; prose may contain line breaks.
PROSE_PATTERN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+$"
LINE_PATTERN = r"^[^\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]+$"
# A host name must not contain characters that URL parsers disagree on as delimiters, nor invisible
# ones. https://url.spec.whatwg.org/#forbidden-domain-code-point
_HOST = (
    r"[^\s\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\"#%'/:<>?@\[\\\]^`{|}]+"
)
# https://www.rfc-editor.org/rfc/rfc3987#section-4.1
_PATH = r"[/?#][^\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*"
LINK_PATTERN = rf"^https?://({_HOST}|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?({_PATH})?$"
KEYWORD_PATTERN = "^[a-z0-9]+([_-][a-z0-9]+)*$"
SHA256_PATTERN = "^[0-9a-f]{64}$"

# Each character that changes the text direction, with the one that ends its effect.
_CLOSING = dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c") | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)
_DIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _normalized(value: object) -> object:
    """Normalise white space and letters, so that all types of files contain the same text.

    YAML normalises line breaks itself, but JSON keeps those of Windows. A tab becomes a space.
    """
    if not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value  # most texts contain nothing to normalise
    text = re.sub("\r\n|[\r\x85]", "\n", value).replace("\t", " ")
    for line in text.splitlines():  # the effect ends with the line
        _check_bidi_balanced(line)
    return normal_form("NFC", text)


def _check_bidi_balanced(line: str) -> None:
    """Raise ValueError if a change of direction would affect the text after the line.

    That would reorder other text on a page. https://trojansource.codes
    """
    opened: list[str] = []
    for char in _DIRECTIONAL.findall(line):
        if char in _CLOSING:
            opened.append(char)
        elif opened and _CLOSING[opened[-1]] == char:
            opened.pop()
    if opened:
        raise ValueError(
            f"It contains the invisible character {opened[-1]!r}, which reverses the text after "
            "it. Remove it."
        )


def _parse_edtf(value: object) -> EventDate:
    return parse_date(_text(value))


def _parse_day(value: object) -> date:
    text = _text(value)
    with suppress(DateError):
        day = EventDate.parse(text).earliest
        # A year or a month also has an earliest day, and so has `2021-11-03~`.
        if text == day.isoformat():
            return day
    fix = suggest_day(text, "Write it as 2021-11-03 or leave it out.")
    raise ValueError(f"{quote(text)} is not a day. {fix}")


def _no_bool(value: object) -> object:
    # Pydantic accepts true as 1.
    if isinstance(value, bool):
        raise ValueError("It is not a number. Write digits only: 2500000.")  # noqa: TRY004
    return value


def _exact(value: float) -> float:
    # SQLite writes at most 15 digits of a number to JSON. https://www.sqlite.org/json1.html
    if float(f"{value:.15g}") != value:
        raise ValueError(f"{value!r} has too many digits. Write at most 15.")
    return value


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    raise ValueError(not_a_string_message(value))


def not_a_string_message(value: object) -> str:
    """Return the message for a value that is not a text."""
    if isinstance(value, dict):
        return "It is a record. Write one text."
    # YAML reads an unquoted set such as [2020..2021] as a list: it needs quotes.
    if isinstance(value, list) and ".." not in str(value[:1]):
        return "It is a list. Write one text."
    return "It is not a text. Put it in quotes."


def _string(pattern: str, max_length: int, *, min_length: int | None = 1) -> FieldInfo:
    # The loader reads an unquoted `1984` as a text, but an editor as a number, of which JSON Schema
    # checks neither length nor pattern.
    types: dict[str, JsonValue] = {"type": ["string", "number"]}
    field: FieldInfo = Field(
        min_length=min_length, max_length=max_length, pattern=pattern, json_schema_extra=types
    )
    return field


MultiLine = Annotated[str, _string(PROSE_PATTERN, MAX_PROSE_LENGTH), BeforeValidator(_normalized)]
Quote = Annotated[str, _string(PROSE_PATTERN, MAX_QUOTE_LENGTH), BeforeValidator(_normalized)]
SingleLine = Annotated[str, _string(LINE_PATTERN, MAX_LINE_LENGTH), BeforeValidator(_normalized)]
Title = Annotated[str, _string(LINE_PATTERN, MAX_TITLE_LENGTH), BeforeValidator(_normalized)]
Id = Annotated[str, _string(SLUG_PATTERN, MAX_SLUG_LENGTH, min_length=None)]
Link = Annotated[str, Field(max_length=MAX_LINK_LENGTH, pattern=LINK_PATTERN)]
Number = Annotated[
    float,
    Field(ge=-MAX_NUMBER, le=MAX_NUMBER, allow_inf_nan=False),
    AfterValidator(_exact),
    BeforeValidator(_no_bool),
]
EdtfDate = Annotated[
    EventDate,
    PlainValidator(_parse_edtf),
    PlainSerializer(lambda when: when.edtf),
    WithJsonSchema(
        {
            # An editor reads an unquoted year as a number, within these bounds.
            "type": ["string", "integer"],
            "pattern": PATTERN,
            "maxLength": MAX_LENGTH,
            "minimum": 1,
            "maximum": 9999,
            "examples": ["2021", "2021-11", "2021-11-03", "2021-11/2022-07", "[..2022-07-19]"],
        }
    ),
]
IsoDate = Annotated[
    date,
    PlainValidator(_parse_day),
    PlainSerializer(lambda day: day.isoformat()),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Keyword = Annotated[str, Field(max_length=MAX_SLUG_LENGTH, pattern=KEYWORD_PATTERN)]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
