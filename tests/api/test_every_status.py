"""Every status on every kind of path: its headers, its shape, and no unescaped input."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

import httpx
import pytest

from app.api.headers import DEFAULT_HEADERS
from app.db.database import Database
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
    raise service_unavailable("The database is busy.")


def _failing(_: Database) -> None:
    raise RuntimeError("secret")


class Variant(NamedTuple):
    """A request of a path, without the path."""

    method: str = "GET"
    query: str = ""
    headers: Mapping[str, str] = {}
    read: Callable[[Database], None] | None = None
    """Replaces `Database.read`."""


VARIANTS = (
    Variant(),
    Variant("HEAD"),
    Variant("OPTIONS"),
    Variant(headers={"If-None-Match": "*"}),
    Variant("POST"),
    Variant("DELETE"),
    Variant(query="?q=%FF"),
    Variant(query=f"?q={'x' * 9_000}"),
    Variant(query="?limit=0"),
    Variant(read=_failing),
    Variant(read=_busy),
)
DATA_STATUSES = (200, 200, 204, 304, 405, 405, 400, 414, 422, 500, 503)
MISSING_STATUSES = (404, 404, 404, 404, 404, 404, 400, 414, 404, 404, 404)
# Path: the status of each variant, in their order.
STATUSES = {
    **dict.fromkeys(
        (
            *("/events", "/events.json", "/events/nso-blacklisted", "/facets", "/histogram"),
            *("/actors", "/actors/nso-group", "/timelines", "/timelines/nso-blacklist"),
            *("/sources", "/sources/shomrim-2022-07-19-nso-blacklist"),
            *(f"/events.{suffix}" for suffix in FORMATS),
            *("/", "/events.html", "/embed.html"),
        ),
        DATA_STATUSES,
    ),
    "/events/nso-blacklisted.html": (200, 200, 204, 304, 405, 405, 400, 414, 200, 500, 503),
    "/events/nothing": (404, 404, 204, 404, 405, 405, 400, 414, 422, 500, 503),
    "/events/nothing.html": (404, 404, 204, 404, 405, 405, 400, 414, 404, 500, 503),
    "/docs": (200, 200, 204, 304, 405, 405, 400, 414, 200, 200, 200),
    **dict.fromkeys(
        ("/openapi.json", f"/web/{ASSETS_BY_FILE['page.css'].name}"),
        (200, 200, 204, 304, 405, 405, 400, 414, 422, 200, 200),
    ),
    "/web/nothing": (404, 404, 204, 404, 405, 405, 400, 414, 422, 404, 404),
    "/livez": (200, 200, 204, 200, 405, 405, 400, 414, 422, 200, 200),
    "/readyz": (200, 200, 204, 200, 405, 405, 400, 414, 422, 500, 503),
    "/nothing": MISSING_STATUSES,
    "//events": MISSING_STATUSES,
}
POLICIES = {
    "/": PAGE_CSP,
    "/events.html": PAGE_CSP,
    "/events/nso-blacklisted.html": PAGE_CSP,
    "/events/nothing.html": PAGE_CSP,
    "/embed.html": EMBED_CSP,
    "/docs": DOCS_CSP,
}
"""The headers of pages, in addition to or instead of the default ones."""
HTML_ERRORS = {404, 422, 503}
"""The errors that a page returns as HTML to a browser."""


def test_every_path_of_the_openapi_document_is_in_the_table() -> None:
    patterns = {re.sub(r"\{.*?\}", "[^/.]+", path) for path in OPERATIONS}
    missing = [one for one in patterns if not any(re.fullmatch(one, path) for path in STATUSES)]
    assert missing == []


@pytest.mark.parametrize("headers", [{}, {**BROWSER, "Origin": "https://newsroom.example"}])
@pytest.mark.parametrize("path", STATUSES)
def test_every_status_has_its_headers_and_shape(
    seed: httpx.Client, monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(ResponseCache, "get", lambda *_: None)
    for variant, status in zip(VARIANTS, STATUSES[path], strict=True):
        with monkeypatch.context() as patched:
            if variant.read:
                for engine in Database.__subclasses__():
                    patched.setattr(engine, "read", variant.read)
            url = seed.base_url.copy_with(raw_path=f"{path}{variant.query}".encode())
            response = seed.request(variant.method, url, headers={**headers, **variant.headers})
        assert response.status_code == status
        is_page = path in POLICIES and (
            status in (200, 304) or (bool(headers) and status in HTML_ERRORS)
        )
        assert {name: response.headers.get(name) for name in DEFAULT_HEADERS} == {
            **DEFAULT_HEADERS,
            **(POLICIES[path] if is_page else {}),
        }
        assert "access-control-allow-credentials" not in response.headers
        assert "secret" not in response.text
        if response.is_error:
            assert response.headers["cache-control"] == "no-store"
        if response.is_error and is_page:
            assert response.headers["content-type"] == "text/html; charset=utf-8"
        elif response.is_error and variant.method != "HEAD":
            check_problem(response, status)


EVIL = "<script>evil()</script>\"onload='evil()'\u202elive\u2028\x85"
UNESCAPED = re.compile('<script>evil|(?<!\\\\)"onload|[\u202e\u2028\x85]|(?m:^)Evil:')
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
# Percent-encoded; raw, as curl sends it; after a word; with a line break; and NUL.
ENCODED = (
    quote(EVIL),
    EVIL.partition("\u202e")[0],
    f"nso%20{quote(EVIL[:-1])}",
    "nso%0D%0AEvil:%201",
    "%00",
)


@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["program", "browser"])
@pytest.mark.parametrize("target", TARGETS)
def test_url_is_never_returned_unescaped(
    seed: httpx.Client, target: str, headers: dict[str, str]
) -> None:
    for encoded in ENCODED:
        url = seed.base_url.copy_with(raw_path=target.replace("{}", encoded).encode())
        _check_escaped(seed.get(url, headers=headers))


REQUEST_HEADERS = (
    *("Accept", "Accept-Language", "Cookie", "Forwarded", "Host", "If-None-Match", "Origin"),
    *("Referer", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"),
)


@pytest.mark.parametrize("name", REQUEST_HEADERS)
def test_request_header_is_never_returned_unescaped(seed: httpx.Client, name: str) -> None:
    for path in ("/", "/events?limit=1", "/events/nso-blacklisted.html", "/docs", "/nothing"):
        for value in (
            EVIL.encode(),
            EVIL[:9].encode(),
            b'evil.example"onload=',
            b"text/html" + EVIL.encode(),
        ):
            _check_escaped(seed.get(path, headers=[(name.encode(), value)]))


def _check_escaped(response: httpx.Response) -> None:
    assert response.status_code < 500
    assert not UNESCAPED.search(response.text)
    assert not UNESCAPED.search("\n".join(map(": ".join, response.headers.multi_items())))
