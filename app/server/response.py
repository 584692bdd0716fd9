"""How every answer goes out: a layer around all but the log, so that no status misses a header.

It gives again what it gave before, as long as the data has not changed since. It answers HEAD and
OPTIONS, compresses, tags and revalidates, adds the headers that stand on every answer, turns what
was not foreseen into a 500 in the one shape, and refuses URLs that cannot be read. Answers in
several chunks are streams, and pass without a tag.
"""

import logging
import re
from collections.abc import Callable, Hashable
from functools import partial
from hashlib import blake2b
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.headers import (
    ALLOWED_METHODS,
    CACHE_CONTROL,
    DEFAULT_HEADERS,
    MAX_URL_LENGTH,
    PREFLIGHT_HEADERS,
    uri_too_long,
)
from app.api.problems import problem_response
from app.domain.text import escape
from app.errors import ProblemError
from app.server.access_log import request_id
from app.server.content_coding import ENCODERS, IDENTITY, negotiate
from app.server.response_cache import CachedResponse, CacheKey, ResponseCache

MIN_COMPRESSED = 500

_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{1,45}\](:[0-9]{1,5})?")
_COMPRESSIBLE = re.compile(r"text/|application/([a-z.-]+\+)?(json|xml)|application/(x-)?ndjson")
_BODY_HEADERS = (b"content-type", b"content-length", b"content-encoding")
_TAG = re.compile(r'(?:W/)?("[^"]*")')

RawHeaders = list[tuple[bytes, bytes]]

logger = logging.getLogger(__name__)


