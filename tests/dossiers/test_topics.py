"""Topics and their labels: in dossiers, in records, in facets and filters, and in exports."""

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
from app.dossiers.diagnostics import DossierError
from app.dossiers.exporter import ExportFormat, export
from app.dossiers.loader import ChangeCounts
from tests.support.corpus import LATER, LOADED_AT
from tests.support.databases import database_at, load_into, new_database
from tests.support.dossier_check import check_dossiers, write_as_json_lines, write_file
from tests.support.problem import check_problem
from tests.support.server import serving
from tests.support.snapshot import read_content

HEAD = """
timeline: {id: x, title: X}
actors: [{id: a, name: A, kind: media}]
sources: [{id: s, title: S, publisher: a}]
events:
"""


def _dossier(*topics: str) -> str:
    """Write a dossier with an event for each list of topics, from line 6 on, each on a line."""
    return HEAD + "".join(
        f"- {{id: e{at}, title: E{at}, kind: k, status: reported, date: 2021, topics: {listed}, "
        f"citations: [{{source: s, quote: Q{at}}}]}}\n"
        for at, listed in enumerate(topics)
    )


def _load(
    database: Database, folder: Path, *topics: str, now: datetime = LOADED_AT, prune: bool = False
) -> dict[str, ChangeCounts]:
    file = write_file(folder / "x.yaml", _dossier(*topics))
    return load_into(database, file, now=now, prune=prune).counts


def _events(database: Database) -> dict[str, Any]:
    with database.read() as connection:
        records = connection.execute(text("SELECT content FROM event_record")).scalars()
        return {event["id"]: event for event in map(json.loads, records)}


# what is written in a dossier: the topic in the record
TOPICS = {
    "lobbying": ("lobbying", "lobbying"),
    "MCAS": ("mcas", "MCAS"),
    "Members of Congress": ("members-of-congress", "Members of Congress"),
    "'737 MAX'": ("737-max", "737 MAX"),
    "Łódź & Kraków": ("lodz-krakow", "Łódź & Kraków"),
    "O’Brien": ("o-brien", "O’Brien"),
    "2021": ("2021", "2021"),
    "1.5": ("1-5", "1.5"),
    "{id: mfa, label: 外交部}": ("mfa", "外交部"),
    "{id: mcas}": ("mcas", "mcas"),
    "{id: mcas, label: mcas}": ("mcas", "mcas"),
    "{id: mcas, label: pitch-control}": ("mcas", "pitch-control"),
}


@pytest.mark.parametrize("written", TOPICS)
def test_topic_has_id_and_label(database: Database, tmp_path: Path, written: str) -> None:
    id_, label = TOPICS[written]
    _load(database, tmp_path, f"[{written}]")
    event = _events(database)["e0"]
    assert (event["topics"], event["topic_labels"]) == ([id_], [{"id": id_, "label": label}])


@pytest.mark.parametrize("format_", ["yaml", "jsonl"])
@pytest.mark.parametrize("written", TOPICS)
def test_export_loads_to_same_topic(
    database: Database, tmp_path: Path, written: str, format_: ExportFormat
) -> None:
    _load(database, tmp_path, f"[{written}]")
    with database.read() as connection:
        before = read_content(connection)
        path = tmp_path / f"exported.{format_}"
        path.write_text("".join(export(connection, None, format_)), "utf-8")
    other = new_database(tmp_path / "other.db")
    load_into(other, path)
    with other.read() as connection:
        assert read_content(connection) == before
    assert not any(map(any, load_into(database, path).counts.values()))


def test_export_writes_the_shortest_form(database: Database, tmp_path: Path) -> None:
    topics = "[lobbying, MCAS, {id: mfa, label: 外交部}, {id: x, label: pitch-control}]"
    _load(database, tmp_path, topics)
    with database.read() as connection:
        exported = "".join(export(connection, None, "jsonl"))
    event = json.loads(exported.splitlines()[-1])["event"]
    assert event["topics"] == [
        "lobbying",
        "MCAS",
        {"id": "mfa", "label": "外交部"},
        {"id": "x", "label": "pitch-control"},
    ]


