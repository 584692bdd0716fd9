"""Loading: what a dossier must be like, and what comes of loading it again."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import text

from app.database import BATCH, Database, revision_of
from app.findings import DossierError
from app.load import Counts, load
from tests.conftest import (
    FERRY,
    HARBOUR,
    LOADED_AT,
    edited,
    load_into,
    read_dossier,
    serving,
)
from tests.tables import stored, without_stamps

LATER = LOADED_AT + timedelta(days=1)


def test_loading_again_changes_nothing(database: Database) -> None:
    load_into(database, HARBOUR, FERRY)
    before = stored(database)
    load_into(database, HARBOUR, FERRY, now=LATER)
    load_into(database, FERRY, HARBOUR, now=LATER)
    load_into(database, HARBOUR, now=LATER)
    assert stored(database) == before
    with database.read() as connection:
        assert revision_of(connection) == 1


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
    ("title: Quay to open in spring", "title: Quay to open in May"): set(),
    ("publisher: gazette", "publisher: harbour-council"): set(),
    ("kind: media", "kind: organization"): set(),
    ("      - QBL\n", "      - Quay Co\n"): set(),
    ("    parent: harbour-council\n", ""): set(),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_change_replaces_the_record(
    database: Database, tmp_path: Path, edit: tuple[str, str]
) -> None:
    load_into(database, HARBOUR)
    load_into(database, edited(HARBOUR, tmp_path / "edited.yaml", edit), now=LATER)
    with database.read() as connection:
        rows = connection.execute(text("SELECT slug, created_at, updated_at FROM event"))
        stamps = {slug: (created, updated) for slug, created, updated in rows}
        assert revision_of(connection) == (1 if edit[1] == "topics: [money, quay]" else 2)
    old, new = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (LOADED_AT, LATER))
    assert {slug for slug, stamp in stamps.items() if stamp == (old, new)} == EDITS[edit]
    assert {slug for slug, stamp in stamps.items() if stamp == (old, old)} == (
        stamps.keys() - EDITS[edit]
    )
    # What is stored is what a fresh load would store, search index and all, but for the stamps.
    load_into(database, edited(HARBOUR, tmp_path / "again.yaml", edit), now=LATER)
    assert without_stamps(stored(database)) == without_stamps(_fresh(tmp_path / "again.yaml"))


def _fresh(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    database = Database(f"sqlite:///{path.with_suffix('.db')}", busy_timeout=1)
    database.migrate()
    load_into(database, path)
    rows = stored(database)
    database.close()
    return rows


def test_a_new_name_is_found_and_the_old_one_is_not(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    edits = (("name: Quay Builders Ltd", "name: Stone Works"), ("- QBL", "- STW"))
    load_into(database, edited(HARBOUR, tmp_path / "edited.yaml", *edits))
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
    load_into(database, edited(HARBOUR, tmp_path / "edited.yaml", edit), now=LOADED_AT)
    with serving(database.path) as client:
        rumours = client.get("/events/rumours").json()
        assert rumours["title"] == "Rumours abound"
        assert rumours["updated_at"] == rumours["created_at"] == "2022-07-20T12:30:00Z"


def test_bare_yaml_dates_are_understood(tmp_path: Path) -> None:
    for date in ("2021", "2021-11", "2021-11-03", "0987", "2021~"):
        path = edited(HARBOUR, tmp_path / "x.yaml", ("date: 2020-03-14", f"date: {date}"))
        assert read_dossier(path).events[0].date.edtf == date


def test_an_empty_key_is_an_absent_one(tmp_path: Path) -> None:
    edits = [("published: 2020-05-01", "published:"), ("place: Łódź", "place: ~")]
    dossier = read_dossier(edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert dossier.sources[0].published is None
    assert dossier.events[0].place is None


def _in_yaml(data: dict[str, Any]) -> str:
    return str(yaml.safe_dump(data, allow_unicode=True))


def _in_json(data: dict[str, Any]) -> str:
    return "\ufeff" + json.dumps({"$schema": "dossier.schema.json", **data}, default=str)


def _in_lines(data: dict[str, Any]) -> str:
    lines = [
        {key[:-1]: one} for key in ("events", "sources", "actors") for one in reversed(data[key])
    ]
    return "\r\n".join(
        json.dumps(line, default=str) for line in ({"timeline": data["timeline"]}, *lines)
    )


SPELLINGS = {".yml": _in_yaml, ".json": _in_json, ".jsonl": _in_lines, ".ndjson": _in_lines}


@pytest.mark.parametrize("suffix", SPELLINGS)
def test_a_dossier_is_the_same_however_it_is_spelled(
    database: Database, tmp_path: Path, suffix: str
) -> None:
    load_into(database, HARBOUR, FERRY)
    before = stored(database)
    files = []
    for file in (HARBOUR, FERRY):
        data = yaml.safe_load(file.read_text("utf-8"))
        data["events"][0]["title"] += " 😀"
        files.append(tmp_path / f"{file.stem}{suffix}")
        files[-1].write_text(SPELLINGS[suffix](data), "utf-8")
    report = load_into(database, *files, now=LATER)
    assert report.counts["event"] == Counts(changed=2)
    again = load_into(database, HARBOUR, FERRY)
    assert again.counts == report.counts
    assert without_stamps(stored(database)) == without_stamps(before)


def test_order_and_number_of_files_do_not_matter(database: Database, tmp_path: Path) -> None:
    both = tmp_path / "both.yaml"
    both.write_text(f"{FERRY.read_text()}---\n{HARBOUR.read_text()}", "utf-8")
    load_into(database, both)
    before = stored(database)
    assert not any(map(any, load_into(database, HARBOUR, FERRY, both, both).counts.values()))
    assert stored(database) == before


def test_what_is_counted(database: Database, tmp_path: Path) -> None:
    assert load_into(database, HARBOUR).counts == {
        "event": Counts(6),
        "actor": Counts(8),
        "source": Counts(3),
        "timeline": Counts(1),
    }
    edits = (
        ("title: The ferry", "title: A ferry"),
        ("name: Harbour Council\n", "name: The Council\n"),
        ("note: Undated copy.", "note: Copied."),
    )
    assert load_into(database, edited(FERRY, tmp_path / "x.yaml", *edits), now=LATER).counts == {
        "event": Counts(1, 1),  # one of the harbour's is told by the ferry too
        "actor": Counts(1, 1),
        "source": Counts(0, 1),
        "timeline": Counts(1),
    }


def test_an_event_that_changes_elsewhere_too_is_warned_of(
    database: Database, tmp_path: Path
) -> None:
    load_into(database, HARBOUR, FERRY)
    edits = (
        ("title: The first crossing", "title: A crossing"),
        ("date: 2021-03-01/..", "date: 2021"),
    )
    path = edited(FERRY, tmp_path / "ferry.yaml", *edits)
    report = load_into(database, path)
    assert [line for line in report.warnings if "it changes" in line] == [
        f"{path}:34: warning: events[1]: it changes in the timeline 'harbour' too; if it is another"
        " event, give it another id"
    ]
    changed = edited(HARBOUR, tmp_path / "harbour.yaml", edits[1])
    both = (
        load_into(database, FERRY, HARBOUR).warnings + load_into(database, path, changed).warnings
    )
    assert not [line for line in both if "it changes" in line]


def _pruned(database: Database, *files: Path) -> dict[str, Counts]:
    return load_into(database, *files, now=LATER, prune=True).counts


def test_pruning_withdraws_what_a_file_no_longer_holds(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR, FERRY)
    content = HARBOUR.read_text("utf-8")
    less = tmp_path / "harbour.yaml"
    # Gone are the rumours, and from this timeline what the ferry's tells too.
    less.write_text(content[: content.index("  - id: rumours")], "utf-8")
    assert load_into(database, less).counts["event"] == Counts()
    assert _pruned(database, less)["event"] == Counts(removed=2)
    with serving(database.path) as client:
        assert client.get("/events/rumours").status_code == 404
        assert _found(client, "שמועות") == 0
        kept = client.get("/events/quay-in-use").json()
        assert kept["timelines"] == ["ferry"]
        assert kept["updated_at"] == "2022-07-20T12:30:00Z"
        assert client.get("/events/bribe").json()["updated_at"] == "2022-07-19T12:30:00Z"
        assert client.get("/readyz").json()["revision"] == 2
    assert not any(map(any, _pruned(database, less).values()))
    with database.read() as connection:
        assert revision_of(connection) == 2


def test_pruning_removes_whom_nothing_names_any_more(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR, FERRY)
    edits = (
        ("  - id: ferry-line", "  - id: ferryline"),  # the id was wrong
        ("actor: ferry-line", "actor: ferryline"),
    )
    ferry = edited(FERRY, tmp_path / "ferry.yaml", *edits)
    assert _pruned(database, ferry)["actor"] == Counts(added=1, removed=1)
    with serving(database.path) as client:
        ids = {actor["id"] for actor in client.get("/actors").json()["items"]}
    assert "ferry-line" not in ids
    assert {"ferryline", "bystander"} <= ids  # nothing named the bystander before either


def test_pruning_removes_a_whole_branch(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    path = tmp_path / "x.yaml"
    path.write_text("timeline: {id: harbour, title: The harbour contract}", "utf-8")
    assert _pruned(database, path) == {
        "event": Counts(removed=6),
        "actor": Counts(removed=7),
        "source": Counts(removed=3),
        "timeline": Counts(changed=1),
    }
    rows = stored(database)
    assert [row[1] for row in rows["actor"]] == ["bystander"]
    assert rows["event_search"] == rows["citation"] == rows["event"] == rows["source"] == []


def test_pruning_holds_all_files_of_a_timeline_together(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    before = stored(database)
    content = HARBOUR.read_text("utf-8")
    head, _, events = content.partition("\nevents:\n")
    first, at, second = events.partition("  - id: inspection")
    halves = [tmp_path / "first.yaml", tmp_path / "second.yaml"]
    halves[0].write_text(f"{head}\nevents:\n{first}", "utf-8")
    timeline = head[: head.index("sources:")]
    halves[1].write_text(f"{timeline}\nevents:\n{at}{second}", "utf-8")
    assert not any(map(any, _pruned(database, *halves).values()))
    assert stored(database) == before


def test_many_batches(database: Database, tmp_path: Path) -> None:
    """More records than are saved at a time, children before their parents, in several dossiers."""
    path = tmp_path / "x.jsonl"
    number = 2 * BATCH + 7
    actors = [
        {"actor": {"id": f"a{at}", "name": f"A{at}", "kind": "person", "parent": f"a{at + 1}"}}
        for at in range(number - 1)
    ]
    actors.append({"actor": {"id": f"a{number - 1}", "name": "A", "kind": "person"}})
    source = {"source": {"id": "s", "title": "S", "publisher": "a0"}}
    events = [
        {
            "event": {
                "id": f"e{at}",
                "title": f"E{at}",
                "kind": "x",
                "status": "reported",
                "date": "2021",
                "participants": [{"actor": f"a{at}", "role": "agent"}],
                "citations": [{"source": "s", "quote": f"Number {at}"}],
            }
        }
        for at in range(number)
    ]
    timelines = [{"timeline": {"id": id_, "title": id_}} for id_ in ("one", "two")]
    records = [timelines[0], *events, *actors, source, timelines[1], *events[5:]]
    path.write_text("\n".join(map(json.dumps, records)), "utf-8")
    steps = []
    with database.write() as connection:
        report = load(connection, [path], LOADED_AT, tell=lambda *step: steps.append(step))
    assert report.counts["event"] == Counts(added=number)
    assert report.counts["actor"] == Counts(added=number)
    assert steps[-1] == (2 * number - 5, 2 * number - 5)
    assert len(steps) == 5
    with serving(database.path) as client:
        assert client.get("/timelines/two").json()["events"] == number - 5
        assert client.get("/actors/a1200").json()["parent"]["id"] == "a1201"
        tree = client.get(f"/events?actor=a{number - 1}&actor_scope=tree&limit=1")
        assert tree.json()["total"]["value"] == number
    again = load_into(database, path, now=LATER, prune=True)
    assert not any(map(any, again.counts.values()))
    renamed = [{"actor": {**actors[-1]["actor"], "name": "Zed"}}]
    few = [timelines[0], *events[:3], *actors[:-1], *renamed, source]
    path.write_text("\n".join(map(json.dumps, few)), "utf-8")
    counts = load_into(database, path, now=LATER, prune=True).counts
    # Those that stand in the other timeline too stay.
    assert counts["event"] == Counts(removed=number - 3)
    assert counts["actor"] == Counts(changed=1)
    rows = stored(database)
    assert len(rows["event"]) == len(rows["event_search"]) == number - 2
    path.write_text("\n".join(map(json.dumps, [timelines[1], *few[1:]])), "utf-8")
    assert load_into(database, path, prune=True).counts["event"] == Counts(
        changed=3, removed=number - 5
    )
    assert len(stored(database)["event_search"]) == 3


def test_a_name_of_many_events(database: Database, tmp_path: Path) -> None:
    """More events than are indexed at a time are found by the new name of their one actor."""
    path = tmp_path / "x.jsonl"
    number = BATCH + 5
    records: list[dict[str, Any]] = [
        {"timeline": {"id": "x", "title": "x"}},
        {"actor": {"id": "a", "name": "Old", "kind": "person"}},
        {"source": {"id": "s", "title": "S", "publisher": "a"}},
    ]
    records += [
        {
            "event": {
                "id": f"e{at}",
                "title": f"E{at}",
                "kind": "x",
                "status": "reported",
                "date": "2021",
                "participants": [{"actor": "a", "role": "agent"}],
                "citations": [{"source": "s", "quote": f"Number {at}"}],
            }
        }
        for at in range(number)
    ]
    path.write_text("\n".join(map(json.dumps, records)), "utf-8")
    load_into(database, path)
    records[1]["actor"]["name"] = "New"
    path.write_text("\ufeff" + "\n".join(map(json.dumps, records)), "utf-8")
    assert load_into(database, path).counts["actor"] == Counts(changed=1)
    with serving(database.path) as client:
        assert (_found(client, "new"), _found(client, "old")) == (number, 0)


def test_stamps_are_utc(database: Database) -> None:
    load_into(database, HARBOUR, now=datetime.fromisoformat("2022-07-19T14:30:00+02:00"))
    with serving(database.path) as client:
        assert client.get("/events/bribe").json()["created_at"] == "2022-07-19T12:30:00Z"
