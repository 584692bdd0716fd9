"""The response cache: never stale, never of another host, never larger than allowed."""

import asyncio
import os
import subprocess
from collections import Counter
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from app.db.database import Database
from app.server.content_coding import ENCODERS
from app.server.response import ResponseMiddleware
from app.server.response_cache import ENTRY_OVERHEAD, ResponseCache, WholeResponse
from tests.support.cli import TIMELINE
from tests.support.corpus import SEED, edited
from tests.support.databases import load_into, new_database, url_of
from tests.support.problem import check_problem
from tests.support.server import serving

TITLE = "U.S. adds NSO to the Commerce"
PATHS = ["/events", "/events?q=commerce", "/events/nso-blacklisted", "/events.json?limit=500"]


def test_write_by_another_process_replaces_cached_responses(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_into(database, SEED)
    environment = {**os.environ, "TIMELINE_DATABASE_URL": url_of(database)}
    with serving(database) as client:
        for number in range(4):
            etags = {path: client.get(path).headers["etag"] for path in PATHS}
            for path, etag in etags.items():
                assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
            edit = (TITLE, f"Edit {number}: {TITLE}")
            dossier = edited(SEED, tmp_path / "edited.yaml", edit)
            subprocess.run(
                [TIMELINE, "load", dossier], env=environment, check=True, capture_output=True
            )
            for path, etag in etags.items():
                response = client.get(path, headers={"If-None-Match": etag})
                assert response.status_code == 200
                assert edit[1] in response.text


def test_each_host_gets_its_own_links(seed: httpx.Client) -> None:
    for _ in range(2):
        for host in ("one.example", "two.example:8080"):
            page = seed.get("/events?limit=1", headers={"Host": host})
            assert page.headers["link"].startswith(f"<http://{host}/events?limit=1&cursor=")
            html = seed.get("/", headers={"Host": host}).text
            assert f'<link rel="canonical" href="http://{host}/">' in html


class CountingApp:
    """An application that counts its requests by path."""

    def __init__(self) -> None:
        self.requests = Counter[str]()

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Respond as the path says: to `/200/1000` with status 200 and 1,000 bytes."""
        self.requests[scope["path"]] += 1
        _, status, length, *_ = scope["path"].split("/")
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * int(length)})


class DataVersion:
    """A version of the data that a test sets."""

    now: int | None = 1

    def __call__(self) -> int | None:
        """Return the current version."""
        return self.now


@pytest.mark.anyio
async def test_only_ok_responses_of_get_and_head_are_cached() -> None:
    app, version = CountingApp(), DataVersion()
    transport = httpx.ASGITransport(ResponseMiddleware(app, "", version, 100 * ENTRY_OVERHEAD))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for coding in ("gzip", "br", "identity"):
            for method in ("GET", "HEAD", "GET"):
                await client.request(method, "/200/1000", headers={"Accept-Encoding": coding})
        assert app.requests.pop("/200/1000") == 3  # once for each coding
        headers = {"X-Request-ID": "same"}
        same = [await client.get("/200/2000?x", headers=headers) for _ in range(3)]
        assert len({(response.text, str(response.headers)) for response in same}) == 1
        for now in (2, 2, 1, None, None):
            version.now = now
            await asyncio.sleep(0)  # the version is read once in an iteration of the event loop
            await client.get("/200/2000?x")
        assert app.requests.pop("/200/2000") == 1 + 1 + 1 + 2
        version.now = 1
        await asyncio.sleep(0)
        for path in ("/404/1000", "/503/1000", "/500/1000"):
            for _ in range(3):
                assert str((await client.get(path)).status_code) in path
            assert app.requests[path] == 3
        for method in ("POST", "OPTIONS", "PUT"):
            await client.request(method, "/200/10")
        assert app.requests["/200/10"] == 3


@pytest.mark.anyio
async def test_response_created_while_data_changes_is_not_served_again() -> None:
    version = DataVersion()

    async def changing(scope: Scope, receive: Receive, send: Send) -> None:
        version.now = 2
        await app(scope, receive, send)

    app = CountingApp()
    transport = httpx.ASGITransport(ResponseMiddleware(changing, "", version, 100 * ENTRY_OVERHEAD))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for _ in range(3):
            await client.get("/200/100")
            await asyncio.sleep(0)
    assert app.requests["/200/100"] == 2  # created again once, since the first could be stale


def _response(length: int, header: int = 0) -> WholeResponse:
    return WholeResponse(200, [(b"link", b"x" * header)], b"x" * length)


def test_cache_drops_the_least_recently_used_response() -> None:
    cache = ResponseCache(10 * (ENTRY_OVERHEAD + 3))
    for number in range(100, 1_000):
        key = (str(number),)
        cache.get(key, version=1)
        cache.put(key, 1, _response(ENTRY_OVERHEAD))
        cache.get(("100",), version=1)  # used again, so it stays
    cached = [number for number in range(100, 1_000) if cache.get((str(number),), version=1)]
    assert cached == [100, *range(996, 1_000)]
    # A body, a header or a URL that is larger than the whole cache.
    for long in (_response(11 * ENTRY_OVERHEAD), _response(0, 11 * ENTRY_OVERHEAD)):
        cache.put(("long",), 1, long)
        assert cache.get(("long",), version=1) is None
    cache.put(("x" * 11 * ENTRY_OVERHEAD,), 1, _response(0))
    assert cache.get(("x" * 11 * ENTRY_OVERHEAD,), version=1) is None
    assert cache.get(("100",), version=1)


def test_cache_of_size_0_stays_empty() -> None:
    cache = ResponseCache(0)
    cache.get(("x",), version=1)
    cache.put(("x",), 1, _response(0))
    assert cache.get(("x",), version=1) is None


@pytest.mark.anyio
@pytest.mark.parametrize("coding", ENCODERS)
async def test_cached_response_is_compressed_once(
    coding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressed = Counter[bytes]()
    encode = ENCODERS[coding]

    def counting(body: bytes) -> bytes:
        compressed[body] += 1
        return encode(body)

    monkeypatch.setitem(ENCODERS, coding, counting)
    transport = httpx.ASGITransport(
        ResponseMiddleware(CountingApp(), "", DataVersion(), 100 * ENTRY_OVERHEAD)
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for method in ("GET", "GET", "HEAD"):
            await client.request(method, "/200/1000", headers={"Accept-Encoding": coding})
    assert compressed == {b"x" * 1000: 1}


@pytest.mark.anyio
async def test_failing_compression_returns_500(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: bytes) -> bytes:
        raise RuntimeError("secret")

    monkeypatch.setitem(ENCODERS, "br", failing)
    transport = httpx.ASGITransport(
        ResponseMiddleware(CountingApp(), "", DataVersion(), 100 * ENTRY_OVERHEAD)
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/200/1000", headers={"Accept-Encoding": "br"})
        assert "secret" not in check_problem(response, 500).detail
        other = await client.get("/200/1000", headers={"Accept-Encoding": "gzip"})
        assert other.status_code == 200


def test_data_version_changes_with_a_write(database: Database) -> None:
    before = database.data_version()
    assert before == database.data_version() is not None
    load_into(database, SEED)
    assert database.data_version() != before


@pytest.mark.sqlite
def test_data_version_is_none_without_a_file(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    database = new_database(path)
    path.rename(tmp_path / "moved.db")
    assert database.data_version() is None
    assert not path.exists()
