"""Every representation: the same events as `/events`, true dates, and what was cut is told."""

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
from tests.support.read_formats import IDS, read_calendar, read_feed
from tests.support.server import serving

HOST = {"Host": "timeline.example"}
# Any of these is taken by every representation.
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


def test_every_representation_is_read_back() -> None:
    assert IDS.keys() == MEDIA_TYPES.keys()


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("suffix", MEDIA_TYPES)
def test_it_has_what_events_has(harbour: httpx.Client, suffix: str, query: str) -> None:
    query = query or "sort=date&order=asc"
    answer = harbour.get(f"/events.{suffix}?{query}")
    page = harbour.get(f"/events?{query}").json()
    assert answer.status_code == 200, answer.text
    if "sort" not in query and suffix == "atom":
        assert {*IDS[suffix](answer.text)} == {event["id"] for event in page["items"]}
    else:
        assert IDS[suffix](answer.text) == [event["id"] for event in page["items"]]


@pytest.mark.parametrize("suffix", MEDIA_TYPES)
def test_it_is_written_as_it_was(harbour: httpx.Client, suffix: str) -> None:
    """Compare with the file; where a change is meant, write the answer there."""
    answer = harbour.get(f"/events.{suffix}?timeline=harbour", headers=HOST)
    written = (DATA / "formats" / f"harbour.{suffix}").read_bytes().decode()
    # An asset has a digest in its name, which changes whenever it does.
    assert re.sub(r"-[0-9a-f]{8}\.", "-digest.", answer.text) == written
    assert answer.headers["content-type"].startswith(MEDIA_TYPES[suffix])
    assert answer.headers["cache-control"] == CACHE_CONTROL
    assert answer.headers["etag"]
    assert "timeline-truncated" not in answer.headers


def test_events_link_to_every_representation(harbour: httpx.Client) -> None:
    answer = harbour.get("/events?actor=city&limit=1&kind=agreement&kind=works", headers=HOST)
    query = "actor=city&kind=agreement&kind=works"
    assert answer.headers["link"] == ", ".join(
        f'<http://timeline.example/events.{suffix}?{query}>; rel="alternate"; type="{media_type}"'
        for suffix, media_type in MEDIA_TYPES.items()
    )
    for url in harbour.get("/events?actor=city").links.values():
        assert harbour.get(url["url"]).status_code == 200
    long = harbour.get("/events", params={"q": "quay", "kind": ["works"] * 50, "limit": 1})
    assert [link["rel"] for link in long.links.values()] == ["next"]


