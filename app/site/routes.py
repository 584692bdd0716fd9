"""The endpoints of the pages."""

import re
from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import HTMLResponse

from app.api.dependencies import DatabaseDep, EventId, EventPageParams, get_record_or_404
from app.api.routing import StrictRoute
from app.db import tables
from app.schemas import records as schemas
from app.site.assets import ASSETS_BY_FILE, ASSETS_BY_NAME
from app.site.render import DOCS_CSP, render_docs, render_embed, render_event, render_page
from app.site.routing import EmbedRoute, PageRoute
from app.site.view import load_embed, load_page
from app.urls import UrlBuilder

# The digest in the name changes with the file, so a cached copy is never outdated.
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}

router = APIRouter(route_class=PageRoute, tags=["events"], default_response_class=HTMLResponse)


@router.get(
    "/events.html",
    summary="List events as a web page",
    response_description="The events as a web page.",
)
# The same page at the address for readers. For clients one operation is enough.
@router.get("/", include_in_schema=False)
def list_events_as_html(
    query: EventPageParams, database: DatabaseDep, request: Request
) -> Response:
    """Return the timeline as a web page for readers, 50 events at a time.

    Unknown parameters are ignored, because other sites add parameters to links that are shared. If
    `Accept` contains `text/html`, as that of browsers does, an error is a web page too.
    """
    return HTMLResponse(render_page(load_page(database, query, UrlBuilder.from_request(request))))


def show_embed(query: EventPageParams, database: DatabaseDep, request: Request) -> Response:
    """Return the timeline as a page for a frame on another site."""
    return HTMLResponse(render_embed(load_embed(database, query, UrlBuilder.from_request(request))))


# Its route class differs, because only this page may be in a frame of another site.
router.add_api_route(
    "/embed.html", show_embed, route_class_override=EmbedRoute, include_in_schema=False
)


@router.get(
    "/events/{id}.html",
    summary="Get an event as a web page",
    response_description="The page of the event.",
)
def get_event_as_html(slug: EventId, database: DatabaseDep, request: Request) -> Response:
    """Return the web page of an event, with the metadata that other sites show for a shared link.

    Unknown parameters are ignored, because other sites add parameters to links that are shared. If
    `Accept` contains `text/html`, as that of browsers does, an error is a web page too.
    """
    # An event can be in several timelines. The heading and the link back are those of the first.
    timeline = None
    with database.read() as connection:
        event = schemas.Event.model_validate_json(get_record_or_404(connection, tables.event, slug))
        if event.timelines:
            record = get_record_or_404(connection, tables.timeline, event.timelines[0])
            timeline = schemas.Timeline.model_validate_json(record)
    return HTMLResponse(render_event(event, timeline, UrlBuilder.from_request(request)))


# Our own page, because FastAPI's loads Swagger UI from a CDN and stays blank without it.
@router.get("/docs", include_in_schema=False)
async def show_docs(request: Request) -> Response:
    """Return the page to try the API."""
    return HTMLResponse(render_docs(UrlBuilder.from_request(request)), headers=DOCS_CSP)


async def get_asset(name: str) -> Response:
    """Return a static file.

    A name with the current digest is cached forever. After an update, a page that was loaded before
    still requests the old digest: it gets the current file, uncached.
    """
    asset = ASSETS_BY_NAME.get(name)
    if asset:
        return Response(asset.body, headers=IMMUTABLE, media_type=asset.media_type)
    asset = ASSETS_BY_FILE.get(re.sub("-[0-9a-f]{8}(?=[.])", "", name))
    if asset is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Response(asset.body, headers={"Cache-Control": "no-cache"}, media_type=asset.media_type)


router.add_api_route(
    "/web/{name}", get_asset, route_class_override=StrictRoute, include_in_schema=False
)
