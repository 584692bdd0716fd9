"""Every representation: the same events as `/events`, true dates, and what was cut is told."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from app.addresses import Address
from app.delivery import FRESH
from app.excerpt import BATCH, read_excerpts
from app.formats import DATA, FORMATS
from app.params import ExcerptQuery
from tests.conftest import HARBOUR, TESTS, load_dossiers, load_into, new_database, serving
from tests.generated import make_dossiers
from tests.readers import IDS, read_calendar, read_feed, read_rows

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
    assert IDS.keys() == FORMATS.keys()


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("suffix", FORMATS)
def test_it_has_what_events_has(harbour: httpx.Client, suffix: str, query: str) -> None:
    query = query or "sort=date&order=asc"
    answer = harbour.get(f"/events.{suffix}?{query}")
    page = harbour.get(f"/events?{query}").json()
    assert answer.status_code == 200, answer.text
    if "sort" not in query and suffix == "atom":
        assert {*IDS[suffix](answer.text)} == {event["id"] for event in page["items"]}
    else:
        assert IDS[suffix](answer.text) == [event["id"] for event in page["items"]]


@pytest.mark.parametrize("suffix", FORMATS)
def test_it_is_written_as_it_was(harbour: httpx.Client, suffix: str) -> None:
    """Compare with the file; where a change is meant, write the answer there."""
    answer = harbour.get(f"/events.{suffix}?timeline=harbour", headers=HOST)
    written = (TESTS / "formats" / f"harbour.{suffix}").read_bytes().decode()
    # An asset has a digest in its name, which changes whenever it does.
    assert re.sub(r"-[0-9a-f]{8}\.", "-digest.", answer.text) == written
    assert answer.headers["content-type"].startswith(FORMATS[suffix].media_type)
    assert answer.headers["cache-control"] == FRESH
    assert answer.headers["etag"]
    assert "timeline-truncated" not in answer.headers


def test_events_link_to_every_representation(harbour: httpx.Client) -> None:
    answer = harbour.get("/events?actor=city&limit=1&kind=agreement&kind=works", headers=HOST)
    query = "actor=city&kind=agreement&kind=works"
    assert answer.headers["link"] == ", ".join(
        f'<http://timeline.example/events.{suffix}?{query}>; rel="alternate"; '
        f'type="{format_.media_type}"'
        for suffix, format_ in FORMATS.items()
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


@pytest.mark.parametrize("suffix", DATA)
def test_what_is_cut_says_so(harbour: httpx.Client, suffix: str) -> None:
    answer = harbour.get(f"/events.{suffix}?limit=2")
    assert len(IDS[suffix](answer.text)) == 2
    assert answer.headers["timeline-truncated"] == "shown=2, total=7"
    assert "timeline-truncated" in answer.headers["access-control-expose-headers"].lower()
    if DATA[suffix].cap:
        assert NOTICE in NOTICES[suffix](answer.text)
    assert harbour.head(f"/events.{suffix}?limit=2").headers["timeline-truncated"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of more events than a batch, or than some representations take."""
    path = tmp_path_factory.mktemp("large") / "timeline.db"
    load_dossiers(new_database(path), make_dossiers(2 * BATCH + 70))
    with serving(path) as client:
        yield client


@pytest.mark.parametrize("suffix", DATA)
def test_it_is_bounded_unless_it_gives_all(large: httpx.Client, suffix: str) -> None:
    answer = large.get(f"/events.{suffix}?sort=date&order=asc", timeout=60)
    (cap, total) = FORMATS[suffix].cap, 2 * BATCH + 70
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
    cut = large.get(f"/events.{suffix}?order=desc&limit={BATCH + 1}")
    assert len(IDS[suffix](cut.text)) == BATCH + 1


