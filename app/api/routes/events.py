"""Endpoints for events: a page of them, and one by its id."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import DatabaseDep, EventId, EventPageParams
from app.api.responses import PAGED, alternate_links, page_response, record_response
from app.api.routing import StrictRoute
from app.db import tables
from app.query.names import build_filter
from app.query.pagination import paged_events, read_page
from app.schemas import records, responses
from app.urls import UrlBuilder

router = APIRouter(route_class=StrictRoute, tags=["events"])


@router.get("/events", summary="List events", response_model=responses.EventPage, responses=PAGED)
# The suffix `json`, like those of the other formats. For clients one operation is enough.
@router.get("/events.json", include_in_schema=False)
def list_events(query: EventPageParams, database: DatabaseDep, request: Request) -> Response:
    """List the events that match every filter. By default, they are ordered by date.

    A page has at most `limit` events. To get the next page, pass `next` as `cursor`. The same
    selection is available in other formats with the same filters, for example at `/events.csv`.
    """
    with database.read() as connection:
        listing = paged_events(build_filter(query, connection), query)
        page = read_page(connection, listing, query, database.settings.max_page_size)
    return page_response(request, page, alternate_links(UrlBuilder.from_request(request)))


@router.get("/events/{id}", summary="Get an event", response_model=records.Event)
def get_event(slug: EventId, database: DatabaseDep) -> Response:
    """Return one event: its date, its participants, and what each source says about it."""
    return record_response(database, tables.event, slug)
