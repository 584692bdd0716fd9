"""Every format: the same events as `/events`, a snapshot, and notices if it is truncated."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.api.headers import CACHE_CONTROL
from app.formats import FORMATS, MEDIA_TYPES
from app.query.batches import STREAM_BATCH, iter_batches
from app.schemas.params import FormatQuery
from app.urls import UrlBuilder
from tests.support.corpus import DATA, HARBOUR
from tests.support.databases import load_dossiers, load_into, new_database
from tests.support.random_dossiers import make_dossiers
from tests.support.read_formats import ID_READERS, read_calendar, read_feed
from tests.support.server import serving

HOST = {"Host": "timeline.example"}
# Queries that every format accepts.
QUERIES = [
    "",
    "actor=quay-builders&actor=city",
    "actor=city&actor_scope=tree&role=reporter",
    "exclude_actor=obrien",
    "from=2020-03&to=2020-04",
    "date=2020&date_match=within",
    "kind=works&status=reported",
    "topic=quay",
    "source=council-minutes&min_sources=2",
    "timeline=harbour",
    "q=contract",
    "q=nothing-of-the-kind",
    "sort=date&order=desc",
    "sort=updated&order=asc",
    "sort=date&order=asc&limit=3",
]


def test_every_format_has_reader() -> None:
    assert ID_READERS.keys() == MEDIA_TYPES.keys()


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("suffix", MEDIA_TYPES)
def test_format_has_same_events_as_json(harbour: httpx.Client, suffix: str, query: str) -> None:
    query = query or "sort=date&order=asc"
    response = harbour.get(f"/events.{suffix}?{query}")
    page = harbour.get(f"/events?{query}").json()
    assert response.status_code == 200, response.text
    if "sort" not in query and suffix == "atom":
        assert {*ID_READERS[suffix](response.text)} == {event["id"] for event in page["items"]}
    else:
        assert ID_READERS[suffix](response.text) == [event["id"] for event in page["items"]]


@pytest.mark.parametrize("suffix", MEDIA_TYPES)
def test_format_equals_snapshot(harbour: httpx.Client, suffix: str) -> None:
    """After an intended change, write the response to the file."""
    response = harbour.get(f"/events.{suffix}?timeline=harbour", headers=HOST)
    snapshot = (DATA / "formats" / f"harbour.{suffix}").read_bytes().decode()
    # The digest in the name of an asset changes with its content.
    assert re.sub(r"-[0-9a-f]{8}\.", "-digest.", response.text) == snapshot
    assert response.headers["content-type"].startswith(MEDIA_TYPES[suffix])
    assert response.headers["cache-control"] == CACHE_CONTROL
    assert response.headers["etag"]
    assert "timeline-truncated" not in response.headers


def test_events_link_to_every_format(harbour: httpx.Client) -> None:
    response = harbour.get("/events?actor=city&limit=1&kind=agreement&kind=works", headers=HOST)
    query = "actor=city&kind=agreement&kind=works"
    assert response.headers["link"] == ", ".join(
        f'<http://timeline.example/events.{suffix}?{query}>; rel="alternate"; type="{media_type}"'
        for suffix, media_type in MEDIA_TYPES.items()
    )
    for link in harbour.get("/events?actor=city").links.values():
        assert harbour.get(link["url"]).status_code == 200
    # With long queries, the header would exceed what proxies accept.
    long = harbour.get("/events", params={"q": "quay", "kind": ["works"] * 50, "limit": 1})
    assert [link["rel"] for link in long.links.values()] == ["next"]


# What readers see of a truncated format: the notice, by suffix.
NOTICE = "Only 2 of 7 events are shown."
NOTICES = {
    "timelinejs.json": lambda text: json.loads(text)["title"]["text"]["text"],
    "vis.json": lambda text: json.loads(text)["notice"],
    "fullcalendar.json": lambda text: json.loads(text)[-1]["title"],
    "ics": lambda text: text,
    "atom": lambda text: read_feed(text).feed.subtitle,
    "jsonld": lambda text: text,
}


@pytest.mark.parametrize("suffix", FORMATS)
def test_truncated_format_has_header_and_notice(harbour: httpx.Client, suffix: str) -> None:
    response = harbour.get(f"/events.{suffix}?limit=2")
    assert len(ID_READERS[suffix](response.text)) == 2
    assert response.headers["timeline-truncated"] == "shown=2, total=7"
    assert "timeline-truncated" in response.headers["access-control-expose-headers"].lower()
    if FORMATS[suffix].max_events:
        assert NOTICE in NOTICES[suffix](response.text)
    assert harbour.head(f"/events.{suffix}?limit=2").headers["timeline-truncated"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with more events than a batch, or than some formats contain."""
    path = tmp_path_factory.mktemp("large") / "timeline.db"
    load_dossiers(new_database(path), make_dossiers(2 * STREAM_BATCH + 70))
    with serving(path) as client:
        yield client