_NO_ID = "No id can be made of {!r}. Write an id and this label: {{id: …, label: …}}."
# the topics of events on lines 6 and 7: the errors
ERRORS: dict[tuple[str, ...], list[str]] = {
    ("[MCAS, mcas, MCAS]", "[mcas]"): [],
    ("[MCAS]", "[{id: mcas, label: MCAS}]"): [],
    ("[MCAS, Mcas]",): [
        "6: events[0].topics[1]: The topic 'mcas' is labelled 'Mcas' here, and 'MCAS' on line 6. "
        "Write the same in both."
    ],
    ("[MCAS]", "[{id: mcas, label: Pitch control}]"): [
        "7: events[1].topics[0]: The topic 'mcas' is labelled 'Pitch control' here, and 'MCAS' on "
        "line 6. Write the same in both."
    ],
    ("[外交部]",): [f"6: events[0].topics[0]: {_NO_ID.format('外交部')}"],
    ("['—']",): [f"6: events[0].topics[0]: {_NO_ID.format('—')}"],
    ("[NSO 集团]",): [f"6: events[0].topics[0]: {_NO_ID.format('NSO 集团')}"],
    ("[{label: X}]",): ["6: events[0].topics[0].id: It is missing. Add it."],
    ("[{id: X, label: X}]",): [
        "6: events[0].topics[0].id: 'X' is not an id. Write lower-case letters, digits and "
        "hyphens: x."
    ],
    ("[{id: x, labl: X}]",): [
        "6: events[0].topics[0].labl: The key is unknown here. The nearest is 'label'."
    ],
    ("[[x]]",): ["6: events[0].topics[0]: It is not a record. Write {id: …}."],
}


@pytest.mark.parametrize("topics", ERRORS)
def test_errors_name_place_and_fix(tmp_path: Path, topics: tuple[str, ...]) -> None:
    path = write_file(tmp_path / "x.yaml", _dossier(*topics))
    assert check_dossiers(path)[0] == [f"x.yaml:{error}" for error in ERRORS[topics]]
    lines = write_as_json_lines(path, tmp_path / "x.jsonl")
    assert len(check_dossiers(lines)[0]) == len(ERRORS[topics])


def test_two_labels_in_two_files_are_an_error(tmp_path: Path) -> None:
    one = write_file(tmp_path / "one.yaml", _dossier("[MCAS]"))
    other = _dossier("[Mcas]").replace("id: x,", "id: y,").replace("e0", "other")
    errors, _ = check_dossiers(one, write_file(tmp_path / "two.yaml", other))
    assert errors == [
        "two.yaml:6: events[0].topics[0]: The topic 'mcas' is labelled 'Mcas' here, and 'MCAS' on "
        "line 6 of one.yaml. Write the same in both."
    ]


def test_id_alone_states_no_label(database: Database, tmp_path: Path) -> None:
    _load(database, tmp_path, "[mcas]", "[MCAS]")
    assert _labels(database) == {"e0": ["MCAS"], "e1": ["MCAS"]}
    counts = _load(database, tmp_path, "[mcas]", "[mcas]")
    assert not any(map(any, counts.values()))
    assert _labels(database) == {"e0": ["MCAS"], "e1": ["MCAS"]}


def test_label_that_changes_moves_every_event_that_shows_it(
    database: Database, tmp_path: Path
) -> None:
    _load(database, tmp_path, "[MCAS]", "[mcas]", "[other]")
    counts = _load(database, tmp_path, "[Mcas]", now=LATER)
    assert counts["event"].changed == 2
    events = _events(database)
    assert {id_: event["sequence"] for id_, event in events.items()} == {"e0": 1, "e1": 1, "e2": 0}
    # A label that equals the id removes the label.
    _load(database, tmp_path, "[{id: mcas, label: mcas}]", now=LATER)
    assert _labels(database) == {"e0": ["mcas"], "e1": ["mcas"], "e2": ["other"]}
    assert _stored_labels(database) == []


def test_label_without_event_is_deleted(database: Database, tmp_path: Path) -> None:
    _load(database, tmp_path, "[MCAS]", "[MCAS, Other]")
    _load(database, tmp_path, "[]", now=LATER)
    assert _stored_labels(database) == ["MCAS", "Other"]
    _load(database, tmp_path, "[]", now=LATER, prune=True)
    assert _stored_labels(database) == []


def test_labels_that_make_a_stored_event_too_large_are_an_error(tmp_path: Path) -> None:
    database = database_at(tmp_path / "strict.db", max_record_size=256)
    database.migrate_if_needed()
    topics = [f"t{at}" for at in range(900)]
    _load(database, tmp_path, f"[{', '.join(topics)}]")
    labels = [f"{{id: {id_}, label: {'外' * 120}}}" for id_ in topics]
    parts = [f"[{', '.join(labels[at : at + 300])}]" for at in (0, 300, 600)]
    file = write_file(tmp_path / "x.yaml", _dossier("[]", *parts).replace("id: e0", "id: other"))
    with pytest.raises(DossierError) as failed:
        load_into(database, file)
    (error,) = failed.value.diagnostics.errors
    assert error.startswith(f"{file}:7: The event 'e0', which shows the topic 't0', would have ")


