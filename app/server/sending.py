"""Sends a response to the server, within a budget of memory for clients that read slowly."""

from http import HTTPStatus
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from app.api.headers import CACHE_CONTROL, DEFAULT_HEADERS
from app.api.problems import problem_response
from app.errors import ProblemError, service_unavailable
from app.server.conditional import RawHeaders, etag_matches
from app.server.request_info import RequestInfo
from app.server.response_cache import WholeResponse

SLICE_BYTES = 2**18
"""Bytes of a body that are sent at a time. The next slice waits until the client has taken this
one, so that a response counts as unsent for as long as it is in memory. A page of 50 events has a
quarter of that."""
STREAM_BYTES = 2**20
"""Bytes in memory, about, of a response that is streamed."""


class SendBudget:
    """Limits the memory of the responses that clients have not taken yet."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._used = 0

    def take(self, size: int) -> bool:
        """Return whether a response of this size may be sent, and count it if so.

        A response that is alone may always be sent.
        """
        has_room = not self._used or self._used + size <= self._max_bytes
        self._used += size * has_room
        return has_room

    def release(self, size: int) -> None:
        """Stop counting a response."""
        self._used -= size


class Sender:
    """Sends the response to one request, and keeps for the log what it sent."""

    status = 500
    """The status that was sent. Uvicorn sends a 500 if the application sends nothing."""
    route = ""
    cache: Literal["hit", "shared", "miss"] = "miss"
    """`shared` is the response to an identical request that was in progress."""
    waited = 0.0
    """Seconds that the request waited for other slow requests."""
    done = False
    _taken = 0
    """Bytes of the budget."""

    def __init__(self, request: RequestInfo, send: Send, budget: SendBudget) -> None:
        self._request = request
        self._send = send
        self._budget = budget

    async def send_whole(self, response: WholeResponse) -> None:
        """Send a response, or the 304 if the client has it already."""
        status, headers, body, self.route, etag, not_modified, _ = response
        request = self._request
        if not_modified and request.if_none_match and etag_matches(request.if_none_match, etag):
            status, headers, body = 304, not_modified, b""
        elif request.method == "HEAD":
            body = b""
        if len(body) <= SLICE_BYTES:
            await self._send(self._start(status, headers))
            await self._send({"type": "http.response.body", "body": body})
        elif self._take(len(body)):
            await self._send(self._start(status, headers))
            await self._send_slices(memoryview(body))
        else:
            await self.send_whole(problem_as_whole(too_many_unsent()))
        self.done = True

    async def start_stream(self, status: int, headers: RawHeaders) -> bool:
        """Send the headers of a stream. Return whether it may follow: otherwise, a 503 is sent."""
        if self._request.method == "HEAD":
            await self._send(self._start(status, headers))
            await self.send_chunk({"type": "http.response.body", "body": b""})
        elif self._take(STREAM_BYTES):
            await self._send(self._start(status, headers))
        else:
            await self.send_whole(problem_as_whole(too_many_unsent()))
        return not self.done

    async def send_chunk(self, message: Message) -> None:
        """Send a part of a stream."""
        await self._send(message)
        self.done = not message.get("more_body")

    def finish(self) -> None:
        """Release what was taken from the budget. The response was sent, or broke off."""
        if self._taken:
            self._budget.release(self._taken)

    def _take(self, size: int) -> bool:
        has_room = self._budget.take(size)
        self._taken += size * has_room
        return has_room

    def _start(self, status: int, headers: RawHeaders) -> Message:
        self.status = status
        headers = [*headers, (b"x-request-id", self._request.id.encode())]
        return {"type": "http.response.start", "status": status, "headers": headers}

    async def _send_slices(self, body: memoryview) -> None:
        for start in range(0, len(body), SLICE_BYTES):
            end = start + SLICE_BYTES
            part, is_more = body[start:end], end < len(body)
            await self._send({"type": "http.response.body", "body": part, "more_body": is_more})


def complete_headers(status: int, raw: RawHeaders) -> MutableHeaders:
    """Add the headers of every response to those of the application."""
    headers = MutableHeaders(raw=raw)
    for name, value in DEFAULT_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", CACHE_CONTROL if status == HTTPStatus.OK else "no-store")
    return headers


def problem_as_whole(problem: ProblemError) -> WholeResponse:
    """Build the response of a problem."""
    response = problem_response(problem)
    headers = complete_headers(response.status_code, response.raw_headers)
    return WholeResponse(response.status_code, headers.raw, bytes(response.body))


def too_many_unsent() -> ProblemError:
    """Build the 503 for a response that does not fit into the budget."""
    return service_unavailable(
        "Too many clients read large responses slowly. Try again shortly, or request less at once."
    )
