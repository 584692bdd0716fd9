"""HTTP semantics on every path: methods, ETags, compression and links."""

import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import httpx
import pytest

from app.api.headers import ALLOWED_METHODS, CACHE_CONTROL
from app.formats import FORMATS
from app.site.assets import ASSETS_BY_FILE
from tests.support.corpus import FERRY, HARBOUR
from tests.support.databases import load_into, new_database
from tests.support.problem import check_problem
from tests.support.server import serving

PATHS = [
    *("/", "/events.html", "/events/nso-blacklisted.html", "/embed.html", "/docs"),
    "/events",
    "/events.json",
    "/events/nso-blacklisted",
    "/actors",
    "/actors/nso-group",
    "/sources",
    "/sources/shomrim-2022-07-19-nso-blacklist",
    "/timelines",
    "/timelines/nso-blacklist",
    "/facets",
    "/histogram",
    "/openapi.json",
    *(f"/events.{suffix}" for suffix in FORMATS),
    f"/web/{ASSETS_BY_FILE['page.css'].name}",
]
PROBES = ["/livez", "/readyz"]
ERRORS = {"/events?limit=0": 422, "/events/x": 404, "/x": 404, "/events?q=%FF": 400}


@pytest.mark.parametrize("path", [*PATHS, *PROBES])
def test_head_returns_the_headers_of_get(seed: httpx.Client, path: str) -> None:
    get, head = seed.get(path), seed.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("date", "x-request-id"):
        del get.headers[name], head.headers[name]
    assert head.headers == get.headers


@pytest.mark.parametrize("path", [*PATHS, *PROBES])
def test_options_lists_the_methods(seed: httpx.Client, path: str) -> None:
    response = seed.options(path, headers={"Origin": "https://x.example"})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == ALLOWED_METHODS
    assert response.headers["access-control-allow-methods"] == ALLOWED_METHODS
    assert response.headers["access-control-allow-headers"] == "*"


def test_options_of_unknown_path_returns_404(seed: httpx.Client) -> None:
    check_problem(seed.options("/nothing"), 404)


@pytest.mark.parametrize("path", [*PATHS, *PROBES])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_return_405(seed: httpx.Client, method: str, path: str) -> None:
    response = seed.request(method, path)
    check_problem(response, 405)
    assert response.headers["allow"] == ALLOWED_METHODS


@pytest.mark.parametrize("path", PATHS)
def test_matching_etag_returns_304(seed: httpx.Client, path: str) -> None:
    response = seed.get(path)
    etag = response.headers["etag"]
    assert etag.startswith('"')
    cache_control = response.headers["cache-control"]
    assert cache_control == CACHE_CONTROL or path.startswith("/web/")
    assert "last-modified" not in response.headers
    for method in ("GET", "HEAD"):
        for matching in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            unchanged = seed.request(method, path, headers={"If-None-Match": matching})
            assert (unchanged.status_code, unchanged.content) == (304, b"")
            assert unchanged.headers["etag"] == etag
            assert unchanged.headers["cache-control"] == cache_control
            assert "content-type" not in unchanged.headers
    for different in ('"other"', etag.strip('"'), "", '"'):
        assert seed.get(path, headers={"If-None-Match": different}).status_code == 200


@pytest.mark.parametrize("path", [*PROBES, *ERRORS])
def test_errors_and_health_checks_are_not_cached(seed: httpx.Client, path: str) -> None:
    response = seed.get(path, headers={"If-None-Match": "*"})
    assert response.status_code == ERRORS.get(path, 200)
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


# Accept-Encoding: the content coding.
CODINGS = {
    "gzip": "gzip",
    "gzip, deflate": "gzip",
    "gzip, deflate, br, zstd": "br",
    "br;q=0.5,gzip;q=0.8": "gzip",
    "gzip;q=0.5": "gzip",
    "GZIP": "gzip",
    "*": "br",
    "deflate, *;q=0.1": "br",
    "br;q=0, *;q=0.1": "gzip",
    "gzip;\tq=1": "gzip",
    "br;q=nan, gzip": "gzip",
    "br;q=1e400, gzip;q=0.001": "gzip",
    f"gzip, {'x' * 30_000}": "gzip",
    "identity, gzip;q=0.5": "",
    "": "",
    "identity": "",
    "zstd": "",
    "gzip;q=0": "",
    "gzip;q=0.0, br;q=x": "",
    "gzip;q=0, br;q=0, *": "",
}
DECODERS = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


