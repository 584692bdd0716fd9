"""How every answer goes out: the outermost layer, so that no status misses a header.

It answers HEAD and OPTIONS, compresses, tags and revalidates, adds the headers that stand on every
answer, turns what was not foreseen into a 500 in the one shape, and refuses URLs that cannot be
read. Answers in several chunks are streams, and pass without a tag.
"""

import gzip
import logging
import re
from hashlib import blake2b
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import ProblemError

MAX_URL_LENGTH = 8_192
MIN_COMPRESSED = 500
ALLOWED_METHODS = "GET, HEAD, OPTIONS"
FRESH = "public, max-age=60, stale-while-revalidate=600"

ON_EVERY_ANSWER = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
ON_PREFLIGHT = {
    "Allow": ALLOWED_METHODS,
    "Access-Control-Allow-Methods": ALLOWED_METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}

_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_COMPRESSIBLE = re.compile(r"text/|application/([a-z.-]+\+)?(json|xml)|application/(x-)?ndjson")
_TAG = re.compile(r'(?:W/)?("[^"]*")')

logger = logging.getLogger(__name__)


class Delivery:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is not HTTP passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope["method"], Headers(scope=scope), send)
        request = {
            **scope,
            "method": "GET" if scope["method"] == "HEAD" else scope["method"],
            "path": self._prefixed(scope["path"]),
            "root_path": self._root_path,
        }
        if refusal := _refusal(scope):
            await refusal.response()(request, receive, answer.send)
            return
        try:
            await self._app(request, receive, answer.send)
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            if answer.started:
                raise
            problem = ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "something failed on our side")
            await problem.response()(request, receive, answer.send)

    def _prefixed(self, path: str) -> str:
        """Give the path with the prefix of the proxy, which may have stripped it or not."""
        if path == self._root_path:
            return f"{path}/"
        return path if path.startswith(f"{self._root_path}/") else f"{self._root_path}{path}"


def too_long() -> ProblemError:
    """Refuse a URL for its length."""
    detail = f"the URL has more than {MAX_URL_LENGTH:,} bytes; ask for less at once"
    return ProblemError(HTTPStatus.REQUEST_URI_TOO_LONG, detail)


def _refusal(scope: Scope) -> ProblemError | None:
    path, query = scope.get("raw_path") or b"", scope["query_string"]
    if len(path) + len(query) > MAX_URL_LENGTH:
        return too_long()
    for name, part in (("path", path), ("query", query)):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            detail = f"the {name} of the URL is not UTF-8; percent-encode it as UTF-8"
            return ProblemError(HTTPStatus.BAD_REQUEST, detail)
    if not _HOST.fullmatch(Headers(scope=scope).get("host", "localhost")):
        return ProblemError(HTTPStatus.BAD_REQUEST, "the Host header is not a host name")
    return None


class _Answer:
    """An answer on its way: held until its first body is there, then finished or streamed."""

    def __init__(self, method: str, request: Headers, send: Send) -> None:
        self.started = False
        self._method = method
        self._request = request
        self._send = send
        self._start: Message = {}

    async def send(self, message: Message) -> None:
        """Take what the application sends."""
        if message["type"] == "http.response.start":
            self._start = message
        elif self.started:
            await self._send_body(message)
        else:
            whole = not message.get("more_body")
            body = await self._finish(message.get("body", b""), whole=whole)
            self.started = True
            await self._send(self._start)
            await self._send_body({**message, "body": body})

    async def _send_body(self, message: Message) -> None:
        await self._send({**message, "body": b""} if self._method == "HEAD" else message)

    async def _finish(self, body: bytes, *, whole: bool) -> bytes:
        """Set the status and the headers, and give the body that belongs to them."""
        headers, status = MutableHeaders(raw=self._start["headers"]), self._start["status"]
        for name, value in ON_EVERY_ANSWER.items():
            headers.setdefault(name, value)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ALLOWED_METHODS
            if self._method == "OPTIONS":
                headers.update(ON_PREFLIGHT)
                return self._without_body(HTTPStatus.NO_CONTENT, headers)
        headers.setdefault("Cache-Control", FRESH if status == HTTPStatus.OK else "no-store")
        if not whole:
            return body
        body, suffix = await self._compress(body, headers)
        headers["Content-Length"] = str(len(body))
        if headers["Cache-Control"] == FRESH:
            headers["ETag"] = f'"{blake2b(body, digest_size=12).hexdigest()}{suffix}"'
            if _matches(self._asked("If-None-Match"), headers["ETag"]):
                return self._without_body(HTTPStatus.NOT_MODIFIED, headers)
        return body

    def _without_body(self, status: HTTPStatus, headers: MutableHeaders) -> bytes:
        self._start["status"] = status
        for name in ("Content-Type", "Content-Length", "Content-Encoding"):
            del headers[name]
        return b""

    def _asked(self, name: str) -> str:
        """Join the lines of a request header, which may be several."""
        return ", ".join(self._request.getlist(name))

    async def _compress(self, body: bytes, headers: MutableHeaders) -> tuple[bytes, str]:
        if (
            len(body) < MIN_COMPRESSED
            or not _COMPRESSIBLE.match(headers.get("Content-Type", ""))
            or not _accepts_gzip(self._asked("Accept-Encoding"))
        ):
            return body, ""
        headers["Content-Encoding"] = "gzip"
        # Without a time in it, so that the same body has the same tag.
        return await run_sync(lambda: gzip.compress(body, 6, mtime=0)), "-gzip"


def _accepts_gzip(accepted: str) -> bool:
    """Read Accept-Encoding: https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding ."""
    weights = {}
    for item in accepted.split(","):
        coding, _, weight = item.replace(" ", "").lower().partition(";q=")
        weights[coding] = weight.rstrip("0.") != "" or weight == ""
    return weights.get("gzip", weights.get("*", False))


def _matches(wanted: str, tag: str) -> bool:
    """Compare weakly, as If-None-Match does."""
    return wanted.strip() == "*" or tag in _TAG.findall(wanted)
