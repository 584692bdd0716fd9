"""Every status on every kind of path: its headers, its shape, and nothing of what was sent raw."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

import httpx
import pytest

from app.api.headers import DEFAULT_HEADERS
from app.db.sqlite.database import Database
from app.errors import service_unavailable
from app.formats import FORMATS
from app.server.response_cache import ResponseCache
from app.site.assets import ASSETS_BY_FILE
from app.site.render import DOCS_CSP, EMBED_CSP, PAGE_CSP
from tests.support.openapi import OPERATIONS
from tests.support.problem import check_problem
from tests.support.read_html import BROWSER

POLICY = "Content-Security-Policy"


def _busy(_: Database) -> None:
    raise service_unavailable("the database is busy")


def _failing(_: Database) -> None:
    raise RuntimeError("secret")


class Way(NamedTuple):
    """How a path is asked for."""

    method: str = "GET"
    query: str = ""
    headers: Mapping[str, str] = {}
    database: Callable[[Database], None] | None = None


WAYS = (
    Way(),
    Way("HEAD"),
    Way("OPTIONS"),
    Way(headers={"If-None-Match": "*"}),
    Way("POST"),
    Way("DELETE"),
    Way(query="?q=%FF"),
    Way(query=f"?q={'x' * 9_000}"),
    Way(query="?limit=0"),
    Way(database=_failing),
    Way(database=_busy),
)
DATA_KIND = (200, 200, 204, 304, 405, 405, 400, 414, 422, 500, 503)
MISSING_KIND = (404, 404, 404, 404, 404, 404, 400, 414, 404, 404, 404)
# path: what answers each of the ways, in their order
STATUSES = {
    **dict.fromkeys(
        (
            *("/events", "/events.json", "/events/nso-blacklisted", "/facets", "/histogram"),
            *("/actors", "/actors/nso-group", "/timelines", "/timelines/nso-blacklist"),
            *("/sources", "/sources/shomrim-2022-07-19-nso-blacklist"),
            *(f"/events.{suffix}" for suffix in FORMATS),
            *("/", "/events.html", "/embed.html"),
        ),
        DATA_KIND,
    ),
    "/events/nso-blacklisted.html": (200, 200, 204, 304, 405, 405, 400, 414, 200, 500, 503),
    "/events/nothing": (404, 404, 204, 404, 405, 405, 400, 414, 422, 500, 503),
    "/events/nothing.html": (404, 404, 204, 404, 405, 405, 400, 414, 404, 500, 503),
    "/docs": (200, 200, 204, 304, 405, 405, 400, 414, 200, 200, 200),
    "/openapi.json": (200, 200, 204, 304, 405, 405, 400, 414, 422, 200, 200),
    f"/web/{ASSETS_BY_FILE['page.css'].name}": (
        200,
        200,
        204,
        304,
        405,
        405,
        400,
        414,
        422,
        200,
        200,
    ),
    "/web/nothing": (404, 404, 204, 404, 405, 405, 400, 414, 422, 404, 404),
    "/livez": (200, 200, 204, 200, 405, 405, 400, 414, 422, 200, 200),
    "/readyz": (200, 200, 204, 200, 405, 405, 400, 414, 422, 500, 503),
    "/nothing": MISSING_KIND,
    "//events": MISSING_KIND,
}
POLICIES = {
    "/": PAGE_CSP,
    "/events.html": PAGE_CSP,
    "/events/nso-blacklisted.html": PAGE_CSP,
    "/events/nothing.html": PAGE_CSP,
    "/embed.html": EMBED_CSP,
    "/docs": DOCS_CSP,
}
"""What guards a page, and the errors that are told on it."""
TOLD_ON_PAGES = {404, 422, 503}


def test_every_path_of_the_contract_is_here() -> None:
    kinds = {re.sub(r"\{.*?\}", "[^/.]+", path) for path in OPERATIONS}
    assert [kind for kind in kinds if not any(re.fullmatch(kind, path) for path in STATUSES)] == []


@pytest.mark.parametrize("headers", [{}, {**BROWSER, "Origin": "https://newsroom.example"}])
@pytest.mark.parametrize("path", STATUSES)
def test_every_status_of_a_path(
    seed: httpx.Client, monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(ResponseCache, "get", lambda *_: None)
    for way, status in zip(WAYS, STATUSES[path], strict=True):
        with monkeypatch.context() as patched:
            if way.database:
                patched.setattr(Database, "read", way.database)
            url = seed.base_url.copy_with(raw_path=f"{path}{way.query}".encode())
            answer = seed.request(way.method, url, headers={**headers, **way.headers})
        assert answer.status_code == status
        on_page = path in POLICIES and (
            status in (200, 304) or (bool(headers) and status in TOLD_ON_PAGES)
        )
        assert {name: answer.headers.get(name) for name in DEFAULT_HEADERS} == {
            **DEFAULT_HEADERS,
            **(POLICIES[path] if on_page else {}),
        }
        assert "access-control-allow-credentials" not in answer.headers
        assert "secret" not in answer.text
        if answer.is_error:
            assert answer.headers["cache-control"] == "no-store"
        if answer.is_error and on_page:
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
        elif answer.is_error and way.method != "HEAD":
            check_problem(answer, status)


EVIL = "<script>evil()</script>\"onload='evil()'\u202elive\u2028\x85"
RAW = re.compile('<script>evil|(?<!\\\\)"onload|[\u202e\u2028\x85]|(?m:^)Evil:')
TARGETS = (
    *("/{}", "/events/{}", "/events/{}.html", "/actors/{}", "/web/{}", "/{}/events", "//{}/"),
    *(f"{path}?{{}}=1" for path in ("/", "/events", "/docs", "/livez", "/events/x.html")),
    *(
        f"{path}?{name}={{}}"
        for path in (
            "/",
            "/events",
            "/embed.html",
            "/facets",
            *(f"/events.{one}" for one in FORMATS),
        )
        for name in ("q", "actor", "kind", "from", "date", "status", "limit", "cursor", "timeZone")
    ),
)
# Also as curl sends it, which encodes nothing; and behind a word, and with a line break.
WRITTEN = (
    quote(EVIL),
    EVIL.partition("\u202e")[0],
    f"nso%20{quote(EVIL[:-1])}",
    "nso%0D%0AEvil:%201",
    "%00",
)


@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["program", "browser"])
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_sent_is_never_given_back_raw(
    seed: httpx.Client, target: str, headers: dict[str, str]
) -> None:
    for written in WRITTEN:
        url = seed.base_url.copy_with(raw_path=target.replace("{}", written).encode())
        _check_nothing_raw(seed.get(url, headers=headers))


NAMED = (
    *("Accept", "Accept-Language", "Cookie", "Forwarded", "Host", "If-None-Match", "Origin"),
    *("Referer", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"),
)


@pytest.mark.parametrize("name", NAMED)
def test_no_header_is_given_back_raw(seed: httpx.Client, name: str) -> None:
    for path in ("/", "/events?limit=1", "/events/nso-blacklisted.html", "/docs", "/nothing"):
        for value in (
            EVIL.encode(),
            EVIL[:9].encode(),
            b'evil.example"onload=',
            b"text/html" + EVIL.encode(),
        ):
            _check_nothing_raw(seed.get(path, headers=[(name.encode(), value)]))


def _check_nothing_raw(answer: httpx.Response) -> None:
    assert answer.status_code < 500
    assert not RAW.search(answer.text)
    assert not RAW.search("\n".join(map(": ".join, answer.headers.multi_items())))
