"""Harvesting: `updated_since` selects what has changed, so that a copy follows the server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.db.database import Database
from app.dossiers.document import Dossier
from app.schemas.params import EventQuery
from tests.support.corpus import FERRY, HARBOUR, LATER, LOADED_AT
from tests.support.databases import load_dossiers, load_into, new_database
from tests.support.random_dossiers import make_dossiers, make_event
from tests.support.read_html import form_url, read_page, text_of, texts_of
from tests.support.requirements import repetitions
from tests.support.server import serving

# Values, and the moment that each means.
MOMENTS = {
    "2026-11-27T12:00:00Z": "2026-11-27T12:00:00Z",
    "2026-11-27": "2026-11-27T00:00:00Z",
    "2026-11": "2026-11-01T00:00:00Z",
    "2026": "2026-01-01T00:00:00Z",
    "2026-11-27T12:00": "2026-11-27T12:00:00Z",
    "2026-11-27T12:00:00": "2026-11-27T12:00:00Z",
    "2026-11-27 12:00:00": "2026-11-27T12:00:00Z",
    "2026-11-27t12:00:00z": "2026-11-27T12:00:00Z",
    "2026-11-27T12:00:00.999999999Z": "2026-11-27T12:00:00Z",
    "2026-11-27T12:00:00+01:00": "2026-11-27T11:00:00Z",
    "2026-11-27T12:00:00 01:00": "2026-11-27T11:00:00Z",
    "2026-11-27T00:30:00+0100": "2026-11-26T23:30:00Z",
    "2026-11-27T23:30:00-01:30": "2026-11-28T01:00:00Z",
    "0001": "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00": "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00": "9999-12-31T23:59:59Z",
}


@pytest.mark.parametrize("value", MOMENTS)
def test_moment_is_read_as_utc_second(value: str) -> None:
    query = EventQuery.model_validate({"updated_since": value})
    assert query.updated_since == MOMENTS[value]


HINT = "is not a day or a moment. Write 2026-11-27 or 2026-11-27T12:00:00Z."
REFUSED = {
    "yesterday": f"'yesterday' {HINT}",
    "27/11/2026": "'27/11/2026' is not a day or a moment. Write 2026-11-27.",
    "1795780800": f"'1795780800' {HINT}",
    "2026-11-27?": f"'2026-11-27?' {HINT}",
    "2026-11T12:00": f"'2026-11T12:00' {HINT}",
    "2026-11-27T12": f"'2026-11-27T12' {HINT}",
    "2026-11-27T24:00:00Z": f"'2026-11-27T24:00:00Z' {HINT}",
    "2026-11-27T12:00:00+99:00": f"'2026-11-27T12:00:00+99:00' {HINT}",
    "2026-11-27T12:00:00 Z": f"'2026-11-27T12:00:00 Z' {HINT}",
    "2026-13": "'2026-13' is not a date. Months run from 01 to 12.",
    "2026-11-31T12:00:00Z": "'2026-11-31' is not a date. The days of November 2026 run from 01",
}


@pytest.mark.parametrize("value", REFUSED)
def test_other_value_is_refused_with_the_fix(seed: httpx.Client, value: str) -> None:
    response = seed.get("/events", params={"updated_since": value})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["detail"].startswith("updated_since: ")
    assert REFUSED[value] in error["detail"]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a database that was loaded at two moments."""
    database = new_database(tmp_path_factory.mktemp("twice") / "timeline.db")
    load_into(database, HARBOUR, now=LOADED_AT)
    # The ferry timeline shares an event with the harbour, which therefore changes.
    load_into(database, FERRY, now=LATER)
    with serving(database) as client:
        yield client


# Query strings, and the number of events.
COUNTS = {
    "updated_since=2022-07-19": 7,
    "updated_since=2022-07-19T12:30:00Z": 7,
    "updated_since=2022-07-19T12:30:01Z": 2,
    "updated_since=2022-07-20T12:30:00Z": 2,
    "updated_since=2022-07-20T14:30:00+02:00": 2,  # an unencoded plus is a space
    "updated_since=2022-07-20T12:30:01Z": 0,
    "updated_since=9999": 0,
    "updated_since=2022-07-20&timeline=harbour": 1,
}


@pytest.mark.parametrize("query", COUNTS)
def test_events_facets_histogram_and_formats_have_updated_events(
    twice: httpx.Client, query: str
) -> None:
    expected = COUNTS[query]
    page = twice.get(f"/events?{query}").json()
    assert len(page["items"]) == page["total"]["value"] == expected
    facets = twice.get(f"/facets?{query}").json()
    assert facets["total"]["value"] == expected
    assert sum(kind["count"] for kind in facets["facets"]["kind"]) == expected
    lines = twice.get(f"/events.jsonl?{query}").text.splitlines()
    assert len(lines) == expected
    buckets = twice.get(f"/histogram?{query}&interval=year").json()["buckets"]
    assert any(bucket["possible"] for bucket in buckets) == bool(expected)


