"""`Timeline-Revision`: which revision a response was made from, and the oldest one allowed."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from app.api.headers import REVISION_HEADER
from app.db.revision import MAX_REVISION, request_revision
from app.formats import FORMATS
from app.query import batches
from app.server.response import ResponseMiddleware
from app.server.response_cache import ENTRY_OVERHEAD
from tests.support.corpus import SEED, edited
from tests.support.databases import load_into, new_database
from tests.support.problem import check_problem
from tests.support.server import serving

TITLE = "U.S. adds NSO to the Commerce"
# Responses made from the data, and others.
FROM_DATA = {
    **{f"/events.{suffix}": 200 for suffix in FORMATS},
    "/": 200,
    "/embed.html": 200,
    "/events": 200,
    "/events/nso-blacklisted": 200,
    "/events/nso-blacklisted.html": 200,
    "/events/x": 404,
    "/events?actor=NS0": 422,
    "/facets": 200,
    "/histogram": 200,
    "/actors": 200,
    "/sources": 200,
    "/timelines": 200,
    "/readyz": 200,
}
OTHERS = {"/livez": 200, "/docs": 200, "/openapi.json": 200, "/x": 404, "/events?limit=0": 422}


@pytest.mark.parametrize("path", [*FROM_DATA, *OTHERS])
def test_response_made_from_data_has_its_revision(seed: httpx.Client, path: str) -> None:
    expected = "1" if path in FROM_DATA else None
    for method in ("GET", "GET", "HEAD"):  # the second response is cached
        response = seed.request(method, path)
        assert response.status_code == {**FROM_DATA, **OTHERS}[path]
        assert response.headers.get(REVISION_HEADER) == expected
    if "etag" in response.headers:
        unchanged = seed.get(path, headers={"If-None-Match": "*"})
        assert unchanged.status_code == 304
        assert unchanged.headers.get(REVISION_HEADER) == expected


def test_revision_advances_with_the_data(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    with serving(database) as client:
        for revision in range(4):
            for headers in ({REVISION_HEADER: str(revision)}, {}, {}):
                response = client.get("/events", headers=headers)
                assert response.headers[REVISION_HEADER] == str(revision)
                assert f"Edit {revision}:" in response.text or not revision
            edit = (TITLE, f"Edit {revision + 1}: {TITLE}")
            load_into(database, edited(SEED, tmp_path / "edited.yaml", edit))


def test_stream_has_the_revision_of_its_first_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "STREAM_BATCH", 5)
    database = new_database(tmp_path / "timeline.db")
    load_into(database, SEED)
    with serving(database) as client, client.stream("GET", "/events.jsonl") as response:
        assert response.headers[REVISION_HEADER] == "1"
        assert "etag" not in response.headers
        assert len([*response.iter_lines()]) == 22


# Timeline-Revision: whether it is accepted.
VALUES = {
    **dict.fromkeys(("0", "1", "007", str(MAX_REVISION)), True),
    **dict.fromkeys(("", "-1", "+1", "1.0", "x", "1, 1", "²"), False),
    **dict.fromkeys((str(MAX_REVISION + 1), "9" * 5_000), False),
}


@pytest.mark.parametrize("path", ["/events", "/docs", "/livez"])
@pytest.mark.parametrize("value", VALUES)
def test_malformed_revision_returns_400(seed: httpx.Client, path: str, value: str) -> None:
    seed.get(path)  # now it is cached
    response = seed.get(path, headers={REVISION_HEADER.encode(): value.encode()})
    if VALUES[value]:
        assert response.status_code == 200
        return
    problem = check_problem(response, 400)
    assert problem.detail == (
        "Timeline-Revision: The value is not a revision. Send the number that this header had in "
        "an earlier response, or omit it."
    )
    assert [error.parameter for error in problem.errors] == [REVISION_HEADER]


def test_shared_caches_keep_required_revisions_apart(seed: httpx.Client) -> None:
    assert seed.get("/events").headers["vary"] == f"Accept-Encoding, {REVISION_HEADER}"


class Standby:
    """An application on a standby: it reads the newest revision that it knows or must read."""

    def __init__(self) -> None:
        self.newest = 1
        self.requests = Counter[int]()
        """The number of requests for each required revision."""
        self.started = asyncio.Semaphore(0)
        self.may_respond = asyncio.Event()
        self.may_respond.set()

    def version(self) -> int:
        """Return the version of the data that this process knows."""
        return self.newest

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Respond with the revision of the transaction, which the database records."""
        revision = request_revision.get()
        assert revision
        self.requests[revision.required] += 1
        number = max(self.newest, revision.required)
        self.started.release()
        await self.may_respond.wait()
        revision.record(number)
        self.newest = max(self.newest, number)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(number).encode()})


@pytest.fixture
def standby() -> Standby:
    """Return an application on a standby with revision 1."""
    return Standby()


def _client(standby: Standby) -> httpx.AsyncClient:
    middleware = ResponseMiddleware(standby, "", standby.version, 100 * ENTRY_OVERHEAD)
    return httpx.AsyncClient(transport=httpx.ASGITransport(middleware), base_url="http://test")


def _headers(required: int) -> dict[str, str]:
    return {REVISION_HEADER: str(required)} if required else {}


@pytest.mark.anyio
async def test_response_is_never_older_than_required_or_sent_before(standby: Standby) -> None:
    # Path, required revision, revision of the response.
    requests = [
        *(("/a", 0, 1), ("/a", 1, 1), ("/b", 0, 1)),
        *(("/a", 3, 3), ("/a", 0, 3), ("/a", 2, 3), ("/b", 0, 3), ("/b", 3, 3)),
    ]
    async with _client(standby) as client:
        for path, required, revision in requests:
            response = await client.get(path, headers=_headers(required))
            assert response.text == response.headers[REVISION_HEADER] == str(revision)
            await asyncio.sleep(0)  # the version is read once in an iteration of the event loop
    # Each path at revision 1, the path that requires more, and each path at revision 3.
    assert standby.requests == {0: 2 + 2, 3: 1}


@pytest.mark.anyio
async def test_request_does_not_share_a_response_that_may_be_too_old(standby: Standby) -> None:
    standby.may_respond.clear()
    required = [0, 0, 3, 2, 3, 0]
    async with _client(standby) as client:
        requests = [
            asyncio.create_task(client.get("/", headers=_headers(number))) for number in required
        ]
        for _ in {*required}:
            await standby.started.acquire()
        standby.may_respond.set()
        responses = await asyncio.gather(*requests)
    assert [int(response.text) for response in responses] == [max(1, n) for n in required]
    assert standby.requests == {0: 1, 2: 1, 3: 1}
