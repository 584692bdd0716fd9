"""The endpoints: each asks for what its query selects, and hands it on."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from itertools import chain, islice
from sqlite3 import sqlite_version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import MISSING
from sqlalchemy import select
from sqlmodel import col

from app import schemas
from app.addresses import Address
from app.catalog import ACTOR_ORDER, SOURCE_ORDER, TIMELINE_ORDER, select_actors
from app.database import Database, DatabaseError, damage, revision_of
from app.errors import MEDIA_TYPE, ProblemError, fault, shown, unavailable
from app.excerpt import Excerpt
from app.facets import count_facets
from app.formats import FORMATS, Format
from app.histogram import count_buckets
from app.models import Actor, Event, Source, Timeline, table_of
from app.paging import PageText, events_in_order, read_page, rows_in_order
from app.params import (
    ActorParams,
    EventPageParams,
    FacetParams,
    HistogramParams,
    PagingParams,
    StrictRoute,
)
from app.queries import event_order
from app.records import Table, read_records
from app.resolve import resolve
from app.text import words

PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "The URL is not UTF-8.", **PROBLEM},
    422: {"description": "A parameter is wrong; the answer says which and why.", **PROBLEM},
    503: {"description": "The database is busy or out of reach.", **PROBLEM},
}
MISSED: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no record of this id.", **PROBLEM}
}

MAX_ALTERNATES = 3_000
"""Bytes of links in a header; proxies take four thousand of all headers together."""

router = APIRouter(route_class=StrictRoute, responses=REFUSED)


async def get_database(request: Request) -> Database:
    """Give the database that the application was made with."""
    database = request.app.state.database
    assert isinstance(database, Database)  # noqa: S101 - create_app put it there
    return database


DatabaseDep = Annotated[Database, Depends(get_database)]
Id = Annotated[str, Path(alias="id", description="The record's id.")]


@router.get("/events", response_model=schemas.EventPage, tags=["events"])
@router.get("/events.json", include_in_schema=False)
def list_events(query: EventPageParams, database: DatabaseDep, request: Request) -> Response:
    """List the events that match every filter, in the order of their dates unless told."""
    order = event_order(query.sort, descending=query.order == "desc")
    with database.read() as connection:
        found = events_in_order(resolve(query, connection), order)
        page = read_page(connection, found, query)
    return _page(request, page, _alternates(Address.of(request)))


def _list_in(format_: Format) -> Callable[..., Response]:
    """Make the endpoint of a representation."""

    def list_in_format(query: Any, database: DatabaseDep, request: Request) -> Response:  # noqa: ANN401
        pieces = format_.read(database, query, Address.of(request), format_.cap)
        return _written(format_, pieces)

    # FastAPI, and the route that refuses unknown parameters, read it from there.
    list_in_format.__annotations__["query"] = Annotated[format_.query, Query()]
    return list_in_format


for suffix, format_ in FORMATS.items():
    router.add_api_route(
        f"/events.{suffix}",
        _list_in(format_),
        name=f"list_events_as_{suffix.removesuffix('.json')}",
        summary=f"List Events As {format_.name}",
        description=f"List the events that match every filter, as {format_.name}.",
        response_class=Response if format_.shape is None else JSONResponse,
        response_model=format_.shape,
        responses={200: {"content": {format_.media_type: {}}}},
        tags=["events"],
    )


@router.get("/events/{id}", response_model=schemas.Event, responses=MISSED, tags=["events"])
def get_event(slug: Id, database: DatabaseDep) -> Response:
    """Get one event."""
    return _one(database, Event, slug)


@router.get("/facets", tags=["events"])
def count_event_facets(query: FacetParams, database: DatabaseDep) -> schemas.Facets:
    """Count the matching events by actor, kind, status, topic, timeline and source."""
    with database.read() as connection:
        where = resolve(query, connection)
        return count_facets(connection, where, query.facet, query.facet_limit)


@router.get("/histogram", tags=["events"])
def count_event_buckets(query: HistogramParams, database: DatabaseDep) -> schemas.Histogram:
    """Count the matching events in each day, week, month, quarter or year.

    A bucket counts what `/events` finds with the bucket as window: `possible` by
    `date_match=overlap`, `certain` by `date_match=within`. It always tells both, so `date_match`
    changes nothing here.
    """
    with database.read() as connection:
        return count_buckets(connection, resolve(query, connection), query.interval)


@router.get("/actors", response_model=schemas.ActorPage, tags=["actors"])
def list_actors(query: ActorParams, database: DatabaseDep, request: Request) -> Response:
    """List the actors, those with the most events first."""
    named = select_actors([] if query.q is MISSING else words(query.q), query.kind)
    found = rows_in_order(Actor, named, ACTOR_ORDER)
    with database.read() as connection:
        page = read_page(connection, found, query)
    return _page(request, page)


@router.get("/actors/{id}", response_model=schemas.Actor, responses=MISSED, tags=["actors"])
def get_actor(slug: Id, database: DatabaseDep) -> Response:
    """Get one actor."""
    return _one(database, Actor, slug)


@router.get("/sources", response_model=schemas.SourcePage, tags=["sources"])
def list_sources(query: PagingParams, database: DatabaseDep, request: Request) -> Response:
    """List the sources, the newest first."""
    found = rows_in_order(Source, select(col(Source.id)), SOURCE_ORDER)
    with database.read() as connection:
        page = read_page(connection, found, query)
    return _page(request, page)


@router.get("/sources/{id}", response_model=schemas.Source, responses=MISSED, tags=["sources"])
def get_source(slug: Id, database: DatabaseDep) -> Response:
    """Get one source."""
    return _one(database, Source, slug)


@router.get("/timelines", response_model=schemas.TimelinePage, tags=["timelines"])
def list_timelines(query: PagingParams, database: DatabaseDep, request: Request) -> Response:
    """List the timelines, by id."""
    found = rows_in_order(Timeline, select(col(Timeline.id)), TIMELINE_ORDER)
    with database.read() as connection:
        page = read_page(connection, found, query)
    return _page(request, page)


@router.get(
    "/timelines/{id}", response_model=schemas.Timeline, responses=MISSED, tags=["timelines"]
)
def get_timeline(slug: Id, database: DatabaseDep) -> Response:
    """Get one timeline."""
    return _one(database, Timeline, slug)


@router.get("/livez", tags=["health"])
async def get_liveness(response: Response) -> schemas.Health:
    """Tell that the process is up, even while every thread waits for the database."""
    response.headers["Cache-Control"] = "no-store"
    return schemas.Health()


@router.get("/readyz", tags=["health"])
def get_readiness(database: DatabaseDep, response: Response) -> schemas.Readiness:
    """Tell that the database is open, migrated and not corrupt."""
    response.headers["Cache-Control"] = "no-store"
    try:
        database.require_current()
    except DatabaseError:
        raise unavailable("the database is missing or of another version") from None
    with database.read() as connection:
        if damaged := damage(connection):
            raise unavailable(f"the database is corrupt: {damaged}")
        return schemas.Readiness(revision=revision_of(connection), sqlite=sqlite_version)


@router.get("/openapi.json", include_in_schema=False)
def get_document(request: Request) -> dict[str, Any]:
    """Give the OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    root_path = request.scope["root_path"]
    return {**document, "servers": [{"url": root_path}]} if root_path else document