def test_page_keeps_moment_in_its_links_and_form(twice: httpx.Client) -> None:
    page = read_page(twice, "/?updated_since=2022-07-20T14:30:00%2B02:00&limit=1")
    assert text_of(page, "#count").startswith("2 events")
    chip, *_ = texts_of(page, ".chips a")
    assert " ".join(chip.split()) == "Updated since 2022-07-20T14:30:00+02:00 ×"
    urls = [form_url(page), str(page.select("a[rel=next]")[0]["href"])]
    urls += [str(link["href"]) for link in page.select("link[rel=alternate]")]
    for url in urls:
        assert ("updated_since", "2022-07-20T14:30:00+02:00") in parse_qsl(urlsplit(url).query)


def _pages(client: httpx.Client, query: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the items of each page of events."""
    response = client.get(f"/events?{query}")
    while True:
        yield response.json()["items"]
        if "next" not in response.links:
            return
        response = client.get(response.links["next"]["url"])


class _Mirror:
    """A copy of all events, updated as the documentation of the API says."""

    def __init__(self, client: httpx.Client) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self._client = client
        self._since = "0001"

    def update(self) -> Iterator[None]:
        """Read what is new, and yield before each page and at the end."""
        (latest,) = next(_pages(self._client, "sort=updated&order=desc&limit=1"))
        yield
        query = f"sort=updated&order=asc&limit=5&updated_since={self._since}"
        for page in _pages(self._client, query):
            self.events |= {event["id"]: event for event in page}
            yield
        self._since = latest["updated_at"]


class _Server:
    """A database whose events change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._random = Random(0)
        self._dossier, _ = make_dossiers(30)
        self._now = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
        self.load([])

    def load(self, changed: list[int], seconds: int = 0) -> None:
        """Load the dossier with other content of some events, which may be new."""
        self._now += timedelta(seconds=seconds)
        events = {event.id: event for event in self._dossier.events}
        for number in changed:
            new = make_event(self._random, f"changed-{number}")
            events[f"changed-{number}"] = new  # type: ignore[assignment]
        content = self._dossier.model_dump(by_alias=True) | {"events": [*events.values()]}
        self._dossier = Dossier.model_validate(content)
        load_dossiers(self._database, [self._dossier], now=self._now)


Changes = list[tuple[list[int], int]]
# Before each page that a copy reads: which events change, and how many seconds after the last load.
loads = st.lists(st.tuples(st.lists(st.integers(0, 9), max_size=9), st.integers(0, 1)), max_size=8)


@pytest.mark.full
@settings(max_examples=repetitions(6, 300))
@given(loads, loads)
# Event 1 changes in the second of an event that was read already, so this update misses it. Then
# event 0 changes, and is read: the latest `updated_at` of the copy is no place to begin next time.
@example([([], 0), ([1], 0), ([0], 1)], [])
# Events that change twice in a second get the next one, before which another event changes then.
@example([([*range(6)], 1), ([*range(6)], 0)], [*[([], 0)] * 5, ([7], 0)])
def test_copy_equals_server_after_changes_during_its_updates(
    tmp_path_factory: pytest.TempPathFactory, first: Changes, second: Changes
) -> None:
    folder: Path = tmp_path_factory.mktemp("mirror")
    database = new_database(folder / "timeline.db")
    server = _Server(database)
    with serving(database) as client:
        mirror = _Mirror(client)
        for changes in (first, second, []):
            left = iter(changes)
            for _ in mirror.update():
                if change := next(left, None):
                    server.load(*change)
        (events,) = _pages(client, "limit=500")
    database.close()
    assert mirror.events == {event["id"]: event for event in events}


def test_walk_through_latest_changes_first_misses_what_changes_meanwhile(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    server = _Server(database)
    missed = {}
    with serving(database) as client:
        for order in ("asc", "desc"):
            found: set[str] = set()
            server.load([*range(10)], seconds=1)
            for number, page in enumerate(_pages(client, f"sort=updated&order={order}&limit=5")):
                found |= {event["id"] for event in page}
                if number == 0:
                    server.load([*range(10)], seconds=1)
            missed[order] = len({f"changed-{number}" for number in range(10)} - found)
    database.close()
    assert missed == {"asc": 0, "desc": 5}
