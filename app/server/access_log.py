"""The access log: an id for every request, and a line for every response.

It contains no secret: no header, and the values of known parameters only. What a client sends is
percent-encoded, so that it cannot forge a line or control a terminal.
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
"""Bytes of a path, and of a query, that are logged."""

# The value of any other parameter may be a secret, so it is not logged.
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
"""The id of the current request, in every log line that it causes. Empty outside of requests."""


class AccessLogMiddleware:
    """The outermost layer: assigns an id to each request, and logs its response.

    The id is the `X-Request-ID` of the client if it is well-formed, so that a proxy can set it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request. Events other than HTTP requests are passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_at = perf_counter()
        id_ = _client_request_id(scope["headers"]) or token_hex(8)
        # Not reset at the end: uvicorn logs an exception later, and that line needs the id too.
        request_id.set(id_)
        status, done = 500, False  # uvicorn sends a 500 if the application sends nothing

        async def send_with_id(message: Message) -> None:
            nonlocal status, done
            if message["type"] == "http.response.start":
                status = message["status"]
                # A copy, because the message may belong to the cache.
                headers = [*message["headers"], (_REQUEST_ID_HEADER, id_.encode())]
                await send({**message, "headers": headers})
            else:
                await send(message)
                done = not message.get("more_body")

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            # Without the access log, the fields are not computed for every response either.
            if logger.isEnabledFor(logging.INFO):
                _log_response(scope, status, perf_counter() - started_at, done=done)


def log_rejected_request(client: tuple[str, int] | None, status: int) -> str:
    """Log the response to a malformed request. Return the id of the request."""
    id_ = token_hex(8)
    # Otherwise later log lines of this connection would have the id of this request.
    context = copy_context()
    context.run(request_id.set, id_)
    scope = {"client": client, "method": "-", "path": "-", "query_string": b""}
    context.run(_log_response, scope, status, 0.0, done=True)
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
        # One byte more than the limit shows that something is left out.
        "path": _loggable_target(path[: MAX_TARGET + 1], scope["query_string"][: MAX_TARGET + 1]),
        "status": status,
        "duration_ms": round(seconds * 1_000, 2),
    }
    if done:
        logger.info(_LINE_FORMAT, fields)
    else:
        logger.info(f"{_LINE_FORMAT}, aborted", fields | {"aborted": True})


# Clients, paths and queries repeat, and to encode one takes longer than to look it up.
@lru_cache(1_024)
def _percent_encode(text: str | bytes) -> str:
    """Encode spaces, quotes and control characters, as in a URL."""
    return quote(text, safe="/%:@!$&'()*+,;=~")


@lru_cache(1_024)
def _loggable_target(path: bytes, query: bytes) -> str:
    target = _truncate(path, _percent_encode(path))
    if not query:
        return target
    parameters = map(_redact_parameter, query[:MAX_TARGET].split(b"&"))
    return f"{target}?{_truncate(query, '&'.join(parameters))}"


def _truncate(raw: bytes, encoded: str) -> str:
    return f"{encoded[:MAX_TARGET]}…" if len(raw) > MAX_TARGET else encoded


def _redact_parameter(pair: bytes) -> str:
    """Replace a possible secret: the value of an unknown parameter, or one without a name."""
    name, equals, _ = pair.partition(b"=")
    if name in _KNOWN_PARAMETERS:
        return _percent_encode(pair)
    return f"{_percent_encode(name)}=…" if equals else "…"