@router.get("/", include_in_schema=False)
def get_index(request: Request) -> dict[str, dict[str, str]]:
    """Link to what there is."""
    paths = ("events", "actors", "sources", "timelines", "facets", "histogram", "openapi.json")
    root = f"{str(request.base_url).rstrip('/')}/"
    return {"links": {path.removesuffix(".json"): f"{root}{path}" for path in paths}}


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
    """Link to the same selection in every other representation, unless that takes too much."""
    links = [
        f'<{address.events(suffix)}>; rel="alternate"; type="{format_.media_type}"'
        for suffix, format_ in FORMATS.items()
    ]
    return links if sum(map(len, links)) <= MAX_ALTERNATES else []


def _written(format_: Format, pieces: Iterator[Excerpt]) -> Response:
    """Write an answer whole or, where it comes in several pieces, as they are read."""
    first = next(pieces)
    headers = {"Timeline-Truncated": _truncation(first)} if first.is_cut else {}
    chunks = map(format_.render, chain([first], pieces))
    begun = [*islice(chunks, 2)]
    if len(begun) == 1:
        return Response(begun[0], headers=headers, media_type=format_.media_type)
    return StreamingResponse(chain(begun, chunks), headers=headers, media_type=format_.media_type)


def _truncation(excerpt: Excerpt) -> str:
    """Tell what was cut, as a structured field (RFC 9651)."""
    more = ";relation=gte" if excerpt.total.relation == "gte" else ""
    return f"shown={excerpt.most}, total={excerpt.total.value}{more}"


def _one(database: Database, table: Table, slug: str) -> Response:
    with database.read() as connection:
        rows = table_of(table).c
        found = connection.scalars(select(rows.id).where(rows.slug == slug)).all()
        record = read_records(connection, table, found)
    if not record:
        kind = table.__name__.lower()
        missing = fault("id", f"there is no {kind} {shown(slug)}; the ids are at /{kind}s")
        raise ProblemError(HTTPStatus.NOT_FOUND, faults=[missing])
    return Response(record, media_type="application/json")
