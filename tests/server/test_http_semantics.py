"""HTTP manners: methods, tags and compression, on every path."""

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
FAULTY = {"/events?limit=0": 422, "/events/x": 404, "/x": 404, "/events?q=%FF": 400}


@pytest.mark.parametrize("path", [*PATHS, *PROBES])
def test_head_is_get_without_a_body(seed: httpx.Client, path: str) -> None:
    got, head = seed.get(path), seed.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for of_each in ("date", "x-request-id"):
        del got.headers[of_each], head.headers[of_each]
    assert head.headers == got.headers


@pytest.mark.parametrize("path", [*PATHS, *PROBES])
def test_options_tells_the_methods(seed: httpx.Client, path: str) -> None:
    answer = seed.options(path, headers={"Origin": "https://x.example"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == ALLOWED_METHODS
    assert answer.headers["access-control-allow-methods"] == ALLOWED_METHODS
    assert answer.headers["access-control-allow-headers"] == "*"


def test_options_of_nothing(seed: httpx.Client) -> None:
    check_problem(seed.options("/nothing"), 404)


@pytest.mark.parametrize("path", [*PATHS, *PROBES])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused(seed: httpx.Client, method: str, path: str) -> None:
    answer = seed.request(method, path)
    check_problem(answer, 405)
    assert answer.headers["allow"] == ALLOWED_METHODS


@pytest.mark.parametrize("path", PATHS)
def test_a_tag_revalidates(seed: httpx.Client, path: str) -> None:
    answer = seed.get(path)
    tag = answer.headers["etag"]
    assert tag.startswith('"')
    freshness = answer.headers["cache-control"]
    assert freshness == CACHE_CONTROL or path.startswith("/web/")
    assert "last-modified" not in answer.headers
    for method in ("GET", "HEAD"):
        for wanted in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            again = seed.request(method, path, headers={"If-None-Match": wanted})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == freshness
            assert "content-type" not in again.headers
    for unwanted in ('"other"', tag.strip('"'), "", '"'):
        assert seed.get(path, headers={"If-None-Match": unwanted}).status_code == 200


@pytest.mark.parametrize("path", [*PROBES, *FAULTY])
def test_what_must_not_be_kept(seed: httpx.Client, path: str) -> None:
    answer = seed.get(path, headers={"If-None-Match": "*"})
    assert answer.status_code == FAULTY.get(path, 200)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


# Accept-Encoding: whether it takes gzip
ENCODINGS = {
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


@pytest.mark.parametrize("accepted", ENCODINGS)
def test_compression(seed: httpx.Client, accepted: str) -> None:
    plain = seed.get("/events", headers={"Accept-Encoding": "identity"})
    coding = ENCODINGS[accepted]
    for _ in ("made", "kept"):
        with seed.stream("GET", "/events", headers={"Accept-Encoding": accepted}) as answer:
            body = b"".join(answer.iter_raw())
        assert answer.headers["content-length"] == str(len(body))
        assert answer.headers.get("content-encoding", "") == coding
        assert (answer.headers["etag"] == plain.headers["etag"]) is not bool(coding)
        assert DECODERS[coding](body) == plain.content
        assert len(body) < len(plain.content) / (4 if coding else 0.9)


def test_headers_of_several_lines(seed: httpx.Client) -> None:
    tag = seed.get("/events", headers={"Accept-Encoding": "gzip"}).headers["etag"]
    lines = [("If-None-Match", '"other"'), ("If-None-Match", tag)]
    lines += [("Accept-Encoding", "deflate"), ("Accept-Encoding", "gzip")]
    bare = httpx.Client(base_url=seed.base_url, headers=[])
    del bare.headers["Accept-Encoding"]
    with bare:
        assert bare.get("/events", headers=lines).status_code == 304


def test_many_at_once(seed: httpx.Client) -> None:
    """An answer on its way holds no connection, though compressing it waits for a thread."""
    urls = [f"/events?limit={500 - number}" for number in range(160)]
    headers = {"Accept-Encoding": "gzip"}
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda url: seed.get(url, headers=headers), urls))
    assert {answer.status_code for answer in answers} == {200}


def test_each_representation_keeps_its_tag(seed: httpx.Client) -> None:
    tags = {
        encoding: {
            seed.get("/events", headers={"Accept-Encoding": encoding}).headers["etag"]
            for _ in range(3)
        }
        for encoding in ("gzip", "identity")
    }
    assert [len(same) for same in tags.values()] == [1, 1]


def test_a_load_shows_in_the_next_answer(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_into(database, HARBOUR)
    with serving(database.path) as client:
        before = client.get("/events")
        load_into(database, HARBOUR, FERRY)
        after = client.get("/events", headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        assert after.json()["total"]["value"] == before.json()["total"]["value"] + 1
        load_into(database, HARBOUR, FERRY)
        same = client.get("/events", headers={"If-None-Match": after.headers["etag"]})
        assert same.status_code == 304


def test_links_follow_the_prefix_of_a_proxy(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_into(database, HARBOUR)
    with serving(database.path, root_path="/time/line") as client:
        forwarded = {"Host": "news.example", "X-Forwarded-Proto": "https"}
        for path in ("/events", "/time/line/events"):
            answer = client.get(path, params={"limit": 1, "actor": "QBL"}, headers=forwarded)
            url = httpx.URL(answer.links["next"]["url"])
            assert (url.scheme, url.host, url.path) == (
                "https",
                "news.example",
                "/time/line/events",
            )
            assert url.params.multi_items()[:2] == [("limit", "1"), ("actor", "QBL")]
        for path in ("/", "/time/line", "/time/line/"):
            page = client.get(path, headers=forwarded).text
            assert '<link rel="canonical" href="https://news.example/time/line/">' in page
            local = {*re.findall(r'(?:href|src|action)="(/[^"#]*)"', page)}
            assert {link for link in local if not link.startswith("/time/line/")} == set()
            for link in local:
                assert client.get(link.replace("&amp;", "&")).status_code == 200
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/time/line"}]
