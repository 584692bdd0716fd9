"""The pages for people: how they are asked for, and those that show no selection."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse

from app import schemas
from app.addresses import Address
from app.assets import BY_NAME
from app.endpoints import DatabaseDep, Id, read_record
from app.errors import FORESEEN, problem_of
from app.formats.page import GUARDED, GUARDED_DOCS, render_docs, render_event, render_problem
from app.models import Event, Timeline
from app.params import parameters_of


class PageRoute(APIRoute):
    """A route for people, whose links carry what others add to them, and whose errors are pages.

    What it does not know is ignored, and so is a field that was left empty. An error is a page to
    whoever asks for HTML by name, as browsers do.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Clear the query string before FastAPI reads it."""
        answer = super().get_route_handler()
        repeatable = parameters_of(self.endpoint)

        async def lenient(request: Request) -> Response:
            pairs = request.query_params.multi_items()
            given = [(name, value.strip()) for name, value in pairs if name in repeatable]
            last = dict(given)
            kept = [
                (name, value)
                for name, value in dict.fromkeys(given)
                if value and (repeatable[name] or value == last[name])
            ]
            query = urlencode(kept)
            request = Request({**request.scope, "query_string": query.encode()}, request.receive)
            try:
                return await answer(request)
            except FORESEEN as error:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                return _refusal(request, error)

        return lenient


def _refusal(request: Request, error: Exception) -> Response:
    refused = problem_of(request, error)
    page = render_problem(refused.problem, Address.of(request))
    headers = {**refused.headers, **GUARDED}
    return HTMLResponse(page, refused.problem.status, headers)


router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/events/{id}.html")
def show_event(slug: Id, database: DatabaseDep, request: Request) -> Response:
    """Show one event."""
    with database.read() as connection:
        event = schemas.Event.model_validate_json(read_record(connection, Event, slug))
        told = read_record(connection, Timeline, event.timelines[0]) if event.timelines else None
    timeline = schemas.Timeline.model_validate_json(told) if told else None
    return HTMLResponse(render_event(event, timeline, Address.of(request)), headers=GUARDED)


@router.get("/docs")
async def show_docs(request: Request) -> Response:
    """Show the API, to be tried."""
    return HTMLResponse(render_docs(Address.of(request)), headers=GUARDED_DOCS)


@router.get("/web/{name}")
async def get_asset(name: str) -> Response:
    """Give what pages load."""
    if name not in BY_NAME:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Response(BY_NAME[name].body, media_type=BY_NAME[name].media_type)
