"""Errors between records: all of them are reported in one run."""

from pathlib import Path

from app.dossiers.diagnostics import MAX_DIAGNOSTICS
from tests.support.corpus import FERRY, HARBOUR, SEED, edited
from tests.support.dossier_check import check_dossiers, write_as_json_lines, write_file


def test_invalid_record_gets_one_error_if_another_file_has_it_valid(tmp_path: Path) -> None:
    wrong = edited(FERRY, tmp_path / "wrong.yaml", ("kind: government", "kind: goverment"))
    for files in ((wrong, HARBOUR), (HARBOUR, wrong)):
        (error,) = check_dossiers(*files)[0]
        assert error.startswith("wrong.yaml:19: actors[1].kind: 'goverment' is not allowed.")


def test_errors_of_all_kinds_and_files_are_reported_in_file_order(tmp_path: Path) -> None:
    edits = (
        ("published: 2020-06-02", "published: soon"),
        ("kind: media", "kind: paper"),
        ("actor: obrien, role: beneficiary", "actor: obrian, role: beneficiary"),
        ("date: /2020-02", "date: Feb 2020"),
    )
    one = edited(HARBOUR, tmp_path / "one.yaml", *edits)
    other = edited(FERRY, tmp_path / "other.yaml", ("name: Harbour Council", "name: The Council"))
    third = write_file(tmp_path / "third.yaml", "timeline: {id: x, title: x}\nevents: [{id: y}]")
    errors, _ = check_dossiers(third, one, other)
    assert [error.partition(". ")[0] for error in errors] == [
        "third.yaml:2: events[0].citations: There are none",
        "third.yaml:2: events[0].date: It is missing",
        "third.yaml:2: events[0].kind: It is missing",
        "third.yaml:2: events[0].status: It is missing",
        "third.yaml:2: events[0].title: It is missing",
        "one.yaml:24: sources[2].published: 'soon' is not a day",
        "one.yaml:53: actors[5].kind: 'paper' is not allowed",
        "one.yaml:86: events[1].participants[1].actor: There is no actor 'obrian'",
        "one.yaml:115: events[4].date: 'Feb 2020' is not a date",
        "other.yaml:17: actors[1]: 'harbour-council' differs in name from its definition on line "
        "32 of one.yaml",
    ]


def test_conflict_message_names_differing_keys(tmp_path: Path) -> None:
    other = edited(
        FERRY,
        tmp_path / "other.yaml",
        ("title: Minutes of the harbour council", "title: The minutes"),
        ("aliases: [Council]", "note: The council."),
        ("date: 2021-03-01/..", "date: 2021-03-01"),
    )
    errors, _ = check_dossiers(HARBOUR, other)
    assert errors == [
        "other.yaml:7: sources[0]: 'council-minutes' differs in title from its definition on line "
        "17 of harbour.yaml. Write the same in both.",
        "other.yaml:17: actors[1]: 'harbour-council' differs in aliases and note from its "
        "definition on line 32 of harbour.yaml. Write the same in both.",
        "other.yaml:34: events[1]: 'quay-in-use' differs from its definition on line 120 of "
        "harbour.yaml. Write the same in both.",
    ]


def test_order_of_aliases_and_topics_is_no_conflict(tmp_path: Path) -> None:
    edits = (
        ("[The City, Council]", "[Council, The City]"),
        ("[quay, money]", "[money, quay, quay]"),
    )
    assert check_dossiers(HARBOUR, edited(HARBOUR, tmp_path / "x.yaml", *edits))[0] == []


def test_cycle_of_parents_is_reported_for_each_actor(tmp_path: Path) -> None:
    errors, _ = check_dossiers(
        edited(HARBOUR, tmp_path / "x.yaml", ("parent: city", "parent: pilots"))
    )
    assert errors == [
        f"x.yaml:{line}: The actor {id_!r} is its own ancestor. Remove a parent in the cycle."
        for line, id_ in ((32, "harbour-council"), (37, "pilots"))
    ]


