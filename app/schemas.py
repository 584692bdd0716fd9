"""The public JSON, field by field. What is not there is absent, never null."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import MISSING, BaseModel, Field

from app.dates import MAX_LENGTH, Form, Precision
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

Given = TypeVar("Given")


def given(value: Given | MISSING) -> Given | None:
    """Give what a member holds, or None where it is absent."""
    return None if value is MISSING else value


Slug = Annotated[
    str,
    Field(
        pattern=SLUG_PATTERN,
        max_length=MAX_SLUG_LENGTH,
        description="A stable identifier.",
    ),
]
Count = Annotated[int, Field(ge=0)]
Edtf = Annotated[
    str,
    Field(
        max_length=MAX_LENGTH, description="A date in EDTF, as precise as its source and no more."
    ),
]


class ActorRef(BaseModel):
    """An actor, in brief."""

    id: Slug
    name: str
    kind: ActorKind


class SourceRef(BaseModel):
    """A source, in brief."""

    id: Slug
    title: str
    publisher: ActorRef
    published: date | MISSING = Field(default=MISSING, description="The day it was published.")
    url: str | MISSING = MISSING


class EventWhen(BaseModel):
    """When it happened, as precisely as the source says and no more."""

    edtf: Edtf
    form: Form = Field(
        description="`date`: then; `interval`: lasted from one end to the other; "
        "`set`: at some time between the two."
    )
    precision: Precision
    earliest: date | MISSING = Field(
        default=MISSING,
        description="The first day it can touch; absent where the start is open or unknown.",
    )
    latest: date | MISSING = Field(
        default=MISSING,
        description="The last day it can touch; absent where the end is open or unknown.",
    )
    approximate: bool = Field(description="The source says “about”.")
    uncertain: bool = Field(description="The date is a reading that may be wrong.")
    display: str = Field(description="The date in English words.")
    source_text: str | MISSING = Field(
        default=MISSING, description="The words of the source that the date is read from."
    )
    note: str | MISSING = Field(default=MISSING, description="Why it is read so.")


class Amount(BaseModel):
    """How much, as the source words it; the numbers are a reading of the words."""

    text: str
    min: float | MISSING = MISSING
    max: float | MISSING = MISSING
    unit: str | MISSING = Field(default=MISSING, description="`USD`, `people` and the like.")


class Participant(BaseModel):
    """Who took part, and as what."""

    actor: ActorRef
    role: Role
    capacity: str | MISSING = Field(
        default=MISSING, description="The office or title in which they acted, as printed."
    )


class Citation(BaseModel):
    """A source's own words, and what they bear out."""

    source: SourceRef
    quote: str = Field(max_length=MAX_QUOTE_LENGTH, description="Verbatim.")
    locator: str | MISSING = Field(
        default=MISSING, description="Where in the source: a page, a paragraph."
    )
    supports: Supports = Field(description="Which part of the record the quote bears on.")
    stance: Stance
    attributed_to: str | MISSING = Field(
        default=MISSING, description="Whose claim it is, according to the source."
    )


class Event(BaseModel):
    """A dated, sourced, attributed event record."""

    id: Slug
    title: str = Field(max_length=MAX_TITLE_LENGTH)
    summary: str | MISSING = MISSING
    kind: str = Field(max_length=MAX_SLUG_LENGTH, description="`sanction`, `visit` and the like.")
    status: Status = Field(
        description="`confirmed`: on record from the party itself; `reported`: the publisher's own "
        "voice; `alleged`: attributed to others; `disputed`: some citation denies it."
    )
    date: EventWhen
    place: str | MISSING = MISSING
    amount: Amount | MISSING = MISSING
    participants: list[Participant]
    citations: list[Citation] = Field(min_length=1)
    topics: list[str]
    timelines: list[Slug]
    created_at: datetime
    updated_at: datetime


class Alias(BaseModel):
    """Another name of an actor."""

    name: str
    kind: AliasKind


