"""What is told of dossiers that are wrong in several ways, or not alike: all of it at once."""

from pathlib import Path

from app.dossiers.diagnostics import MAX_DIAGNOSTICS
from tests.support.corpus import FERRY, HARBOUR, SEED, edited
from tests.support.dossier_check import as_lines, told, written


def test_unsound_in_one_file_and_sound_in_another(tmp_path: Path) -> None:
    wrong = edited(FERRY, tmp_path / "wrong.yaml", ("kind: government", "kind: goverment"))
    for files in ((wrong, HARBOUR), (HARBOUR, wrong)):
        (problem,) = told(*files)[0]
        assert problem.startswith("wrong.yaml:19: actors[1].kind: 'goverment' is not known; ")


def test_every_problem_is_told_at_once_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Of all kinds, in all files: what is wrong in one record hides nothing in another."""
    edits = (
        ("published: 2020-06-02", "published: soon"),
        ("kind: media", "kind: paper"),
        ("actor: obrien, role: beneficiary", "actor: obrian, role: beneficiary"),
        ("date: /2020-02", "date: Feb 2020"),
    )
    one = edited(HARBOUR, tmp_path / "one.yaml", *edits)
    other = edited(FERRY, tmp_path / "other.yaml", ("name: Harbour Council", "name: The Council"))
    third = written(tmp_path / "third.yaml", "timeline: {id: x, title: x}\nevents: [{id: y}]")
    problems, _ = told(third, one, other)
    assert [problem.partition("; ")[0] for problem in problems] == [
        "third.yaml:2: events[0].citations: there is none",
        "third.yaml:2: events[0].date: it is missing",
        "third.yaml:2: events[0].kind: it is missing",
        "third.yaml:2: events[0].status: it is missing",
        "third.yaml:2: events[0].title: it is missing",
        "one.yaml:24: sources[2].published: 'soon' is not a day",
        "one.yaml:53: actors[5].kind: 'paper' is not known",
        "one.yaml:86: events[1].participants[1].actor: there is no actor 'obrian'",
        "one.yaml:115: events[4].date: 'Feb 2020' is not a date",
        "other.yaml:17: actors[1]: 'harbour-council' differs in name from what stands on line 32 "
        "of one.yaml",
    ]


def test_what_differs_between_files_is_named(tmp_path: Path) -> None:
    other = edited(
        FERRY,
        tmp_path / "other.yaml",
        ("title: Minutes of the harbour council", "title: The minutes"),
        ("aliases: [Council]", "note: The council."),
        ("date: 2021-03-01/..", "date: 2021-03-01"),
    )
    problems, _ = told(HARBOUR, other)
    assert problems == [
        "other.yaml:7: sources[0]: 'council-minutes' differs in title from what stands on line 17 "
        "of harbour.yaml; write it alike",
        "other.yaml:17: actors[1]: 'harbour-council' differs in aliases and note from what stands "
        "on line 32 of harbour.yaml; write it alike",
        "other.yaml:34: events[1]: 'quay-in-use' differs from what stands on line 120 of "
        "harbour.yaml; write it alike",
    ]


def test_the_order_of_aliases_and_topics_is_no_difference(tmp_path: Path) -> None:
    edits = (
        ("[The City, Council]", "[Council, The City]"),
        ("[quay, money]", "[money, quay, quay]"),
    )
    assert told(HARBOUR, edited(HARBOUR, tmp_path / "x.yaml", *edits))[0] == []


def test_actors_that_are_their_own_ancestors(tmp_path: Path) -> None:
    problems, _ = told(edited(HARBOUR, tmp_path / "x.yaml", ("parent: city", "parent: pilots")))
    assert problems == [
        f"x.yaml:{line}: the actor {id_!r} is its own ancestor; remove a parent on the way"
        for line, id_ in ((32, "harbour-council"), (37, "pilots"))
    ]


def test_problems_are_bounded(tmp_path: Path) -> None:
    lines = ['{"timeline": {"id": "x", "title": "x"}}', *(["[]"] * (MAX_DIAGNOSTICS + 7))]
    problems, _ = told(written(tmp_path / "x.jsonl", "\n".join(lines)))
    assert len(problems) == MAX_DIAGNOSTICS + 1
    assert problems[-1] == "and 7 more"


def test_a_record_that_is_not_sound_is_there_all_the_same(tmp_path: Path) -> None:
    """Those that name it are not told that it is missing."""
    edits = (
        ("    kind: person\n", "    kind: persn\n"),
        ("author: O. Brien", "sha256: x"),
    )
    problems, warnings = told(edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert [problem.partition("; ")[0] for problem in problems] == [
        "x.yaml:12: sources[0].sha256: 'x' is not a digest",
        "x.yaml:50: actors[4].kind: 'persn' is not known",
    ]
    assert not [line for line in warnings if "nothing" in line]


def test_what_cannot_be_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    head, _, events = HARBOUR.read_text("utf-8").partition("\nevents:\n")
    actors = written(tmp_path / "actors.yaml", head.replace("name: The Gazette", "name: 'The"))
    timeline = head[: head.index("sources:")]
    other = written(tmp_path / "events.yaml", f"{timeline}\nevents:\n{events}")
    problems, _ = told(other, actors)
    assert [problem.partition(";")[0] for problem in problems] == [
        "actors.yaml:52: a quotation mark that is not closed, or a backslash in double quotes"
    ]
    lines = as_lines(HARBOUR, tmp_path / "x.jsonl", ('"id": "city"', '"id": city'))
    problems, _ = told(lines)
    assert [problem.partition(":")[2][:22] for problem in problems] == ["5: it is not JSON: Exp"]


def test_what_is_wrong_in_one_way_may_be_wrong_in_another(tmp_path: Path) -> None:
    """All is told in the first round, though what names what is checked when records are sound."""
    edits = (
        ("date: /2020-02", "date: last week"),
        ("source: harbour-echo, quote: שְׁמוּעוֹת", "source: harbor-echo, quote: שְׁמוּעוֹת"),
        ("actor: obrien, role: subject", "actor: obrian, role: subject"),
        ("publisher: echo\n    published: 2020-06-02", "publisher: eccho\n    published: June"),
        ("parent: harbour-council", "parent: harbor-council\n    name: Pilots"),
        ("source: council-minutes, quote: The pilots", "source: A Source, quote: The pilots"),
    )
    problems, _ = told(edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert [problem.partition("; ")[0] for problem in problems] == [
        "x.yaml:23: sources[2].publisher: there is no actor 'eccho'",
        "x.yaml:24: sources[2].published: 'June' is not a day",
        "x.yaml:40: actors[2].parent: there is no actor 'harbor-council'",
        "x.yaml:41: the key 'name' is written twice",
        "x.yaml:111: events[3].citations[0].source: 'A Source' is not an id",
        "x.yaml:116: events[4].date: 'last week' is not a date",
        "x.yaml:118: events[4].participants[0].actor: there is no actor 'obrian'",
        "x.yaml:120: events[4].citations[0].source: there is no source 'harbor-echo'",
    ]


def test_records_without_an_id_are_not_taken_for_one(tmp_path: Path) -> None:
    edits = (
        ("  - id: ferry-line\n    name", "  - name"),
        ("  - id: harbour-council\n    name", "  - name"),
    )
    problems, _ = told(edited(FERRY, tmp_path / "x.yaml", *edits))
    assert [problem.partition("; ")[0] for problem in problems] == [
        "x.yaml:9: sources[0].publisher: there is no actor 'harbour-council'",
        "x.yaml:13: actors[0].id: it is missing",
        "x.yaml:16: actors[1].id: it is missing",
        "x.yaml:18: actors[1].parent: there is no actor 'city'",
        "x.yaml:29: events[0].participants[0].actor: there is no actor 'ferry-line'",
    ]


def test_the_seed_is_flawless() -> None:
    assert told(SEED) == ([], [])
