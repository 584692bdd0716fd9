"""Loading: what a dossier must be like, and what comes of loading it again."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import text

from app.database import Database, revision_of
from app.dossier import DossierError, read_dossier
from tests.conftest import FERRY, HARBOUR, LOADED_AT, load_into, serving

LATER = LOADED_AT + timedelta(days=1)


def _rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Give everything that is stored."""
    with database.read() as session:
        connection = session.connection()
        names = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'")
        ).scalars()
        tables = [name for name in names if not name.startswith("event_search")]
        return {
            name: sorted(
                (tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))), key=str
            )
            for name in (*tables, "event_search")
        }


def _edited(path: Path, target: Path, *edits: tuple[str, str]) -> Path:
    """Copy a dossier with some of its text replaced."""
    content = path.read_text("utf-8")
    for old, new in edits:
        assert old in content
        content = content.replace(old, new, 1)
    target.write_text(content, "utf-8")
    return target


def test_loading_again_changes_nothing(database: Database) -> None:
    load_into(database, HARBOUR, FERRY)
    before = _rows(database)
    load_into(database, HARBOUR, FERRY, now=LATER)
    load_into(database, FERRY, HARBOUR, now=LATER)
    load_into(database, HARBOUR, now=LATER)
    assert _rows(database) == before
    with database.read() as session:
        assert revision_of(session) == 1


# what is edited in the harbour dossier: the events whose record changes
EDITS: dict[tuple[str, str], set[str]] = {
    ("title: Rumours go about", "title: Rumours abound"): {"rumours"},
    ("date: 2020-04/2021-02", "date: 2020-04/2021-03"): {"works"},
    ("quote: Works go on.", "quote: Works go on and on."): {"works"},
    ("capacity: contractor", "capacity: builder"): {"contract-signed"},
    ("topics: [quay, money]", "topics: [quay]"): {"contract-signed"},
    ("topics: [quay, money]", "topics: [money, quay]"): set(),
    ("      - {actor: pilots, role: reporter}\n", ""): {"inspection"},
    ("min: 2500000", "max: 2500000"): {"contract-signed"},
    ("name: The Gazette", "name: Gazette"): set(),
    ("title: The harbour contract", "title: The quay"): set(),
    ("note: Undated copy.", "note: A copy."): set(),
    ("      - QBL\n", "      - Quay Co\n"): set(),
    ("    parent: harbour-council\n", ""): set(),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_change_replaces_the_record(
    database: Database, tmp_path: Path, edit: tuple[str, str]
) -> None:
    load_into(database, HARBOUR)
    load_into(database, _edited(HARBOUR, tmp_path / "edited.yaml", edit), now=LATER)
    with database.read() as session:
        rows = session.connection().execute(text("SELECT slug, created_at, updated_at FROM event"))
        stamps = {slug: (created, updated) for slug, created, updated in rows}
        assert revision_of(session) == (1 if edit[1] == "topics: [money, quay]" else 2)
    old, new = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (LOADED_AT, LATER))
    assert {slug for slug, stamp in stamps.items() if stamp == (old, new)} == EDITS[edit]
    assert {slug for slug, stamp in stamps.items() if stamp == (old, old)} == (
        stamps.keys() - EDITS[edit]
    )
    # What is stored is what a fresh load would store, search index and all, but for the stamps.
    load_into(database, _edited(HARBOUR, tmp_path / "again.yaml", edit), now=LATER)
    assert _without_stamps(_rows(database)) == _without_stamps(_fresh(tmp_path / "again.yaml"))


