"""Loading dossiers, and loading them again."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.db.bulk import LOAD_BATCH
from app.db.database import Database
from app.db.revision import revision_of
from app.dossiers.diagnostics import DossierError
from app.dossiers.loader import MAX_BATCH_ITEMS, ChangeCounts, load
from tests.support import cli
from tests.support.corpus import FERRY, HARBOUR, LATER, LOADED_AT, edited
from tests.support.databases import database_at, load_into
from tests.support.dossier_check import check_dossiers
from tests.support.server import serving
from tests.support.snapshot import read_tables, without_timestamps


def test_loading_again_changes_nothing(database: Database) -> None:
    load_into(database, HARBOUR, FERRY)
    before = read_tables(database)
    load_into(database, HARBOUR, FERRY, now=LATER)
    load_into(database, FERRY, HARBOUR, now=LATER)
    load_into(database, HARBOUR, now=LATER)
    assert read_tables(database) == before
    with database.read() as connection:
        assert revision_of(connection) == 1


# an edit of the harbour dossier: the events whose `updated_at` changes
EDITS: dict[tuple[str, str], set[str]] = {
    ("title: Rumours go about", "title: Rumours abound"): {"rumours"},
    ("date: 2020-04/2021-02", "date: 2020-04/2021-03"): {"works"},
    ("quote: Works go on.", "quote: Works go on and on."): {"works"},
    ("capacity: contractor", "capacity: builder"): {"contract-signed"},
    ("topics: [quay, money]", "topics: [quay]"): {"contract-signed"},
    ("topics: [quay, money]", "topics: [money, quay]"): set(),
    ("      - {actor: pilots, role: reporter}\n", ""): {"inspection"},
    ("min: 2500000", "max: 2500000"): {"contract-signed"},
    ("name: The Gazette", "name: Gazette"): {"bribe", "contract-signed"},
    ("title: The harbour contract", "title: The quay"): set(),
    ("note: Undated copy.", "note: A copy."): set(),
    ("title: Quay to open in spring", "title: Quay to open in May"): {"bribe", "contract-signed"},
    ("publisher: gazette", "publisher: harbour-council"): {"bribe", "contract-signed"},
    ("kind: media", "kind: organization"): {"bribe", "contract-signed"},
    ("      - QBL\n", "      - Quay Co\n"): set(),
    ("    parent: harbour-council\n", ""): set(),
}


@pytest.mark.parametrize("edit", EDITS)
def test_changed_record_is_replaced_and_others_keep_updated_at(
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
    # Except for the timestamps, all tables are as after a first load, the search index included.
    load_into(database, edited(HARBOUR, tmp_path / "again.yaml", edit), now=LATER)
    assert without_timestamps(read_tables(database)) == without_timestamps(
        _fresh(tmp_path / "again.yaml")
    )


def _fresh(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    database = database_at(path.with_suffix(".db"))
    database.migrate_if_needed()
    load_into(database, path)
    rows = read_tables(database)
    database.close()
    return rows


def test_search_finds_new_name_and_not_the_old_one(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    edits = (("name: Quay Builders Ltd", "name: Stone Works"), ("- QBL", "- STW"))
    load_into(database, edited(HARBOUR, tmp_path / "edited.yaml", *edits))
    with serving(database) as client:
        assert _found(client, "stone works") == 4
        assert _found(client, "stw") == 4
        assert _found(client, "ltd") == _found(client, "qbl") == 0


def _found(client: httpx.Client, query: str) -> int:
    total: int = client.get("/events", params={"q": query}).json()["total"]["value"]
    return total


def test_event_of_two_dossiers_is_in_both_timelines(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    load_into(database, FERRY, now=LATER)
    with serving(database) as client:
        event = client.get("/events/quay-in-use").json()
        assert event["timelines"] == ["ferry", "harbour"]
        assert event["updated_at"] == "2022-07-20T12:30:00Z"
        counts = {one["id"]: one["events"] for one in client.get("/timelines").json()["items"]}
        assert counts == {"ferry": 2, "harbour": 6}


def test_cycle_of_stored_and_loaded_parents_is_an_error(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    actor = "actors: [{id: city, name: City, kind: government, parent: pilots}]"
    path = tmp_path / "x.yaml"
    path.write_text(f"timeline: {{id: x, title: x}}\n{actor}\n", "utf-8")
    with pytest.raises(DossierError, match="'city' is its own ancestor"):
        load_into(database, path)


def test_updated_at_rises_although_the_clock_was_set_back(
    database: Database, tmp_path: Path
) -> None:
    load_into(database, HARBOUR, now=LATER)
    edit = ("title: Rumours go about", "title: Rumours abound")
    load_into(database, edited(HARBOUR, tmp_path / "edited.yaml", edit), now=LOADED_AT)
    with serving(database) as client:
        rumours = client.get("/events/rumours").json()
        assert rumours["title"] == "Rumours abound"
        assert rumours["created_at"] == "2022-07-20T12:30:00Z"
        assert rumours["updated_at"] == "2022-07-20T12:30:01Z"


def test_order_and_repetition_of_files_do_not_matter(database: Database, tmp_path: Path) -> None:
    both = tmp_path / "both.yaml"
    both.write_text(f"{FERRY.read_text()}---\n{HARBOUR.read_text()}", "utf-8")
    load_into(database, both)
    before = read_tables(database)
    assert not any(map(any, load_into(database, HARBOUR, FERRY, both, both).counts.values()))
    assert read_tables(database) == before


def test_added_and_changed_records_are_counted(database: Database, tmp_path: Path) -> None:
    assert load_into(database, HARBOUR).counts == {
        "event": ChangeCounts(6),
        "actor": ChangeCounts(8),
        "source": ChangeCounts(3),
        "timeline": ChangeCounts(1),
    }
    edits = (
        ("title: The ferry", "title: A ferry"),
        ("name: Harbour Council\n", "name: The Council\n"),
        ("note: Undated copy.", "note: Copied."),
    )
    assert load_into(database, edited(FERRY, tmp_path / "x.yaml", *edits), now=LATER).counts == {
        "event": ChangeCounts(1, 1),  # an event of the harbour joins the ferry too
        "actor": ChangeCounts(1, 1),
        "source": ChangeCounts(0, 1),
        "timeline": ChangeCounts(1),
    }


def test_change_of_event_in_another_timeline_is_a_warning(
    database: Database, tmp_path: Path
) -> None:
    load_into(database, HARBOUR, FERRY)
    edits = (
        ("title: The first crossing", "title: A crossing"),
        ("date: 2021-03-01/..", "date: 2021"),
    )
    path = edited(FERRY, tmp_path / "ferry.yaml", *edits)
    report = load_into(database, path)
    assert [line for line in report.warnings if "also changes" in line] == [
        f"{path}:34: warning: events[1]: The event also changes in the timeline 'harbour'. If it "
        "is a different event, use another id."
    ]
    changed = edited(HARBOUR, tmp_path / "harbour.yaml", edits[1])
    both = (
        load_into(database, FERRY, HARBOUR).warnings + load_into(database, path, changed).warnings
    )
    assert not [line for line in both if "also changes" in line]


def test_load_of_many_batches(database: Database, tmp_path: Path) -> None:
    """Load more records than one batch holds, children before parents, in two dossiers."""
    path = tmp_path / "x.jsonl"
    number = 2 * LOAD_BATCH + 7
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
        report = load(
            connection,
            [path],
            LOADED_AT,
            max_record_size=1_024,
            on_progress=lambda *step: steps.append(step),
        )
    assert report.counts["event"] == ChangeCounts(added=number)
    assert report.counts["actor"] == ChangeCounts(added=number)
    assert steps[-1] == (2 * number - 5, 2 * number - 5)
    assert len(steps) == 5
    with serving(database) as client:
        assert client.get("/timelines/two").json()["events"] == number - 5
        assert client.get("/actors/a1200").json()["parent"]["id"] == "a1201"
        tree = client.get(f"/events?actor=a{number - 1}&actor_scope=tree&limit=1")
        assert tree.json()["total"]["value"] == number
    again = load_into(database, path, now=LATER, prune=True)
    assert not any(map(any, again.counts.values()))
    renamed = [{"actor": {**actors[-1]["actor"], "name": "Zed"}}]
    fewer = [timelines[0], *events[:3], *actors[:-1], *renamed, source]
    path.write_text("\n".join(map(json.dumps, fewer)), "utf-8")
    counts = load_into(database, path, now=LATER, prune=True).counts
    # Events of the other timeline stay.
    assert counts["event"] == ChangeCounts(removed=number - 3)
    assert counts["actor"] == ChangeCounts(changed=1)
    rows = read_tables(database)
    assert len(rows["event"]) == len(rows["event_search"]) == number - 2
    path.write_text("\n".join(map(json.dumps, [timelines[1], *fewer[1:]])), "utf-8")
    assert load_into(database, path, prune=True).counts["event"] == ChangeCounts(
        changed=3, removed=number - 5
    )
    assert len(read_tables(database)["event_search"]) == 3


def test_search_index_is_updated_in_batches(database: Database, tmp_path: Path) -> None:
    """Rename an actor that takes part in more events than one batch holds."""
    path = tmp_path / "x.jsonl"
    number = LOAD_BATCH + 5
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
    assert load_into(database, path).counts["actor"] == ChangeCounts(changed=1)
    with serving(database) as client:
        assert (_found(client, "new"), _found(client, "old")) == (number, 0)


def test_timestamps_are_utc(database: Database) -> None:
    load_into(database, HARBOUR, now=datetime.fromisoformat("2022-07-19T14:30:00+02:00"))
    with serving(database) as client:
        assert client.get("/events/bribe").json()["created_at"] == "2022-07-19T12:30:00Z"


# An event that shows a source of 3 KB in each of its citations, with a limit of 256 KB.
SOURCE = {"id": "s", "title": "T" * 1_000, "url": f"http://x.example/{'u' * 1_900}"}
PUBLISHER = {"id": "p", "name": "P", "kind": "media"}
SHORT_SOURCE = SOURCE | {"title": "T", "url": "http://x.example/"}
TOO_LARGE = (
    "would have {} KB with all texts of its sources and names of its actors. Cite fewer sources, "
    "or shorten these texts. The limit is 256 KB, and TIMELINE_MAX_RECORD_SIZE sets it."
)


def _lines(
    path: Path,
    events: dict[str, int],
    *,
    publisher: dict[str, Any] = PUBLISHER,
    source: dict[str, Any] = SOURCE,
    timelines: tuple[str, ...] = ("t",),
) -> Path:
    """Write JSON Lines. Each event, from line 4 on, has a number of citations."""
    shared = [{"event": _event(id_, number)} for id_, number in events.items()]
    records = [
        {"timeline": {"id": timelines[0], "title": "T"}},
        {"actor": publisher},
        {"source": {**source, "publisher": "p"}},
        *shared,
    ]
    for timeline in timelines[1:]:
        records += [{"timeline": {"id": timeline, "title": "T"}}, *shared]
    path.write_text("\n".join(map(json.dumps, records)), "utf-8")
    return path


def _event(id_: str, citations: int, **more: object) -> dict[str, Any]:
    texts = {"title": "E", "kind": "x", "status": "reported", "date": "2021"}
    quotes = [{"source": "s", "quote": f"{id_}, {at}."} for at in range(citations)]
    return {"id": id_, **texts, "citations": quotes, **more}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Database]:
    """Yield a database that limits the size of events."""
    database = database_at(tmp_path / "strict.db", max_record_size=256)
    database.migrate_if_needed()
    yield database
    database.close()


def _errors(database: Database, *files: Path) -> list[str]:
    """Return the errors of a load, which must change nothing."""
    before = read_tables(database)
    with pytest.raises(DossierError) as failed:
        load_into(database, *files)
    assert read_tables(database) == before
    return failed.value.diagnostics.errors


def test_too_large_event_is_an_error_and_is_not_written(strict: Database, tmp_path: Path) -> None:
    file = _lines(tmp_path / "x.jsonl", {"one": 1, "many": 200, "two": 2, "more": 100})
    assert _errors(strict, file) == [
        f"{file}:5: The event 'many' {TOO_LARGE.format(600)}",
        f"{file}:7: The event 'more' {TOO_LARGE.format(300)}",
    ]
    fitting = _lines(file, {"one": 1, "many": 80})
    assert load_into(strict, fitting).counts["event"] == ChangeCounts(2)


@pytest.mark.parametrize("command", ["load", "check"])
def test_commands_apply_the_setting(tmp_path: Path, command: str) -> None:
    _lines(tmp_path / "x.jsonl", {"big": 100})
    assert cli.run(tmp_path, command, "x.jsonl").returncode == 0
    # Otherwise the stored event would not be written again.
    _lines(tmp_path / "x.jsonl", {"big": 101})
    strict = cli.run(tmp_path, command, "x.jsonl", TIMELINE_MAX_RECORD_SIZE="256")
    assert strict.returncode == 1
    assert f"x.jsonl:4: The event 'big' {TOO_LARGE.format(303)}" in strict.stdout + strict.stderr


LONG_NAME = PUBLISHER | {"name": "P" * 1_000}
LONG_TITLE = SHORT_SOURCE | {"title": "T" * 1_000}
MANY = {"big": 100}
# What is loaded first, the file that makes the event `big` too large, and the place of the error.
GROWTH: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "longer source": (
        {"events": MANY, "source": SHORT_SOURCE},
        {"events": {}},
        "3: The event 'big', which shows the source 's',",
    ),
    "longer publisher": (
        {"events": {"big": 150}, "source": LONG_TITLE},
        {"events": {}, "source": LONG_TITLE, "publisher": LONG_NAME},
        "2: The event 'big', which shows the actor 'p',",
    ),
    "more citations": ({"events": {"big": 20}}, {"events": MANY}, "4: The event 'big'"),
    "longer source, in a file with its event": (
        {"events": MANY, "source": SHORT_SOURCE},
        {"events": MANY},
        "4: The event 'big'",
    ),
}


@pytest.mark.parametrize("case", GROWTH)
def test_change_that_makes_stored_event_too_large_is_an_error(
    strict: Database, tmp_path: Path, case: str
) -> None:
    before, after, place = GROWTH[case]
    load_into(strict, _lines(tmp_path / "x.jsonl", **before))
    file = _lines(tmp_path / "y.jsonl", **after)
    (error,) = _errors(strict, file)
    assert error.startswith(f"{file}:{place} would have ")


def test_growth_of_source_is_no_error_if_events_shrink(strict: Database, tmp_path: Path) -> None:
    load_into(strict, _lines(tmp_path / "x.jsonl", MANY, source=SHORT_SOURCE))
    load_into(strict, _lines(tmp_path / "x.jsonl", {"big": 20, "other": 1}))
    fresh = _fresh(tmp_path / "x.jsonl")
    assert without_timestamps(read_tables(strict)) == without_timestamps(fresh)


def test_event_of_too_many_timelines_is_an_error(strict: Database, tmp_path: Path) -> None:
    timelines = tuple(f"{'t' * 90}-{at}" for at in range(3_000))
    file = _lines(tmp_path / "x.jsonl", {"e": 1}, source=SHORT_SOURCE, timelines=timelines)
    (error,) = _errors(strict, file)
    assert error.endswith(f":4: The event 'e' {TOO_LARGE.format(287)}")


def test_event_whose_actors_have_too_many_names_is_an_error(
    strict: Database, tmp_path: Path
) -> None:
    """The full-text index contains all names of the actors of an event, its JSON does not."""
    aliases = [f"{at} {'x' * 900}" for at in range(20)]
    actors = [
        {
            "id": f"a{at}",
            "name": f"A{at}",
            "kind": "person",
            "aliases": [f"{at} {one}" for one in aliases],
        }
        for at in range(20)
    ]
    parts = [{"actor": actor["id"], "role": "agent"} for actor in actors]
    lines = (
        _lines(tmp_path / "x.jsonl", {"e": 1}, source=SHORT_SOURCE).read_text("utf-8").splitlines()
    )
    lines += [json.dumps({"actor": actor}) for actor in actors]
    file = tmp_path / "y.jsonl"

    def written(number: int) -> Path:
        event = {"event": _event("f", 1, participants=parts[:number])}
        file.write_text("\n".join([*lines, json.dumps(event)]), "utf-8")
        return file

    (error,) = _errors(strict, written(20))
    assert error.startswith(f"{file}:25: The event 'f' would have 355 KB")
    load_into(strict, written(10))
    (error,) = _errors(strict, written(15))
    assert error.startswith(f"{file}:25: The event 'f' would have 267 KB")


def test_aliases_have_a_limit_together(tmp_path: Path) -> None:
    aliases = [f"{at:04}{'x' * 996}" for at in range(21)]
    for number, expected in (
        (20, []),
        (21, ["aliases: They have 21,000 characters together. Write at most 20,000."]),
    ):
        publisher = PUBLISHER | {"aliases": aliases[:number]}
        errors, _ = check_dossiers(_lines(tmp_path / "x.jsonl", {"e": 1}, publisher=publisher))
        assert [error.split(" actor.", 1)[1] for error in errors] == expected


def test_batch_of_large_events_is_smaller(database: Database, tmp_path: Path) -> None:
    number = MAX_BATCH_ITEMS // 1_000 + 2
    topics = [f"topic-{at}" for at in range(1_000)]
    lines = _lines(tmp_path / "x.jsonl", {}).read_text("utf-8").splitlines()
    lines += [json.dumps({"event": _event(f"e{at}", 1, topics=topics)}) for at in range(number)]
    (file := tmp_path / "y.jsonl").write_text("\n".join(lines), "utf-8")
    steps = []
    with database.write() as connection:
        on_progress = lambda *step: steps.append(step)  # noqa: E731
        load(connection, [file], LOADED_AT, max_record_size=1_024, on_progress=on_progress)
    assert steps == [(number - 2, number), (number, number)]
