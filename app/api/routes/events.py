"""Events as records."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies import DatabaseDep, EventId, EventPageParams
from app.api.responses import PAGED, alternate_links, page_response, record_response
from app.api.routing import StrictRoute
from app.db import tables
from app.db.ordering import event_order
from app.query.names import build_filter
from app.query.pagination import paged_events, read_page
from app.schemas import records, responses
from app.urls import UrlBuilder

router = APIRouter(route_class=StrictRoute)


@router.get(
    "/events",
    summary="List events",
    response_model=responses.EventPage,
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
        found = paged_events(build_filter(query, connection), order)
        page = read_page(connection, found, query)
    return page_response(request, page, alternate_links(UrlBuilder.from_request(request)))


@router.get(
    "/events/{id}",
    summary="Get an event",
    response_model=records.Event,
    response_description="The event.",
    tags=["events"],
)
def get_event(slug: EventId, database: DatabaseDep) -> Response:
    """Get one event: when it happened, who took part, and who says so in which words."""
    return record_response(database, tables.event, slug)
