"""The size of responses is bounded, whatever the records contain."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.db.database import Database
from app.formats import FORMATS
from app.query.batches import EventBatch
from app.query.heading import PageHeading
from app.schemas.responses import Total
from app.urls import UrlBuilder
from tests.support.databases import load_into, new_database
from tests.support.read_formats import ID_READERS
from tests.support.server import serving

NUMBER = 9
"""The number of records of each kind. Each has about 30 KB, so that 64 KB are two or three."""
LIMITS: dict[str, Any] = {"max_page_size": 64, "max_format_size": 64}
LONG = "Wörter " * 1_400


def _records() -> Iterator[dict[str, Any]]:
    for at in range(NUMBER):
        yield {"timeline": {"id": f"t{at}", "title": "T", "description": LONG + LONG[:100]}}
        aliases = [f"{at} {alias} {'x' * 400}" for alias in range(40)]
        actor = {"name": f"A{at}", "kind": "person", "note": LONG, "aliases": aliases}
        yield {"actor": {"id": f"a{at}", **actor}}
        yield {"source": {"id": f"s{at}", "title": "S", "publisher": f"a{at}", "note": LONG}}
        citations = [{"source": f"s{at}", "quote": f"Number {at}."}]
        texts = {"title": "E", "summary": LONG, "date_note": LONG, "citations": citations}
        event = {"kind": "x", "status": "reported", "date": "2021", **texts}
        yield {"event": {"id": f"e{at}", **event, "participants": [_part(f"a{at}")]}}


def _part(actor: str) -> dict[str, str]:
    return {"actor": actor, "role": "agent"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Return a database of long records."""
    folder = tmp_path_factory.mktemp("long")
    lines = folder / "long.jsonl"
    lines.write_text("\n".join(map(json.dumps, _records())), "utf-8")
    database = new_database(folder / "timeline.db")
    load_into(database, lines)
    return database


@pytest.fixture(scope="module")
def limited(database: Database) -> Iterator[httpx.Client]:
    """Yield a client of a server with low limits."""
    with serving(database, **LIMITS) as client:
        yield client


@pytest.fixture(scope="module")
def unlimited(database: Database) -> Iterator[httpx.Client]:
    """Yield a client of a server with the default limits."""
    with serving(database) as client:
        yield client


@pytest.mark.parametrize("list_", ["events", "actors", "sources", "timelines"])
def test_page_ends_before_it_is_too_large(
    limited: httpx.Client, unlimited: httpx.Client, list_: str
) -> None:
    whole = unlimited.get(f"/{list_}").json()
    assert len(whole["items"]) == NUMBER
    assert "next" not in whole
    items: list[Any] = []
    url = f"/{list_}?limit=7"
    while url:
        page = limited.get(url)
        sizes = [_size(item) for item in page.json()["items"]]
        assert sum(sizes) <= 64 * 1024
        assert page.json()["total"] == whole["total"]
        items += page.json()["items"]
        url = page.links.get("next", {}).get("url", "")
        # No page ends earlier than it must.
        following = whole["items"][len(items) :]
        assert not following or sum(sizes) + _size(following[0]) > 64 * 1024
    assert items == whole["items"]


def _size(record: object) -> int:
    return len(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode())


def test_record_that_exceeds_a_page_is_alone_on_it(tmp_path: Path) -> None:
    """Otherwise a client could never get past it."""
    note = "\U00010000" * 9_999
    event = {"kind": "x", "status": "reported", "title": "E", "summary": note, "date_note": note}
    records: list[Any] = [{"timeline": {"id": "t", "title": "T"}}, *list(_records())[1:3]]
    records += [
        {"event": {"id": f"e{at}", **event, "date": "2021", "citations": [_citation(at)]}}
        for at in range(3)
    ]
    lines = tmp_path / "x.jsonl"
    lines.write_text("\n".join(map(json.dumps, records)), "utf-8")
    database = new_database(tmp_path / "timeline.db")
    load_into(database, lines)
    with serving(database, **LIMITS) as client:
        first = client.get("/events").json()
        assert [_size(item) > 64 * 1024 for item in first["items"]] == [True]
        rest = client.get("/events", params={"cursor": first["next"]}).json()
        assert [item["id"] for item in rest["items"]] == ["e1"]
        assert ID_READERS["jsonl"](client.get("/events.jsonl").text) == ["e0", "e1", "e2"]
        assert ID_READERS["vis.json"](client.get("/events.vis.json").text) == ["e0"]
        assert client.get("/events/e2").json()["summary"] == note


