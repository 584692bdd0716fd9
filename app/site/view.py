"""The data that the timeline page and the embedded page show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from app.db.database import Database
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
    where: EventFilter
    """The query as a filter."""
    urls: UrlBuilder
    page: EventPage
    heading: PageHeading
    actors: Mapping[str, ActorRef]
    """The actors that the filters `actor` and `exclude_actor` name, by the name in the query."""
    topics: Mapping[str, str]
    """The labels of the topics that the filter `topic` names, by the name in the query."""

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
        return _read_embed(connection, query, urls, database.settings.max_page_size)


def load_page(database: Database, query: EventPageQuery, urls: UrlBuilder) -> PageView:
    """Read the view of the timeline page. Raises a 422 if a filter is invalid."""
    with database.read() as connection:
        embed = _read_embed(connection, query, urls, database.settings.max_page_size)
        options = {facet: _options(connection, embed, facet) for facet in PAGE_FACETS}
        histogram = auto_histogram(connection, embed.where, MAX_BARS)
    return PageView(**vars(embed), options=options, histogram=histogram)


def _read_embed(
    connection: Connection, query: EventPageQuery, urls: UrlBuilder, max_kilobytes: int
) -> EmbedView:
    resolver = NameResolver(connection)
    where = plan(resolver.resolve(query), connection)
    page = read_page(connection, paged_events(where, query), query, max_kilobytes)
    return EmbedView(
        query=query,
        where=where,
        urls=urls,
        page=EventPage.model_validate_json(page.body),
        heading=read_heading(connection, query),
        actors={name: resolver.actor_ref(name) for name in [*query.actor, *query.exclude_actor]},
        topics={name: resolver.topic_label(name) for name in query.topic},
    )


def _options(connection: Connection, view: EmbedView, facet: FacetName) -> Sequence[FacetOption]:
    """Return the options of a facet under all other filters, the selected ones first."""
    # Names are not resolved again: the filter leaves out its own conditions on the facet.
    others = plan(view.where.without(facet), connection)
    counts = count_facet(connection, others, facet, MAX_OPTIONS)
    selected = _selected(view, facet)
    options = [FacetOption(**vars(one), selected=one.value in selected) for one in counts]
    # A selected value that no event has stays, so that the reader can remove it.
    missing = sorted(selected.keys() - {one.value for one in counts})
    unused = [FacetOption(value, selected[value], None, selected=True) for value in missing]
    return sorted([*unused, *options], key=lambda option: not option.selected)


def _selected(view: EmbedView, facet: FacetName) -> dict[str, str]:
    """Return the selected values of a facet with their labels."""
    if facet == "actor":
        actors = (view.actors[name] for name in view.query.actor)
        return {actor.id: actor.name for actor in actors}
    if facet == "timeline":
        timeline = or_none(view.query.timeline)
        return {timeline: timeline} if timeline else {}
    return {value: value for value in getattr(view.query, facet)}
