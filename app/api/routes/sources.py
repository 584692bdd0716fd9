"""Sources."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from app.api.dependencies import DatabaseDep, PagingParams, SourceId
from app.api.responses import PAGED, page_response, record_response
from app.api.routing import StrictRoute
from app.db import tables
from app.db.ordering import SOURCE_ORDER
from app.query.pagination import paged_rows, read_page
from app.schemas import records, responses

router = APIRouter(route_class=StrictRoute)


@router.get(
    "/sources",
    summary="List sources",
    response_model=responses.SourcePage,
    response_description="A page of sources.",
    responses=PAGED,
    tags=["sources"],
)
def list_sources(query: PagingParams, database: DatabaseDep, request: Request) -> Response:
    """List the sources, the newest first."""
    found = paged_rows(tables.source, select(tables.source.c.id), SOURCE_ORDER)
    with database.read() as connection:
        page = read_page(connection, found, query)
    return page_response(request, page)


@router.get(
    "/sources/{id}",
    summary="Get a source",
    response_model=records.Source,
    response_description="The source.",
    tags=["sources"],
)
def get_source(slug: SourceId, database: DatabaseDep) -> Response:
    """Get one source: who published it, where it is read, and how much rests on it."""
    return record_response(database, tables.source, slug)