def test_number_of_errors_is_limited(tmp_path: Path) -> None:
    lines = ['{"timeline": {"id": "x", "title": "x"}}', *(["[]"] * (MAX_DIAGNOSTICS + 7))]
    errors, _ = check_dossiers(write_file(tmp_path / "x.jsonl", "\n".join(lines)))
    assert len(errors) == MAX_DIAGNOSTICS + 1
    assert errors[-1] == "There are 7 more."


def test_reference_to_invalid_record_is_no_error(tmp_path: Path) -> None:
    edits = (("    kind: person\n", "    kind: persn\n"), ("author: O. Brien", "sha256: x"))
    errors, warnings = check_dossiers(edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert [error.partition(". ")[0] for error in errors] == [
        "x.yaml:12: sources[0].sha256: 'x' is not a SHA-256 digest",
        "x.yaml:50: actors[4].kind: 'persn' is not allowed",
    ]
    assert not [line for line in warnings if "No record refers" in line]


def test_references_are_not_checked_if_a_file_is_unreadable(tmp_path: Path) -> None:
    head, _, events = HARBOUR.read_text("utf-8").partition("\nevents:\n")
    actors = write_file(tmp_path / "actors.yaml", head.replace("name: The Gazette", "name: 'The"))
    timeline = head[: head.index("sources:")]
    other = write_file(tmp_path / "events.yaml", f"{timeline}\nevents:\n{events}")
    errors, _ = check_dossiers(other, actors)
    assert [error.partition(". ")[0] for error in errors] == [
        "actors.yaml:52: A quotation mark is not closed, or a text in double quotes contains a "
        "backslash"
    ]
    lines = write_as_json_lines(HARBOUR, tmp_path / "x.jsonl", ('"id": "city"', '"id": city'))
    errors, _ = check_dossiers(lines)
    assert [error.partition(" (")[0] for error in errors] == ["x.jsonl:5: It is not JSON"]


def test_invalid_records_are_checked_for_dangling_references_too(tmp_path: Path) -> None:
    edits = (
        ("date: /2020-02", "date: last week"),
        ("source: harbour-echo, quote: שְׁמוּעוֹת", "source: harbor-echo, quote: שְׁמוּעוֹת"),
        ("actor: obrien, role: subject", "actor: obrian, role: subject"),
        ("publisher: echo\n    published: 2020-06-02", "publisher: eccho\n    published: June"),
        ("parent: harbour-council", "parent: harbor-council\n    name: Pilots"),
        ("source: council-minutes, quote: The pilots", "source: A Source, quote: The pilots"),
    )
    errors, _ = check_dossiers(edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert [error.partition(". ")[0] for error in errors] == [
        "x.yaml:23: sources[2].publisher: There is no actor 'eccho'",
        "x.yaml:24: sources[2].published: 'June' is not a day",
        "x.yaml:40: actors[2].parent: There is no actor 'harbor-council'",
        "x.yaml:41: The key 'name' is written twice",
        "x.yaml:111: events[3].citations[0].source: 'A Source' is not an id",
        "x.yaml:116: events[4].date: 'last week' is not a date",
        "x.yaml:118: events[4].participants[0].actor: There is no actor 'obrian'",
        "x.yaml:120: events[4].citations[0].source: There is no source 'harbor-echo'",
    ]


def test_records_without_id_are_no_duplicates(tmp_path: Path) -> None:
    edits = (
        ("  - id: ferry-line\n    name", "  - name"),
        ("  - id: harbour-council\n    name", "  - name"),
    )
    errors, _ = check_dossiers(edited(FERRY, tmp_path / "x.yaml", *edits))
    assert [error.partition(". ")[0] for error in errors] == [
        "x.yaml:9: sources[0].publisher: There is no actor 'harbour-council'",
        "x.yaml:13: actors[0].id: It is missing",
        "x.yaml:16: actors[1].id: It is missing",
        "x.yaml:18: actors[1].parent: There is no actor 'city'",
        "x.yaml:29: events[0].participants[0].actor: There is no actor 'ferry-line'",
    ]


def test_seed_has_no_errors_and_no_warnings() -> None:
    assert check_dossiers(SEED) == ([], [])
