"""Endpoints for timelines: a page of them, and one by its id."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import DatabaseDep, PagingParams, TimelineId
from app.api.responses import PAGED, list_response, record_response
from app.api.routing import StrictRoute
from app.db import tables
from app.db.ordering import TIMELINE_ORDER
from app.query.pagination import paged_rows
from app.schemas import records, responses

router = APIRouter(route_class=StrictRoute, tags=["timelines"])


@router.get(
    "/timelines", summary="List timelines", response_model=responses.TimelinePage, responses=PAGED
)
def list_timelines(query: PagingParams, database: DatabaseDep, request: Request) -> Response:
    """List the timelines, by id."""
    return list_response(request, database, paged_rows(tables.timeline, TIMELINE_ORDER), query)


@router.get("/timelines/{id}", summary="Get a timeline", response_model=records.Timeline)
def get_timeline(slug: TimelineId, database: DatabaseDep) -> Response:
    """Return one timeline: its subject, and the dates of its first and last event."""
    return record_response(database, tables.timeline, slug)