def test_escapes_count_for_size_of_format(tmp_path: Path) -> None:
    """In a feed, each of these characters becomes nine."""
    texts = {"kind": "x", "status": "reported", "title": "E", "date": "2021"}
    records: list[Any] = [{"timeline": {"id": "t", "title": "T"}}, *list(_records())[1:3]]
    for at in range(3):
        citations = [{"source": "s0", "quote": f"{at} {one} {'&' * 500}"} for one in range(10)]
        records.append({"event": {"id": f"e{at}", **texts, "citations": citations}})
    lines = tmp_path / "x.jsonl"
    lines.write_text("\n".join(map(json.dumps, records)), "utf-8")
    database = new_database(tmp_path / "timeline.db")
    load_into(database, lines)
    with serving(database, **LIMITS) as client:
        assert len(client.get("/events").json()["items"]) == 3
        feed = client.get("/events.atom?sort=date&order=asc")
        assert ID_READERS["atom"](feed.text) == ["e0"]
        assert len(feed.content) < 64 * 1024


def _citation(number: int) -> dict[str, str]:
    return {"source": "s0", "quote": f"Quote {number}."}


def test_page_for_readers_is_bounded_too(limited: httpx.Client) -> None:
    first = limited.get("/events.html")
    assert ID_READERS["html"](first.text) == ["e0", "e1"]
    assert "cursor=" in first.text


WHOLE = [suffix for suffix, format_ in FORMATS.items() if format_.max_events]
STREAMED = [suffix for suffix in FORMATS if suffix not in WHOLE]


@pytest.mark.parametrize("suffix", WHOLE)
def test_large_format_is_truncated_and_says_so(
    limited: httpx.Client, unlimited: httpx.Client, suffix: str
) -> None:
    url = f"/events.{suffix}?sort=date&order=asc"
    response = limited.get(url)
    assert response.status_code == 200
    assert ID_READERS[suffix](response.text) == ["e0", "e1"]
    assert response.headers["timeline-truncated"] == f"shown=2, total={NUMBER}"
    assert f"Only 2 of {NUMBER} events are shown." in response.text
    assert len(ID_READERS[suffix](unlimited.get(url).text)) == NUMBER
    assert "timeline-truncated" not in unlimited.get(url).headers


@pytest.mark.parametrize("suffix", STREAMED)
@pytest.mark.parametrize(("query", "shown"), [("", NUMBER), ("?limit=5", 5)])
def test_large_stream_is_complete(
    limited: httpx.Client, unlimited: httpx.Client, suffix: str, query: str, shown: int
) -> None:
    response = limited.get(f"/events.{suffix}{query}")
    assert "etag" not in response.headers  # it is a stream of several batches
    whole = unlimited.get(f"/events.{suffix}{query}")
    assert whole.headers["etag"]
    assert response.text == whole.text
    assert len(ID_READERS[suffix](response.text)) == shown


def test_records_are_parsed_while_they_are_rendered(unlimited: httpx.Client) -> None:
    """All parsed at once, they would take ten times as much memory."""
    record = unlimited.get("/events/e0").text
    total = Total(value=30, relation="eq")
    batch = EventBatch(
        [*[record] * 29, "not JSON"], total, UrlBuilder("http://x.example"), PageHeading()
    )
    events = iter(batch.events)
    assert [next(events).id for _ in range(3)] == ["e0"] * 3
