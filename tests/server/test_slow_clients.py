"""Clients that leave, do not read or are too many: they cost others nothing."""

import asyncio
import gc
import re
import socket
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import Any
from weakref import ref

import httpx
import pytest
from starlette.types import Message, Scope

from app.main import create_app
from app.query.batches import EventBatch, iter_batches
from app.server.request_info import RequestInfo
from app.server.response import ResponseMiddleware
from app.settings import Settings
from tests.support.corpus import SEED
from tests.support.databases import load_into, new_database, url_of
from tests.support.problem import check_problem
from tests.support.raw_http import Address, address_of, exchange, parse_responses
from tests.support.server import running


class SlowApp:
    """The application with an export that never ends, and a path that waits for the test."""

    def __init__(self, folder: Path, **settings: float) -> None:
        database = new_database(folder / "timeline.db")
        load_into(database, SEED)
        url = url_of(database)
        self.app = create_app(Settings(database_url=url, **settings))  # type: ignore[arg-type]
        self.app.add_api_route("/wait", self._wait)
        self.entered, self.may_go_on = Event(), Event()
        self.export_ended = Event()

    def _wait(self) -> str:
        self.entered.set()
        self.may_go_on.wait(30)
        return "done"

    def iter_batches(self, *arguments: Any) -> Generator[EventBatch]:  # noqa: ANN401
        """Yield the first batch again and again."""
        (batch,) = iter_batches(*arguments)
        self.batch = ref(batch)
        try:
            while True:
                yield batch
        finally:
            self.export_ended.set()


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlowApp:
    """Return an application whose exports never end."""
    app = SlowApp(tmp_path, send_timeout=1)
    monkeypatch.setattr("app.api.routes.formats.iter_batches", app.iter_batches)
    return app


def _connect(address: Address) -> socket.socket:
    connection = socket.create_connection(address, timeout=30)
    # The kernel would take megabytes for a client that does not read.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    return connection


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_head_of_a_stream_ends_it(endless: SlowApp, suffix: str) -> None:
    with running(endless.app) as client:
        response = client.head(f"/events.{suffix}")
        assert (response.status_code, response.content) == (200, b"")
        # The connection is free for the next request, as a proxy expects.
        assert client.get("/livez").status_code == 200
        assert endless.export_ended.wait(30)


def test_client_that_leaves_ends_the_stream_and_frees_its_memory(endless: SlowApp) -> None:
    gc.disable()  # a collection would come after many such exports only
    try:
        with running(endless.app) as client:
            with client.stream("GET", "/events.jsonl") as response:
                next(response.iter_raw())
            assert endless.export_ended.wait(30)
            for _ in range(100):
                if endless.batch() is None:
                    break
                client.get("/livez")
            assert endless.batch() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("version", ["HTTP/1.1\r\nHost: x", "HTTP/1.0"])
def test_client_that_never_reads_is_disconnected(endless: SlowApp, version: str) -> None:
    with running(endless.app) as client, _connect(address_of(client)) as connection:
        connection.sendall(f"GET /events.jsonl {version}\r\n\r\n".encode())
        assert endless.export_ended.wait(30)
        with pytest.raises(ConnectionError):
            b"".join(iter(lambda: connection.recv(2**20), b""))


def test_further_client_replaces_an_idle_one(tmp_path: Path) -> None:
    busy_app = SlowApp(tmp_path, max_connections=3)
    with running(busy_app.app) as client, ExitStack() as stack:
        address = address_of(client)
        idle = [stack.enter_context(_connect(address)) for _ in range(10)]
        assert client.get("/livez").status_code == 200
        closed = [connection for connection in idle if _is_closed(connection)]
        assert len(closed) == 8


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.1)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False


def test_further_client_gets_503_if_all_others_are_busy(tmp_path: Path) -> None:
    busy_app = SlowApp(tmp_path, max_connections=1)
    with running(busy_app.app) as client, _connect(address_of(client)) as busy:
        busy.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert busy_app.entered.wait(30)
        (response,) = exchange(address_of(client), b"")
        problem = check_problem(response, 503)
        assert problem.detail == "Too many clients are connected. Try again shortly."
        assert response.headers["retry-after"] == "2"
        busy_app.may_go_on.set()
        received = b"".join(iter(lambda: busy.recv(65_536), b""))
        assert [response.text for response in parse_responses(received)] == ['"done"']


def test_connection_is_closed_after_an_upgrade(tmp_path: Path) -> None:
    upgrade = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    with running(SlowApp(tmp_path).app) as client:
        (response,) = exchange(
            address_of(client), upgrade + b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        )
    assert response.status_code == 200
    assert response.headers["connection"] == "close"


LARGE = 300_000
"""Bytes of a body that is sent in slices."""


class _Receiver:
    """A client of a middleware that takes a response when the test says so."""

    def __init__(self, middleware: ResponseMiddleware, path: str) -> None:
        self.reads = asyncio.Event()
        self.status = 0
        self.body = b""
        self.task = asyncio.create_task(middleware(_scope(path), self._receive, self._send))

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        if body := bytes(message.get("body", b"")):
            await self.reads.wait()
            self.body += body


def _scope(path: str, **more: object) -> Scope:
    scope = {"type": "http", "method": "GET", "scheme": "http", "headers": [], "query_string": b""}
    return {**scope, "path": path, "raw_path": path.encode(), "client": None, **more}


@contextmanager
def _large_app(send_budget: int) -> Iterator[ResponseMiddleware]:
    async def app(scope: Scope, _: object, send: object) -> None:
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * LARGE})

    yield ResponseMiddleware(app, "", lambda: 1, 2**20, send_budget=send_budget)


