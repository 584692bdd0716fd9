"""The text of records in all formats: verbatim, with denials, and never as a formula or markup."""

import json
from pathlib import Path

import pytest

from app.formats import FORMATS
from tests.support.read_formats import read_calendar, read_feed, read_rows
from tests.support.sample_events import load_sample_events
from tests.support.server import serving

# text of a record: content of its cell
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


def test_csv_escapes_formulas(tmp_path: Path) -> None:
    events = [
        {"id": f"cell-{number:02}", "summary": text, "place": text.split("\n")[0]}
        for number, text in enumerate(CELLS)
    ]
    with serving(load_sample_events(tmp_path, *events)) as client:
        rows = read_rows(client.get("/events.csv").text)
    assert [row["summary"] for row in rows] == [*CELLS.values()]
    assert [row["place"] for row in rows] == [cell.split("\n")[0] for cell in CELLS.values()]


CITATIONS = [
    {"source": "almanac-1", "quote": "It happened; it did."},
    {"source": "almanac-1", "quote": "It was so."},
    {"source": "almanac-1", "quote": "It never happened.", "stance": "denies"},
]


def test_csv_quotes_and_credits_have_same_order(tmp_path: Path) -> None:
    path = load_sample_events(tmp_path, {"status": "disputed", "citations": CITATIONS})
    with serving(path) as client:
        (row,) = read_rows(client.get("/events.csv").text)
    credit = "“The almanac”, The Almanac"
    assert row["quotes"] == "It happened; it did.; It was so.; It never happened."
    assert row["credits"] == f"{credit}; {credit}; Denies it: {credit}"


@pytest.mark.parametrize("suffix", FORMATS)
def test_format_marks_denial(tmp_path: Path, suffix: str) -> None:
    with serving(
        load_sample_events(tmp_path, {"status": "disputed", "citations": CITATIONS})
    ) as client:
        text = client.get(f"/events.{suffix}").text.replace("\r\n ", "")
    assert "disputed" in text
    assert "Denies it: " in text or '"stance":"denies"' in text


# texts that a format may misread
SPECIAL_TEXTS = [
    r"Files in C:\News\NSO; D:\new, and \\N",
    "one\nand two",
    "line\u2028and\u2029paragraph",
    "<b>&amp;]]></b>",
]


@pytest.mark.parametrize("text", SPECIAL_TEXTS)
def test_formats_keep_text_verbatim(tmp_path: Path, text: str) -> None:
    line = text.replace("\n", " ").replace("\u2028", " ").replace("\u2029", " ")
    with serving(
        load_sample_events(tmp_path, {"summary": text, "title": line, "place": line})
    ) as client:
        (entry,) = read_calendar(client.get("/events.ics").text)
        (row,) = read_rows(client.get("/events.csv").text)
        (record,) = map(json.loads, client.get("/events.jsonl").text.splitlines())
        (feed_entry,) = read_feed(client.get("/events.atom").text).entries
    assert (entry.summary, entry.location) == (line, line)
    assert entry.description.startswith(f"{text}\nWhen: ")
    assert (row["title"], row["summary"]) == (line, text)
    assert (record["title"], record["summary"]) == (line, text)
    assert feed_entry.title == line
