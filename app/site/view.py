"""The data that the timeline page and the embedded page show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import MISSING
from sqlalchemy import Connection

from app.db.ordering import event_order
from app.db.sqlite.database import Database
from app.domain.vocabulary import FacetName
from app.query.facets import count_facet
from app.query.filters import EventFilter
from app.query.heading import PageHeading, read_heading
from app.query.histogram import auto_histogram
from app.query.names import NameResolver
from app.query.pagination import paged_events, read_page
from app.query.planner import plan
from app.schemas.params import EventPageQuery
from app.schemas.records import ActorRef, or_none
from app.schemas.responses import EventPage, Histogram
from app.urls import UrlBuilder

MAX_OPTIONS = 200
"""The largest number of options of a facet."""
MAX_BARS = 36
"""The largest number of bars of days or months. Years can be more."""

PAGE_FACETS: tuple[FacetName, ...] = ("timeline", "actor", "kind", "status")
"""The facets whose values readers choose from lists. Other filters work in the URL only."""


@dataclass(frozen=True)
class FacetOption:
    """A value to filter by."""

    value: str
    label: str
    count: int | None
    """The number of events that match if this is the only option of its facet; None if unknown."""
    selected: bool


@dataclass(frozen=True, kw_only=True)
class EmbedView:
    """A page of events, and the selection that it belongs to."""

    query: EventPageQuery
    urls: UrlBuilder
    page: EventPage
    heading: PageHeading
    actors: Mapping[str, ActorRef]
    """The actors that the filters `actor` and `exclude_actor` name, by the name in the query."""

    @property
    def next(self) -> str | None:
        """The relative URL of the next page; None on the last page."""
        cursor = or_none(self.page.next)
        # A cursor does not contain the size of a page.
        limit = {"limit": str(self.query.limit)} if "limit" in self.query.model_fields_set else {}
        return self.urls.relative().page_url(**limit, cursor=cursor) if cursor else None


@dataclass(frozen=True, kw_only=True)
class PageView(EmbedView):
    """An `EmbedView` with the options of the filters, and the histogram."""

    options: Mapping[FacetName, Sequence[FacetOption]]
    histogram: Histogram


def load_embed(database: Database, query: EventPageQuery, urls: UrlBuilder) -> EmbedView:
    """Read the view of the embedded page. Raises a 422 if a filter is invalid."""
    with database.read() as connection:
        resolver = NameResolver(connection)
        where = plan(resolver.resolve(query), connection)
        return _read(connection, query, urls, where, resolver)


def load_page(database: Database, query: EventPageQuery, urls: UrlBuilder) -> PageView:
    """Read the view of the timeline page. Raises a 422 if a filter is invalid."""
    with database.read() as connection:
        # Names are resolved once: the options of a facet leave its own conditions out of `where`.
        resolver = NameResolver(connection)
        where = plan(resolver.resolve(query), connection)
        embed = _read(connection, query, urls, where, resolver)
        options = {
            facet: _options(connection, where, facet, _selected(query, facet, embed.actors))
            for facet in PAGE_FACETS
        }
        histogram = auto_histogram(connection, where, MAX_BARS)
    return PageView(**vars(embed), options=options, histogram=histogram)


def _read(
    connection: Connection,
    query: EventPageQuery,
    urls: UrlBuilder,
    where: EventFilter,
    resolver: NameResolver,
) -> EmbedView:
    order = event_order(query.sort, descending=query.order == "desc")
    text = read_page(connection, paged_events(where, order), query).body
    return EmbedView(
        query=query,
        urls=urls,
        page=EventPage.model_validate_json(text),
        heading=read_heading(connection, query),
        actors={name: resolver.actor_ref(name) for name in [*query.actor, *query.exclude_actor]},
    )


def _options(
    connection: Connection, where: EventFilter, facet: FacetName, selected: Mapping[str, str]
) -> Sequence[FacetOption]:
    """Return the options of a facet under all other filters, the selected ones first."""
    others = plan(where.without(facet), connection)
    found = count_facet(connection, others, facet, MAX_OPTIONS)
    options = [FacetOption(one.value, one.label, one.count, one.value in selected) for one in found]
    # A selected value that no event has stays, so that the reader can remove it.
    missing = sorted(selected.keys() - {one.value for one in found})
    options = [
        FacetOption(value, selected[value], None, selected=True) for value in missing
    ] + options
    return sorted(options, key=lambda option: not option.selected)


def _selected(
    query: EventPageQuery, facet: FacetName, actors: Mapping[str, ActorRef]
) -> dict[str, str]:
    """Return the selected values of a facet with their labels."""
    if facet == "actor":
        return {actors[name].id: actors[name].name for name in query.actor}
    if facet == "timeline":
        return {} if query.timeline is MISSING else {query.timeline: query.timeline}
    return {value: value for value in getattr(query, facet)}