def _labels(database: Database) -> dict[str, list[str]]:
    return {
        id_: [topic["label"] for topic in event["topic_labels"]]
        for id_, event in _events(database).items()
    }


def _stored_labels(database: Database) -> list[str]:
    with database.read() as connection:
        return [*connection.execute(text("SELECT label FROM topic ORDER BY label")).scalars()]


def test_label_of_a_later_batch_is_that_of_new_events(database: Database, tmp_path: Path) -> None:
    """Load more events than one batch holds, of which only the last states the label."""
    number = LOAD_BATCH + 2
    records: list[dict[str, Any]] = [
        {"timeline": {"id": "one", "title": "One"}},
        {"actor": {"id": "a", "name": "A", "kind": "media"}},
        {"source": {"id": "s", "title": "S", "publisher": "a"}},
    ]
    events = [
        {
            "event": {
                "id": f"e{at}",
                "title": f"E{at}",
                "kind": "k",
                "status": "reported",
                "date": "2021",
                "topics": ["mcas"] if at in (0, number - 2) else [],
                "citations": [{"source": "s", "quote": f"Q{at}"}],
            }
        }
        for at in range(number)
    ]
    events[-1]["event"]["topics"] = [{"id": "mcas", "label": "Pitch control"}]
    records += [*events, {"timeline": {"id": "two", "title": "Two"}}, *events]
    path = write_file(tmp_path / "x.jsonl", "\n".join(map(json.dumps, records)))
    assert load_into(database, path).counts["event"] == (number, 0, 0)
    stored = _events(database)
    assert {event["sequence"] for event in stored.values()} == {0}
    assert {event["updated_at"] for event in stored.values()} == {stored["e0"]["created_at"]}
    with serving(database) as client:
        for query in ("q=pitch", "topic=pitch%20control"):
            found = client.get(f"/events?{query}").json()["items"]
            assert {event["id"] for event in found} == {"e0", f"e{number - 2}", f"e{number - 1}"}
            assert {event["topic_labels"][0]["label"] for event in found} == {"Pitch control"}
            assert {*found[0]["timelines"]} == {"one", "two"}


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[httpx.Client]:
    topics = "[MCAS, lobbying]", "[mcas, {id: mfa, label: 外交部}]", "[{id: mcas-2, label: Trim}]"
    _load(database, tmp_path, *topics)
    with serving(database) as client:
        yield client


def test_facets_have_labels(client: httpx.Client) -> None:
    facets = client.get("/facets?facet=topic").json()["facets"]["topic"]
    assert facets == [
        {"value": "mcas", "label": "MCAS", "count": 2},
        {"value": "lobbying", "label": "lobbying", "count": 1},
        {"value": "mcas-2", "label": "Trim", "count": 1},
        {"value": "mfa", "label": "外交部", "count": 1},
    ]


# a value of `topic`: the events
FILTERS = {
    "mcas": ["e0", "e1"],
    "MCAS": ["e0", "e1"],
    " Mcas": ["e0", "e1"],
    "Lobbying": ["e0"],
    "外交部": ["e1"],
    "trim": ["e2"],
    "mcas-2": ["e2"],
}


@pytest.mark.parametrize("value", FILTERS)
def test_filter_accepts_id_and_label(client: httpx.Client, value: str) -> None:
    page = client.get("/events", params={"topic": value}).json()
    assert [event["id"] for event in page["items"]] == FILTERS[value]


def test_filter_accepts_several_topics(client: httpx.Client) -> None:
    page = client.get("/events", params={"topic": ["MCAS", "mcas", "Trim"]}).json()
    assert [event["id"] for event in page["items"]] == ["e0", "e1", "e2"]


# an unknown value of `topic`: what is suggested first
UNKNOWN = {"mcass": "mcas (MCAS)", "trims": "mcas-2 (Trim)", "lobying": "lobbying"}


@pytest.mark.parametrize("value", UNKNOWN)
def test_unknown_topic_is_an_error_that_suggests_ids_with_labels(
    client: httpx.Client, value: str
) -> None:
    problem = check_problem(client.get("/events", params={"topic": value}), 422)
    first = f"topic: No event has the topic {value!r}. The nearest are {UNKNOWN[value]}, "
    assert problem.detail.startswith(first)