@pytest.mark.parametrize("suffix", FORMATS)
def test_format_contains_at_most_max_events(large: httpx.Client, suffix: str) -> None:
    response = large.get(f"/events.{suffix}?sort=date&order=asc", timeout=60)
    (max_events, total) = FORMATS[suffix].max_events, 2 * STREAM_BATCH + 70
    shown = min(max_events or total, total)
    assert len(ID_READERS[suffix](response.text)) == shown
    truncated = response.headers.get("timeline-truncated")
    assert truncated == (f"shown={shown}, total={total}" if shown < total else None)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_stream_has_all_events_in_order(large: httpx.Client, suffix: str) -> None:
    events, page = [], {"next": ""}
    while "next" in page:
        cursor = page["next"] and f"&cursor={page['next']}"
        page = large.get(f"/events?order=desc&limit=500{cursor}").json()
        events += page["items"]
    response = large.get(f"/events.{suffix}?order=desc")
    assert ID_READERS[suffix](response.text) == [event["id"] for event in events]
    assert "etag" not in response.headers
    if suffix == "jsonl":
        assert [json.loads(line) for line in response.text.splitlines()] == events
    limited = large.get(f"/events.{suffix}?order=desc&limit={STREAM_BATCH + 1}")
    assert len(ID_READERS[suffix](limited.text)) == STREAM_BATCH + 1


@pytest.mark.sqlite
def test_slow_client_keeps_no_transaction_open(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    database = new_database(path)
    load_dossiers(database, make_dossiers(2 * STREAM_BATCH + 70))
    batches = iter_batches(database, FormatQuery(), UrlBuilder("http://timeline.example"), None)
    first = next(batches)
    load_into(database, HARBOUR)
    with closing(sqlite3.connect(path)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy
    sizes = [len(first.records), *(len(batch.records) for batch in batches)]
    assert max(sizes) == STREAM_BATCH
    assert sum(sizes) >= 2 * STREAM_BATCH + 70
    database.close()


# What a format contains if no event matches.
EMPTY = {
    "timelinejs.json": "No events match",
    "vis.json": '"items":[]',
    "fullcalendar.json": "[]",
    "ics": "BEGIN:VTIMEZONE",
    "atom": "<title>Timeline</title>",
    "csv": "id,title,summary,kind,status,date,",
    "jsonl": "",
    "jsonld": "Dataset",
    "html": "No events match.",
}


@pytest.mark.parametrize("suffix", MEDIA_TYPES)
def test_format_without_events_is_valid(harbour: httpx.Client, tmp_path: Path, suffix: str) -> None:
    with serving(_empty_database(tmp_path)) as empty:
        for response in (empty.get(f"/events.{suffix}"), harbour.get(f"/events.{suffix}?q=xyzzy")):
            assert response.status_code == 200
            text = response.text.replace("No events yet.", "No events match.")
            assert text == "" if suffix == "jsonl" else EMPTY[suffix] in text
            assert ID_READERS[suffix](response.text) == []


def _empty_database(folder: Path) -> Path:
    new_database(folder / "timeline.db").close()
    return folder / "timeline.db"


def test_event_that_moves_during_stream_appears_once(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    database = new_database(path)
    dossiers = make_dossiers(2 * STREAM_BATCH + 70)
    load_dossiers(database, dossiers)
    batches = iter_batches(database, FormatQuery(), UrlBuilder("http://timeline.example"), None)
    records = [*next(batches).records]
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE event SET date_key = date_key + 40000000000")
    for batch in batches:
        records += batch.records
    ids = [json.loads(record)["id"] for record in records]
    assert len(ids) == len({*ids}) == 2 * STREAM_BATCH + 70
    database.close()


def test_feed_id_depends_on_url_but_not_on_scheme(harbour: httpx.Client) -> None:
    feeds = {
        url: read_feed(harbour.get(url, headers={**HOST, **headers}).text).feed
        for url, headers in {
            "/events.atom": {},
            "/events.atom?limit=2": {},
            "/events.atom?kind=works&limit=2": {"X-Forwarded-Proto": "https"},
        }.items()
    }
    for url, feed in feeds.items():
        (self_url,) = (link.href for link in feed.links if link.rel == "self")
        assert self_url.partition("://")[2] == f"timeline.example{url}"
    assert len({feed.id for feed in feeds.values()}) == 3
    plain, secure = (
        read_feed(harbour.get("/events.atom", headers={**HOST, **headers}).text).feed.id
        for headers in ({}, {"X-Forwarded-Proto": "https"})
    )
    assert plain == secure


def test_entry_ids_depend_on_host_but_not_on_scheme(harbour: httpx.Client) -> None:
    """A subscription survives a move to HTTPS: it shows no entry twice."""
    plain, secure, other = (
        [entry.id for entry in read_feed(harbour.get("/events.atom", headers=headers).text).entries]
        for headers in (HOST, {**HOST, "X-Forwarded-Proto": "https"}, {"Host": "other.example"})
    )
    assert plain == secure
    assert not {*plain} & {*other}
    entries = read_calendar(harbour.get("/events.ics?sort=updated&order=desc", headers=HOST).text)
    assert [f"urn:uuid:{entry.uid}" for entry in entries] == plain
