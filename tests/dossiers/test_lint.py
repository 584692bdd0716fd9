"""Warnings about dossiers that can be loaded."""

import json
from pathlib import Path

import pytest

from app.db.database import Database
from app.dossiers.loader import load
from tests.support.corpus import FERRY, HARBOUR, LATER, edited
from tests.support.databases import load_into
from tests.support.dossier_check import check_dossiers, write_file

_AFTER_SOURCES = (
    "The event is after every source that reports it. The last source is of 2020-06-02. Correct "
    "the date, or cite a later source."
)
_TRUNCATED = (
    "The text ends before ` #`. If it continues, put it in quotes. Otherwise move the comment."
)

# an edit of the harbour dossier: the warnings that it adds
WARNINGS: dict[tuple[str, str], list[str]] = {
    ("date: 2020-03~", "date: 2020-06-02"): [],
    ("date: 2020-03~", "date: 2020-06-03"): [f"82: warning: events[1].date: {_AFTER_SOURCES}"],
    ("date: 2020-03~", "date: 2020-06-02/.."): [],
    ("date: 2020-03~", "date: ../2020-07"): [],
    ("date: 2020-03-14", "date: 2020-06-03"): [],  # one of its sources has no day
    ("stance: denies", "stance: asserts"): [
        "81: warning: events[1].status: The event is disputed, but no citation denies it. Write "
        "`stance: denies` in the one that does."
    ],
    ("status: disputed", "status: alleged"): [
        "81: warning: events[1].status: The event is alleged, but a citation denies it. Write "
        "`disputed`."
    ],
    ("quote: In use since the first of March.", "quote: Works go on."): [
        "126: warning: events[5].citations[0].quote: The quote is already cited on line 99."
    ],
    (
        "source: council-minutes, quote: In use since the first of March.",
        "source: harbour-echo, quote: Works go on.",  # the same quote, but of another source
    ): [f"124: warning: events[5].date: {_AFTER_SOURCES}"],
    ("- QBL", "- the city"): [
        "45: warning: actors[3].aliases[0]: 'the city' is also a name of 'city'. To search for one "
        "of them, use its id."
    ],
    ("name: The Gazette", "name: Quay builders, LTD"): [],
    ("name: The Gazette", "name: QUAY  builders ltd"): [
        "52: warning: actors[5].name: 'QUAY  builders ltd' is also a name of 'quay-builders'. To "
        "search for one of them, use its id."
    ],
    ("      - {actor: obrien, role: subject}\n", "      - {actor: pilots, role: subject}\n"): [],
    ("publisher: echo", "publisher: gazette"): [
        "54: warning: No record refers to the actor 'echo'."
    ],
    (
        "quote: Works go on.}",
        "quote: Works go on.}\n      - source: harbour-echo\n        quote: עמ Pier #7",
    ): [f"101: warning: events[2].citations[1].quote: {_TRUNCATED}"],
    ("title: Rumours go about", "title: Rumours # loud"): [
        f"112: warning: events[4].title: {_TRUNCATED}"
    ],
    ("title: Rumours go about", "title: 'Rumours' # loud"): [],
    ("title: Rumours go about", "title: Rumours  # loud"): [],
    ("kind: payment", "kind: payment # alleged"): [],
    ("  - id: harbour-echo", "  - {id: unread, title: x, publisher: echo}\n  - id: harbour-echo"): [
        "21: warning: No event cites the source 'unread'."
    ],
}
_QUOTED = "The text is in quotation marks. Remove them, because pages add their own."
# a text: whether quotation marks enclose it
ENCLOSED: dict[str, bool] = {
    "“Works go on.”": True,
    '"Works go on."': True,
    "'It's on.'": True,
    "‘It’s on.’": True,
    "„Es geht weiter.“": True,
    "„Trwają prace.”": True,
    "«Les travaux continuent»": True,
    "»Det fortsätter«": True,
    "”Työt jatkuvat.”": True,
    "「工事が続く」": True,
    "“The “works” go on.”": True,
    "Works go on.": False,
    "“Works” go on": False,
    "Works go “on”": False,
    "“Works go on": False,
    "“Yes” or “no”": False,
    '"Yes" or "no"': False,
    "„Ja“ und „nein“": False,
    "“Yes,” says the mayor, “works go on.”": False,
    "'90s works go on": False,
    "“": False,
    "O'": False,
}
# the warnings about the unedited harbour dossier
ALWAYS = (
    "actors[1].aliases[0]: 'Council' is also a name of 'city'. To search for one of them, use its "
    "id.",
    "No record refers to the actor 'bystander'.",
)


@pytest.mark.parametrize("edit", WARNINGS)
def test_likely_mistake_is_a_warning_and_no_error(tmp_path: Path, edit: tuple[str, str]) -> None:
    errors, warnings = check_dossiers(edited(HARBOUR, tmp_path / "x.yaml", edit))
    assert errors == []
    added = [line for line in warnings if not line.endswith(ALWAYS)]
    assert added == [f"x.yaml:{line}" for line in WARNINGS[edit]]
    assert len(warnings) - len(added) == len(ALWAYS)


