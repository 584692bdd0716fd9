"""The public JSON of what is no record: pages of records, counts, and what probes are told."""

from datetime import date
from typing import Literal

from pydantic import MISSING

from app.domain.vocabulary import Interval, TotalRelation
from app.schemas.records import Actor, ApiModel, Count, Event, Source, Timeline


class Total(ApiModel):
    """How many match in all pages."""

    value: Count
    """How many; counted up to 10,000."""
    relation: TotalRelation
    """Whether that is all."""


class Page(ApiModel):
    """One page of a list."""

    total: Total
    """How many match in all pages."""
    next: str | MISSING = MISSING
    """The `cursor` of the next page; absent on the last."""


class EventPage(Page):
    """A page of events."""

    items: list[Event]
    """The events, in order."""


class ActorPage(Page):
    """A page of actors."""

    items: list[Actor]
    """The actors, those with the most events first."""


class SourcePage(Page):
    """A page of sources."""

    items: list[Source]
    """The sources, the newest first."""


class TimelinePage(Page):
    """A page of timelines."""

    items: list[Timeline]
    """The timelines, by id."""


class FacetCount(ApiModel):
    """One value, and how many matching events bear it."""

    value: str
    """What the filter of the facet's name takes."""
    label: str
    """The name of an actor, the title of a source or timeline; else the value again."""
    count: Count
    """How many events."""


class FacetCounts(ApiModel):
    """The values of each facet that was asked for, most frequent first."""

    actor: list[FacetCount] | MISSING = MISSING
    """Who takes part."""
    kind: list[FacetCount] | MISSING = MISSING
    """What sort of event."""
    status: list[FacetCount] | MISSING = MISSING
    """How sure it is."""
    topic: list[FacetCount] | MISSING = MISSING
    """Which keywords."""
    timeline: list[FacetCount] | MISSING = MISSING
    """Which dossiers."""
    source: list[FacetCount] | MISSING = MISSING
    """Which sources."""


class EventFacets(ApiModel):
    """What the matching events are made of."""

    total: Total
    """How many match."""
    facets: FacetCounts
    """What they are made of."""


class Bucket(ApiModel):
    """One stretch of a histogram, clipped to `from` and `to`."""

    start: date
    """Its first day."""
    end: date
    """Its last day, inclusive."""
    certain: Count
    """How many events lie certainly and wholly in it."""
    possible: Count
    """How many events could touch it."""


class Histogram(ApiModel):
    """How the matching events spread over time."""

    interval: Interval
    """How wide each bucket is."""
    buckets: list[Bucket]
    """Every bucket from first to last; none is left out."""


class Health(ApiModel):
    """What a probe is told."""

    status: Literal["ok"]
    """That it is well."""


class Readiness(Health):
    """The database is open, migrated and sound."""

    revision: Count
    """Advances with every change of the data."""
    sqlite: str
    """The version of SQLite."""