# What people see of a representation that was cut.
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
def test_what_is_cut_says_so(harbour: httpx.Client, suffix: str) -> None:
    answer = harbour.get(f"/events.{suffix}?limit=2")
    assert len(IDS[suffix](answer.text)) == 2
    assert answer.headers["timeline-truncated"] == "shown=2, total=7"
    assert "timeline-truncated" in answer.headers["access-control-expose-headers"].lower()
    if FORMATS[suffix].max_events:
        assert NOTICE in NOTICES[suffix](answer.text)
    assert harbour.head(f"/events.{suffix}?limit=2").headers["timeline-truncated"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of more events than a batch, or than some representations take."""
    path = tmp_path_factory.mktemp("large") / "timeline.db"
    load_dossiers(new_database(path), make_dossiers(2 * STREAM_BATCH + 70))
    with serving(path) as client:
        yield client


@pytest.mark.parametrize("suffix", FORMATS)
def test_it_is_bounded_unless_it_gives_all(large: httpx.Client, suffix: str) -> None:
    answer = large.get(f"/events.{suffix}?sort=date&order=asc", timeout=60)
    (cap, total) = FORMATS[suffix].max_events, 2 * STREAM_BATCH + 70
    shown = min(cap or total, total)
    assert len(IDS[suffix](answer.text)) == shown
    told = answer.headers.get("timeline-truncated")
    assert told == (f"shown={shown}, total={total}" if shown < total else None)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_all_of_many_come_in_order(large: httpx.Client, suffix: str) -> None:
    walked, page = [], {"next": ""}
    while "next" in page:
        cursor = page["next"] and f"&cursor={page['next']}"
        page = large.get(f"/events?order=desc&limit=500{cursor}").json()
        walked += page["items"]
    answer = large.get(f"/events.{suffix}?order=desc")
    assert IDS[suffix](answer.text) == [event["id"] for event in walked]
    assert "etag" not in answer.headers
    if suffix == "jsonl":
        assert [json.loads(line) for line in answer.text.splitlines()] == walked
    cut = large.get(f"/events.{suffix}?order=desc&limit={STREAM_BATCH + 1}")
    assert len(IDS[suffix](cut.text)) == STREAM_BATCH + 1


def test_whoever_takes_it_slowly_keeps_no_transaction_open(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    database = new_database(path)
    load_dossiers(database, make_dossiers(2 * STREAM_BATCH + 70))
    pieces = iter_batches(database, FormatQuery(), UrlBuilder("http://timeline.example"), None)
    first = next(pieces)
    load_into(database, HARBOUR)
    with closing(sqlite3.connect(path)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy
    sizes = [len(first.records), *(len(piece.records) for piece in pieces)]
    assert max(sizes) == STREAM_BATCH
    assert sum(sizes) >= 2 * STREAM_BATCH + 70
    database.close()


# What a friendly answer without events has in it.
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
def test_nothing_is_an_answer_too(harbour: httpx.Client, tmp_path: Path, suffix: str) -> None:
    with serving(_migrated(tmp_path)) as nothing:
        for answer in (nothing.get(f"/events.{suffix}"), harbour.get(f"/events.{suffix}?q=xyzzy")):
            assert answer.status_code == 200
            text = answer.text.replace("No events yet.", "No events match.")
            assert text == "" if suffix == "jsonl" else EMPTY[suffix] in text
            assert IDS[suffix](answer.text) == []


def _migrated(folder: Path) -> Path:
    new_database(folder / "timeline.db").close()
    return folder / "timeline.db"


def test_what_moves_while_it_is_read_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    database = new_database(path)
    dossiers = make_dossiers(2 * STREAM_BATCH + 70)
    load_dossiers(database, dossiers)
    pieces = iter_batches(database, FormatQuery(), UrlBuilder("http://timeline.example"), None)
    records = [*next(pieces).records]
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE event SET date_key = date_key + 40000000000")
    for piece in pieces:
        records += piece.records
    ids = [json.loads(record)["id"] for record in records]
    assert len(ids) == len({*ids}) == 2 * STREAM_BATCH + 70
    database.close()


def test_a_feed_is_what_its_address_says(harbour: httpx.Client) -> None:
    feeds = {
        url: read_feed(harbour.get(url, headers={**HOST, **more}).text).feed
        for url, more in {
            "/events.atom": {},
            "/events.atom?limit=2": {},
            "/events.atom?kind=works&limit=2": {"X-Forwarded-Proto": "https"},
        }.items()
    }
    for url, feed in feeds.items():
        (itself,) = (link.href for link in feed.links if link.rel == "self")
        assert itself.partition("://")[2] == f"timeline.example{url}"
    assert len({feed.id for feed in feeds.values()}) == 3
    plain, secure = (
        read_feed(harbour.get("/events.atom", headers={**HOST, **more}).text).feed.id
        for more in ({}, {"X-Forwarded-Proto": "https"})
    )
    assert plain == secure


def test_ids_are_those_of_an_address(harbour: httpx.Client) -> None:
    """Whoever subscribed by one scheme goes on by the other, and other hosts have others."""
    plain, secure, other = (
        [entry.id for entry in read_feed(harbour.get("/events.atom", headers=headers).text).entries]
        for headers in (HOST, {**HOST, "X-Forwarded-Proto": "https"}, {"Host": "other.example"})
    )
    assert plain == secure
    assert not {*plain} & {*other}
    entries = read_calendar(harbour.get("/events.ics?sort=updated&order=desc", headers=HOST).text)
    assert [f"urn:uuid:{entry.uid}" for entry in entries] == plain
