"""What a dossier may say: its records, key by key, and the JSON Schema of them."""

import unicodedata
from datetime import date
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from app.dates import MAX_LENGTH, DateError, EventDate
from app.errors import shown
from app.models import (
    MAX_QUOTE_LENGTH,
    MAX_SLUG_LENGTH,
    MAX_TITLE_LENGTH,
    SLUG_PATTERN,
    ActorKind,
    AliasKind,
    Role,
    Stance,
    Status,
    Supports,
)

# No control characters; prose may have line breaks.
MAX_NUMBER = 10**15
PROSE_PATTERN = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]+$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]+$"
LINK_PATTERN = r"^https?://[^\s/@\x00-\x1f\x7f-\x9f]+(/[^\s\x00-\x1f\x7f-\x9f]*)?$"
KEYWORD_PATTERN = "^[a-z0-9]+([_-][a-z0-9]+)*$"
SHA256_PATTERN = "^[0-9a-f]{64}$"


def _normalized(value: object) -> object:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _when(value: object) -> EventDate:
    return EventDate.parse(_text(value))


def _day(value: object) -> date:
    day = _text(value)
    try:
        when = EventDate.parse(day)
    except DateError:
        when = None
    if when is None or day != when.earliest.isoformat():
        raise ValueError(f"{shown(day)} is not a day; write it as 2021-11-03, or leave it out")
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
    raise ValueError(not_a_text(value))


def not_a_text(value: object) -> str:
    """Say what a value is instead of a text, and what to do."""
    if isinstance(value, dict):
        return "it is a record; write one text"
    # YAML takes a set, as [2020..2021], for a list.
    if isinstance(value, list) and ".." not in str(value[:1]):
        return "it is a list; write one text"
    return "it is not a text; put it in quotes"


# What stands there is read as a text, but an editor takes `1984` for a number. Of a number JSON
# Schema asks neither length nor pattern.
_READ_AS_TEXT: dict[str, JsonValue] = {"type": ["string", "number"]}

Prose = Annotated[
    str,
    Field(min_length=1, pattern=PROSE_PATTERN, json_schema_extra=_READ_AS_TEXT),
    BeforeValidator(_normalized),
]
Line = Annotated[
    str,
    Field(min_length=1, pattern=LINE_PATTERN, json_schema_extra=_READ_AS_TEXT),
    BeforeValidator(_normalized),
]
Title = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TITLE_LENGTH,
        pattern=LINE_PATTERN,
        json_schema_extra=_READ_AS_TEXT,
    ),
    BeforeValidator(_normalized),
]
Quote = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_QUOTE_LENGTH,
        pattern=PROSE_PATTERN,
        json_schema_extra=_READ_AS_TEXT,
    ),
    BeforeValidator(_normalized),
]
Id = Annotated[
    str,
    Field(max_length=MAX_SLUG_LENGTH, pattern=SLUG_PATTERN, json_schema_extra=_READ_AS_TEXT),
]
Link = Annotated[str, Field(pattern=LINK_PATTERN)]
Number = Annotated[
    float,
    Field(ge=-MAX_NUMBER, le=MAX_NUMBER, allow_inf_nan=False),
    AfterValidator(_exact),
    BeforeValidator(_no_bool),
]
_DAY = "[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
_POINT = f"{_DAY}[?~%]?"
When = Annotated[
    EventDate,
    PlainValidator(_when),
    PlainSerializer(lambda when: when.edtf),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            # As much of it as a pattern can say.
            "pattern": rf"^({_POINT}|{_POINT}/(\.\.|{_POINT})?|(\.\.)?/{_POINT}"
            rf"|\[{_DAY}\.\.({_DAY})?\]|\[\.\.{_DAY}\])$",
            "maxLength": MAX_LENGTH,
            "minimum": 1,
            "maximum": 9999,
            "examples": ["2021", "2021-11", "2021-11-03", "2021-11/2022-07", "[..2022-07-19]"],
        }
    ),
]
Day = Annotated[
    date,
    PlainValidator(_day),
    PlainSerializer(lambda day: day.isoformat()),
    WithJsonSchema({"type": "string", "format": "date"}),
]


