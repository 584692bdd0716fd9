"""Endpoints for events in other formats: one for each row of `FORMATS`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from itertools import chain, islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.api.dependencies import DatabaseDep
from app.api.openapi import JsonSchema, header_refs
from app.api.routing import StrictRoute
from app.api.unknown_parameters import FeedRoute
from app.formats import FORMATS, Format
from app.query.batches import EventBatch, iter_batches
from app.scheduling import next_part
from app.urls import UrlBuilder

UNKNOWN_ARE_IGNORED = (
    " Unknown parameters are ignored, since people add them to bypass caches. A misspelt one is an "
    "error."
)
"""The end of the description of a format that programs subscribe to."""

router = APIRouter(route_class=StrictRoute, tags=["events"])


def _endpoint(format_: Format) -> Callable[..., Response]:
    """Build the endpoint of a format."""

    def list_in_format(query: Any, database: DatabaseDep, request: Request) -> Response:  # noqa: ANN401
        urls = UrlBuilder.from_request(request)
        return _format_response(format_, iter_batches(database, query, urls, format_.max_events))

    # FastAPI and StrictRoute read the type of the query string from this annotation.
    list_in_format.__annotations__["query"] = Annotated[format_.query, Query()]
    return list_in_format


class _BatchesResponse(StreamingResponse):
    """A stream of batches, which ends with the batch after which the client leaves."""

    batches: Generator[EventBatch]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the batches.

        Nothing is cancelled, as Starlette would do: the exception would keep the batch in memory
        until the next collection of garbage.
        """
        gone = asyncio.create_task(_wait_for_disconnect(receive))
        start = {"status": self.status_code, "headers": self.raw_headers}
        try:
            await send({"type": "http.response.start", **start})
            async for chunk in self.body_iterator:
                body = chunk.encode() if isinstance(chunk, str) else chunk
                await send({"type": "http.response.body", "body": body, "more_body": True})
                if gone.done():
                    return
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self.batches.close()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _format_response(format_: Format, batches: Generator[EventBatch]) -> Response:
    """Build the response: a whole body or, if there are several batches, a stream of them."""
    first = next(batches)
    chunks = map(format_.render, chain([first], batches))
    # A whole body gets an ETag and is cached, so the second batch decides whether to stream.
    first_chunks = [*islice(chunks, 2)]
    if len(first_chunks) == 1:
        return Response(first_chunks[0], headers=first.headers, media_type=format_.media_type)
    stream = _stream(first_chunks, chunks)
    response = _BatchesResponse(stream, headers=first.headers, media_type=format_.media_type)
    response.batches = batches
    return response


async def _stream(
    first: Iterable[str | bytes], others: Iterator[str | bytes]
) -> AsyncIterator[str | bytes]:
    for chunk in first:
        yield chunk
    while True:
        await next_part()
        following = await run_in_threadpool(next, others, None)
        if following is None:
            return
        yield following


def _response_class(format_: Format) -> type[Response]:
    """Create the class from which FastAPI takes the media type of a format."""
    base = JSONResponse if format_.response_model else Response
    return type("FormatResponse", (base,), {"media_type": format_.media_type})


def _ok_response(format_: Format) -> JsonSchema:
    """Build the parts of the OpenAPI response that FastAPI cannot know."""
    schema = {"format": "binary"} if format_.is_binary else {}
    content = {format_.media_type: {"schema": schema}}
    return {"headers": header_refs("Timeline-Truncated"), "content": content}


for suffix, format_ in FORMATS.items():
    cap = format_.max_events
    limit = f"At most {cap:,} events." if cap else "All events, without a limit."
    description = f"{format_.description} {limit}{UNKNOWN_ARE_IGNORED * format_.is_subscribed}"
    router.add_api_route(
        f"/events.{suffix}",
        _endpoint(format_),
        name=f"list_events_as_{suffix.removesuffix('.json')}",
        summary=f"List events as {format_.name}",
        description=description,
        response_class=_response_class(format_),
        response_model=format_.response_model,
        response_description=f"The events as {format_.name}.",
        responses={200: _ok_response(format_)},
        route_class_override=FeedRoute if format_.is_subscribed else StrictRoute,
    )