@pytest.mark.parametrize("accept_encoding", CODINGS)
def test_preferred_coding_is_used(seed: httpx.Client, accept_encoding: str) -> None:
    plain = seed.get("/events", headers={"Accept-Encoding": "identity"})
    coding = CODINGS[accept_encoding]
    for _ in ("created", "cached"):
        headers = {"Accept-Encoding": accept_encoding}
        with seed.stream("GET", "/events", headers=headers) as response:
            body = b"".join(response.iter_raw())
        assert response.headers["content-length"] == str(len(body))
        assert response.headers.get("content-encoding", "") == coding
        assert (response.headers["etag"] == plain.headers["etag"]) is not bool(coding)
        assert DECODERS[coding](body) == plain.content
        assert len(body) < len(plain.content) / (4 if coding else 0.9)


def test_repeated_headers_are_combined(seed: httpx.Client) -> None:
    etag = seed.get("/events", headers={"Accept-Encoding": "gzip"}).headers["etag"]
    lines = [("If-None-Match", '"other"'), ("If-None-Match", etag)]
    lines += [("Accept-Encoding", "deflate"), ("Accept-Encoding", "gzip")]
    bare = httpx.Client(base_url=seed.base_url, headers=[])
    del bare.headers["Accept-Encoding"]
    with bare:
        assert bare.get("/events", headers=lines).status_code == 304


def test_many_concurrent_requests_succeed(seed: httpx.Client) -> None:
    """A response that waits for a compression thread holds no database connection."""
    urls = [f"/events?limit={500 - number}" for number in range(160)]
    headers = {"Accept-Encoding": "gzip"}
    with ThreadPoolExecutor(40) as pool:
        responses = list(pool.map(lambda url: seed.get(url, headers=headers), urls))
    assert {response.status_code for response in responses} == {200}


def test_each_coding_has_one_stable_etag(seed: httpx.Client) -> None:
    etags = {
        coding: {
            seed.get("/events", headers={"Accept-Encoding": coding}).headers["etag"]
            for _ in range(3)
        }
        for coding in ("gzip", "identity")
    }
    assert [len(values) for values in etags.values()] == [1, 1]


@pytest.mark.sqlite  # in PostgreSQL, up to 50 ms later: tests/server/test_revision.py
def test_next_response_after_a_load_is_current(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_into(database, HARBOUR)
    with serving(database) as client:
        before = client.get("/events")
        load_into(database, HARBOUR, FERRY)
        after = client.get("/events", headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        assert after.json()["total"]["value"] == before.json()["total"]["value"] + 1
        load_into(database, HARBOUR, FERRY)
        unchanged = client.get("/events", headers={"If-None-Match": after.headers["etag"]})
        assert unchanged.status_code == 304


def test_links_contain_the_prefix_of_the_proxy(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_into(database, HARBOUR)
    with serving(database, root_path="/time/line") as client:
        forwarded = {"Host": "news.example", "X-Forwarded-Proto": "https"}
        for path in ("/events", "/time/line/events"):
            response = client.get(path, params={"limit": 1, "actor": "QBL"}, headers=forwarded)
            url = httpx.URL(response.links["next"]["url"])
            assert (url.scheme, url.host, url.path) == (
                "https",
                "news.example",
                "/time/line/events",
            )
            assert url.params.multi_items()[:2] == [("limit", "1"), ("actor", "QBL")]
        for path in ("/", "/time/line", "/time/line/"):
            page = client.get(path, headers=forwarded).text
            assert '<link rel="canonical" href="https://news.example/time/line/">' in page
            links = {*re.findall(r'(?:href|src|action)="(/[^"#]*)"', page)}
            assert {link for link in links if not link.startswith("/time/line/")} == set()
            for link in links:
                assert client.get(link.replace("&amp;", "&")).status_code == 200
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/time/line"}]
