"""The layer that completes every response: headers, HEAD, OPTIONS, compression, ETag and cache.

It is the outermost layer, so that a 500 has the same headers as any other response, and that every
response is logged.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable
from http import HTTPStatus
from time import perf_counter

from anyio.to_thread import run_sync
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.headers import ALLOWED_METHODS, PREFLIGHT_HEADERS, REVISION_HEADER
from app.api.problems import problem_response
from app.api.unknown_parameters import CleanQuery
from app.db.revision import RequestRevision, request_revision
from app.domain.text import escape
from app.errors import ProblemError
from app.memory import return_freed_memory
from app.scheduling import SlowLane, Work, current_work
from app.server import access_log
from app.server.access_log import ResponseRecord, request_id
from app.server.conditional import make_etag, without_content_headers
from app.server.content_coding import ENCODERS, IDENTITY, is_compressible
from app.server.request_info import RequestInfo
from app.server.response_cache import CacheKey, ResponseCache, WholeResponse
from app.server.sending import SendBudget, Sender, complete_headers

HEALTH_CHECKS = ("/livez", "/readyz")
"""Paths that may be requested with any host, since probes use the address of the server."""

logger = logging.getLogger(__name__)


class ResponseMiddleware:
    """The layer around the application.

    `read_version` returns the version of the data, or None if it is unknown: then nothing is
    cached. `clean_query` removes ignored parameters, so that they are not part of cache keys.
    `cache_size` and `send_budget` are in bytes.
    """

    def __init__(
        self,
        app: ASGIApp,
        root_path: str,
        read_version: Callable[[], Hashable],
        cache_size: int,
        *,
        clean_query: CleanQuery = lambda _, query: query,
        allowed_hosts: Collection[str] = (),
        send_budget: int = 2**26,
        slow_requests: int = 1,
    ) -> None:
        self._app = app
        self._root_path = root_path
        self._clean_query = clean_query
        self._read_version = read_version
        self._version: Hashable = None
        self._version_loop: asyncio.AbstractEventLoop | None = None
        """The event loop in whose current iteration the version was read."""
        self._cache = ResponseCache(cache_size)
        self._allowed_hosts = allowed_hosts
        self._health_checks = {f"{root_path}{path}" for path in HEALTH_CHECKS}
        self._budget = SendBudget(send_budget)
        self._slow_lane = SlowLane(slow_requests)
        self._in_progress = dict[
            tuple[CacheKey, Hashable, int], asyncio.Future[WholeResponse | None]
        ]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request, from the cache if possible. Other events are passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_at = perf_counter()
        request = RequestInfo(scope, self._query_of_route)
        # Not reset at the end: uvicorn logs an exception later, and that line needs the id too.
        request_id.set(request.id)
        sender = Sender(request, send, self._budget)
        try:
            # Read before the response is created. If the data changes meanwhile, the response is
            # cached for the old version, and so is never sent for the new one.
            required = request.required_revision
            is_cacheable = request.method in ("GET", "HEAD") and required is not None
            version = self._current_version() if is_cacheable else None
            if cached := self._cache.get(request.cache_key, version, required or 0):
                sender.cache = "hit"
                await sender.send_whole(cached)
            else:
                await self._respond_once(request, version, sender, receive)
        finally:
            sender.finish()
            # Without the access log and metrics, no record is created either.
            if access_log.logger.isEnabledFor(logging.INFO):
                seconds, aborted = perf_counter() - started_at, not sender.done
                access_log.logger.handle(
                    ResponseRecord(
                        *(scope, sender.status, seconds, sender.route),
                        aborted=aborted,
                        cache=sender.cache,
                        waited=sender.waited,
                    )
                )

    def _current_version(self) -> Hashable:
        """Return the version of the data, which is read once in an iteration of the event loop.

        The requests that an iteration handles were received before it began. So none of them was
        sent after a write that this version does not contain.
        """
        loop = asyncio.get_running_loop()
        if self._version_loop is not loop:
            self._version, self._version_loop = self._read_version(), loop
            loop.call_soon(self._forget_version)
        return self._version

    def _forget_version(self) -> None:
        self._version_loop = None

    async def _respond_once(
        self, request: RequestInfo, version: Hashable, sender: Sender, receive: Receive
    ) -> None:
        """Respond to a request, or wait for the response to an identical one in progress."""
        # The response to a request that requires no revision, or another one, may be too old.
        revision = RequestRevision(request.required_revision or 0)
        key = request.cache_key, version, revision.required
        if version is not None and (pending := self._in_progress.get(key)):
            # Not awaited itself: a request that is cancelled would cancel it for all others.
            await asyncio.wait([pending])
            if response := pending.result():
                sender.cache = "shared"
                await sender.send_whole(response)
                return
        future = asyncio.get_running_loop().create_future()
        if version is not None:
            self._in_progress.setdefault(key, future)

        def share(response: WholeResponse | None) -> None:
            if self._in_progress.get(key) is future:
                del self._in_progress[key]
            if not future.done():
                future.set_result(response)
            if response and response.etag:
                self._cache.put(request.cache_key, version, response)

        work = Work(self._slow_lane)
        current_work.set(work)
        request_revision.set(revision)
        try:
            await self._respond(_Responder(request, sender, share, work, revision), receive)
        finally:
            _finish(work, sender)
            share(None)  # a stream, or a request that was cancelled

    async def _respond(self, responder: "_Responder", receive: Receive) -> None:
        scope = responder.request.scope
        request = {
            **scope,
            # https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2: the same headers as GET.
            "method": "GET" if scope["method"] == "HEAD" else scope["method"],
            "scheme": responder.request.scheme,
            "path": self._prefixed(scope["path"]),
            "query_string": responder.request.query,
            "root_path": self._root_path,
        }
        responder.app_scope = request
        # Checked here and not before the cache: only valid requests have a cached response.
        is_health_check = request["path"] in self._health_checks
        allowed_hosts = () if is_health_check else self._allowed_hosts
        problem = responder.request.find_problem(allowed_hosts)
        if problem is None:
            try:
                await self._app(request, responder.wrap_receive(receive), responder.send)
            except Exception:
                logger.exception("%s %s failed", scope["method"], escape(scope["path"]))
                if responder.started:
                    raise  # the server closes the connection, so the client sees a broken response
                problem = internal_error(responder.request.id)
            else:
                return
        await problem_response(problem)(request, receive, responder.send)

    def _query_of_route(self, scope: Scope) -> bytes:
        """Return the query without the parameters that the route of its path ignores."""
        path = self._prefixed(scope["path"]).removeprefix(self._root_path)
        return self._clean_query(path, scope["query_string"])

    def _prefixed(self, path: str) -> str:
        """Return the path with the prefix of the proxy, which may have removed it or not."""
        if path == self._root_path:
            return f"{path}/"
        return path if path.startswith(f"{self._root_path}/") else f"{self._root_path}{path}"


def _finish(work: Work, sender: Sender) -> None:
    work.pause()
    if work.is_slow:
        return_freed_memory()
    sender.waited = work.waited


def internal_error(request_id: str) -> ProblemError:
    """Build the 500, with the id under which the log has the traceback."""
    detail = f"The server failed. If you report this, quote the request id {request_id}."
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


class _Responder:
    """The response to one request, between the application and the server.

    It holds the headers back until the first part of the body. A body of one part gets an ETag and
    is compressed and cached; a body of several parts is a stream and gets none of these.
    """

    def __init__(
        self,
        request: RequestInfo,
        sender: Sender,
        share: Callable[[WholeResponse | None], None],
        work: Work,
        revision: RequestRevision,
    ) -> None:
        self.request = request
        self.app_scope: Scope = {}
        """The request as the application gets it, which adds the route."""
        self.started = False
        self._sender = sender
        self._share = share
        self._work = work
        self._revision = revision
        self._start: Message = {}
        self._unwanted = asyncio.Event()
        """Set when the rest of a stream is not sent."""

    def wrap_receive(self, receive: Receive) -> Receive:
        """Return a function that reports a disconnect, too, when the rest is not sent.

        Starlette then ends the stream. Otherwise, a HEAD would read a whole export, and a proxy
        would send the next request on a connection that is busy with it.
        """

        async def receive_until_unwanted() -> Message:
            received = asyncio.ensure_future(receive())
            unwanted = asyncio.ensure_future(self._unwanted.wait())
            try:
                await asyncio.wait((received, unwanted), return_when=asyncio.FIRST_COMPLETED)
                is_unwanted = self._unwanted.is_set()
                return {"type": "http.disconnect"} if is_unwanted else received.result()
            finally:
                received.cancel()
                unwanted.cancel()

        return receive_until_unwanted

    async def send(self, message: Message) -> None:
        """Process one message of the application."""
        self._work.pause()
        if message["type"] == "http.response.start":
            self._start = message
        elif self.started:
            if not self._unwanted.is_set():
                await self._sender.send_chunk(message)
        else:
            self._sender.route = getattr(self.app_scope.get("route"), "path", "")
            await self._send_first(message)

    async def _send_first(self, message: Message) -> None:
        """Send the completed headers, and the first part of the body."""
        status = self._start["status"]
        headers = complete_headers(status, self._start["headers"])
        if self._revision.read is not None:
            headers[REVISION_HEADER] = str(self._revision.read)
        # The routes only know GET. HEAD and OPTIONS are the work of this layer.
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ALLOWED_METHODS
        # The application rejects OPTIONS with a 405 on paths that exist. On others it stays a 404.
        if self.request.method == "OPTIONS" and "Allow" in headers:
            headers.update(PREFLIGHT_HEADERS)
            raw = without_content_headers(headers.raw)
            response = WholeResponse(HTTPStatus.NO_CONTENT, raw, b"", self._sender.route)
        elif message.get("more_body"):
            self._share(None)
            self.started = True
            if await self._sender.start_stream(status, headers.raw):
                await self._sender.send_chunk(message)
            else:
                self._unwanted.set()
            return
        else:
            response = await self._whole(status, headers, message["body"])
        self.started = True  # not before: an error in compression can still become a 500
        self._share(response)
        await self._sender.send_whole(response)

    async def _whole(self, status: int, headers: MutableHeaders, body: bytes) -> WholeResponse:
        """Build a response, compressed, and with an ETag if it may be cached."""
        coding = self.request.coding
        if coding != IDENTITY and is_compressible(headers.get("Content-Type", ""), len(body)):
            headers["Content-Encoding"] = coding
            body = await run_sync(ENCODERS[coding], body)  # a large body takes a while
        headers["Content-Length"] = str(len(body))
        response = WholeResponse(status, headers.raw, body, self._sender.route)
        # Errors and health checks are `no-store`: cached, they would outlive their cause.
        if not headers["Cache-Control"].startswith("public"):
            return response
        etag = headers["ETag"] = make_etag(body, headers.get("Content-Encoding"))
        not_modified = without_content_headers(headers.raw)
        return response._replace(
            headers=headers.raw, etag=etag, not_modified=not_modified, revision=self._revision.read
        )
