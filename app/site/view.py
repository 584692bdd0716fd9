"""What the page for people shows: a page of events, and what may be chosen among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import MISSING
from sqlalchemy import Connection

from app.db.ordering import event_order
from app.db.sqlite.database import Database
from app.domain.vocabulary import FacetName
from app.query.facets import count_facets
from app.query.filters import EventFilter
from app.query.heading import PageHeading, read_heading
from app.query.histogram import auto_histogram
from app.query.names import actors_by_name, build_filter
from app.query.pagination import paged_events, read_page
from app.schemas.params import EventPageQuery
from app.schemas.records import ActorRef, or_none
from app.schemas.responses import EventPage, FacetCount, Histogram
from app.urls import UrlBuilder

MAX_OPTIONS = 200
MAX_BARS = 36

PAGE_FACETS: tuple[FacetName, ...] = ("timeline", "actor", "kind", "status")
"""What people choose from lists; by anything else they may filter in the URL."""


@dataclass(frozen=True)
class FacetOption:
    """A value to filter by."""

    value: str
    label: str
    count: int | None
    """How many events would match with it, and without the others of its kind; None if unknown."""
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class EmbedView:
    """A page of events, and what it is a page of."""

    query: EventPageQuery
    urls: UrlBuilder
    page: EventPage
    heading: PageHeading
    actors: Mapping[str, ActorRef]
    """Whom the names stand for that were given for an actor."""

    @property
    def next(self) -> str | None:
        """The URL of the next page."""
        cursor = or_none(self.page.next)
        limit = {"limit": str(self.query.limit)} if "limit" in self.query.model_fields_set else {}
        return self.urls.relative().page_url(**limit, cursor=cursor) if cursor else None


@dataclass(frozen=True, kw_only=True)
class PageView(EmbedView):
    """The same with what may be chosen beside it."""

    choices: Mapping[FacetName, Sequence[FacetOption]]
    histogram: Histogram


def load_embed(database: Database, query: EventPageQuery, address: UrlBuilder) -> EmbedView:
    """Read the page for a frame; raise a 422 as `build_filter` does."""
    with database.read() as connection:
        return _read(connection, query, address, build_filter(query, connection))


def load_page(database: Database, query: EventPageQuery, address: UrlBuilder) -> PageView:
    """Read the page with its filters; raise a 422 as `build_filter` does."""
    with database.read() as connection:
        where = build_filter(query, connection)
        embedded = _read(connection, query, address, where)
        actors = embedded.actors
        choices = {facet: _choices(connection, query, facet, actors) for facet in PAGE_FACETS}
        histogram = auto_histogram(connection, where, MAX_BARS)
    return PageView(**vars(embedded), choices=choices, histogram=histogram)


def _read(
    connection: Connection, query: EventPageQuery, address: UrlBuilder, where: EventFilter
) -> EmbedView:
    order = event_order(query.sort, descending=query.order == "desc")
    text = read_page(connection, paged_events(where, order), query).body
    return EmbedView(
        query=query,
        urls=address,
        page=EventPage.model_validate_json(text),
        heading=read_heading(connection, query),
        actors=actors_by_name(connection, [*query.actor, *query.exclude_actor]),
    )


def _choices(
    connection: Connection, query: EventPageQuery, facet: FacetName, actors: Mapping[str, ActorRef]
) -> Sequence[FacetOption]:
    """List what may be chosen of a facet beside all other filters, what is chosen first."""
    open_ = query.model_copy(update={facet: MISSING if facet == "timeline" else []})
    counts = count_facets(connection, build_filter(open_, connection), [facet], MAX_OPTIONS)
    found: Sequence[FacetCount] = getattr(counts.facets, facet)
    chosen = _chosen(query, facet, actors)
    listed = [FacetOption(one.value, one.label, one.count, one.value in chosen) for one in found]
    missing = chosen.keys() - {one.value for one in found}
    beside = [FacetOption(value, chosen[value], None, chosen=True) for value in sorted(missing)]
    return sorted([*beside, *listed], key=lambda choice: not choice.chosen)


def _chosen(
    query: EventPageQuery, facet: FacetName, actors: Mapping[str, ActorRef]
) -> dict[str, str]:
    """Give the values that are chosen of a facet, with their labels."""
    if facet == "actor":
        return {actors[name].id: actors[name].name for name in query.actor}
    if facet == "timeline":
        return {} if query.timeline is MISSING else {query.timeline: query.timeline}
    return {value: value for value in getattr(query, facet)}