def _fresh(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    database = Database(f"sqlite:///{path.with_suffix('.db')}", busy_timeout=1)
    database.migrate()
    load_into(database, path)
    rows = _rows(database)
    database.close()
    return rows


def _without_stamps(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    return {**rows, "event": [row[:-2] for row in rows["event"]], "revision": []}


def test_a_new_name_is_found_and_the_old_one_is_not(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    edits = (("name: Quay Builders Ltd", "name: Stone Works"), ("- QBL", "- STW"))
    load_into(database, _edited(HARBOUR, tmp_path / "edited.yaml", *edits))
    with serving(database.path) as client:
        assert _found(client, "stone works") == 4
        assert _found(client, "stw") == 4
        assert _found(client, "ltd") == _found(client, "qbl") == 0


def _found(client: httpx.Client, query: str) -> int:
    total: int = client.get("/events", params={"q": query}).json()["total"]["value"]
    return total


def test_dossiers_share_events(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    load_into(database, FERRY, now=LATER)
    with serving(database.path) as client:
        event = client.get("/events/quay-in-use").json()
        assert event["timelines"] == ["ferry", "harbour"]
        assert event["updated_at"] == "2022-07-20T12:30:00Z"
        counts = {one["id"]: one["events"] for one in client.get("/timelines").json()["items"]}
        assert counts == {"ferry": 2, "harbour": 6}


# a mistake in the harbour dossier: what is told of it
MISTAKES: dict[tuple[str, str], str] = {
    ("date: 2020-03-14", "date: 2020-13"): "events[0].date: '2020-13' is not a date; there is no",
    ("date: 2020-03-14", "date: 14.03.2020"): "events[0].date: '14.03.2020' is not a date; write",
    ("date: 2020-03-14", "date: null"): "events[0].date: it is empty; give a value",
    (
        "date: 2020-03-14",
        "date: [2020..2021]",
    ): "events[0].date: it is not a text; put it in quotes",
    ("topics: [quay, money]", "topics: quay"): "events[0].topics: it is not a list; write",
    ("      - QBL", "      - QBL\n      - QBL"): "the alias 'QBL' is written twice",
    ("title: Rumours go about", "title: !!int xx"): "could not determine a constructor",
    ("title: Rumours go about", "title: !!timestamp xx"): "could not determine a constructor",
    ("timeline:\n", "timeline:\n  ? [a, b]\n  : c\n"): "harbour.yaml:3: a key is not a text",
    ("published: 2020-05-01", "published: 2020-05"): "sources[0].published: '2020-05' is not a day",
    ("published: 2020-05-01", "published: []"): "sources[0].published: ",
    ("published: 2020-05-01", "published: 0"): "sources[0].published: '0' is not a date",
    (
        "id: bribe",
        "id: A Bribe",
    ): "events[1].id: 'A Bribe' is not an id; write small letters, digits and hyphens, as a-bribe",
    ("    kind: payment\n", ""): "events[1].kind: it is missing",
    ("status: disputed", "status: rumour"): "events[1].status: 'rumour' is not known; give",
    ("    topics: [money]", "    topic: [money]"): "events[1].topic: it is not known here",
    ("role: beneficiary", "role: winner"): "events[1].participants[1].role: 'winner' is not known",
    ("    kind: payment", "    kind: payment\n    kind: gift"): "the key 'kind' is written twice",
    ("quote: Works go on.", 'quote: ""'): "events[2].citations[0].quote: it is empty",
    ("quote: Works go on.", f"quote: {'x' * 601}"): "give at most 600 characters",
    ("quote: Works go on.", r'quote: "a\0b"'): "the control character '\\x00'",
    ("title: Rumours go about", r'title: "a\nb"'): "has a line break in it",
    ("https://gazette.example/quay", "javascript:alert(1)"): "sources[0].url: 'javascript:",
    ("https://gazette.example/quay", "https://me@gazette.example/"): "sources[0].url: ",
    ("min: 2500000", "min: much"): "events[0].amount.min: 'much' is not a number",
    ("min: 2500000", "min: .inf"): "events[0].amount.min: ",
    ("min: 2500000,", "min: 3, max: 2,"): "events[0].amount: ",
    ("actor: obrien, role: subject", "actor: obrian, role: subject"): "the nearest is 'obrien'",
    ("source: council-minutes, quote: Works", "source: minutes, quote: Works"): (
        "event 'works': there is no source 'minutes'; the nearest is 'council-minutes'"
    ),
    ("publisher: gazette", "publisher: gazete"): "the nearest is 'gazette'",
    ("parent: city", "parent: pilots"): "is its own ancestor",
    ("id: rumours", "id: bribe"): "the event 'bribe' is written twice",
    ("role: reporter}", "role: agent}"): "'pilots' takes part twice as agent",
    ("events:", "events: ["): "harbour.yaml:",
    ("timeline:", "timelines:"): "timeline: it is missing",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_and_nothing_is_loaded(
    database: Database, tmp_path: Path, mistake: tuple[str, str]
) -> None:
    path = _edited(HARBOUR, tmp_path / "harbour.yaml", mistake)
    before = _rows(database)
    with pytest.raises(DossierError) as refusal:
        load_into(database, path)
    assert MISTAKES[mistake] in str(refusal.value)
    assert _rows(database) == before


@pytest.mark.parametrize(
    "content", ["", "- a", "text", "timeline: 1", "{}", "\x00", "a: *b", "[" * 9_000]
)
def test_not_a_dossier(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(DossierError, match=r"x\.yaml"):
        read_dossier(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_not_a_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.yaml"
    if content:
        path.write_bytes(content)
    with pytest.raises(DossierError, match="cannot be read"):
        read_dossier(path)


def test_files_that_contradict_each_other(database: Database, tmp_path: Path) -> None:
    other = _edited(FERRY, tmp_path / "ferry.yaml", ("name: Harbour Council", "name: The Council"))
    with pytest.raises(DossierError, match="the actor 'harbour-council' contradicts"):
        load_into(database, HARBOUR, other)


def test_a_parent_that_is_stored_cannot_become_a_child(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    actor = "actors: [{id: city, name: City, kind: government, parent: pilots}]"
    path = tmp_path / "x.yaml"
    path.write_text(f"timeline: {{id: x, title: x}}\n{actor}\n", "utf-8")
    with pytest.raises(DossierError, match="'city' is its own ancestor"):
        load_into(database, path)


def test_a_clock_set_back_stops_nobody(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR, now=LATER)
    edit = ("title: Rumours go about", "title: Rumours abound")
    load_into(database, _edited(HARBOUR, tmp_path / "edited.yaml", edit), now=LOADED_AT)
    with serving(database.path) as client:
        rumours = client.get("/events/rumours").json()
        assert rumours["title"] == "Rumours abound"
        assert rumours["updated_at"] == rumours["created_at"] == "2022-07-20T12:30:00Z"


def test_bare_yaml_dates_are_understood(tmp_path: Path) -> None:
    dates = ["2021", "2021-11", "2021-11-03", "0987", "2021~"]
    content = yaml.safe_load(HARBOUR.read_text("utf-8"))
    path = tmp_path / "x.yaml"
    for date in dates:
        event = content["events"][0] | {"date": "DATE"}
        text_ = yaml.safe_dump(content | {"events": [event]}).replace("DATE", date)
        path.write_text(text_, "utf-8")
        assert read_dossier(path).events[0].date == date


def test_an_empty_key_is_an_absent_one(tmp_path: Path) -> None:
    edits = [("published: 2020-05-01", "published:"), ("place: Łódź", "place: ~")]
    dossier = read_dossier(_edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert dossier.sources[0].published is None
    assert dossier.events[0].place is None


def test_the_same_as_json(tmp_path: Path) -> None:
    content = yaml.safe_load(HARBOUR.read_text("utf-8"))
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content, default=str), "utf-8")
    assert read_dossier(path) == read_dossier(HARBOUR)
    content["events"][0]["title"] = "The city signs 😀"
    content["events"][1]["date"] = 2021
    path.write_text(json.dumps(content, default=str), "utf-8")
    events = read_dossier(path).events
    assert (events[0].title, events[1].date) == ("The city signs 😀", "2021")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"timeline": {"id": "x", "id": "y"}}', "the key 'id' is written twice; remove one"),
        ('{\n"timeline": \n', "x.json:3: it is not JSON: "),
        ("[" * 99_000, "nested too deeply"),
        ('{"timeline": NaN}', "timeline: it is not a record"),
    ],
)
def test_json_that_is_wrong(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, "utf-8")
    with pytest.raises(DossierError) as refusal:
        read_dossier(path)
    assert told in str(refusal.value)


def test_stamps_are_utc(database: Database) -> None:
    load_into(database, HARBOUR, now=datetime.fromisoformat("2022-07-19T14:30:00+02:00"))
    with serving(database.path) as client:
        assert client.get("/events/bribe").json()["created_at"] == "2022-07-19T12:30:00Z"
