"""Responses when the database or the application fails, and responses in several parts."""

from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from starlette.types import Receive, Scope, Send

from app.api.headers import DEFAULT_HEADERS
from app.db.database import POOL_SIZE
from app.main import create_app
from app.server.response import ResponseMiddleware
from app.settings import Settings
from tests.support.corpus import HARBOUR
from tests.support.databases import load_into, new_database, url_of
from tests.support.problem import check_problem
from tests.support.server import serving


@pytest.mark.sqlite
def test_damaged_database_returns_503(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    database = new_database(path)
    load_into(database, HARBOUR)
    database.close()
    with serving(path) as client:
        path.write_bytes(b"x" * path.stat().st_size)
        response = client.get("/events")
        assert "The database is damaged." in check_problem(response, 503).detail
        assert response.headers["retry-after"] == "2"
        assert client.get("/livez").status_code == 200


def test_invalid_sql_returns_500(tmp_path: Path) -> None:
    """A wrong statement is a bug. Unlike a 503, it does not pass, so the client must not retry."""
    database = new_database(tmp_path / "timeline.db")
    with serving(database) as client:
        with database.write() as connection:
            connection.execute(text("ALTER TABLE event RENAME TO renamed"))
        assert "event" not in check_problem(client.get("/events"), 500).detail


def test_schema_of_another_version_is_not_ready(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = new_database(tmp_path / "timeline.db")
    with serving(database) as client:
        with database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            connection.execute(text("UPDATE revision SET compatible_since = '9999'"))
        response = client.get("/readyz")
        assert "The log says why." in check_problem(response, 503).detail
        assert "The schema is 9999" in caplog.text
        assert response.headers["retry-after"] == "2"


@pytest.mark.anyio
async def test_exhausted_connection_pool_returns_503(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    app = create_app(Settings(database_url=url_of(database)))
    connections = [app.state.database.read() for _ in range(POOL_SIZE)]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        response = await client.get("/events")
        check_problem(response, 503)
        assert response.headers["retry-after"] == "2"
        for connection in connections:
            connection.close()
        assert (await client.get("/events")).status_code == 200
    app.state.database.close()


async def _failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("secret")


async def _failing_midway(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("secret")


async def _streaming(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for line in (b"one\n", b"two\n"):
        await send({"type": "http.response.body", "body": line, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _client(app: object) -> httpx.AsyncClient:
    middleware = ResponseMiddleware(app, "", lambda: 1, 2**20)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(middleware)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.mark.anyio
async def test_unexpected_exception_returns_500_with_default_headers() -> None:
    async with _client(_failing) as client:
        response = await client.get("/events")
    problem = check_problem(response, 500)
    assert "secret" not in problem.detail
    for name, value in DEFAULT_HEADERS.items():
        assert response.headers[name] == value


@pytest.mark.anyio
async def test_exception_within_a_response_reaches_the_server() -> None:
    """The server closes the connection, so that the client sees an incomplete response."""
    async with _client(_failing_midway) as client:
        with pytest.raises(RuntimeError):
            await client.get("/events")


@pytest.mark.anyio
@pytest.mark.parametrize(("method", "body"), [("GET", b"one\ntwo\n"), ("HEAD", b"")])
async def test_stream_has_no_etag(method: str, body: bytes) -> None:
    async with _client(_streaming) as client:
        response = await client.request(method, "/events")
    assert (response.content, response.status_code) == (body, 200)
    assert "etag" not in response.headers
    assert response.headers["x-content-type-options"] == "nosniff"
