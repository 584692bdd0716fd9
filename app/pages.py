"""The pages for people: how they are asked for, and those that show no selection."""

import re
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse

from app import schemas
from app.addresses import Address
from app.assets import ASSETS, SERVED
from app.dependencies import DatabaseDep, EventId, read_record
from app.errors import FORESEEN, problem_of
from app.formats.page import (
    GUARDED,
    GUARDED_DOCS,
    GUARDED_IN_A_FRAME,
    render_docs,
    render_event,
    render_problem,
)
from app.models import Event, Timeline
from app.strict import StrictRoute, parameters_of
from app.text import CONTROLS

FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


class PageRoute(APIRoute):
    """A route for people, whose links carry what others add to them, and whose errors are pages.

    What it does not know is ignored, and so are control characters and a field that was left
    empty. What its endpoint refuses is told on a page to whoever asks for HTML by name, as browsers
    do.
    """

    guard: ClassVar[Mapping[str, str]] = GUARDED
    """The headers of what it gives, unless the endpoint sets others."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Clear the query string before FastAPI reads it."""
        answer = super().get_route_handler()
        repeatable = parameters_of(self.endpoint)

        async def lenient(request: Request) -> Response:
            pairs = request.query_params.multi_items()
            # It is shown again, where it must not turn the page around.
            given = [
                (name, CONTROLS.sub(" ", value).strip())
                for name, value in pairs
                if name in repeatable
            ]
            last = dict(given)
            kept = [
                (name, value)
                for name, value in dict.fromkeys(given)
                if value and (repeatable[name] or value == last[name])
            ]
            query = urlencode(kept)
            request = Request({**request.scope, "query_string": query.encode()}, request.receive)
            try:
                response = await answer(request)
            except FORESEEN as error:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                response = _refusal(request, error)
            for name, value in self.guard.items():
                response.headers.setdefault(name, value)
            return response

        return lenient


def _refusal(request: Request, error: Exception) -> Response:
    refused = problem_of(request, error)
    page = render_problem(refused.problem, Address.of(request))
    return HTMLResponse(page, refused.problem.status, refused.headers)


class FrameRoute(PageRoute):
    """A route whose pages may stand in anybody's frame, and its errors too."""

    guard = GUARDED_IN_A_FRAME


router = APIRouter(route_class=PageRoute)


@router.get(
    "/events/{id}.html",
    summary="Get an event as a web page",
    response_class=HTMLResponse,
    response_description="The page of the event.",
    tags=["events"],
)
def get_event_as_html(slug: EventId, database: DatabaseDep, request: Request) -> Response:
    """Get the page of one event for people, which shows what it is wherever it is shared.

    What it does not know in a query is ignored. Whoever asks for `text/html` by name is told of an
    error on a page.
    """
    with database.read() as connection:
        event = schemas.Event.model_validate_json(read_record(connection, Event, slug))
        told = read_record(connection, Timeline, event.timelines[0]) if event.timelines else None
    timeline = schemas.Timeline.model_validate_json(told) if told else None
    return HTMLResponse(render_event(event, timeline, Address.of(request)))


@router.get("/docs", include_in_schema=False)
async def show_docs(request: Request) -> Response:
    """Show the API, to be tried."""
    return HTMLResponse(render_docs(Address.of(request)), headers=GUARDED_DOCS)


async def get_asset(name: str) -> Response:
    """Give what pages load, for good; to a page of another version, what stands there now."""
    asset = SERVED.get(name)
    if asset:
        return Response(asset.body, headers=FOR_GOOD, media_type=asset.media_type)
    asset = ASSETS.get(re.sub("-[0-9a-f]{8}(?=[.])", "", name))
    if asset is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Response(asset.body, headers={"Cache-Control": "no-cache"}, media_type=asset.media_type)


router.add_api_route(
    "/web/{name}", get_asset, route_class_override=StrictRoute, include_in_schema=False
)
