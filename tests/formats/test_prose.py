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
    assert row["quotes"] == r"It happened\; it did.; It was so.; It never happened."
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


ISOLATES = "\u2066\u2067\u2068\u2069"
# title: the same title with its date, as text for programs of any kind
DATED_TITLES = {
    "A visit": "November 2021: A visit",
    "1948": "November 2021: 1948",
    "The paper הארץ reports": "November 2021: The paper הארץ reports",
    "ביקור": "\u2068November 2021\u2069: ביקור",
    "زيارة": "\u2068November 2021\u2069: زيارة",
    "12: ביקור של NSO": "\u2068November 2021\u2069: 12: ביקור של NSO",
    # The direction of an isolated text is not that of the title.
    "\u2067ביקור\u2069 and more": "November 2021: \u2067ביקור\u2069 and more",
    "\u2066NSO\u2069 ביקור": "\u2068November 2021\u2069: \u2066NSO\u2069 ביקור",
    "\u2068\u2066a\u2069\u2069 \u2068ב\u2069 - ב": (
        "\u2068November 2021\u2069: \u2068\u2066a\u2069\u2069 \u2068ב\u2069 - ב"
    ),
}


def test_date_is_isolated_only_from_title_of_other_direction(tmp_path: Path) -> None:
    events = [
        {"id": f"entry-{at}", "date": "2021-11", "title": title}
        for at, title in enumerate(DATED_TITLES)
    ]
    with serving(load_sample_events(tmp_path, *events)) as client:
        entries = read_calendar(client.get("/events.ics").text)
        feed = read_feed(client.get("/events.atom?sort=date&order=asc").text)
        pages = [client.get(f"/events/entry-{at}.html").text for at, _ in enumerate(events)]
    assert [entry.summary for entry in entries] == [*DATED_TITLES.values()]
    assert [entry.title for entry in feed.entries] == [*DATED_TITLES.values()]
    for page, title in zip(pages, DATED_TITLES.values(), strict=True):
        assert f'<meta property="og:title" content="{title}">' in page


@pytest.mark.parametrize("path", ["/events.ics", "/events.atom", "/events/entry-0.html", "/"])
def test_text_of_one_direction_has_no_isolates(tmp_path: Path, path: str) -> None:
    """Some calendars and readers show them as boxes."""
    with serving(load_sample_events(tmp_path, {"date": "2021-11"}, {"date": "2021~"})) as client:
        assert not {*client.get(path).text} & {*ISOLATES}