class ResponseMiddleware:
    """The layer around the application that every answer passes.

    `version` tells one state of the data from another, or gives None where it cannot; `cache_size`
    is in bytes.
    """

    def __init__(
        self, app: ASGIApp, root_path: str, version: Callable[[], Hashable], cache_size: int
    ) -> None:
        self._app = app
        self._root_path = root_path
        self._version = version
        self._cache = ResponseCache(cache_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is not HTTP passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _RequestInfo(scope)
        # What is made from now on is at least of this version.
        version = self._version() if asked.key else None
        if asked.key is None or version is None:
            await self._respond(_Responder(asked, send), scope, receive)
        elif kept := self._cache.get(asked.key, version):
            for message in _asgi_messages(kept, asked):
                await send(message)
        else:
            keep = partial(self._cache.put, asked.key, version)
            await self._respond(_Responder(asked, send, keep), scope, receive)

    async def _respond(self, answer: "_Responder", scope: Scope, receive: Receive) -> None:
        request = {
            **scope,
            "method": "GET" if scope["method"] == "HEAD" else scope["method"],
            "path": self._prefixed(scope["path"]),
            "root_path": self._root_path,
        }
        if refusal := _reject(scope):
            await problem_response(refusal)(request, receive, answer.send)
            return
        try:
            await self._app(request, receive, answer.send)
        except Exception:
            logger.exception("%s %s failed", scope["method"], escape(scope["path"]))
            if answer.started:
                raise
            await problem_response(internal_error(request_id.get()))(request, receive, answer.send)

    def _prefixed(self, path: str) -> str:
        """Give the path with the prefix of the proxy, which may have stripped it or not."""
        if path == self._root_path:
            return f"{path}/"
        return path if path.startswith(f"{self._root_path}/") else f"{self._root_path}{path}"


def internal_error(request_id: str) -> ProblemError:
    """Build the 500, with the id under which the log has the traceback."""
    detail = f"The server failed. If you report this, quote the request id {request_id}."
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _reject(scope: Scope) -> ProblemError | None:
    path, query = scope.get("raw_path") or b"", scope["query_string"]
    if len(path) + len(query) > MAX_URL_LENGTH:
        return uri_too_long()
    for name, part in (("path", path), ("query", query)):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            detail = f"the {name} of the URL is not UTF-8; percent-encode it as UTF-8"
            return ProblemError(HTTPStatus.BAD_REQUEST, detail)
    if not _HOST.fullmatch(Headers(scope=scope).get("host", "localhost")):
        return ProblemError(HTTPStatus.BAD_REQUEST, "the Host header is not a host name")
    return None


class _RequestInfo:
    """What a request asks of its delivery."""

    def __init__(self, scope: Scope) -> None:
        host = accepted = tags = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted = accepted + b"," + value if accepted else value
            elif name == b"if-none-match":
                tags = tags + b"," + value if tags else value
            elif name == b"host":
                host = host or value
        self.method: str = scope["method"]
        self.tags = tags.decode("latin-1")
        self.coding = negotiate(accepted)
        self.key: CacheKey | None = None
        """None if what is answered is not to be kept."""
        if self.method in ("GET", "HEAD"):
            url = (scope["scheme"], host, scope.get("raw_path"), scope["query_string"])
            self.key = (*url, self.coding)

    def has_tag(self, tag: str) -> bool:
        """Tell whether the client has the representation of this tag; compared weakly."""
        return self.tags.strip() == "*" or tag in _TAG.findall(self.tags)


def _asgi_messages(given: CachedResponse, asked: _RequestInfo) -> tuple[Message, Message]:
    """Give a representation as it is sent, or that the client has it already."""
    unchanged = asked.has_tag(given.tag)
    body = b"" if unchanged or asked.method == "HEAD" else given.body
    start = given.not_modified if unchanged else given.headers_message
    return start, {"type": "http.response.body", "body": body}


def _without_body(headers: RawHeaders) -> RawHeaders:
    return [(name, value) for name, value in headers if name.lower() not in _BODY_HEADERS]


class _Responder:
    """An answer on its way: held until its first body is there, then finished or streamed."""

    def __init__(
        self, asked: _RequestInfo, send: Send, keep: Callable[[CachedResponse], None] | None = None
    ) -> None:
        self.started = False
        self._request = asked
        self._send = send
        self._store = keep
        self._start: Message = {}

    async def send(self, message: Message) -> None:
        """Take what the application sends."""
        if message["type"] == "http.response.start":
            self._start = message
        elif self.started:
            await self._send(self._body(message))
        else:
            messages = await self._first(message)
            self.started = True  # and not before: until here a failure is a problem of its own
            for one in messages:
                await self._send(one)

    async def _first(self, message: Message) -> tuple[Message, Message]:
        """Give what goes out first: the start, and the body or what there is of it yet."""
        headers = self._finish_headers()
        if self._request.method == "OPTIONS" and "Allow" in headers:
            headers.update(PREFLIGHT_HEADERS)
            allowed = {"status": int(HTTPStatus.NO_CONTENT), "headers": _without_body(headers.raw)}
            return {**self._start, **allowed}, {**message, "body": b""}
        if not message.get("more_body"):
            body = await self._encode(message["body"], headers)
            if headers["Cache-Control"].startswith("public"):
                return _asgi_messages(self._tag_and_cache(headers, body), self._request)
            message = {**message, "body": body}
        return self._start, self._body(message)

    def _body(self, message: Message) -> Message:
        return {**message, "body": b""} if self._request.method == "HEAD" else message

    def _finish_headers(self) -> MutableHeaders:
        """Set what stands on every answer."""
        headers = MutableHeaders(raw=self._start["headers"])
        for name, value in DEFAULT_HEADERS.items():
            headers.setdefault(name, value)
        if self._start["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ALLOWED_METHODS
        fresh = self._start["status"] == HTTPStatus.OK
        headers.setdefault("Cache-Control", CACHE_CONTROL if fresh else "no-store")
        return headers

    async def _encode(self, body: bytes, headers: MutableHeaders) -> bytes:
        """Write a whole body in the coding that was asked for."""
        compressible = _COMPRESSIBLE.match(headers.get("Content-Type", ""))
        if self._request.coding != IDENTITY and len(body) >= MIN_COMPRESSED and compressible:
            headers["Content-Encoding"] = self._request.coding
            body = await run_sync(ENCODERS[self._request.coding], body)
        headers["Content-Length"] = str(len(body))
        return body

    def _tag_and_cache(self, headers: MutableHeaders, body: bytes) -> CachedResponse:
        """Tag a representation and keep it."""
        coding = headers.get("Content-Encoding")
        digest = blake2b(body, digest_size=12).hexdigest()
        headers["ETag"] = f'"{digest}-{coding}"' if coding else f'"{digest}"'
        start = {**self._start, "headers": headers.raw}
        not_modified = {"status": int(HTTPStatus.NOT_MODIFIED)}
        unchanged = {**start, **not_modified, "headers": _without_body(headers.raw)}
        given = CachedResponse(headers["ETag"], body, start, unchanged)
        if self._store:
            self._store(given)
        return given