class Entry(BaseModel):
    """A record as it is written; keys that it does not know are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, use_attribute_docstrings=True
    )


class Record(Entry):
    """An entry with an address of its own."""

    id: Id
    """Small letters, digits and hyphens; its address."""


Value = TypeVar("Value")


def _twice(values: list[Value]) -> Value | None:
    """Find a value that occurs twice."""
    if len({*values}) == len(values):
        return None
    return next(value for value in values if values.count(value) > 1)


class TimelineEntry(Record):
    """What the dossier is about."""

    title: Line
    description: Prose | None = None
    language: Line | None = None
    """The language it is written in, as `en`."""


def _text_or_record(schema: dict[str, Any]) -> None:
    record = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string", "minLength": 1}, record]


class AliasEntry(Entry):
    """Another name of an actor; a plain text is an alias of kind `alias`."""

    model_config = ConfigDict(json_schema_extra=_text_or_record)

    name: Line
    kind: AliasKind = "alias"

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value


class ActorEntry(Record):
    """Who takes part, publishes or is spoken of."""

    name: Line
    kind: ActorKind
    parent: Id | None = None
    """The actor that it is a part of."""
    aliases: list[AliasEntry] = []
    """Other names by which it is found."""
    note: Prose | None = None

    @field_validator("aliases")
    @classmethod
    def _check_aliases(cls, aliases: list[AliasEntry]) -> list[AliasEntry]:
        if twice := _twice([alias.name for alias in aliases]):
            raise ValueError(f"{shown(twice)} is written twice; remove one")
        return aliases

    @field_validator("parent")
    @classmethod
    def _check_parent(cls, parent: str | None, info: ValidationInfo) -> str | None:
        if parent and parent == info.data.get("id"):
            raise ValueError("it is the actor itself; name what it is a part of, or leave it out")
        return parent


class SourceEntry(Record):
    """What records rest on."""

    title: Line
    publisher: Id
    """The actor that published it."""
    author: Line | None = None
    published: Day | None = None
    """The day it was published, as 2021-11-03."""
    url: Link | None = None
    archived_url: Link | None = None
    """Where a copy is kept that will not change."""
    language: Line | None = None
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)] | None = None
    """The digest of the text that was read."""
    note: Prose | None = None


class AmountEntry(Entry):
    """How much, in the source's words, with the numbers read from them."""

    text: Line
    """The words of the source."""
    min: Number | None = None
    max: Number | None = None
    unit: Line | None = None
    """What is counted, as `USD`."""

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is more than max; swap them")
        return self


class ParticipantEntry(Entry):
    """Who took part, and as what."""

    actor: Id
    role: Role
    capacity: Line | None = None
    """The office or title, as printed."""


class CitationEntry(Entry):
    """A source's own words."""

    source: Id
    quote: Quote
    """Verbatim."""
    locator: Line | None = None
    """Where in the source, as `p. 3`."""
    supports: Supports = "event"
    """What of the event the quote bears out."""
    stance: Stance = "asserts"
    attributed_to: Line | None = None
    """Who says so, as the source has it."""


class EventEntry(Record):
    """What happened, when as far as it is known, and who says so."""

    title: Title
    summary: Prose | None = None
    kind: Annotated[str, Field(max_length=MAX_SLUG_LENGTH, pattern=KEYWORD_PATTERN)]
    """A word of your own, as `lobbying`."""
    status: Status
    """`confirmed` by the party itself, `reported` by the publisher, `alleged` by others, or
    `disputed` where some citation denies it."""
    date: When
    """No more than is known: 2021, 2021-11, 2021-11-03, 2021-11/2022-07, [2021-11..2022-07]."""
    date_text: Line | None = None
    """The words of the source that the date is read from."""
    date_note: Prose | None = None
    """Why it is read so."""
    place: Line | None = None
    amount: AmountEntry | None = None
    topics: list[Id] = []
    participants: list[ParticipantEntry] = []
    citations: Annotated[list[CitationEntry], Field(min_length=1)]

    @field_validator("participants")
    @classmethod
    def _check_roles(cls, participants: list[ParticipantEntry]) -> list[ParticipantEntry]:
        if twice := _twice([(one.actor, one.role) for one in participants]):
            raise ValueError(f"{shown(twice[0])} takes part twice as {twice[1]}; remove one")
        return participants


class Dossier(Entry):
    """A timeline, and the records that it tells of."""

    json_schema: Annotated[str | None, Field(alias="$schema")] = None
    """Where an editor finds this schema."""
    timeline: TimelineEntry
    sources: list[SourceEntry] = []
    actors: list[ActorEntry] = []
    events: list[EventEntry] = []


KINDS: dict[type[Record], str] = {
    TimelineEntry: "timeline",
    SourceEntry: "source",
    ActorEntry: "actor",
    EventEntry: "event",
}


class Outline(Entry):
    """A dossier whose records are yet to be read."""

    json_schema: Annotated[Any, Field(alias="$schema")] = None
    timeline: Any
    sources: list[Any] = []
    actors: list[Any] = []
    events: list[Any] = []


def schema() -> dict[str, Any]:
    """Give the JSON Schema of a dossier, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Dossier.model_json_schema(),
    }