@pytest.mark.parametrize("text", ENCLOSED)
def test_quote_in_quotation_marks_is_a_warning(tmp_path: Path, text: str) -> None:
    edits = (
        ("quote: Works go on.}", f"quote: {json.dumps(text, ensure_ascii=False)}}}"),
        ("date_text: on Saturday", f"date_text: {json.dumps(text)}"),
    )
    errors, warnings = check_dossiers(edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert errors == []
    assert [line for line in warnings if not line.endswith(ALWAYS)] == [
        f"x.yaml:68: warning: events[0].date_text: {_QUOTED}",
        f"x.yaml:99: warning: events[2].citations[0].quote: {_QUOTED}",
    ] * ENCLOSED[text]


def test_warning_refers_to_line_of_another_file(tmp_path: Path) -> None:
    edits = (
        ("without O'Brien.", "without O'Brien."),
        ('"The ferry sailed, without O\'Brien."', "Works go on."),
    )
    ferry = edited(FERRY, tmp_path / "ferry.yaml", *edits)
    _, warnings = check_dossiers(HARBOUR, ferry)
    assert [line for line in warnings if line.startswith("ferry")] == [
        "ferry.yaml:16: warning: actors[0].aliases[0]: 'QBL' is also a name of 'quay-builders'. To "
        "search for one of them, use its id.",
        "ferry.yaml:33: warning: events[0].citations[0].quote: The quote is already cited on line "
        "99 of harbour.yaml.",
    ]


HEAD = """
timeline: {id: x, title: X}
actors: [{id: a, name: A, kind: media}]
sources: [{id: s, title: S, publisher: a}]
events:
"""


def _events(*events: tuple[str, str, str]) -> str:
    """Write a dossier with events, from line 6 on, each on a line: its id, title and date."""
    return HEAD + "".join(
        f"- {{id: {id_}, title: {title}, kind: k, status: reported, date: {date}, "
        f"citations: [{{source: s, quote: {id_}}}]}}\n"
        for id_, title, date in events
    )


# events of a file: the line of each that is a repetition, and of the event that it repeats
REPETITIONS: dict[tuple[tuple[str, str, str], ...], list[tuple[int, int]]] = {
    (("one", "A", "2021"), ("two", "A", "2021")): [(7, 6)],
    (("one", "A", "2021"), ("two", "A", "2021"), ("three", "A", "2021")): [(7, 6), (8, 6)],
    (("one", "A", "2021"), ("two", "B", "2021")): [],
    (("one", "A", "2021"), ("two", "A", "2021~")): [],
    (("one", "A", "2021-01-01/2021-12-31"), ("two", "A", "2021")): [],
}


@pytest.mark.parametrize("events", REPETITIONS)
def test_second_event_of_same_title_and_date_is_a_warning(
    tmp_path: Path, events: tuple[tuple[str, str, str], ...]
) -> None:
    path = write_file(tmp_path / "x.yaml", _events(*events))
    _, warnings = check_dossiers(path)
    assert warnings == [
        f"x.yaml:{line}: warning: events[{line - 6}].title: The event on line {first} has the same "
        "title and date. If it is the same, remove one."
        for line, first in REPETITIONS[events]
    ]


def test_event_of_two_dossiers_is_no_repetition(tmp_path: Path) -> None:
    one = write_file(tmp_path / "one.yaml", _events(("one", "A", "2021")))
    two = _events(("one", "A", "2021"), ("two", "A", "2021")).replace("{id: x,", "{id: y,")
    _, warnings = check_dossiers(one, write_file(tmp_path / "two.yaml", two))
    assert [warning.partition(".title")[0] for warning in warnings] == [
        "two.yaml:7: warning: events[1]"
    ]


def test_changed_id_of_stored_event_is_a_warning(database: Database, tmp_path: Path) -> None:
    old = ("old", "A", "2021")
    path = write_file(tmp_path / "x.yaml", _events(old, ("other", "B", "2021")))
    assert load_into(database, path).warnings == []
    renamed = _events(("new", "A", "2021"), ("third", "C", "2021"))
    write_file(path, renamed)
    with database.write() as connection:  # and is rolled back
        report = load(connection, [path], LATER, max_record_size=1_024)
        connection.rollback()
    assert report.warnings == [
        f"{path}:6: warning: The stored event 'old' has the same title and date. If it is the same "
        "event, keep its id, or remove it from its file, and load that with --prune."
    ]
    assert load_into(database, path, prune=True).warnings == []
    write_file(path, _events(("new", "A", "2021"), old))
    assert [line.partition("title: ")[2] for line in load_into(database, path).warnings] == [
        "The event on line 6 has the same title and date. If it is the same, remove one."
    ]
