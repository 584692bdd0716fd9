"""How records are told: as they were written, with their denials, and as nothing but text."""

import json
from pathlib import Path

import pytest

from app.formats import FORMATS
from tests.support.read_formats import read_calendar, read_feed, read_rows
from tests.support.sample_events import load_almanac
from tests.support.server import serving

# text of a record: what stands in its cell
CELLS = {
    "a; b": "a; b",
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "＝1": "'＝1",
    "1+1": "1+1",
    'a;=1+1;b; "@SUM(A1)"; -1': "a;'=1+1;b; \"'@SUM(A1)\"; '-1",
    "a\n=1+1": "a\n'=1+1",
    "a =1+1; b -1": "a =1+1; b -1",
    'a "quoted", text': 'a "quoted", text',
    "two\nlines": "two\nlines",
}


def test_a_spreadsheet_runs_nothing(tmp_path: Path) -> None:
    events = [
        {"id": f"cell-{at:02}", "summary": text, "place": text.split("\n")[0]}
        for at, text in enumerate(CELLS)
    ]
    with serving(load_almanac(tmp_path, *events)) as client:
        rows = read_rows(client.get("/events.csv").text)
    assert [row["summary"] for row in rows] == [*CELLS.values()]
    assert [row["place"] for row in rows] == [cell.split("\n")[0] for cell in CELLS.values()]


DENIED = [
    {"source": "almanac-1", "quote": "It happened; it did."},
    {"source": "almanac-1", "quote": "It was so."},
    {"source": "almanac-1", "quote": "It never happened.", "stance": "denies"},
]


def test_quotes_and_credits_stand_in_one_order(tmp_path: Path) -> None:
    path = load_almanac(tmp_path, {"status": "disputed", "citations": DENIED})
    with serving(path) as client:
        (row,) = read_rows(client.get("/events.csv").text)
    credit = "“The almanac”, The Almanac"
    assert row["quotes"] == "It happened; it did.; It was so.; It never happened."
    assert row["credits"] == f"{credit}; {credit}; Denies it: {credit}"


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_denial_is_told_as_one(tmp_path: Path, suffix: str) -> None:
    with serving(load_almanac(tmp_path, {"status": "disputed", "citations": DENIED})) as client:
        text = client.get(f"/events.{suffix}").text.replace("\r\n ", "")
    assert "disputed" in text
    assert "Denies it: " in text or '"stance":"denies"' in text


# texts that a format may take for something else
ODD = [
    r"Files in C:\News\NSO; D:\new, and \\N",
    "one\nand two",
    "line\u2028and\u2029paragraph",
    "<b>&amp;]]></b>",
]


@pytest.mark.parametrize("text", ODD)
def test_texts_are_read_as_they_were_written(tmp_path: Path, text: str) -> None:
    line = text.replace("\n", " ").replace("\u2028", " ").replace("\u2029", " ")
    with serving(load_almanac(tmp_path, {"summary": text, "title": line, "place": line})) as client:
        (entry,) = read_calendar(client.get("/events.ics").text)
        (row,) = read_rows(client.get("/events.csv").text)
        (record,) = map(json.loads, client.get("/events.jsonl").text.splitlines())
        (fed,) = read_feed(client.get("/events.atom").text).entries
    assert (entry.summary, entry.location) == (line, line)
    assert entry.description.startswith(f"{text}\nWhen: ")
    assert (row["title"], row["summary"]) == (line, text)
    assert (record["title"], record["summary"]) == (line, text)
    assert fed.title == line