class Actor(BaseModel):
    """Who takes part, publishes or is spoken of."""

    id: Slug
    name: str
    kind: ActorKind
    aliases: list[Alias]
    parent: ActorRef | MISSING = Field(default=MISSING, description="What it is a part of.")
    note: str | MISSING = MISSING
    events: Count = Field(description="In how many events it takes part.")
    first: Edtf | MISSING = Field(
        default=MISSING, description="The date of the first of its events in order."
    )
    last: Edtf | MISSING = Field(
        default=MISSING, description="The date of the last of its events in order."
    )


class Source(BaseModel):
    """What records rest on."""

    id: Slug
    title: str
    publisher: ActorRef
    author: str | MISSING = MISSING
    published: date | MISSING = Field(default=MISSING, description="The day it was published.")
    url: str | MISSING = MISSING
    archived_url: str | MISSING = MISSING
    language: str | MISSING = Field(default=MISSING, description="A BCP 47 tag, as `en`.")
    sha256: str | MISSING = Field(default=MISSING, description="Of the document that was read.")
    note: str | MISSING = MISSING
    events: Count = Field(description="How many events rest on it.")
    citations: Count = Field(description="How often it is cited.")


class Timeline(BaseModel):
    """A dossier: events told together."""

    id: Slug
    title: str
    description: str | MISSING = MISSING
    language: str | MISSING = Field(default=MISSING, description="A BCP 47 tag, as `en`.")
    events: Count
    first: Edtf | MISSING = Field(
        default=MISSING, description="The date of the first of its events in order."
    )
    last: Edtf | MISSING = Field(
        default=MISSING, description="The date of the last of its events in order."
    )


class Total(BaseModel):
    """How many match in all pages."""

    value: Count
    relation: Literal["eq", "gte"] = Field(
        description="`eq`: exactly so many; `gte`: so many or more."
    )


class Page(BaseModel):
    """One page of a list."""

    total: Total
    next: str | MISSING = Field(
        default=MISSING, description="The `cursor` of the next page; absent on the last."
    )


class EventPage(Page):
    """A page of events."""

    items: list[Event]


class ActorPage(Page):
    """A page of actors."""

    items: list[Actor]


class SourcePage(Page):
    """A page of sources."""

    items: list[Source]


class TimelinePage(Page):
    """A page of timelines."""

    items: list[Timeline]


class FacetCount(BaseModel):
    """One value, and how many matching events bear it."""

    value: str = Field(description="What the filter of the facet's name takes.")
    label: str = Field(description="The value for people.")
    count: Count


class FacetCounts(BaseModel):
    """The values of each facet that was asked for, most frequent first."""

    actor: list[FacetCount] | MISSING = MISSING
    kind: list[FacetCount] | MISSING = MISSING
    status: list[FacetCount] | MISSING = MISSING
    topic: list[FacetCount] | MISSING = MISSING
    timeline: list[FacetCount] | MISSING = MISSING
    source: list[FacetCount] | MISSING = MISSING


class Facets(BaseModel):
    """What the matching events are made of."""

    total: Total
    facets: FacetCounts


class Bucket(BaseModel):
    """One stretch of a histogram, both ends inclusive, clipped to `from` and `to`."""

    start: date
    end: date
    certain: Count = Field(description="Events that lie certainly and wholly in it.")
    possible: Count = Field(description="Events that could touch it.")


Interval = Literal["day", "week", "month", "quarter", "year"]


class Histogram(BaseModel):
    """How the matching events spread over time; no bucket is left out."""

    interval: Interval
    buckets: list[Bucket]


class Health(BaseModel):
    """What a probe is told."""

    status: Literal["ok"] = "ok"


class Readiness(Health):
    """The database is open, migrated and sound."""

    revision: Count = Field(description="Advances with every change of the data.")
    sqlite: str = Field(description="The version of SQLite.")
