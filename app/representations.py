"""The endpoints of the representations: one for each of `FORMATS`, and the page at the root."""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from app.addresses import Address
from app.contract import headers
from app.dependencies import DatabaseDep
from app.formats import FORMATS, FRAME, PAGE, Format
from app.pages import FrameRoute, PageRoute
from app.strict import StrictRoute

router = APIRouter()


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
    told = first.headers
    chunks = map(format_.render, chain([first], pieces))
    begun = [*islice(chunks, 2)]
    if len(begun) == 1:
        return Response(begun[0], headers=told, media_type=format_.media_type)
    return StreamingResponse(chain(begun, chunks), headers=told, media_type=format_.media_type)


def _most(format_: Format) -> str:
    if format_.is_page:
        return ""
    return f" At most {format_.cap:,} events." if format_.cap else " All events, however many."


def _response_class(format_: Format) -> type[Response]:
    """Make the class by which FastAPI knows what a representation is written in."""
    base = JSONResponse if format_.response_model else Response
    return type("Written", (base,), {"media_type": format_.media_type})


def _described(format_: Format) -> dict[int | str, dict[str, Any]]:
    """Describe of an answer what FastAPI cannot know."""
    given = {} if format_.is_page else {"headers": headers("Timeline-Truncated")}
    schema = {"format": "binary"} if format_.is_file else {}
    return {200: {**given, "content": {format_.media_type: {"schema": schema}}}}


for suffix, format_ in FORMATS.items():
    router.add_api_route(
        f"/events.{suffix}",
        _list_in(format_),
        name=f"list_events_as_{suffix.removesuffix('.json')}",
        summary=f"List events as {format_.name}",
        description=f"{format_.told}{_most(format_)}",
        response_class=_response_class(format_),
        response_model=format_.response_model,
        response_description=f"The events as {format_.name}.",
        responses=_described(format_),
        route_class_override=PageRoute if format_.is_page else StrictRoute,
        tags=["events"],
    )

for path, format_, route in (("/", PAGE, PageRoute), ("/embed.html", FRAME, FrameRoute)):
    router.add_api_route(
        path, _list_in(format_), route_class_override=route, include_in_schema=False
    )
