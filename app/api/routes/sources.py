"""Endpoints for sources: a page of them, and one by its id."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import DatabaseDep, PagingParams, SourceId
from app.api.responses import PAGED, list_response, record_response
from app.api.routing import StrictRoute
from app.db import tables
from app.db.ordering import SOURCE_ORDER
from app.query.pagination import paged_rows
from app.schemas import records, responses

router = APIRouter(route_class=StrictRoute, tags=["sources"])


@router.get(
    "/sources", summary="List sources", response_model=responses.SourcePage, responses=PAGED
)
def list_sources(query: PagingParams, database: DatabaseDep, request: Request) -> Response:
    """List the sources, the newest first."""
    return list_response(request, database, paged_rows(tables.source, SOURCE_ORDER), query)


@router.get("/sources/{id}", summary="Get a source", response_model=records.Source)
def get_source(slug: SourceId, database: DatabaseDep) -> Response:
    """Return one source: its publisher, its URL, and the number of events that cite it."""
    return record_response(database, tables.source, slug)
