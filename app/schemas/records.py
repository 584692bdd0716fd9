"""The public JSON of records. A property without a value is absent, never null.

So its type is `X | MISSING`. For `X | None`, generated clients have a wrapper type, and TimelineJS
fails on null.
"""

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
    """Return the value of a property, or None if the property is absent."""
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
            description="A date in EDTF (ISO 8601-2), exactly as precise as its source.",
            examples=["2021-11", "[2022-07-10..2022-07-16]"],
            json_schema_extra={"pattern": PATTERN},
        ),
    ],
)


class ApiModel(BaseModel):
    """A JSON object that clients receive. The text below a property is its description."""

    # Not `extra="forbid"`: a new property would break strict clients.
    model_config = ConfigDict(use_attribute_docstrings=True)


class ActorRef(ApiModel):
    """A reference to an actor."""

    id: Slug
    """Stable id of the actor. The record is at `/actors/{id}`."""
    name: str
    """Name of the actor, such as `NSO Group`."""
    kind: ActorKind
    """Kind of the actor."""


class SourceRef(ApiModel):
    """A reference to a source."""

    id: Slug
    """Stable id of the source. The record is at `/sources/{id}`."""
    title: str
    """Title, as published."""
    publisher: ActorRef
    """Publisher of the source."""
    published: date | MISSING = MISSING
    """Day of publication."""
    url: Link | MISSING = MISSING
    """`http` or `https` URL of the source."""


class EventWhen(ApiModel):
    """The date of an event, exactly as precise as its source."""

    edtf: Edtf
    """Date in EDTF: `2021-11` is known to the month."""
    form: DateForm
    """Form of the date."""
    precision: DatePrecision
    """Precision of the date."""
    earliest: date | MISSING = MISSING
    """First possible day; absent if the start is open or unknown."""
    latest: date | MISSING = MISSING
    """Last possible day; absent if the end is open or unknown."""
    approximate: bool
    """Whether the source says “about”."""
    uncertain: bool
    """Whether the date is a reading of the source that may be wrong."""
    display: str
    """Date in English, such as `November 2021`."""
    source_text: str | MISSING = MISSING
    """Words of the source that state the date."""
    note: str | MISSING = MISSING
    """Editor’s reason for this reading of the words."""


class Amount(ApiModel):
    """An amount of money or a number of things, in words of the source and as numbers."""

    text: str
    """Words of the source."""
    min: float | MISSING = MISSING
    """Lower bound, as read from the words."""
    max: float | MISSING = MISSING
    """Upper bound, as read from the words."""
    unit: str | MISSING = MISSING
    """Unit of the numbers, such as `USD` or `people`."""


class Participant(ApiModel):
    """An actor that takes part in an event."""

    actor: ActorRef
    """Actor that takes part."""
    role: Role
    """Role of the actor in the event."""
    capacity: str | MISSING = MISSING
    """Office or title in which the actor takes part, as printed."""


class Citation(ApiModel):
    """A quote from a source, and what it supports."""

    source: SourceRef
    """Source of the quote."""
    quote: Annotated[str, Field(max_length=MAX_QUOTE_LENGTH)]
    """Words of the source, verbatim."""
    locator: str | MISSING = MISSING
    """Place in the source: a page or a paragraph."""
    supports: Supports
    """Part of the event that the quote supports."""
    stance: Stance
    """Whether the source asserts or denies it."""
    attributed_to: str | MISSING = MISSING
    """Author of the claim, according to the source."""


class TopicLabel(ApiModel):
    """A topic of an event, with the text that readers see."""

    id: Keyword
    """Id of the topic, such as `mcas`. The filter `topic` accepts it."""
    label: Title
    """Text of the topic, such as `MCAS`. Without a text of its own, it is the id."""


class Event(ApiModel):
    """A dated, sourced, attributed event record."""

    id: Slug
    """Stable id of the event. The record is at `/events/{id}`."""
    title: Title
    """What happened, in one line."""
    summary: str | MISSING = MISSING
    """What happened, in a few sentences; may contain line breaks."""
    kind: Keyword
    """Kind of the event, such as `sanction` or `visit`. Each timeline has its own kinds."""
    status: EventStatus
    """How well the event is established."""
    date: EventWhen
    """Date of the event."""
    place: str | MISSING = MISSING
    """Place of the event, as the source names it."""
    amount: Amount | MISSING = MISSING
    """Amount of money, or number of things."""
    participants: list[Participant]
    """Actors that take part; may be empty."""
    citations: Annotated[list[Citation], Field(min_length=1)]
    """Quotes from the sources of the event."""
    topics: list[Keyword]
    """Ids of the topics of the event; may be empty."""
    topic_labels: list[TopicLabel]
    """The same topics in the same order, with their labels."""
    timelines: list[Slug]
    """Ids of the timelines that the event belongs to."""
    sequence: Count
    """Number of times that anything in the record has changed since it was created."""
    created_at: datetime
    """Time at which the record was created, in UTC."""
    updated_at: datetime
    """Time of the last change of anything in the record, in UTC."""


class Alias(ApiModel):
    """Another name of an actor."""

    name: str
    """Name, which filters and searches accept."""
    kind: AliasKind
    """Whether the name is in use, or an error in print."""


class Actor(ApiModel):
    """A person or organisation that takes part in events, publishes sources or is mentioned."""

    id: Slug
    """Stable id of the actor. The filter `actor` accepts it."""
    name: str
    """Name of the actor, such as `NSO Group`."""
    kind: ActorKind
    """Kind of the actor."""
    aliases: list[Alias]
    """Other names of the actor; may be empty."""
    parent: ActorRef | MISSING = MISSING
    """Actor that this actor is a part of."""
    note: str | MISSING = MISSING
    """Editor’s remark."""
    events: Count
    """Number of events in which the actor takes part."""
    first: Edtf | MISSING = MISSING
    """Date of the actor’s first event in chronological order."""
    last: Edtf | MISSING = MISSING
    """Date of the actor’s last event in chronological order."""


class Source(ApiModel):
    """A publication that events cite."""

    id: Slug
    """Stable id of the source. The filter `source` accepts it."""
    title: str
    """Title, as published."""
    publisher: ActorRef
    """Publisher of the source."""
    author: str | MISSING = MISSING
    """Author of the source."""
    published: date | MISSING = MISSING
    """Day of publication."""
    url: Link | MISSING = MISSING
    """`http` or `https` URL of the source."""
    archived_url: Link | MISSING = MISSING
    """URL of an archived copy, which does not change."""
    language: str | MISSING = MISSING
    """Language of the source, intended as a BCP 47 tag such as `en`."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | MISSING = MISSING
    """SHA-256 digest of the text that was read, in hexadecimal."""
    note: str | MISSING = MISSING
    """Editor’s remark."""
    events: Count
    """Number of events that cite the source."""
    citations: Count
    """Number of citations of the source."""


class Timeline(ApiModel):
    """A published collection of events on one subject."""

    id: Slug
    """Stable id of the timeline. The filter `timeline` accepts it."""
    title: str
    """Title of the timeline."""
    description: str | MISSING = MISSING
    """Subject of the timeline, in a few sentences."""
    language: str | MISSING = MISSING
    """Language of the timeline, intended as a BCP 47 tag such as `en`."""
    events: Count
    """Number of events in the timeline."""
    first: Edtf | MISSING = MISSING
    """Date of its first event in chronological order."""
    last: Edtf | MISSING = MISSING
    """Date of its last event in chronological order."""
