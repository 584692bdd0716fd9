"""Warnings about dossiers that can be loaded."""

from pathlib import Path

import pytest

from tests.support.corpus import FERRY, HARBOUR, edited
from tests.support.dossier_check import check_dossiers

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
