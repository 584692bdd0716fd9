"""The endpoints: each asks for what its query selects, and hands it on."""

from collections.abc import Iterable
from sqlite3 import sqlite_version

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import MISSING
from sqlalchemy import select
from sqlmodel import col

from app import answers, schemas
from app.addresses import Address
from app.catalog import ACTOR_ORDER, SOURCE_ORDER, TIMELINE_ORDER, select_actors
from app.contract import Node, headers
from app.database import Database, revision_of
from app.dependencies import ActorId, DatabaseDep, EventId, SourceId, TimelineId, read_record
from app.errors import unavailable
from app.facets import count_facets
from app.formats import FORMATS
from app.histogram import count_buckets
from app.models import Actor, Event, Source, Timeline
from app.paging import PageText, events_in_order, read_page, rows_in_order
from app.params import (
    ActorParams,
    EventPageParams,
    FacetParams,
    HistogramParams,
    PagingParams,
)
from app.queries import event_order
from app.records import Table
from app.resolve import resolve
from app.strict import StrictRoute
from app.text import words
from app.upkeep import damage, require_current

MAX_ALTERNATES = 3_000
"""Bytes of links in a header; proxies take four thousand of all headers together."""

PAGED: dict[int | str, Node] = {200: {"headers": headers("Link")}}

router = APIRouter(route_class=StrictRoute)


@router.get(
    "/events",
    summary="List events",
    response_model=answers.EventPage,
    response_description="A page of events.",
    responses=PAGED,
    tags=["events"],
)
@router.get("/events.json", include_in_schema=False)
def list_events(query: EventPageParams, database: DatabaseDep, request: Request) -> Response:
    """List the events that match every filter, in the order of their dates unless told.

    A page holds `limit` of them; `next` is the `cursor` of the page behind it. The same selection
    is given in other formats at `/events.csv` and its like, with the same filters.
    """
    order = event_order(query.sort, descending=query.order == "desc")
    with database.read() as connection:
        found = events_in_order(resolve(query, connection), order)
        page = read_page(connection, found, query)
    return _page(request, page, _alternates(Address.of(request)))


@router.get(
    "/events/{id}",
    summary="Get an event",
    response_model=schemas.Event,
    response_description="The event.",
    tags=["events"],
)
def get_event(slug: EventId, database: DatabaseDep) -> Response:
    """Get one event: when it happened, who took part, and who says so in which words."""
    return _one(database, Event, slug)


@router.get(
    "/facets", summary="Count events by value", response_description="The counts.", tags=["events"]
)
def get_facets(query: FacetParams, database: DatabaseDep) -> answers.EventFacets:
    """Count the matching events by actor, kind, status, topic, timeline and source.

    Each value is one that the filter of that name takes, so it leads to the events that bear it.
    """
    with database.read() as connection:
        where = resolve(query, connection)
        return count_facets(connection, where, query.facet, query.facet_limit)


@router.get(
    "/histogram",
    summary="Count events over time",
    response_description="The buckets.",
    tags=["events"],
)
def get_histogram(query: HistogramParams, database: DatabaseDep) -> answers.Histogram:
    """Count the matching events in each day, week, month, quarter or year.

    A bucket counts what `/events` finds with the bucket as window: `possible` by
    `date_match=overlap`, `certain` by `date_match=within`. It always tells both, so `date_match`
    changes nothing here. More than 1,000 buckets are refused, with what would give fewer.
    """
    with database.read() as connection:
        return count_buckets(connection, resolve(query, connection), query.interval)


@router.get(
    "/actors",
    summary="List actors",
    response_model=answers.ActorPage,
    response_description="A page of actors.",
    responses=PAGED,
    tags=["actors"],
)
def list_actors(query: ActorParams, database: DatabaseDep, request: Request) -> Response:
    """List the actors, those with the most events first."""
    named = select_actors([] if query.q is MISSING else words(query.q), query.kind)
    found = rows_in_order(Actor, named, ACTOR_ORDER)
    with database.read() as connection:
        page = read_page(connection, found, query)
    return _page(request, page)


