"""The endpoints of the representations: one for each of `FORMATS`, and the page at the root."""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from app.addresses import Address
from app.dependencies import REFUSED, DatabaseDep
from app.formats import FORMATS, FRAME, PAGE, Format
from app.pages import FrameRoute, PageRoute
from app.params import StrictRoute

router = APIRouter(responses=REFUSED)


def _list_in(format_: Format) -> Callable[..., Response]:
    """Make the endpoint of a representation."""

    def list_in_format(query: Any, database: DatabaseDep, request: Request) -> Response:  # noqa: ANN401
        pieces = format_.read(database, query, Address.of(request), format_.cap)
        return _written(format_, pieces)

    # FastAPI, and the route that reads the names in the query string, look there.
    list_in_format.__annotations__["query"] = Annotated[format_.query, Query()]
    return list_in_format


def _written(format_: Format, pieces: Iterator[Any]) -> Response:
    """Write an answer whole or, where it comes in several pieces, as they are read."""
    first = next(pieces)
    headers = first.headers
    chunks = map(format_.render, chain([first], pieces))
    begun = [*islice(chunks, 2)]
    if len(begun) == 1:
        return Response(begun[0], headers=headers, media_type=format_.media_type)
    return StreamingResponse(chain(begun, chunks), headers=headers, media_type=format_.media_type)


for suffix, format_ in FORMATS.items():
    router.add_api_route(
        f"/events.{suffix}",
        _list_in(format_),
        name=f"list_events_as_{suffix.removesuffix('.json')}",
        summary=f"List Events As {format_.name}",
        description=f"List the events that match every filter, as {format_.name}.",
        response_class=Response if format_.response_model is None else JSONResponse,
        response_model=format_.response_model,
        responses={200: {"content": {format_.media_type: {}}}},
        route_class_override=PageRoute if format_.is_page else StrictRoute,
        tags=["events"],
    )

for path, format_, route in (("/", PAGE, PageRoute), ("/embed.html", FRAME, FrameRoute)):
    router.add_api_route(
        path, _list_in(format_), route_class_override=route, include_in_schema=False
    )