def test_whoever_takes_it_slowly_keeps_no_transaction_open(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    database = new_database(path)
    load_dossiers(database, make_dossiers(2 * BATCH + 70))
    pieces = read_excerpts(database, ExcerptQuery(), Address("http://timeline.example"), None)
    first = next(pieces)
    load_into(database, HARBOUR)
    with closing(sqlite3.connect(path)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy
    sizes = [len(first.records), *(len(piece.records) for piece in pieces)]
    assert max(sizes) == BATCH
    assert sum(sizes) >= 2 * BATCH + 70
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


@pytest.mark.parametrize("suffix", FORMATS)
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


# how a date is drawn, by form: in TimelineJS, in vis-timeline, in FullCalendar (and whether it is
# marked), and in a calendar
DRAWN: dict[str, tuple[str, str, str, str]] = {
    "2021-11-03": ("2021-11-03", "2021-11-03", "2021-11-03", "2021-11-03"),
    "2021-11": ("2021-11", "2021-11-01 2021-12-01", "2021-11-01*", "2021-11-01 2021-11-30*"),
    "2021": ("2021", "2021-01-01 2022-01-01", "2021-01-01*", "2021-01-01 2021-12-31*"),
    "2021-11-03~": ("2021-11-03", "2021-11-03", "2021-11-03*", "2021-11-03*"),
    "2021-11?": ("2021-11", "2021-11-01 2021-12-01", "2021-11-01*", "2021-11-01 2021-11-30*"),
    "2021-11-03/2021-11-05": (
        "2021-11-03 2021-11-05",
        "2021-11-03 2021-11-06",
        "2021-11-03 2021-11-05",
        "2021-11-03 2021-11-05",
    ),
    "2021-11/2022-02": (
        "2021-11 2022-02-28",
        "2021-11-01 2022-03-01",
        "2021-11-01 2022-02-28*",
        "2021-11-01 2022-02-28*",
    ),
    "[2022-07-10..2022-07-16]": (
        "2022-07-10 2022-07-16",
        "2022-07-10 2022-07-17",
        "2022-07-10*",
        "2022-07-10 2022-07-16*",
    ),
    "[2021-11..2022-02]": (
        "2021-11 2022-02-28",
        "2021-11-01 2022-03-01",
        "2021-11-01*",
        "2021-11-01 2022-02-28*",
    ),
    "../2021-11": ("2021-11", "2021-11-01", "2021-11-01*", "2021-11-01*"),
    "/2021-11-03": ("2021-11-03", "2021-11-03", "2021-11-03*", "2021-11-03*"),
    "[..2022-07-19]": ("2022-07-19", "2022-07-19", "2022-07-19*", "2022-07-19*"),
    "2021-11/..": ("2021-11", "2021-11-01", "2021-11-01*", "2021-11-01*"),
    "2021-11-03/": ("2021-11-03", "2021-11-03", "2021-11-03*", "2021-11-03*"),
    "[2021..]": ("2021", "2021-01-01", "2021-01-01*", "2021-01-01*"),
    "9999-12-31": ("9999-12-31", "9999-12-31", "9999-12-31", "9999-12-31"),
    "0033-04-03": ("33-04-03", "0033-04-03", "0033-04-03", "0033-04-03"),
}
CLASSES = {
    "2021-11-03": "date-date precision-day",
    "2021-11": "date-date precision-month inexact",
    "2021": "date-date precision-year inexact",
    "2021-11-03~": "date-date precision-day approximate inexact",
    "2021-11?": "date-date precision-month uncertain inexact",
    "2021-11-03/2021-11-05": "date-interval precision-range",
    "2021-11/2022-02": "date-interval precision-range inexact",
    "[2022-07-10..2022-07-16]": "date-set precision-range inexact",
    "[2021-11..2022-02]": "date-set precision-range inexact",
    "../2021-11": "date-interval precision-range open-start inexact",
    "/2021-11-03": "date-interval precision-range open-start inexact",
    "[..2022-07-19]": "date-set precision-range open-start inexact",
    "2021-11/..": "date-interval precision-range open-end inexact",
    "2021-11-03/": "date-interval precision-range open-end inexact",
    "[2021..]": "date-set precision-range open-end inexact",
    "9999-12-31": "date-date precision-day",
    "0033-04-03": "date-date precision-day",
}


DATES = json.dumps(
    {
        "timeline": {"id": "dates", "title": "Dates"},
        "actors": [{"id": "almanac", "name": "The Almanac", "kind": "media"}],
        "sources": [{"id": "almanac-1", "title": "The almanac", "publisher": "almanac"}],
        "events": [
            {
                "id": f"date-{at}",
                "title": edtf,
                "kind": "entry",
                "status": "reported",
                "date": edtf,
                "citations": [{"source": "almanac-1", "quote": "So it was."}],
            }
            for at, edtf in enumerate(DRAWN)
        ],
    }
)


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of one event for each form of a date."""
    folder = tmp_path_factory.mktemp("dates")
    (folder / "dates.json").write_text(DATES, "utf-8")
    load_into(new_database(folder / "timeline.db"), folder / "dates.json")
    with serving(folder / "timeline.db") as client:
        yield client


def _slide_day(day: dict[str, int] | None) -> str:
    return "-".join(f"{part:02}" for part in (day or {}).values())


def _drawn(first: str, last: str = "", *, marked: bool = False) -> str:
    return f"{first}{f' {last}' if last and last != first else ''}{'*' if marked else ''}"


def _marked(title: str, display: str) -> bool:
    """Tell whether a title begins with its date, kept apart from the rest."""
    return title.startswith(f"\u2068{display}\u2069: ")


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


@pytest.mark.parametrize("edtf", DRAWN)
def test_nothing_imprecise_is_drawn_as_precise(dates: httpx.Client, edtf: str) -> None:
    slug = f"date-{[*DRAWN].index(edtf)}"
    event = dates.get(f"/events/{slug}").json()
    display = event["date"]["display"]

    slides = dates.get("/events.timelinejs.json").json()["events"]
    (slide,) = (one for one in slides if one["unique_id"] == slug)
    assert slide["display_date"] == f"\u2068{display}\u2069"
    slide_drawn = _drawn(_slide_day(slide["start_date"]), _slide_day(slide.get("end_date")))

    (item,) = (one for one in dates.get("/events.vis.json").json()["items"] if one["id"] == slug)
    assert item["type"] == ("range" if "end" in item else "point")
    assert display in item["title"]
    assert item["className"] == CLASSES[edtf]

    entries = dates.get("/events.fullcalendar.json").json()
    (entry,) = (one for one in entries if one["id"] == slug)
    assert entry["extendedProps"]["display"] == display
    assert " ".join(entry["classNames"]) == item["className"]
    last = _day_before(entry["end"]) if entry["end"] > entry["start"] else entry["start"]
    entry_drawn = _drawn(entry["start"], last, marked=_marked(entry["title"], display))
    assert _marked(item["content"], display) == entry_drawn.endswith("*")

    calendar = read_calendar(dates.get("/events.ics").text)
    (written,) = (one for one in calendar if str(one.url).endswith(f"/{slug}.html"))
    assert written.transparency == "TRANSPARENT"
    # After the last day that there is, none ends it.
    last = _day_before(written.dtend.isoformat()) if written.dtend else entry["start"]
    days = (written.dtstart.isoformat(), last)
    calendar_drawn = _drawn(*days, marked=_marked(written.summary, display))

    drawn = (slide_drawn, _drawn(item["start"], item.get("end", "")), entry_drawn, calendar_drawn)
    assert drawn == DRAWN[edtf]


# the view of a calendar: the events that it is given
VIEWS = {
    "start=2020-03-01T00:00:00-05:00&end=2020-04-01T00:00:00-04:00": ["bribe", "contract-signed"],
    "start=2020-03-01T00:00:00+02:00&end=2020-04-01T00:00:00Z": ["bribe", "contract-signed"],
    "start=2020-03-14&end=2020-03-15&timeZone=Asia/Jerusalem&_=1": ["bribe", "contract-signed"],
    "start=2020-03-14&end=2020-03-15&kind=agreement": ["contract-signed"],
    "start=2020-03-15": ["bribe", "works", "inspection", "first-crossing", "quay-in-use"],
    "end=2020-03-15": ["rumours", "bribe", "contract-signed"],
    "start=2020-02-01&end=2020-06-01&from=2020-03-20": ["bribe", "works"],
    "start=2020-02-01&end=2020-06-01&to=2020-02": ["rumours"],
    "start=2020-02-01&end=2020-06-01&date=../2020-02": ["rumours"],
    "start=2020-02-01&end=2020-06-01&to=2020-01": ["rumours"],
    "start=2020-12-01&end=2021-01-01&to=2020-04": ["works"],
    "start=2020-12-01&end=2021-01-01&from=2020-04&to=2021-02&date_match=within": ["works"],
    "start=2020-02-01&end=2020-06-01&from=2021-03": [],
    "start=2020-02-01&end=2020-06-01&date=2021-03/..&date_match=within": [],
    "start=2020-02-01&end=2020-02-01": [],
    "end=0001-01-01": ["rumours"],
    # Calendars at the ends of time.
    "start=9999-11-28T00:00:00Z&end=+010000-01-09T00:00:00Z": ["quay-in-use"],
    "start=-000001-12-27&end=0001-02-07": ["rumours"],
    "start=0000-12-27&end=0001-02-07": ["rumours"],
}


@pytest.mark.parametrize("query", VIEWS)
def test_a_calendar_asks_for_days_of_its_own_clock(harbour: httpx.Client, query: str) -> None:
    path = f"/events.fullcalendar.json?{query}"
    for asked in (path, path.replace("+", "%2B")):
        assert [entry["id"] for entry in harbour.get(asked).json()] == VIEWS[query]


# text of a record: what stands in its cell
CELLS = {
    "a; b": "a; b",
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "＝1": "'＝1",
    "1+1": "1+1",
    'a "quoted", text': 'a "quoted", text',
    "two\nlines": "two\nlines",
}


def test_a_spreadsheet_runs_nothing(tmp_path: Path) -> None:
    dossier = json.loads(DATES)
    dossier["events"] = [
        {**dossier["events"][0], "id": f"event-{at}", "summary": text, "place": text.split("\n")[0]}
        for at, text in enumerate(CELLS)
    ]
    (tmp_path / "cells.json").write_text(json.dumps(dossier), "utf-8")
    load_into(new_database(tmp_path / "timeline.db"), tmp_path / "cells.json")
    with serving(tmp_path / "timeline.db") as client:
        rows = read_rows(client.get("/events.csv").text)
    assert [row["summary"] for row in rows] == [*CELLS.values()]
    assert [row["place"] for row in rows] == [cell.split("\n")[0] for cell in CELLS.values()]


def _with_events(folder: Path, *events: Mapping[str, object]) -> Path:
    """Load the dossier of dates with other events, each as the first but for what is given."""
    dossier = json.loads(DATES)
    first = dossier["events"][0]
    dossier["events"] = [{**first, "id": f"e-{at}", **event} for at, event in enumerate(events)]
    (folder / "events.json").write_text(json.dumps(dossier), "utf-8")
    load_into(new_database(folder / "timeline.db"), folder / "events.json")
    return folder / "timeline.db"


DENIED = [
    {"source": "almanac-1", "quote": "It happened; it did."},
    {"source": "almanac-1", "quote": "It was so."},
    {"source": "almanac-1", "quote": "It never happened.", "stance": "denies"},
]


def test_quotes_and_credits_stand_in_one_order(tmp_path: Path) -> None:
    path = _with_events(tmp_path, {"status": "disputed", "citations": DENIED})
    with serving(path) as client:
        (row,) = read_rows(client.get("/events.csv").text)
    credit = "“The almanac”, The Almanac"
    assert row["quotes"] == "It happened; it did.; It was so.; It never happened."
    assert row["credits"] == f"{credit}; {credit}; Denies it: {credit}"


@pytest.mark.parametrize("suffix", DATA)
def test_a_denial_is_told_as_one(tmp_path: Path, suffix: str) -> None:
    with serving(_with_events(tmp_path, {"status": "disputed", "citations": DENIED})) as client:
        text = client.get(f"/events.{suffix}").text.replace("\r\n ", "")
    assert "disputed" in text
    assert "Denies it: " in text or '"stance":"denies"' in text


# texts that a format may take for something else
ODD = [
    r"Files in C:\News\NSO; D:\new, and \\N",
    "one\nand two",
    "line\u2028and\u2029paragraph",
    "<b>&amp;]]></b>",
]


@pytest.mark.parametrize("text", ODD)
def test_texts_are_read_as_they_were_written(tmp_path: Path, text: str) -> None:
    line = text.replace("\n", " ").replace("\u2028", " ").replace("\u2029", " ")
    with serving(_with_events(tmp_path, {"summary": text, "title": line, "place": line})) as client:
        (entry,) = read_calendar(client.get("/events.ics").text)
        (row,) = read_rows(client.get("/events.csv").text)
        (record,) = map(json.loads, client.get("/events.jsonl").text.splitlines())
        (fed,) = read_feed(client.get("/events.atom").text).entries
    assert (entry.summary, entry.location) == (line, line)
    assert entry.description.startswith(f"{text}\nWhen: ")
    assert (row["title"], row["summary"]) == (line, text)
    assert (record["title"], record["summary"]) == (line, text)
    assert fed.title == line


def test_what_reaches_the_last_day_has_all_of_its_days(tmp_path: Path) -> None:
    with serving(_with_events(tmp_path, {"date": "9999"}, {"date": "9999-12-31"})) as client:
        year, day = read_calendar(client.get("/events.ics").text)
    assert (year.dtstart.isoformat(), year.computed_duration.days) == ("9999-01-01", 365)
    assert (day.dtstart.isoformat(), day.computed_duration.days) == ("9999-12-31", 1)


@pytest.mark.parametrize("limit", [1, 2])
def test_the_notice_of_a_cut_calendar_stands_on_a_day_that_is_shown(
    tmp_path: Path, limit: int
) -> None:
    dates = ("2021-11/2023", "[..2024-05-01]", "[..2024-05-02]")
    with serving(_with_events(tmp_path, *[{"date": edtf} for edtf in dates])) as client:
        path = "/events.fullcalendar.json?start=2022-07-01&end=2022-08-01"
        *entries, notice = client.get(f"{path}&limit={limit}").json()
    assert (len(entries), notice["id"]) == (limit, "_notice")
    assert "2022-07-01" <= notice["start"] <= "2022-08-01"


def test_what_moves_while_it_is_read_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    database = new_database(path)
    dossiers = make_dossiers(2 * BATCH + 70)
    load_dossiers(database, dossiers)
    pieces = read_excerpts(database, ExcerptQuery(), Address("http://timeline.example"), None)
    records = [*next(pieces).records]
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE event SET date_key = date_key + 40000000000")
    for piece in pieces:
        records += piece.records
    ids = [json.loads(record)["id"] for record in records]
    assert len(ids) == len({*ids}) == 2 * BATCH + 70
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
