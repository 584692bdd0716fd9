"""What a dossier may say: its records, key by key, and the JSON Schema of them."""

from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.domain.text import quote
from app.domain.vocabulary import ActorKind, AliasKind, EventStatus, Role, Stance, Supports
from app.schemas.fields import (
    MAX_ITEMS,
    EdtfDate,
    Id,
    IsoDate,
    Keyword,
    Link,
    MultiLine,
    Number,
    Quote,
    Sha256,
    SingleLine,
    Title,
)


class Entry(BaseModel):
    """A record as it is written; keys that it does not know are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, use_attribute_docstrings=True
    )


class Record(Entry):
    """An entry with an address of its own."""

    id: Id
    """Small letters, digits and hyphens; its address."""

    @field_validator("id")
    @classmethod
    def _check_id(cls, id_: str) -> str:
        # Widgets keep what they draw by its id in objects, which have this one from the beginning.
        if id_ == "constructor":
            raise ValueError(
                "JavaScript keeps this word for itself; write another, as constructor-1"
            )
        return id_


Value = TypeVar("Value")
BoundedList = Annotated[list[Value], Field(max_length=MAX_ITEMS)]
"""What a record has several of."""


def _first_duplicate(values: list[Value]) -> Value | None:
    """Find a value that occurs twice."""
    if len({*values}) == len(values):
        return None
    return next(value for value in values if values.count(value) > 1)


class TimelineEntry(Record):
    """What the dossier is about."""

    title: SingleLine
    description: MultiLine | None = None
    language: SingleLine | None = None
    """The language it is written in, as `en`."""


def _text_or_record(schema: dict[str, Any]) -> None:
    record = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string", "minLength": 1}, record]


class AliasEntry(Entry):
    """Another name of an actor; a plain text is an alias of kind `alias`."""

    model_config = ConfigDict(json_schema_extra=_text_or_record)

    name: SingleLine
    kind: AliasKind = "alias"

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value


class ActorEntry(Record):
    """Who takes part, publishes or is spoken of."""

    name: SingleLine
    kind: ActorKind
    parent: Id | None = None
    """The actor that it is a part of."""
    aliases: BoundedList[AliasEntry] = []
    """Other names by which it is found."""
    note: MultiLine | None = None

    @field_validator("aliases")
    @classmethod
    def _check_aliases(cls, aliases: list[AliasEntry]) -> list[AliasEntry]:
        if twice := _first_duplicate([alias.name for alias in aliases]):
            raise ValueError(f"{quote(twice)} is written twice; remove one")
        return aliases

    @field_validator("parent")
    @classmethod
    def _check_parent(cls, parent: str | None, info: ValidationInfo) -> str | None:
        if parent and parent == info.data.get("id"):
            raise ValueError("it is the actor itself; name what it is a part of, or leave it out")
        return parent


class SourceEntry(Record):
    """What records rest on."""

    title: SingleLine
    publisher: Id
    """The actor that published it."""
    author: SingleLine | None = None
    published: IsoDate | None = None
    """The day it was published, as 2021-11-03."""
    url: Link | None = None
    archived_url: Link | None = None
    """Where a copy is kept that will not change."""
    language: SingleLine | None = None
    sha256: Sha256 | None = None
    """The digest of the text that was read."""
    note: MultiLine | None = None


class AmountEntry(Entry):
    """How much, in the source's words, with the numbers read from them."""

    text: SingleLine
    """The words of the source."""
    min: Number | None = None
    max: Number | None = None
    unit: SingleLine | None = None
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
    capacity: SingleLine | None = None
    """The office or title, as printed."""


class CitationEntry(Entry):
    """A source's own words."""

    source: Id
    quote: Quote
    """Verbatim."""
    locator: SingleLine | None = None
    """Where in the source, as `p. 3`."""
    supports: Supports = "event"
    """What of the event the quote bears out."""
    stance: Stance = "asserts"
    attributed_to: SingleLine | None = None
    """Who says so, as the source has it."""


class EventEntry(Record):
    """What happened, when as far as it is known, and who says so."""

    title: Title
    summary: MultiLine | None = None
    kind: Keyword
    """A word of your own, as `lobbying`."""
    status: EventStatus
    """`confirmed` by the party itself, `reported` by the publisher, `alleged` by others, or
    `disputed` where some citation denies it."""
    date: EdtfDate
    """No more than is known: 2021, 2021-11, 2021-11-03, 2021-11/2022-07, [2021-11..2022-07]."""
    date_text: SingleLine | None = None
    """The words of the source that the date is read from."""
    date_note: MultiLine | None = None
    """Why it is read so."""
    place: SingleLine | None = None
    amount: AmountEntry | None = None
    topics: BoundedList[Id] = []
    participants: BoundedList[ParticipantEntry] = []
    citations: Annotated[BoundedList[CitationEntry], Field(min_length=1)]

    @field_validator("participants")
    @classmethod
    def _check_roles(cls, participants: list[ParticipantEntry]) -> list[ParticipantEntry]:
        if twice := _first_duplicate([(one.actor, one.role) for one in participants]):
            raise ValueError(f"{quote(twice[0])} takes part twice as {twice[1]}; remove one")
        return participants


RECORD_KINDS: dict[type[Record], str] = {
    TimelineEntry: "timeline",
    SourceEntry: "source",
    ActorEntry: "actor",
    EventEntry: "event",
}
