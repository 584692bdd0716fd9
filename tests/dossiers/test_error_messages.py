"""What is told of a dossier with one mistake in it: that mistake alone, with its line."""

from pathlib import Path

import pytest

from tests.support.corpus import HARBOUR, edited
from tests.support.dossier_check import as_json, as_lines, told

# a mistake in the harbour dossier: the line, and how what is told of it begins
MISTAKES: dict[tuple[str, str], str] = {
    ("date: 2020-03-14", "date: 2020-13"): (
        "67: events[0].date: '2020-13' is not a date; there is no month 13; months run from"
    ),
    ("date: 2020-03-14", "date: 14.03.2020"): (
        "67: events[0].date: '14.03.2020' is not a date; write year-month-day with hyphens"
    ),
    ("date: 2020-03-14", "date: '?'"): (
        "67: events[0].date: '?' is not a date; one '?', '~' or '%' stands at the end of a date"
    ),
    ("date: 2020-03-14", "date: spring"): (
        "67: events[0].date: 'spring' is not a date; a date is written in digits, no more of"
    ),
    ("date: 2020-03-14", "date: null"): "67: events[0].date: it is empty; write it",
    ("date: 2020-03-14", "date: [2020..2021]"): (
        "67: events[0].date: it is not a text; put it in quotes"
    ),
    ("topics: [quay, money]", "topics: quay"): "71: events[0].topics: it is not a list; write",
    ("      - QBL", "      - QBL\n      - QBL"): (
        "44: actors[3].aliases: 'QBL' is written twice; remove one"
    ),
    ("published: 2020-05-01", "published: 2020-05"): (
        "13: sources[0].published: '2020-05' is not a day; write it as 2021-11-03, or leave it out"
    ),
    ("published: 2020-05-01", "published: []"): (
        "13: sources[0].published: it is a list; write one text"
    ),
    ("published: 2020-05-01", "published: 0"): "13: sources[0].published: '0' is not a day; write",
    ("id: bribe", "id: A Bribe"): (
        "78: events[1].id: 'A Bribe' is not an id; write small letters, digits and hyphens, as "
        "a-bribe"
    ),
    (
        "    kind: payment",
        "    kind: Pay ment",
    ): "80: events[1].kind: 'Pay ment' is not a keyword; write small letters, digits, hyphens and "
    "underscores, as pay_ment",
    ("    kind: payment", "    kind: הסכם"): (
        "80: events[1].kind: 'הסכם' is not a keyword; write small letters, digits, hyphens and "
        "underscores, as lobbying"
    ),
    ("    kind: payment\n", ""): "78: events[1].kind: it is missing",
    ("status: disputed", "status: rumour"): (
        "81: events[1].status: 'rumour' is not known; give 'confirmed', 'reported', 'alleged' or"
    ),
    ("    topics: [money]", "    topic: [money]"): (
        "83: events[1].topic: it is not known here; remove it, or correct it: the nearest key is "
        "topics"
    ),
    ("place: Łódź", "PLACE: Łódź"): (
        "69: events[0].PLACE: it is not known here; remove it, or correct it: the nearest key is "
        "place"
    ),
    ("place: Łódź", "location: Łódź"): (
        "69: events[0].location: it is not known here; the keys are id, title, summary, "
    ),
    ("locator: p. 1,", "page: 1,"): (
        "76: events[0].citations[0].page: it is not known here; the keys are source, quote, locator"
    ),
    ("capacity: contractor", "capacity: chair, acting"): (
        "74: events[0].participants[1].acting: it has no value; within braces put a text with a "
        "comma in quotes"
    ),
    ("{actor: city, role: participant}", "City"): (
        "73: events[0].participants[0]: it is not a record; write {actor: …, role: …}"
    ),
    ("{source: council-minutes, quote: Works go on.}", "Works go on."): (
        "99: events[2].citations[0]: it is not a record; write {source: …, quote: …}"
    ),
    (
        "amount: {text: about two and a half million, min: 2500000, unit: PLN}",
        "amount: 5 million",
    ): ("70: events[0].amount: it is not a record; write {text: …}"),
    ('source: gazette-2020-05-01, quote: "The', 'source: [gazette-2020-05-01], quote: "The'): (
        "76: events[0].citations[0].source: it is a list; write one text"
    ),
    (
        "title: The harbour contract\n",
        "title: {A: b}\n",
    ): "4: timeline.title: it is a record; write",
    ("    topics: [money]", "    locator: p. 1"): (
        "83: events[1].locator: it is not known here; it is a key of a citation"
    ),
    ("role: beneficiary", "role: winner"): "86: events[1].participants[1].role: 'winner' is not",
    ("    kind: payment", "    kind: payment\n    kind: gift"): (
        "81: the key 'kind' is written twice; remove one"
    ),
    ("quote: Works go on.", 'quote: ""'): "99: events[2].citations[0].quote: it is empty; write it",
    ("source: council-minutes, quote: Works go on.", "source: council-minutes"): (
        "99: events[2].citations[0].quote: it is missing"
    ),
    ("      - {source: council-minutes, quote: Works go on.}", "      []"): (
        "98: events[2].citations: there is none; no event stands without a quote and its source"
    ),
    ("quote: Works go on.", f"quote: {'x' * 601}"): "99: events[2].citations[0].quote: 'xxx",
    ("quote: Works go on.", r'quote: "a\0b"'): (
        "99: events[2].citations[0].quote: it has the control character '\\x00' in it; remove it"
    ),
    ("title: Rumours go about", r'title: "a\nb"'): (
        "112: events[4].title: 'a\\nb' has a line break in it; write it on one line"
    ),
    ("title: Rumours go about", 'title: "\u05d0\u202eb"'): (
        "112: events[4].title: it has the invisible character '\\u202e' in it, which turns around "
        "what stands behind it; remove it"
    ),
    ("title: Rumours go about", 'title: "\u202b\u2067\u05d0\u202c"'): (
        "112: events[4].title: it has the invisible character '\\u2067' in it"
    ),
    ("place: Łódź", f"place: {'x' * 1_001}"): f"69: events[0].place: '{'x' * 100}…' is too long;",
    ("A contract for the new quay.", "x" * 10_001): f"64: events[0].summary: '{'x' * 100}…' is too",
    ("      - QBL", "\n".join(f"      - Q{at}" for at in range(1_000))): (
        "44: actors[3].aliases: it has 1,001; give at most 1,000"
    ),
    ("id: rumours", "id: constructor"): (
        "111: events[4].id: JavaScript keeps this word for itself; write another, as constructor-1"
    ),
    ("title: Rumours go about", r'title: "a\tb"'): "112: events[4].title: it has the control char",
    ("https://gazette.example/quay", "javascript:alert(1)"): (
        "14: sources[0].url: 'javascript:alert(1)' is not a link; write it whole, from http:// or"
    ),
    **{
        ("https://gazette.example/quay", f"'{link}'"): f"14: sources[0].url: '{link}' is not a link"
        for link in (
            *("https://me@gazette.example/", "http://:80/", "http://a:b/", "http://a:80:80/"),
            *("http://[::1", "http://a]/", "http://[x]/", "http://a^b/", "http://a%2Fb/"),
        )
    },
    ("https://gazette.example/quay", f"https://gazette.example/{'x' * 2_000}"): (
        f"14: sources[0].url: 'https://gazette.example/{'x' * 76}…' is too long; give at most 2000 "
    ),
    (
        "note: Undated copy.",
        "sha256: ABC",
    ): "20: sources[1].sha256: 'ABC' is not a digest; write 64",
    ("min: 2500000", "min: much"): "70: events[0].amount.min: 'much' is not a number; write it in",
    ("min: 2500000", "min: .inf"): "70: events[0].amount.min: '.inf' is not a number; write it in",
    (
        "min: 2500000",
        "min: 2e15",
    ): "70: events[0].amount.min: '2e15' is too large; give 1000000000000000",
    ("min: 2500000", "min: 0.1234567890123456"): (
        "70: events[0].amount.min: 0.1234567890123456 has too many digits; write it with 15 at most"
    ),
    ("min: 2500000,", "min: 3, max: 2,"): ("70: events[0].amount: min is more than max; swap them"),
    ("actor: obrien, role: subject", "actor: obrian, role: subject"): (
        "117: events[4].participants[0].actor: there is no actor 'obrian'; the nearest is 'obrien'"
    ),
    ("actor: obrien, role: subject", "actor: zzz, role: subject"): (
        "117: events[4].participants[0].actor: there is no actor 'zzz'; write it, or name its file"
    ),
    ("source: council-minutes, quote: Works", "source: minutes, quote: Works"): (
        "99: events[2].citations[0].source: there is no source 'minutes'; the nearest is "
        "'council-minutes'"
    ),
    ("publisher: gazette", "publisher: gazete"): (
        "11: sources[0].publisher: there is no actor 'gazete'; the nearest is 'gazette'"
    ),
    ("parent: city", "parent: town"): "35: actors[1].parent: there is no actor 'town'; write it",
    (
        "parent: city",
        "parent: harbour-council",
    ): "35: actors[1].parent: it is the actor itself; name what",
    ("id: rumours", "id: bribe"): (
        "111: events[4]: 'bribe' is written twice, first on line 78; remove one"
    ),
    ("id: bystander", "id: city"): "57: actors[7]: 'city' is written twice, first on line 28; ",
    ("role: reporter}", "role: agent}"): (
        "105: events[3].participants: 'pilots' takes part twice as agent; remove one"
    ),
    ("  id: harbour\n", ""): "2: timeline.id: it is missing",
    ("timeline:\n", "timeline:\n  ? [a, b]\n  : c\n"): "3: a key is not a text; write `key: value`",
    ("title: Rumours go about", "title: !!int xx"): "112: a tag, as !!int; remove it, or put the",
    ("title: Rumours go about", "title: Rumours: loud"): "112: a text with `: ` in it, or a line",
    ("title: Rumours go about", "title: 'Rumours"): "112: a quotation mark that is not closed, or",
    (
        "title: Rumours go about",
        'title: "C:\\quay"',
    ): "112: a quotation mark that is not closed, or",
    ("title: Rumours go about", "title: *rumours"): "112: a text that begins with *; put it in",
    ("title: Rumours go about", "title: @rumours"): "112: a tab, or a text that begins with %, @",
    ("title: Rumours go about", "\ttitle: Rumours"): "112: a tab, or a text that begins with %, @",
    (
        "title: Rumours go about",
        "title",
    ): "112: a key without `: ` behind it, or a text that is not",
    (
        "title: Rumours go about",
        "title: a\x07b",
    ): "112: it has the control character '\\x07' in it;",
    ("events:", "events: ["): "62: a bracket that is not closed, or a comma in a text within",
    (
        "role: reporter}",
        "role: reporter",
    ): "107: a bracket that is not closed, or a comma in a text",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_alone_and_with_its_line(
    tmp_path: Path, mistake: tuple[str, str]
) -> None:
    (problem,), _ = told(edited(HARBOUR, tmp_path / "x.yaml", mistake))
    assert problem.startswith(f"x.yaml:{MISTAKES[mistake]}")


# a mistake in the harbour dossier as JSON and as JSON Lines: what is told of it in each
JSON_MISTAKES: dict[tuple[str, str], tuple[str, str]] = {
    ('"2020-03-14"', '"2020-44"'): (
        "99: events[0].date: '2020-44' is not a date; there is no month 44;",
        "13: event.date: '2020-44' is not a date; there is no month 44;",
    ),
    ('"role": "beneficiary"', '"rolle": "beneficiary"'): (
        "150: events[1].participants[1].role: it is missing",
        "14: event.participants[1].role: it is missing",
    ),
    ('"parent": "harbour-council"', '"parent": "harbor-council"'): (
        "56: actors[2].parent: there is no actor 'harbor-council'; the nearest is ",
        "7: actor.parent: there is no actor 'harbor-council'; the nearest is 'harbour-council'",
    ),
}


@pytest.mark.parametrize("mistake", JSON_MISTAKES)
def test_a_mistake_in_json_has_its_line_too(tmp_path: Path, mistake: tuple[str, str]) -> None:
    whole, lines = JSON_MISTAKES[mistake]
    problems, _ = told(as_json(HARBOUR, tmp_path / "x.json", mistake))
    assert problems[0].startswith(f"x.json:{whole}")
    problems, _ = told(as_lines(HARBOUR, tmp_path / "x.jsonl", mistake))
    assert problems[0].startswith(f"x.jsonl:{lines}")


def test_a_section_that_cannot_be_read_hides_what_it_may_hold(tmp_path: Path) -> None:
    problems, _ = told(edited(HARBOUR, tmp_path / "x.yaml", ("\nactors:\n", "\nactor:\n")))
    assert [problem.partition(";")[0] for problem in problems] == [
        "x.yaml:27: actor: it is not known here"
    ]
