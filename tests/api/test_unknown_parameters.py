"""Feeds and calendars ignore unknown parameters, which people add to bypass caches."""

import logging
from pathlib import Path

import httpx
import pytest

from app.formats import FORMATS
from tests.support.corpus import HARBOUR
from tests.support.databases import load_into, new_database
from tests.support.problem import check_problem
from tests.support.server import serving

HOST = {"Host": "timeline.example"}
LENIENT = ["/events.ics", "/events.atom", "/events.fullcalendar.json"]
PAGES = ["/", "/events.html", "/embed.html", "/docs", "/events/works.html"]
STRICT = [
    *(f"/events.{suffix}" for suffix in FORMATS if f"/events.{suffix}" not in LENIENT),
    *("/events", "/events.json", "/events/works", "/facets", "/histogram", "/actors", "/sources"),
]
# query: the same without the parameters that are ignored
IGNORED = {
    "nocache=1": "",
    "fbclid=1": "",
    "_=1": "",
    "v": "",
    "&&=&%20=1": "",
    "kind=works&_=1": "kind=works",
    "utm_source=a&kind=works&utm_source=b&kind=agreement": "kind=works&kind=agreement",
    "ref=x&limit=2&t=2026-11-27T12:00:00Z": "limit=2",
    "frm=2021": "",  # a short name is one edit away from too many
    "cachebuster=%C3%A9": "",
}
# query: the parameter, and the name that it is mistaken for
MISSPELT = {
    "acotr=city": ("acotr", "actor"),
    "actors=city": ("actors", "actor"),
    "actr=city": ("actr", "actor"),
    "axtor=city": ("axtor", "actor"),
    "Actor=city": ("Actor", "actor"),
    "form=2021": ("form", "from"),
    "knid=works&_=1": ("knid", "kind"),
    "actor%5B%5D=city": ("actor[]", "actor"),
    "min-sources=2": ("min-sources", "min_sources"),
    "excludeactor=city": ("excludeactor", "exclude_actor"),
}


@pytest.mark.parametrize("path", [*LENIENT, *PAGES])
@pytest.mark.parametrize("query", IGNORED)
def test_unknown_parameter_is_ignored(harbour: httpx.Client, path: str, query: str) -> None:
    response = harbour.get(f"{path}?{query}", headers=HOST)
    plain = harbour.get(f"{path}?{IGNORED[query]}", headers=HOST)
    assert response.status_code == 200
    assert response.content == plain.content
    assert response.headers["etag"] == plain.headers["etag"]


@pytest.mark.parametrize("path", STRICT)
@pytest.mark.parametrize("query", ["nocache=1", "fbclid=1", "_=1"])
def test_other_paths_reject_unknown_parameter(harbour: httpx.Client, path: str, query: str) -> None:
    check_problem(harbour.get(f"{path}?{query}"), 422)


@pytest.mark.parametrize("path", LENIENT)
@pytest.mark.parametrize("query", MISSPELT)
def test_misspelt_parameter_is_rejected(harbour: httpx.Client, path: str, query: str) -> None:
    """Otherwise, all events would be in the calendar, as if they matched."""
    name, nearest = MISSPELT[query]
    problem = check_problem(harbour.get(f"{path}?{query}"), 422)
    assert [error.parameter for error in problem.errors] == [name]
    assert nearest in problem.detail


@pytest.mark.parametrize("path", LENIENT)
@pytest.mark.parametrize("query", ["limit=1&limit=2&_=1", "limit=many&_=1", "kind=none&_=1"])
def test_known_parameter_is_checked_next_to_ignored_one(
    harbour: httpx.Client, path: str, query: str
) -> None:
    check_problem(harbour.get(f"{path}?{query}"), 422)


# An ignored parameter is as valid as any other: the status with each.
INVALID = {f"_={'x' * 9_000}": 414, "_=%FF": 400, "%FF=1": 400, "kind=works&_=%ED%A0%80": 400}


@pytest.mark.parametrize("path", [*LENIENT, "/"])
@pytest.mark.parametrize("query", INVALID, ids=[query[:10] for query in INVALID])
def test_invalid_url_is_rejected_even_if_response_is_cached(
    harbour: httpx.Client, path: str, query: str
) -> None:
    for plain in ("", "?kind=works"):
        assert harbour.get(f"{path}{plain}").status_code == 200
    url = harbour.base_url.copy_with(raw_path=f"{path}?{query}".encode())
    check_problem(harbour.get(url), INVALID[query])


@pytest.mark.parametrize("path", LENIENT[:2])
def test_links_do_not_contain_ignored_parameters(harbour: httpx.Client, path: str) -> None:
    text = harbour.get(f"{path}?nocache=1&limit=2&kind=works", headers=HOST).text
    assert "nocache" not in text
    assert "kind=works" in text.replace("\r\n ", "")


@pytest.mark.parametrize("path", [*LENIENT, *PAGES])
def test_urls_that_differ_in_ignored_parameters_share_a_cached_response(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_into(database, HARBOUR)
    caplog.set_level(logging.INFO, "timeline.access")
    targets = [f"/timeline{path}", path, f"{path}?_=1", f"/timeline{path}?nocache=2&fbclid=3"]
    # The proxy removes the prefix or not, and the path is a part of the key. A request is logged
    # before the next one of the same connection is read, so that the last one is not expected.
    with serving(database, root_path="/timeline") as client:
        bodies = {client.get(target).content for target in [*targets, "/livez"]}
        records = [record for record in caplog.records if record.name == "timeline.access"]
    assert len(bodies) == 2
    assert [getattr(record, "cache", "") for record in records][:4] == [
        *("miss", "miss", "hit", "hit")
    ]
