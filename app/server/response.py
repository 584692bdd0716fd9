"""The layer that completes every response: headers, HEAD, OPTIONS, compression, ETag and cache.

It is outside FastAPI's error handling, so that a 500 has the same headers as any other response.
"""

import logging
from collections.abc import Callable, Hashable
from functools import partial
from http import HTTPStatus

from anyio.to_thread import run_sync
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.headers import ALLOWED_METHODS, CACHE_CONTROL, DEFAULT_HEADERS, PREFLIGHT_HEADERS
from app.api.problems import problem_response
from app.domain.text import escape
from app.errors import ProblemError
from app.server.access_log import request_id
from app.server.conditional import etag_matches, make_etag, without_body
from app.server.content_coding import ENCODERS, IDENTITY, is_compressible, negotiate
from app.server.request_checks import find_request_problem
from app.server.response_cache import CachedResponse, CacheKey, ResponseCache

logger = logging.getLogger(__name__)


class ResponseMiddleware:
    """The layer around the application.

    `version` returns the version of the data, or None if it is unknown: then nothing is cached.
    `cache_size` is in bytes.
    """

    def __init__(
        self, app: ASGIApp, root_path: str, version: Callable[[], Hashable], cache_size: int
    ) -> None:
        self._app = app
        self._root_path = root_path
        self._version = version
        self._cache = ResponseCache(cache_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request, from the cache if possible. Other events are passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _RequestInfo(scope)
        # Read before the response is created. If the data changes meanwhile, the response is cached
        # for the old version, and so is never sent for the new one.
        version = self._version() if request.method in ("GET", "HEAD") else None
        if cached := self._cache.get(request.cache_key, version):
            for message in _asgi_messages(cached, request):
                await send(message)
        else:
            store = partial(self._cache.put, request.cache_key, version)
            await self._respond(_Responder(request, send, store), scope, receive)

    async def _respond(self, responder: "_Responder", scope: Scope, receive: Receive) -> None:
        request = {
            **scope,
            # https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2: the same headers as GET.
            "method": "GET" if scope["method"] == "HEAD" else scope["method"],
            "path": self._prefixed(scope["path"]),
            "root_path": self._root_path,
        }
        # Checked here and not before the cache: only valid requests have a cached response.
        problem = find_request_problem(scope)
        if problem is None:
            try:
                await self._app(request, receive, responder.send)
            except Exception:
                logger.exception("%s %s failed", scope["method"], escape(scope["path"]))
                if responder.started:
                    raise  # the server closes the connection, so the client sees a broken response
                problem = internal_error(request_id.get())
            else:
                return
        await problem_response(problem)(request, receive, responder.send)

    def _prefixed(self, path: str) -> str:
        """Return the path with the prefix of the proxy, which may have removed it or not."""
        if path == self._root_path:
            return f"{path}/"
        return path if path.startswith(f"{self._root_path}/") else f"{self._root_path}{path}"


def internal_error(request_id: str) -> ProblemError:
    """Build the 500, with the id under which the log has the traceback."""
    detail = f"The server failed. If you report this, quote the request id {request_id}."
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


class _RequestInfo:
    """The parts of a request that decide which representation is sent."""

    def __init__(self, scope: Scope) -> None:
        host = accept_encoding = if_none_match = b""
        # One pass over the headers as they are, because this runs for cached responses, too.
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accept_encoding = accept_encoding + b"," + value if accept_encoding else value
            elif name == b"if-none-match":
                if_none_match = if_none_match + b"," + value if if_none_match else value
            elif name == b"host":
                host = host or value
        self.method: str = scope["method"]
        self.if_none_match = if_none_match.decode("latin-1")
        self.coding = negotiate(accept_encoding)
        # Scheme and host are part of the links in a response.
        url = (scope["scheme"], host, scope.get("raw_path"), scope["query_string"])
        self.cache_key: CacheKey = (*url, self.coding)


def _asgi_messages(cached: CachedResponse, request: _RequestInfo) -> tuple[Message, Message]:
    """Return the messages of a representation, or those of a 304."""
    unchanged = etag_matches(request.if_none_match, cached.etag)
    body = b"" if unchanged or request.method == "HEAD" else cached.body
    start = cached.not_modified if unchanged else cached.headers_message
    return start, {"type": "http.response.body", "body": body}


class _Responder:
    """The response to one request, between the application and the server.

    It holds the headers back until the first part of the body. A body of one part gets an ETag and
    is compressed and cached; a body of several parts is a stream and gets none of these.
    """

    def __init__(
        self, request: _RequestInfo, send: Send, store: Callable[[CachedResponse], None]
    ) -> None:
        self.started = False
        self._request = request
        self._send = send
        self._store = store
        self._start: Message = {}

    async def send(self, message: Message) -> None:
        """Process one message of the application."""
        if message["type"] == "http.response.start":
            self._start = message
        elif self.started:
            await self._send(self._for_method(message))
        else:
            messages = await self._first_messages(message)
            self.started = True  # not before: an error in compression can still become a 500
            for first in messages:
                await self._send(first)

    async def _first_messages(self, message: Message) -> tuple[Message, Message]:
        """Return the completed headers, and the first part of the body."""
        headers = self._complete_headers()
        # The application rejects OPTIONS with a 405 on paths that exist. On others it stays a 404.
        if self._request.method == "OPTIONS" and "Allow" in headers:
            headers.update(PREFLIGHT_HEADERS)
            start = without_body(self._start, HTTPStatus.NO_CONTENT, headers)
            return start, {**message, "body": b""}
        if not message.get("more_body"):
            body = await self._encode(message["body"], headers)
            # Errors and health checks are `no-store`: cached, they would outlive their cause.
            if headers["Cache-Control"].startswith("public"):
                return _asgi_messages(self._tag_and_cache(headers, body), self._request)
            message = {**message, "body": body}
        return self._start, self._for_method(message)

    def _for_method(self, message: Message) -> Message:
        return {**message, "body": b""} if self._request.method == "HEAD" else message

    def _complete_headers(self) -> MutableHeaders:
        """Add the headers of every response to those of the application."""
        headers = MutableHeaders(raw=self._start["headers"])
        for name, value in DEFAULT_HEADERS.items():
            headers.setdefault(name, value)
        # The routes only know GET. HEAD and OPTIONS are the work of this layer.
        if self._start["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ALLOWED_METHODS
        is_ok = self._start["status"] == HTTPStatus.OK
        headers.setdefault("Cache-Control", CACHE_CONTROL if is_ok else "no-store")
        return headers

    async def _encode(self, body: bytes, headers: MutableHeaders) -> bytes:
        """Return the body in the coding that the client prefers, and set its headers."""
        coding = self._request.coding
        if coding != IDENTITY and is_compressible(headers.get("Content-Type", ""), len(body)):
            headers["Content-Encoding"] = coding
            body = await run_sync(ENCODERS[coding], body)  # a large body takes a while
        headers["Content-Length"] = str(len(body))
        return body

    def _tag_and_cache(self, headers: MutableHeaders, body: bytes) -> CachedResponse:
        """Add an ETag to a representation, and cache it together with its 304."""
        headers["ETag"] = make_etag(body, headers.get("Content-Encoding"))
        start = {**self._start, "headers": headers.raw}
        not_modified = without_body(start, HTTPStatus.NOT_MODIFIED, headers)
        response = CachedResponse(headers["ETag"], body, start, not_modified)
        self._store(response)
        return response
