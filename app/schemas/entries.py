"""The records of a dossier, key by key. The JSON Schema for editors is built from them."""

from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from app.domain.text import quote
from app.domain.topics import is_topic_id, topic_id
from app.domain.vocabulary import ActorKind, AliasKind, EventStatus, Role, Stance, Supports
from app.schemas.fields import (
    MAX_ALIASES_LENGTH,
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
    """A mapping in a dossier. An unknown key is an error."""

    # `str_strip_whitespace`: a YAML block (`|` or `>`) ends with a line break, which is not part of
    # the text, and which one-line texts refuse.
    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, use_attribute_docstrings=True
    )


class Record(Entry):
    """An entry with an id, which is published at a URL of its own."""

    id: Id
    """The id, which is part of the URL: lower-case letters, digits and hyphens."""

    @field_validator("id")
    @classmethod
    def _check_id(cls, id_: str) -> str:
        # Widgets store items by id in JavaScript objects, each of which has this property from the
        # start.
        if id_ == "constructor":
            raise ValueError("JavaScript reserves this name. Write another: constructor-1.")
        return id_


Value = TypeVar("Value")
BoundedList = Annotated[list[Value], Field(max_length=MAX_ITEMS)]
"""A list property of a record."""


def _first_duplicate(values: list[Value]) -> Value | None:
    """Return the first value that occurs more than once."""
    # Mostly there is none. `count` takes quadratic time, so it only runs where there is one.
    if len({*values}) == len(values):
        return None
    return next(value for value in values if values.count(value) > 1)


class TimelineEntry(Record):
    """The timeline that a dossier publishes."""

    title: SingleLine
    description: MultiLine | None = None
    language: SingleLine | None = None
    """The language of the dossier, such as `en`."""


def _text_or_record(schema: dict[str, Any]) -> None:
    record = dict(schema)
    schema.clear()
    # An editor reads an unquoted `1984` as a number, the loader as a text.
    schema["anyOf"] = [{"type": ["string", "number"], "minLength": 1}, record]


class AliasEntry(Entry):
    """Another name of an actor. A plain text is an alias of kind `alias`."""

    model_config = ConfigDict(json_schema_extra=_text_or_record)

    name: SingleLine
    kind: AliasKind = "alias"

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value


class ActorEntry(Record):
    """A person or organisation that takes part, publishes a source or is mentioned."""

    name: SingleLine
    kind: ActorKind
    parent: Id | None = None
    """The id of the actor that it is a part of."""
    aliases: BoundedList[AliasEntry] = []
    """Other names, which filters and searches accept."""
    note: MultiLine | None = None

    @field_validator("aliases")
    @classmethod
    def _check_aliases(cls, aliases: list[AliasEntry]) -> list[AliasEntry]:
        if name := _first_duplicate([alias.name for alias in aliases]):
            raise ValueError(f"{quote(name)} is written twice. Remove one.")
        length = sum(len(alias.name) for alias in aliases)
        if length > MAX_ALIASES_LENGTH:
            raise ValueError(
                f"They have {length:,} characters together. Write at most {MAX_ALIASES_LENGTH:,}."
            )
        return aliases

    @field_validator("parent")
    @classmethod
    def _check_parent(cls, parent: str | None, info: ValidationInfo) -> str | None:
        # `info.data` contains the fields above this one, without those that are invalid.
        if parent and parent == info.data.get("id"):
            raise ValueError("It is the actor itself. Write another actor or leave it out.")
        return parent


class SourceEntry(Record):
    """A publication that events cite."""

    title: SingleLine
    publisher: Id
    """The id of the actor that published it."""
    author: SingleLine | None = None
    published: IsoDate | None = None
    """The day of publication, such as 2021-11-03."""
    url: Link | None = None
    archived_url: Link | None = None
    """The URL of an archived copy, which does not change."""
    language: SingleLine | None = None
    sha256: Sha256 | None = None
    """The SHA-256 digest of the text that was read."""
    note: MultiLine | None = None


class AmountEntry(Entry):
    """An amount, in words of the source and as numbers."""

    text: SingleLine
    """The words of the source."""
    min: Number | None = None
    max: Number | None = None
    unit: SingleLine | None = None
    """The unit of the numbers, such as `USD`."""

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("The minimum is greater than the maximum. Swap them.")
        return self


class ParticipantEntry(Entry):
    """An actor that takes part in an event."""

    actor: Id
    role: Role
    capacity: SingleLine | None = None
    """The office or title of the actor, as printed."""


class CitationEntry(Entry):
    """A quote from a source."""

    source: Id
    quote: Quote
    """The words of the source, verbatim."""
    locator: SingleLine | None = None
    """The place in the source, such as `p. 3`."""
    supports: Supports = "event"
    """The part of the event that the quote supports."""
    stance: Stance = "asserts"
    attributed_to: SingleLine | None = None
    """The author of the claim, according to the source."""


class TopicEntry(Entry):
    """A topic of an event. A plain text is a label, or an id that has no label here."""

    model_config = ConfigDict(json_schema_extra=_text_or_record)

    id: Id
    label: Title | None = None
    """The text that readers see."""

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        text = value.strip()
        if is_topic_id(text) or not text:
            return {"id": text}
        if id_ := topic_id(text):
            return {"id": id_, "label": text}
        raise ValueError(
            f"No id can be made of {quote(text)}. Write an id and this label: {{id: …, label: …}}."
        )


class EventEntry(Record):
    """An event: what happened, when, and according to whom."""

    title: Title
    summary: MultiLine | None = None
    kind: Keyword
    """The kind of event, in a word of your own in lower case: `lobbying`, `foreign_trip`."""
    status: EventStatus
    """`confirmed` by the party itself, `reported` by the publisher, `alleged` by others, or
    `disputed` if a citation denies it."""
    date: EdtfDate
    """As precise as known: 2021, 2021-11, 2021-11-03, 2021-11/2022-07, [2021-11..2022-07]."""
    date_text: SingleLine | None = None
    """The words of the source that state the date."""
    date_note: MultiLine | None = None
    """The reason for this reading of the words."""
    place: SingleLine | None = None
    amount: AmountEntry | None = None
    topics: BoundedList[TopicEntry] = []
    participants: BoundedList[ParticipantEntry] = []
    citations: Annotated[BoundedList[CitationEntry], Field(min_length=1)]

    @field_validator("participants")
    @classmethod
    def _check_roles(cls, participants: list[ParticipantEntry]) -> list[ParticipantEntry]:
        if duplicate := _first_duplicate([(part.actor, part.role) for part in participants]):
            actor, role = duplicate
            raise ValueError(f"{quote(actor)} takes part twice as {role}. Remove one.")
        return participants


RECORD_KINDS: dict[type[Record], str] = {
    TimelineEntry: "timeline",
    SourceEntry: "source",
    ActorEntry: "actor",
    EventEntry: "event",
}
