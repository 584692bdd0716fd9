"""The messages for dossiers that contain one mistake."""

from pathlib import Path

import pytest

from tests.support.corpus import HARBOUR, edited
from tests.support.dossier_check import check_dossiers, write_as_json, write_as_json_lines

# an edit of the harbour dossier: the line and the message, without the words of a library
MISTAKES: dict[tuple[str, str], str] = {
    ("date: 2020-03-14", "date: 2020-13"): (
        "67: events[0].date: '2020-13' is not a date. Months run from 01 to 12."
    ),
    (
        "date: 2020-03-14",
        "date: 14.03.2020",
    ): "67: events[0].date: '14.03.2020' is not a date. Write 2020-03-14.",
    ("date: 2020-03-14", "date: '?'"): "67: events[0].date: '?' is not a date.",
    (
        "date: 2020-03-14",
        "date: spring",
    ): "67: events[0].date: 'spring' is not a date. It has no year.",
    ("date: 2020-03-14", "date: null"): "67: events[0].date: It is empty. Write a value.",
    ("date: 2020-03-14", "date: [2020..2021]"): (
        "67: events[0].date: It is not a text. Put it in quotes."
    ),
    ("topics: [quay, money]", "topics: quay"): (
        "71: events[0].topics: It is not a list. Write it in brackets, even a single item."
    ),
    ("      - QBL", "      - QBL\n      - QBL"): (
        "44: actors[3].aliases: 'QBL' is written twice. Remove one."
    ),
    ("published: 2020-05-01", "published: 2020-05"): (
        "13: sources[0].published: '2020-05' is not a day. Write it as 2021-11-03 or leave it out."
    ),
    ("published: 2020-05-01", "published: []"): (
        "13: sources[0].published: It is a list. Write one text."
    ),
    ("published: 2020-05-01", "published: 0"): (
        "13: sources[0].published: '0' is not a day. Write it as 2021-11-03 or leave it out."
    ),
    ("id: bribe", "id: A Bribe"): (
        "78: events[1].id: 'A Bribe' is not an id. Write lower-case letters, digits and "
        "hyphens: a-bribe."
    ),
    ("    kind: payment", "    kind: Pay ment"): (
        "80: events[1].kind: 'Pay ment' is not a keyword. Write lower-case letters, digits, "
        "hyphens and underscores: pay_ment."
    ),
    ("    kind: payment", "    kind: הסכם"): (
        "80: events[1].kind: 'הסכם' is not a keyword. Write lower-case letters, digits, "
        "hyphens and underscores: lobbying."
    ),
    ("    kind: payment\n", ""): "78: events[1].kind: It is missing. Add it.",
    ("status: disputed", "status: rumour"): (
        "81: events[1].status: 'rumour' is not allowed. Write 'confirmed', 'reported', "
        "'alleged' or 'disputed'."
    ),
    ("    topics: [money]", "    topic: [money]"): (
        "83: events[1].topic: The key is unknown here. The nearest is 'topics'."
    ),
    ("place: Łódź", "PLACE: Łódź"): (
        "69: events[0].PLACE: The key is unknown here. The nearest is 'place'."
    ),
    ("place: Łódź", "location: Łódź"): (
        "69: events[0].location: The key is unknown here. The keys are id, title, summary, "
        "kind, status, date, date_text, date_note, place, amount, topics, participants, "
        "citations."
    ),
    ("locator: p. 1,", "page: 1,"): (
        "76: events[0].citations[0].page: The key is unknown here. The keys are source, quote, "
        "locator, supports, stance, attributed_to."
    ),
    ("capacity: contractor", "capacity: chair, acting"): (
        "74: events[0].participants[1].acting: The key has no value. In braces, put a text "
        "that contains a comma in quotes."
    ),
    ("{actor: city, role: participant}", "City"): (
        "73: events[0].participants[0]: It is not a record. Write {actor: …, role: …}."
    ),
    ("{source: council-minutes, quote: Works go on.}", "Works go on."): (
        "99: events[2].citations[0]: It is not a record. Write {source: …, quote: …}."
    ),
    (
        "amount: {text: about two and a half million, min: 2500000, unit: PLN}",
        "amount: 5 million",
    ): "70: events[0].amount: It is not a record. Write {text: …}.",
    ('source: gazette-2020-05-01, quote: "The', 'source: [gazette-2020-05-01], quote: "The'): (
        "76: events[0].citations[0].source: It is a list. Write one text."
    ),
    (
        "title: The harbour contract\n",
        "title: {A: b}\n",
    ): "4: timeline.title: It is a record. Write one text.",
    ("    topics: [money]", "    locator: p. 1"): (
        "83: events[1].locator: The key is unknown here. It is a key of a citation."
    ),
    ("role: beneficiary", "role: winner"): (
        "86: events[1].participants[1].role: 'winner' is not allowed. Write 'agent', 'target', "
        "'speaker', 'addressee', 'participant', 'beneficiary', 'reporter' or 'subject'."
    ),
    ("    kind: payment", "    kind: payment\n    kind: gift"): (
        "81: The key 'kind' is written twice. Remove one."
    ),
    ("quote: Works go on.", 'quote: ""'): (
        "99: events[2].citations[0].quote: It is empty. Write a value."
    ),
    ("source: council-minutes, quote: Works go on.", "source: council-minutes"): (
        "99: events[2].citations[0].quote: It is missing. Add it."
    ),
    ("      - {source: council-minutes, quote: Works go on.}", "      []"): (
        "98: events[2].citations: There are none. An event needs at least one quote with its "
        "source."
    ),
    ("quote: Works go on.", f"quote: {'x' * 601}"): (
        f"99: events[2].citations[0].quote: '{'x' * 100}…' is too long. Write at most 600"
    ),
    ("quote: Works go on.", r'quote: "a\0b"'): (
        "99: events[2].citations[0].quote: It contains the control character '\\x00'. Remove it."
    ),
    ("title: Rumours go about", r'title: "a\nb"'): (
        "112: events[4].title: 'a\\nb' contains a line break. Write it on one line."
    ),
    ("title: Rumours go about", 'title: "\u05d0\u202eb"'): (
        "112: events[4].title: It contains the invisible character '\\u202e', which reverses "
        "the text after it. Remove it."
    ),
    ("title: Rumours go about", 'title: "\u202b\u2067\u05d0\u202c"'): (
        "112: events[4].title: It contains the invisible character '\\u2067', which reverses "
        "the text after it. Remove it."
    ),
    ("place: Łódź", f"place: {'x' * 1_001}"): (
        f"69: events[0].place: '{'x' * 100}…' is too long. Write at most 1000 characters."
    ),
    ("A contract for the new quay.", "x" * 10_001): (
        f"64: events[0].summary: '{'x' * 100}…' is too long. Write at most 10000 characters."
    ),
    ("      - QBL", "\n".join(f"      - Q{at}" for at in range(1_000))): (
        "44: actors[3].aliases: The list has 1,001 items. Write at most 1,000."
    ),
    ("id: rumours", "id: constructor"): (
        "111: events[4].id: JavaScript reserves this name. Write another: constructor-1."
    ),
    ("title: Rumours go about", r'title: "a\fb"'): (
        "112: events[4].title: It contains the control character '\\x0c'. Remove it."
    ),
    ("title: Rumours go about", r'title: "a\r\nb"'): (
        "112: events[4].title: 'a\\nb' contains a line break. Write it on one line."
    ),
    ("date: 2020-03-14", "date: March 14, 2020"): (
        "67: events[0].date: 'March 14, 2020' is not a date. Write 2020-03-14."
    ),
    ("date: 2020-03-14", "date: early March 2020"): (
        "67: events[0].date: 'early March 2020' is not a date. Write 2020-03, or "
        "[2020-03-01..2020-03-10] if it happened on one of its first ten days."
    ),
    ("date: 2020-03-14", "date: 2020 (sources differ)"): (
        "67: events[0].date: '2020 (sources differ)' is not a date. A remark belongs in "
        "`date_note`. Write 2020."
    ),
    ("published: 2020-05-01", "published: May 1st, 2020"): (
        "13: sources[0].published: 'May 1st, 2020' is not a day. Write 2020-05-01."
    ),
    ("published: 2020-05-01", "published: 1/5/2020"): (
        "13: sources[0].published: '1/5/2020' is not a day. Write 2020-05-01 if the day is first, "
        "or 2020-01-05 if the month is first."
    ),
    ("https://gazette.example/quay", "javascript:alert(1)"): (
        "14: sources[0].url: 'javascript:alert(1)' is not a link. Write a complete URL that "
        "begins with http:// or https://, with a host name, without spaces and without a user "
        "name."
    ),
    **{
        ("https://gazette.example/quay", f"'{link}'"): f"14: sources[0].url: '{link}' is not a link"
        for link in (
            *("https://me@gazette.example/", "http://:80/", "http://a:b/", "http://a:80:80/"),
            *("http://[::1", "http://a]/", "http://[x]/", "http://a^b/", "http://a%2Fb/"),
        )
    },
    ("https://gazette.example/quay", f"https://gazette.example/{'x' * 2_000}"): (
        f"14: sources[0].url: 'https://gazette.example/{'x' * 76}…' is too long. Write at most 2000"
    ),
    ("note: Undated copy.", "sha256: ABC"): (
        "20: sources[1].sha256: 'ABC' is not a SHA-256 digest. Write 64 characters of 0–9 and a–f."
    ),
    ("min: 2500000", "min: much"): (
        "70: events[0].amount.min: 'much' is not a number. Write digits only: 2500000."
    ),
    ("min: 2500000", "min: .inf"): (
        "70: events[0].amount.min: '.inf' is not a number. Write digits only: 2500000."
    ),
    (
        "min: 2500000",
        "min: 2e15",
    ): "70: events[0].amount.min: '2e15' is too large. The maximum is 1000000000000000.",
    ("min: 2500000", "min: 0.1234567890123456"): (
        "70: events[0].amount.min: 0.1234567890123456 has too many digits. Write at most 15."
    ),
    ("min: 2500000,", "min: 3, max: 2,"): (
        "70: events[0].amount: The minimum is greater than the maximum. Swap them."
    ),
    ("actor: obrien, role: subject", "actor: obrian, role: subject"): (
        "117: events[4].participants[0].actor: There is no actor 'obrian'. The nearest is 'obrien'."
    ),
    ("actor: obrien, role: subject", "actor: zzz, role: subject"): (
        "117: events[4].participants[0].actor: There is no actor 'zzz'. Define it, or load its "
        "file too."
    ),
    ("source: council-minutes, quote: Works", "source: minutes, quote: Works"): (
        "99: events[2].citations[0].source: There is no source 'minutes'. The nearest is "
        "'council-minutes'."
    ),
    ("publisher: gazette", "publisher: gazete"): (
        "11: sources[0].publisher: There is no actor 'gazete'. The nearest is 'gazette'."
    ),
    ("parent: city", "parent: town"): (
        "35: actors[1].parent: There is no actor 'town'. Define it, or load its file too."
    ),
    (
        "parent: city",
        "parent: harbour-council",
    ): "35: actors[1].parent: It is the actor itself. Write another actor or leave it out.",
    ("id: rumours", "id: bribe"): (
        "111: events[4]: 'bribe' is defined twice, first on line 78. Remove one, or change its id."
    ),
    ("id: bystander", "id: city"): (
        "57: actors[7]: 'city' is defined twice, first on line 28. Remove one, or change its id."
    ),
    ("role: reporter}", "role: agent}"): (
        "105: events[3].participants: 'pilots' takes part twice as agent. Remove one."
    ),
    ("  id: harbour\n", ""): "2: timeline.id: It is missing. Add it.",
    ("timeline:\n", "timeline:\n  ? [a, b]\n  : c\n"): (
        "3: A key is not a text. Write `key: value`."
    ),
    ("title: Rumours go about", "title: !!int xx"): (
        "112: A text begins with a tag such as !!int. Remove the tag, or put the text in quotes."
    ),
    ("title: Rumours go about", "title: Rumours: loud"): (
        "112: A text contains `: `, or a line is indented too far. Put such a text in quotes."
    ),
    ("title: Rumours go about", "title: 'Rumours"): (
        "112: A quotation mark is not closed, or a text in double quotes contains a backslash. "
        "Close it, or write the text in single quotes."
    ),
    ("title: Rumours go about", 'title: "C:\\quay"'): (
        "112: A quotation mark is not closed, or a text in double quotes contains a backslash. "
        "Close it, or write the text in single quotes."
    ),
    ("title: Rumours go about", "title: *rumours"): (
        "112: A text begins with `*`. Put it in quotes."
    ),
    ("title: Rumours go about", "title: @rumours"): (
        "112: There is a tab, or a text begins with %, @ or `. Indent with spaces, and put "
        "such a text in quotes."
    ),
    ("title: Rumours go about", "\ttitle: Rumours"): (
        "112: There is a tab, or a text begins with %, @ or `. Indent with spaces, and put "
        "such a text in quotes."
    ),
    (
        "title: Rumours go about",
        "title",
    ): "112: A key has no `: ` after it, or a text is not indented. Write `key: value`.",
    (
        "title: Rumours go about",
        "title: a\x07b",
    ): "112: It contains the control character '\\x07'. Remove it.",
    ("events:", "events: ["): (
        "62: A bracket is not closed, or a text in brackets contains a comma. Close the "
        "bracket, or put the text in quotes."
    ),
    ("role: reporter}", "role: reporter"): (
        "107: A bracket is not closed, or a text in brackets contains a comma. Close the "
        "bracket, or put the text in quotes."
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_single_mistake_gets_one_message_with_its_line(
    tmp_path: Path, mistake: tuple[str, str]
) -> None:
    (error,), _ = check_dossiers(edited(HARBOUR, tmp_path / "x.yaml", mistake))
    assert error.startswith(f"x.yaml:{MISTAKES[mistake]}")


# an edit of the harbour dossier: the message in a JSON file, and in a JSON Lines file
JSON_MISTAKES: dict[tuple[str, str], tuple[str, str]] = {
    ('"2020-03-14"', '"2020-44"'): (
        "99: events[0].date: '2020-44' is not a date.",
        "13: event.date: '2020-44' is not a date.",
    ),
    ('"role": "beneficiary"', '"rolle": "beneficiary"'): (
        "150: events[1].participants[1].role: It is missing. Add it.",
        "14: event.participants[1].role: It is missing. Add it.",
    ),
    ('"parent": "harbour-council"', '"parent": "harbor-council"'): (
        (
            "56: actors[2].parent: There is no actor 'harbor-council'. The nearest is "
            "'harbour-council'."
        ),
        "7: actor.parent: There is no actor 'harbor-council'. The nearest is 'harbour-council'.",
    ),
}


@pytest.mark.parametrize("mistake", JSON_MISTAKES)
def test_mistake_in_json_has_its_line(tmp_path: Path, mistake: tuple[str, str]) -> None:
    json, json_lines = JSON_MISTAKES[mistake]
    errors, _ = check_dossiers(write_as_json(HARBOUR, tmp_path / "x.json", mistake))
    assert errors[0].startswith(f"x.json:{json}")
    errors, _ = check_dossiers(write_as_json_lines(HARBOUR, tmp_path / "x.jsonl", mistake))
    assert errors[0].startswith(f"x.jsonl:{json_lines}")


def test_misspelled_section_gets_no_messages_about_missing_records(tmp_path: Path) -> None:
    edit = ("\nactors:\n", "\nactor:\n")
    errors, _ = check_dossiers(edited(HARBOUR, tmp_path / "x.yaml", edit))
    assert errors == ["x.yaml:27: actor: The key is unknown here. The nearest is 'actors'."]
