"""The public JSON of pages, counts and health checks."""

from datetime import date
from typing import Annotated, Literal

from pydantic import MISSING, Field

from app.domain.vocabulary import Interval, TotalRelation
from app.schemas.records import Actor, ApiModel, Count, Event, Source, Timeline


class Total(ApiModel):
    """Number of matches on all pages."""

    value: Count
    """Number of matches, counted up to 10,000."""
    relation: TotalRelation
    """Whether the number is exact."""


class Page(ApiModel):
    """One page of a list."""

    total: Total
    """Number of matches on all pages."""
    next: str | MISSING = MISSING
    """`cursor` of the next page; absent on the last page."""


# A generic `Page[Event]` would be named `Page_Event_` in generated clients.
class EventPage(Page):
    """A page of events."""

    items: list[Event]
    """Events, in order."""


class ActorPage(Page):
    """A page of actors."""

    items: list[Actor]
    """Actors, in descending order of their number of events."""


class SourcePage(Page):
    """A page of sources."""

    items: list[Source]
    """Sources, newest first."""


class TimelinePage(Page):
    """A page of timelines."""

    items: list[Timeline]
    """Timelines, in order of id."""


class FacetCount(ApiModel):
    """One value of a facet, and the number of matching events that have it."""

    value: str
    """Value of the facet, which the filter of the same name accepts."""
    label: str
    """Name of an actor, label of a topic, or title of a source or timeline; otherwise the value."""
    count: Count
    """Number of events."""


class FacetCounts(ApiModel):
    """The values of each requested facet, most frequent first."""

    actor: list[FacetCount] | MISSING = MISSING
    """Actors that take part."""
    kind: list[FacetCount] | MISSING = MISSING
    """Kinds of events."""
    status: list[FacetCount] | MISSING = MISSING
    """Statuses of events."""
    topic: list[FacetCount] | MISSING = MISSING
    """Topics of events."""
    timeline: list[FacetCount] | MISSING = MISSING
    """Timelines that events belong to."""
    source: list[FacetCount] | MISSING = MISSING
    """Sources that events cite."""


class EventFacets(ApiModel):
    """The matching events, counted by facets."""

    total: Total
    """Number of matching events."""
    facets: FacetCounts
    """Counts of each requested facet."""


class Bucket(ApiModel):
    """One period of a histogram, clipped to `from` and `to`."""

    start: date
    """First day."""
    end: date
    """Last day, inclusive."""
    certain: Count
    """Number of events that are certainly and completely inside the bucket."""
    possible: Count
    """Number of events that possibly overlap the bucket."""


class Histogram(ApiModel):
    """The distribution of the matching events over time."""

    interval: Interval
    """Length of each bucket."""
    buckets: list[Bucket]
    """Buckets from first to last, including empty ones."""


class Health(ApiModel):
    """The result of a liveness check."""

    status: Literal["ok"]
    """Always `ok`: an unhealthy server responds with an error."""


class Readiness(Health):
    """The result of a readiness check: the database is open, migrated and intact."""

    revision: Count
    """Revision of the data. It increases with every change."""
    database: str | MISSING = MISSING
    """Name and version of the database engine."""
    role: str | MISSING = MISSING
    """`primary`, or `standby` if the data is read from a server that follows the primary."""
    replication_delay: Annotated[float, Field(ge=0)] | MISSING = MISSING
    """Seconds by which the data of a standby may be older than that of the primary."""
    sqlite: str
    """Version of the SQLite library."""
