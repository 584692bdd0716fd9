"""Endpoints for actors: a page of them, and one by its id."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import ActorId, ActorParams, DatabaseDep
from app.api.responses import PAGED, list_response, record_response
from app.api.routing import StrictRoute
from app.db import tables
from app.query.actors import paged_actors
from app.schemas import records, responses

router = APIRouter(route_class=StrictRoute, tags=["actors"])


@router.get("/actors", summary="List actors", response_model=responses.ActorPage, responses=PAGED)
def list_actors(query: ActorParams, database: DatabaseDep, request: Request) -> Response:
    """List the actors, those with the most events first."""
    return list_response(request, database, paged_actors(query), query)


@router.get("/actors/{id}", summary="Get an actor", response_model=records.Actor)
def get_actor(slug: ActorId, database: DatabaseDep) -> Response:
    """Return one actor: its names, its parent, and the dates of its first and last event."""
    return record_response(database, tables.actor, slug)