@pytest.mark.anyio
async def test_large_response_is_rejected_while_others_wait_for_slow_clients() -> None:
    with _large_app(send_budget=2 * LARGE) as middleware:
        first, second, third = (_Receiver(middleware, f"/{number}") for number in range(3))
        third.reads.set()
        await third.task
        assert third.status == 503
        assert "Too many clients read large responses slowly." in third.body.decode()
        for receiver in (first, second):
            receiver.reads.set()
            await receiver.task
            assert (receiver.status, len(receiver.body)) == (200, LARGE)
        fourth = _Receiver(middleware, "/4")
        fourth.reads.set()
        await fourth.task
        assert fourth.status == 200


@pytest.mark.anyio
async def test_single_response_may_exceed_the_budget() -> None:
    with _large_app(send_budget=1) as middleware:
        receiver = _Receiver(middleware, "/")
        receiver.reads.set()
        await receiver.task
    assert (receiver.status, len(receiver.body)) == (200, LARGE)


class _GatedApp:
    """An application that counts its requests, and responds when the test says so."""

    def __init__(self) -> None:
        self.requests = 0
        self.may_go_on = asyncio.Event()

    async def __call__(self, scope: Scope, _: object, send: object) -> None:
        """Respond with the status of the path; `/stream` is a stream, and `/error` an error."""
        assert callable(send)
        self.requests += 1
        await self.may_go_on.wait()
        if scope["path"] == "/error":
            raise RuntimeError
        status = int(scope["path"][1:]) if scope["path"][1:].isdigit() else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        is_stream = scope["path"] == "/stream"
        await send({"type": "http.response.body", "body": b"one", "more_body": is_stream})
        if is_stream:
            await send({"type": "http.response.body", "body": b"two"})


# How often the application is called for ten identical requests.
CALLS = {"/200": 1, "/422": 1, "/503": 1, "/error": 1, "/stream": 10}


@pytest.mark.anyio
@pytest.mark.parametrize("path", CALLS)
async def test_identical_requests_in_progress_share_a_response(path: str) -> None:
    app = _GatedApp()
    middleware = ResponseMiddleware(app, "", lambda: 1, 0)
    receivers = [_Receiver(middleware, path) for _ in range(10)]
    await asyncio.sleep(0)
    app.may_go_on.set()
    for receiver in receivers:
        receiver.reads.set()
    await asyncio.gather(*(receiver.task for receiver in receivers))
    assert app.requests == CALLS[path]
    assert len({(receiver.status, receiver.body) for receiver in receivers}) == 1


@pytest.mark.anyio
async def test_cancelled_request_does_not_fail_the_identical_ones() -> None:
    app = _GatedApp()
    middleware = ResponseMiddleware(app, "", lambda: 1, 0)
    first, second, third = (_Receiver(middleware, "/200") for _ in range(3))
    await asyncio.sleep(0)
    second.task.cancel()
    await asyncio.sleep(0)
    first.task.cancel()
    app.may_go_on.set()
    third.reads.set()
    await third.task
    assert (third.status, third.body) == (200, b"one")


def test_cache_key_contains_the_address_of_a_server_without_a_host() -> None:
    keys = {
        RequestInfo(_scope("/", server=(address, 8000))).cache_key
        for address in ("127.0.0.1", "127.0.0.2")
    }
    assert len(keys) == 2


# The setting, the Host header and the path: the status.
HOSTS = {
    ("", "evil.example", "/events"): 200,
    ("timeline.example", "timeline.example", "/events"): 200,
    ("timeline.example", "Timeline.Example:8000", "/events"): 200,
    ("other.example, timeline.example", "timeline.example", "/events"): 200,
    ("[::1]", "[::1]:8000", "/events"): 200,
    ("timeline.example", "timeline.example.", "/events"): 200,
    ("timeline.example.", "timeline.example:8000", "/events"): 200,
    ("timeline.example,", "timeline.example.:8000", "/events"): 200,
    ("timeline.example", "timeline.example..", "/events"): 421,
    ("timeline.example", "evil.example", "/events"): 421,
    ("timeline.example", "x.timeline.example", "/"): 421,
    ("timeline.example", "evil.example", "/events/livez"): 421,
    ("timeline.example", "10.0.0.7:8000", "/livez"): 200,
    ("timeline.example", "10.0.0.7:8000", "/readyz"): 200,
}


@pytest.mark.parametrize(("allowed", "host", "path"), HOSTS)
def test_other_hosts_than_the_allowed_get_421(
    tmp_path: Path, allowed: str, host: str, path: str
) -> None:
    database = new_database(tmp_path / "timeline.db")
    settings = Settings(database_url=url_of(database), allowed_hosts=allowed)
    with running(create_app(settings)) as client:
        response = client.get(path, headers={"Host": host})
    assert response.status_code == HOSTS[allowed, host, path]
    if response.status_code == 421:
        name = re.escape(host)
        detail = check_problem(response, 421).detail
        assert re.search(f"'{name}' is not served here. Use the URL of this API. ", detail)
        assert detail.endswith("Operators: add the host to TIMELINE_ALLOWED_HOSTS.")


# X-Forwarded-Proto: the scheme of links.
SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https", "gopher": "http"}


@pytest.mark.parametrize("forwarded", SCHEMES)
def test_links_are_of_web_pages_whatever_the_proxy_sends(
    seed: httpx.Client, forwarded: str
) -> None:
    response = seed.get("/events?limit=1", headers={"X-Forwarded-Proto": forwarded})
    assert response.headers["link"].startswith(f"<{SCHEMES[forwarded]}://")
