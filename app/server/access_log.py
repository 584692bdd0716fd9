"""The log: an id for every request, a line for every answer, and in what form lines are written.

Nothing in it is a secret: no header is logged, and of a query only the values of parameters that
the API knows. Nothing that a client sends begins a line of its own or reaches a terminal as more
than text.
"""

import logging
import re
from collections.abc import Iterable
from contextvars import ContextVar, copy_context
from functools import lru_cache
from secrets import token_hex
from time import perf_counter
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.schemas.params import ActorQuery, CalendarQuery, EventPageQuery, FacetQuery, HistogramQuery

MAX_TARGET = 1_000
"""Of a path and of a query, so many bytes are logged."""

_KNOWN_PARAMETERS = {
    (field.alias or name).encode()
    for model in (EventPageQuery, CalendarQuery, FacetQuery, HistogramQuery, ActorQuery)
    for name, field in model.model_fields.items()
}
_REQUEST_ID_HEADER = b"x-request-id"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LINE_FORMAT = "%(client)s %(method)s %(path)s %(status)d %(duration_ms).2f ms"

logger = logging.getLogger("timeline.access")
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is answered, by which the log knows it too; empty beside requests."""


class AccessLogMiddleware:
    """The outermost layer: knows a request by an id, and logs how it was answered.

    The id is the client's `X-Request-ID` if it is well-formed, so that a proxy's is kept.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is not HTTP passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        id_ = _client_request_id(scope["headers"]) or token_hex(8)
        # It is never reset: what the server logs of a failure of ours is of this request too.
        request_id.set(id_)
        status, done = 500, False  # which the server says where nothing was said

        async def identified(message: Message) -> None:
            nonlocal status, done
            if message["type"] == "http.response.start":
                status = message["status"]
                # A copy, since what is kept is given again.
                headers = [*message["headers"], (_REQUEST_ID_HEADER, id_.encode())]
                await send({**message, "headers": headers})
            else:
                await send(message)
                done = not message.get("more_body")

        try:
            await self._app(scope, receive, identified)
        finally:
            if logger.isEnabledFor(logging.INFO):
                _log_response(scope, status, perf_counter() - began, done=done)


def log_rejected_request(client: tuple[str, int] | None, status: int) -> str:
    """Log the answer to what is not HTTP, and give the id that names it."""
    id_ = token_hex(8)
    fields = {
        "client": _percent_encode((client or "-")[0]),
        "method": "-",
        "path": "-",
        "status": status,
    }
    # What is logged next on this connection is not of this.
    context = copy_context()
    context.run(request_id.set, id_)
    context.run(logger.info, _LINE_FORMAT, fields | {"duration_ms": 0.0})
    return id_


def _client_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == _REQUEST_ID_HEADER:
            return value.decode() if _REQUEST_ID.fullmatch(value) else None
    return None


def _log_response(scope: Scope, status: int, seconds: float, *, done: bool) -> None:
    path = scope.get("raw_path") or scope["path"].encode()
    fields = {
        "client": _percent_encode((scope.get("client") or "-")[0]),
        "method": scope["method"],
        "path": _loggable_target(path[: MAX_TARGET + 1], scope["query_string"][: MAX_TARGET + 1]),
        "status": status,
        "duration_ms": round(seconds * 1_000, 2),
    }
    if done:
        logger.info(_LINE_FORMAT, fields)
    else:
        logger.info(f"{_LINE_FORMAT}, aborted", fields | {"aborted": True})


@lru_cache(1_024)
def _percent_encode(given: str | bytes) -> str:
    """Write what a client sent as it may stand in a URL: without spaces, quotes and controls."""
    return quote(given, safe="/%:@!$&'()*+,;=~")


@lru_cache(1_024)
def _loggable_target(path: bytes, query: bytes) -> str:
    told = _truncate(path, _percent_encode(path))
    if not query:
        return told
    return f"{told}?{_truncate(query, '&'.join(map(_redact_parameter, query[:MAX_TARGET].split(b'&'))))}"


def _truncate(given: bytes, told: str) -> str:
    return f"{told[:MAX_TARGET]}…" if len(given) > MAX_TARGET else told


def _redact_parameter(pair: bytes) -> str:
    """Leave out what may be a secret: the value of what is not known, or a value without a name."""
    name, equals, _ = pair.partition(b"=")
    if name in _KNOWN_PARAMETERS:
        return _percent_encode(pair)
    return f"{_percent_encode(name)}=…" if equals else "…"
