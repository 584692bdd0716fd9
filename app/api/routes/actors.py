"""Actors."""

from fastapi import APIRouter, Request, Response
from pydantic import MISSING

from app.api.dependencies import ActorId, ActorParams, DatabaseDep
from app.api.responses import PAGED, page_response, record_response
from app.api.routing import StrictRoute
from app.db import tables
from app.db.ordering import ACTOR_ORDER
from app.domain.text import words
from app.query.actors import select_actors
from app.query.pagination import paged_rows, read_page
from app.schemas import records, responses

router = APIRouter(route_class=StrictRoute)


@router.get(
    "/actors",
    summary="List actors",
    response_model=responses.ActorPage,
    response_description="A page of actors.",
    responses=PAGED,
    tags=["actors"],
)
def list_actors(query: ActorParams, database: DatabaseDep, request: Request) -> Response:
    """List the actors, those with the most events first."""
    named = select_actors([] if query.q is MISSING else words(query.q), query.kind)
    found = paged_rows(tables.actor, named, ACTOR_ORDER)
    with database.read() as connection:
        page = read_page(connection, found, query)
    return page_response(request, page)


@router.get(
    "/actors/{id}",
    summary="Get an actor",
    response_model=records.Actor,
    response_description="The actor.",
    tags=["actors"],
)
def get_actor(slug: ActorId, database: DatabaseDep) -> Response:
    """Get one actor: its names, what it is a part of, and when it first and last takes part."""
    return record_response(database, tables.actor, slug)