@router.get(
    "/actors/{id}",
    summary="Get an actor",
    response_model=schemas.Actor,
    response_description="The actor.",
    tags=["actors"],
)
def get_actor(slug: ActorId, database: DatabaseDep) -> Response:
    """Get one actor: its names, what it is a part of, and when it first and last takes part."""
    return _one(database, Actor, slug)


@router.get(
    "/sources",
    summary="List sources",
    response_model=answers.SourcePage,
    response_description="A page of sources.",
    responses=PAGED,
    tags=["sources"],
)
def list_sources(query: PagingParams, database: DatabaseDep, request: Request) -> Response:
    """List the sources, the newest first."""
    found = rows_in_order(Source, select(col(Source.id)), SOURCE_ORDER)
    with database.read() as connection:
        page = read_page(connection, found, query)
    return _page(request, page)


@router.get(
    "/sources/{id}",
    summary="Get a source",
    response_model=schemas.Source,
    response_description="The source.",
    tags=["sources"],
)
def get_source(slug: SourceId, database: DatabaseDep) -> Response:
    """Get one source: who published it, where it is read, and how much rests on it."""
    return _one(database, Source, slug)


@router.get(
    "/timelines",
    summary="List timelines",
    response_model=answers.TimelinePage,
    response_description="A page of timelines.",
    responses=PAGED,
    tags=["timelines"],
)
def list_timelines(query: PagingParams, database: DatabaseDep, request: Request) -> Response:
    """List the timelines, by id."""
    found = rows_in_order(Timeline, select(col(Timeline.id)), TIMELINE_ORDER)
    with database.read() as connection:
        page = read_page(connection, found, query)
    return _page(request, page)


@router.get(
    "/timelines/{id}",
    summary="Get a timeline",
    response_model=schemas.Timeline,
    response_description="The timeline.",
    tags=["timelines"],
)
def get_timeline(slug: TimelineId, database: DatabaseDep) -> Response:
    """Get one timeline: what it is about, and when it begins and ends."""
    return _one(database, Timeline, slug)


@router.get(
    "/livez", summary="Tell that it is up", response_description="It is up.", tags=["health"]
)
async def get_liveness(response: Response) -> answers.Health:
    """Tell that the process is up, even while every thread waits for the database."""
    response.headers["Cache-Control"] = "no-store"
    return answers.Health(status="ok")


@router.get(
    "/readyz", summary="Tell that it is ready", response_description="It is ready.", tags=["health"]
)
def get_readiness(database: DatabaseDep, response: Response) -> answers.Readiness:
    """Tell that the database is open, migrated and not corrupt."""
    response.headers["Cache-Control"] = "no-store"
    require_current(database)
    with database.read() as connection:
        if damaged := damage(connection):
            raise unavailable(f"the database is corrupt: {damaged}")
        revision = revision_of(connection)
    return answers.Readiness(status="ok", revision=revision, sqlite=sqlite_version)


@router.get("/openapi.json", include_in_schema=False)
def get_document(request: Request) -> Response:
    """Give the OpenAPI document."""
    return JSONResponse(request.app.openapi())


def _page(request: Request, page: PageText, alternates: Iterable[str] = ()) -> Response:
    answer = Response(page.body, media_type="application/json")
    links = [*alternates]
    if page.next:
        url = request.url.include_query_params(cursor=page.next)
        links.insert(0, f'<{url}>; rel="next"')
    if links:
        answer.headers["Link"] = ", ".join(links)
    return answer


def _alternates(address: Address) -> list[str]:
    """Link to the same selection in every representation, unless the header grew too long."""
    links = [
        f'<{address.events(suffix)}>; rel="alternate"; type="{format_.media_type}"'
        for suffix, format_ in FORMATS.items()
    ]
    return links if sum(map(len, links)) <= MAX_ALTERNATES else []


def _one(database: Database, table: Table, slug: str) -> Response:
    with database.read() as connection:
        return Response(read_record(connection, table, slug), media_type="application/json")
