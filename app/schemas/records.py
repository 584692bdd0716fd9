"""The public JSON of a record, member by member. What is not there is absent, never null."""

from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import MISSING, BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from app.domain.edtf import MAX_LENGTH, PATTERN
from app.domain.limits import MAX_QUOTE_LENGTH, MAX_SLUG_LENGTH, MAX_TITLE_LENGTH, SLUG_PATTERN
from app.domain.vocabulary import (
    ActorKind,
    AliasKind,
    DateForm,
    DatePrecision,
    EventStatus,
    Role,
    Stance,
    Supports,
)

ValueT = TypeVar("ValueT")


def or_none(value: ValueT | MISSING) -> ValueT | None:
    """Give what a member holds, or None where it is absent."""
    return None if value is MISSING else value


Slug = Annotated[str, Field(pattern=SLUG_PATTERN, max_length=MAX_SLUG_LENGTH)]
Keyword = Annotated[str, Field(max_length=MAX_SLUG_LENGTH)]
Title = Annotated[str, Field(max_length=MAX_TITLE_LENGTH)]
Link = Annotated[str, Field(pattern="^https?://")]
FullDate = Annotated[str, Field(json_schema_extra={"format": "date"})]
Count = Annotated[int, Field(ge=0)]
Edtf = TypeAliasType(
    "Edtf",
    Annotated[
        str,
        Field(
            max_length=MAX_LENGTH,
            description="A date in EDTF (ISO 8601-2), as precise as its source and no more.",
            examples=["2021-11", "[2022-07-10..2022-07-16]"],
            json_schema_extra={"pattern": PATTERN},
        ),
    ],
)


class ApiModel(BaseModel):
    """JSON that clients are given; each member is described by the text below it."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class ActorRef(ApiModel):
    """An actor, in brief."""

    id: Slug
    """Stable; the record is at `/actors/{id}`."""
    name: str
    """What it is called, as `NSO Group`."""
    kind: ActorKind
    """What it is."""


class SourceRef(ApiModel):
    """A source, in brief."""

    id: Slug
    """Stable; the record is at `/sources/{id}`."""
    title: str
    """What it is called by who published it."""
    publisher: ActorRef
    """Who published it."""
    published: date | MISSING = MISSING
    """The day it was published."""
    url: Link | MISSING = MISSING
    """Where it is read, an `http` or `https` URL."""


class EventWhen(ApiModel):
    """When it happened, as precisely as the source says and no more."""

    edtf: Edtf
    """The date itself: `2021-11` is known to the month."""
    form: DateForm
    """How the date is meant."""
    precision: DatePrecision
    """How much of it is known."""
    earliest: date | MISSING = MISSING
    """The first day it can touch; absent where the start is open or unknown."""
    latest: date | MISSING = MISSING
    """The last day it can touch; absent where the end is open or unknown."""
    approximate: bool
    """Whether the source says “about”."""
    uncertain: bool
    """Whether the date is a reading that may be wrong."""
    display: str
    """The date in English words, as `November 2021`."""
    source_text: str | MISSING = MISSING
    """The words of the source that the date is read from."""
    note: str | MISSING = MISSING
    """Why it is read so."""


class Amount(ApiModel):
    """How much, as the source words it; the numbers are a reading of the words."""

    text: str
    """The words of the source."""
    min: float | MISSING = MISSING
    """At least so much."""
    max: float | MISSING = MISSING
    """At most so much."""
    unit: str | MISSING = MISSING
    """`USD`, `people` and the like."""


class Participant(ApiModel):
    """Who took part, and as what."""

    actor: ActorRef
    """Who."""
    role: Role
    """As what."""
    capacity: str | MISSING = MISSING
    """The office or title in which they acted, as printed."""


class Citation(ApiModel):
    """A source's own words, and what they bear out."""

    source: SourceRef
    """Where it is written."""
    quote: Annotated[str, Field(max_length=MAX_QUOTE_LENGTH)]
    """The words themselves, verbatim."""
    locator: str | MISSING = MISSING
    """Where in the source: a page, a paragraph."""
    supports: Supports
    """Which part of the record the quote bears on."""
    stance: Stance
    """Whether the source says that it is so, or that it is not."""
    attributed_to: str | MISSING = MISSING
    """Whose claim it is, according to the source."""


class Event(ApiModel):
    """A dated, sourced, attributed event record."""

    id: Slug
    """Stable; the record is at `/events/{id}`."""
    title: Title
    """What happened, in a line."""
    summary: str | MISSING = MISSING
    """What happened, in a few sentences; may have line breaks."""
    kind: Keyword
    """What sort of event: `sanction`, `visit` and the like. Each dossier has its own."""
    status: EventStatus
    """How sure it is."""
    date: EventWhen
    """When it happened."""
    place: str | MISSING = MISSING
    """Where, as the source has it."""
    amount: Amount | MISSING = MISSING
    """How much money, or how many."""
    participants: list[Participant]
    """Who took part; may be empty."""
    citations: Annotated[list[Citation], Field(min_length=1)]
    """Who says so, in their words."""
    topics: list[Keyword]
    """Keywords; may be empty."""
    timelines: list[Slug]
    """The ids of the dossiers that it belongs to."""
    created_at: datetime
    """When the record was first loaded, in UTC."""
    updated_at: datetime
    """When anything in the record last changed, in UTC."""


class Alias(ApiModel):
    """Another name of an actor."""

    name: str
    """The name, by which the actor is found too."""
    kind: AliasKind
    """Whether it is in use, or an error in print."""


class Actor(ApiModel):
    """Who takes part, publishes or is spoken of."""

    id: Slug
    """Stable; what the filter `actor` takes."""
    name: str
    """What it is called, as `NSO Group`."""
    kind: ActorKind
    """What it is."""
    aliases: list[Alias]
    """Its other names; may be empty."""
    parent: ActorRef | MISSING = MISSING
    """What it is a part of."""
    note: str | MISSING = MISSING
    """What an editor remarks."""
    events: Count
    """In how many events it takes part."""
    first: Edtf | MISSING = MISSING
    """The date of the first of its events in order."""
    last: Edtf | MISSING = MISSING
    """The date of the last of its events in order."""


class Source(ApiModel):
    """What records rest on."""

    id: Slug
    """Stable; what the filter `source` takes."""
    title: str
    """What it is called by who published it."""
    publisher: ActorRef
    """Who published it."""
    author: str | MISSING = MISSING
    """Who wrote it."""
    published: date | MISSING = MISSING
    """The day it was published."""
    url: Link | MISSING = MISSING
    """Where it is read, an `http` or `https` URL."""
    archived_url: Link | MISSING = MISSING
    """Where a copy is kept that will not change."""
    language: str | MISSING = MISSING
    """The language it is written in, meant as a BCP 47 tag, as `en`."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | MISSING = MISSING
    """The SHA-256 digest of the text that was read, in hexadecimal."""
    note: str | MISSING = MISSING
    """What an editor remarks."""
    events: Count
    """How many events rest on it."""
    citations: Count
    """How often it is cited."""


class Timeline(ApiModel):
    """A dossier: events told together."""

    id: Slug
    """Stable; what the filter `timeline` takes."""
    title: str
    """What it is about, in a line."""
    description: str | MISSING = MISSING
    """What it is about, in a few sentences."""
    language: str | MISSING = MISSING
    """The language it is written in, meant as a BCP 47 tag, as `en`."""
    events: Count
    """How many events belong to it."""
    first: Edtf | MISSING = MISSING
    """The date of the first of its events in order."""
    last: Edtf | MISSING = MISSING
    """The date of the last of its events in order."""
