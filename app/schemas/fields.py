"""What may be written as a value in a dossier: texts, ids, links, numbers and dates."""

import re
import unicodedata
from datetime import date
from functools import lru_cache
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
from app.domain.limits import MAX_QUOTE_LENGTH, MAX_SLUG_LENGTH, MAX_TITLE_LENGTH, SLUG_PATTERN
from app.domain.text import quote

MAX_NUMBER = 10**15
MAX_LINE_LENGTH = 1_000
MAX_PROSE_LENGTH = 10_000
MAX_LINK_LENGTH = 2_000
MAX_ITEMS = 1_000
"""So many names, participants, citations or topics one record has at most: each is written out
wherever the record is told."""
# No control characters; prose may have line breaks.
PROSE_PATTERN = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]+$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
# No name of a host has in it what readers of URLs take for its end, each of them for another, nor
# what cannot be seen. https://url.spec.whatwg.org/#forbidden-domain-code-point
_HOST = (
    r"[^\s\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\"#%'/:<>?@\[\\\]^`{|}]+"
)
# https://www.rfc-editor.org/rfc/rfc3987#section-4.1
_PATH = r"[/?#][^\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*"
LINK_PATTERN = rf"^https?://({_HOST}|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?({_PATH})?$"
KEYWORD_PATTERN = "^[a-z0-9]+([_-][a-z0-9]+)*$"
SHA256_PATTERN = "^[0-9a-f]{64}$"


# Of what turns a text around, what turns it back.
_CLOSING = dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c") | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _normalized(value: object) -> object:
    if not isinstance(value, str) or value.isascii():
        return value
    for line in value.splitlines():  # no direction lasts longer
        _check_bidi_balanced(line)
    return unicodedata.normalize("NFC", value)


def _check_bidi_balanced(line: str) -> None:
    """Refuse what would turn around what others say behind it.

    https://trojansource.codes
    """
    opened: list[str] = []
    for sign in _TURNING.findall(line):
        if sign in _CLOSING:
            opened.append(sign)
        elif opened and _CLOSING[opened[-1]] == sign:
            opened.pop()
    if opened:
        raise ValueError(
            f"it has the invisible character {opened[-1]!r} in it, which turns around what stands "
            "behind it; remove it"
        )


def _parse_edtf(value: object) -> EventDate:
    return _parsed(_text(value))


# Many events share a day.
_parsed = lru_cache(maxsize=16_384)(EventDate.parse)


def _parse_day(value: object) -> date:
    day = _text(value)
    try:
        when = EventDate.parse(day)
    except DateError:
        when = None
    if when is None or day != when.earliest.isoformat():
        raise ValueError(f"{quote(day)} is not a day; write it as 2021-11-03, or leave it out")
    return when.earliest


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("it is not a number; write it in digits alone, as 2500000")  # noqa: TRY004
    return value


def _exact(value: float) -> float:
    # SQLite writes a number with 15 digits at most. https://www.sqlite.org/json1.html
    if float(f"{value:.15g}") != value:
        raise ValueError(f"{value!r} has too many digits; write it with 15 at most")
    return value


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    raise ValueError(not_a_string_message(value))


def not_a_string_message(value: object) -> str:
    """Say what a value is instead of a text, and what to do."""
    if isinstance(value, dict):
        return "it is a record; write one text"
    # YAML takes a set, as [2020..2021], for a list.
    if isinstance(value, list) and ".." not in str(value[:1]):
        return "it is a list; write one text"
    return "it is not a text; put it in quotes"


def _texts(pattern: str, most: int, *, least: int | None = 1) -> FieldInfo:
    # What stands there is read as a text, but an editor takes `1984` for a number. Of a number JSON
    # Schema asks neither length nor pattern.
    written: dict[str, JsonValue] = {"type": ["string", "number"]}
    field: FieldInfo = Field(
        min_length=least, max_length=most, pattern=pattern, json_schema_extra=written
    )
    return field


MultiLine = Annotated[str, _texts(PROSE_PATTERN, MAX_PROSE_LENGTH), BeforeValidator(_normalized)]
Quote = Annotated[str, _texts(PROSE_PATTERN, MAX_QUOTE_LENGTH), BeforeValidator(_normalized)]
SingleLine = Annotated[str, _texts(LINE_PATTERN, MAX_LINE_LENGTH), BeforeValidator(_normalized)]
Title = Annotated[str, _texts(LINE_PATTERN, MAX_TITLE_LENGTH), BeforeValidator(_normalized)]
Id = Annotated[str, _texts(SLUG_PATTERN, MAX_SLUG_LENGTH, least=None)]
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
