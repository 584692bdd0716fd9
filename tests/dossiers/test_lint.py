"""What is warned of in dossiers that can be loaded, and stops nothing."""

from pathlib import Path

import pytest

from tests.support.corpus import FERRY, HARBOUR, edited
from tests.support.dossier_check import told

# a dossier, edited: what it is warned of
WARNINGS: dict[tuple[str, str], list[str]] = {
    ("date: 2020-03~", "date: 2020-06-02"): [],
    ("date: 2020-03~", "date: 2020-06-03"): [
        "82: warning: events[1].date: it is after every source that reports it, the last of them "
        "of 2020-06-02; correct it, or cite a later one"
    ],
    ("date: 2020-03~", "date: 2020-06-02/.."): [],
    ("date: 2020-03~", "date: ../2020-07"): [],
    ("date: 2020-03-14", "date: 2020-06-03"): [],  # one of its sources has no day
    ("stance: denies", "stance: asserts"): [
        "81: warning: events[1].status: it is disputed, but no citation denies it; write "
        "`stance: denies` at the one that does"
    ],
    ("status: disputed", "status: alleged"): [
        "81: warning: events[1].status: it is alleged, but a citation denies it; write `disputed`"
    ],
    ("quote: In use since the first of March.", "quote: Works go on."): [
        "126: warning: events[5].citations[0].quote: it is cited already on line 99"
    ],
    (
        "source: council-minutes, quote: In use since the first of March.",
        "source: harbour-echo, quote: Works go on.",  # which another source says too
    ): [
        "124: warning: events[5].date: it is after every source that reports it, the last of them "
        "of 2020-06-02; correct it, or cite a later one"
    ],
    ("- QBL", "- the city"): [
        "45: warning: actors[3].aliases[0]: 'the city' is also a name of 'city'; to ask for one, "
        "give its id"
    ],
    ("name: The Gazette", "name: Quay builders, LTD"): [],
    ("name: The Gazette", "name: QUAY  builders ltd"): [
        "52: warning: actors[5].name: 'QUAY  builders ltd' is also a name of 'quay-builders'; to "
        "ask for one, give its id"
    ],
    ("      - {actor: obrien, role: subject}\n", "      - {actor: pilots, role: subject}\n"): [],
    ("publisher: echo", "publisher: gazette"): ["54: warning: the actor 'echo': nothing names it"],
    (
        "quote: Works go on.}",
        "quote: Works go on.}\n      - source: harbour-echo\n        quote: עמ Pier #7",
    ): [
        "101: warning: events[2].citations[1].quote: it ends before ` #`; put it in quotes if it "
        "goes on, or the comment elsewhere"
    ],
    ("title: Rumours go about", "title: Rumours # loud"): [
        "112: warning: events[4].title: it ends before ` #`; put it in quotes if it goes on, or "
        "the comment elsewhere"
    ],
    ("title: Rumours go about", "title: 'Rumours' # loud"): [],
    ("title: Rumours go about", "title: Rumours  # loud"): [],
    ("kind: payment", "kind: payment # alleged"): [],
    ("  - id: harbour-echo", "  - {id: unread, title: x, publisher: echo}\n  - id: harbour-echo"): [
        "21: warning: the source 'unread': no event cites it"
    ],
}
# what the harbour dossier is warned of as it is
ALWAYS = (
    "actors[1].aliases[0]: 'Council' is also a name of 'city'; to ask for one, give its id",
    "the actor 'bystander': nothing names it",
)


@pytest.mark.parametrize("edit", WARNINGS)
def test_a_doubt_is_told_and_stops_nothing(tmp_path: Path, edit: tuple[str, str]) -> None:
    problems, warnings = told(edited(HARBOUR, tmp_path / "x.yaml", edit))
    assert problems == []
    rest = [line for line in warnings if not line.endswith(ALWAYS)]
    assert rest == [f"x.yaml:{line}" for line in WARNINGS[edit]]
    assert len(warnings) - len(rest) == len(ALWAYS)


def test_doubts_across_files(tmp_path: Path) -> None:
    quote = (
        ("without O'Brien.", "without O'Brien."),
        ('"The ferry sailed, without O\'Brien."', "Works go on."),
    )
    other = edited(FERRY, tmp_path / "ferry.yaml", *quote)
    _, warnings = told(HARBOUR, other)
    assert [line for line in warnings if line.startswith("ferry")] == [
        "ferry.yaml:16: warning: actors[0].aliases[0]: 'QBL' is also a name of 'quay-builders'; to "
        "ask for one, give its id",
        "ferry.yaml:33: warning: events[0].citations[0].quote: it is cited already on line 99 of "
        "harbour.yaml",
    ]
