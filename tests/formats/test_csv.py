"""The cells of a CSV table: formulas, several values in one cell, and the table for Excel."""

import csv
import re
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.read_formats import read_rows
from tests.support.sample_events import load_sample_events
from tests.support.server import serving

# It takes quadratic time on a text of line breaks, since each of them begins a search of its own.
# The expression of the application is linear.
QUADRATIC = re.compile(r'(^|[;\n]\s*"*)(?=[=+\-@])')
BOM = "\ufeff"
MAX_CELL = 32_767
"""The limit of Excel, in UTF-16 code units."""


def test_formula_is_escaped_as_the_quadratic_expression_does(tmp_path: Path) -> None:
    texts = [
        f"x{''.join(signs)}x" for length in range(5) for signs in product('\n =x;"', repeat=length)
    ]
    database = load_sample_events(tmp_path, *({"summary": text} for text in texts))
    with serving(database) as client:
        rows = csv.DictReader(StringIO(client.get("/events.csv").text, newline=""))
        cells = {row["id"]: row["summary"] for row in rows}
    assert cells == {f"entry-{at}": QUADRATIC.sub(r"\1'", text) for at, text in enumerate(texts)}


# ---- several values in one cell


def _split(cell: str) -> list[str]:
    """Split a cell as the README says: at each `; ` without a backslash before it."""
    values, escaped = [""], False
    for sign in cell:
        if escaped or sign not in "\\;":
            values[-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        else:
            values.append("")
    assert not escaped
    first, *others = values
    assert all(value.startswith(" ") for value in others)
    return [first, *(value[1:] for value in others)]


def _citations(*quotes: str) -> dict[str, object]:
    return {"citations": [{"source": "almanac-1", "quote": quote} for quote in quotes]}


def test_values_of_a_cell_can_be_split_again(tmp_path: Path) -> None:
    """All short texts of the signs that separate and escape, and such that begin with a formula."""
    texts = [
        f"{''.join(signs)}x" for length in range(5) for signs in product(r"\; a=", repeat=length)
    ]
    texts = [text for text in texts if text == text.strip()]
    events = [
        {"id": f"entry-{at:04}", **_citations(text, "y", text + "\\")}
        for at, text in enumerate(texts)
    ]
    with serving(load_sample_events(tmp_path, *events)) as client:
        rows = {row["id"]: row["quotes"] for row in read_rows(client.get("/events.csv").text)}
    assert len(rows) == len(texts) > 400
    for at, text in enumerate(texts):
        # In a formula, an apostrophe comes before the sign.
        values = [value.replace("'=", "=") for value in _split(rows[f"entry-{at:04}"])]
        assert values == [text, "y", text + "\\"]


def test_every_joined_column_escapes_semicolons(tmp_path: Path) -> None:
    participant = {"actor": "almanac", "role": "target", "capacity": "a; b"}
    citation = {"source": "almanac-1", "quote": "a; b", "locator": r"p. 1; 2\3"}
    event = {"participants": [participant] * 2, "citations": [citation]}
    event["participants"] = [participant, {"actor": "almanac", "role": "agent"}]
    with serving(load_sample_events(tmp_path, event)) as client:
        (row,) = read_rows(client.get("/events.csv").text)
    assert row["participants"] == r"The Almanac (target, a\; b); The Almanac (agent)"
    assert row["quotes"] == r"a\; b"
    assert row["credits"] == r"“The almanac”, The Almanac, p. 1\; 2\\3"


# ---- for Excel


def _excel_rows(client: httpx.Client, query: str = "") -> list[dict[str, str]]:
    text = client.get(f"/events.csv?excel=true{query}").content.decode()
    assert text.startswith(BOM)
    assert BOM not in text[1:]
    return read_rows(text[1:])


DATE_COLUMNS = ("year", "month", "day", "end_year", "end_month", "end_day")
# date: its cells in DATE_COLUMNS
DATE_PARTS = {
    "2021": ("2021", "", "", "", "", ""),
    "2021-11~": ("2021", "11", "", "", "", ""),
    "0033-04-03": ("33", "4", "3", "", "", ""),
    "2021/2021-06": ("2021", "", "", "2021", "6", ""),
    "2021-11-30/2021-12-02": ("2021", "11", "30", "2021", "12", "2"),
    "[2022-07-10..2022-07-16]": ("2022", "7", "10", "2022", "7", "16"),
    "2021-11/..": ("2021", "11", "", "", "", ""),
    "/2021-11-03": ("", "", "", "2021", "11", "3"),
    "[..2022-07]": ("", "", "", "2022", "7", ""),
}


def test_table_for_excel_has_known_parts_of_dates_as_numbers(tmp_path: Path) -> None:
    path = load_sample_events(tmp_path, *({"title": edtf, "date": edtf} for edtf in DATE_PARTS))
    with serving(path) as client:
        plain = client.get("/events.csv").text
        rows = _excel_rows(client)
    (header, *_) = csv.reader(StringIO(plain))
    assert [*rows[0]] == [*header, *DATE_COLUMNS]
    assert {
        _value_in_excel(row["date"]): tuple(row[name] for name in DATE_COLUMNS) for row in rows
    } == DATE_PARTS


def _value_in_excel(cell: str) -> str:
    """Return the text that Excel shows: the value of a formula that is a text, or the cell."""
    match = re.fullmatch(r'="((?:[^"]|"")*)"', cell)
    return match[1].replace('""', '"') if match else cell


# text: its cell
TEXTS = {
    "2021-11": '="2021-11"',
    "1-2": '="1-2"',
    "00123": '="00123"',
    "1E5": '="1E5"',
    'On 3 May, "it" was': '="On 3 May, ""it"" was"',
    "x" * 59 + "1": f'="{"x" * 59}1"',
    "x" * 60 + "1": "x" * 60 + "1",
    "No digit": "No digit",
    "=1+1": '="\'=1+1"',
    "=A": "'=A",
    "line 1\nline 2": '="line 1\nline 2"',
}


def test_table_for_excel_has_formulas_for_texts_that_excel_changes(tmp_path: Path) -> None:
    events = [{"id": f"a{at:02}", "summary": text} for at, text in enumerate(TEXTS)]
    with serving(load_sample_events(tmp_path, *events, {"id": "1-2", "title": "May 3"})) as client:
        rows = {_value_in_excel(row["id"]): row for row in _excel_rows(client)}
        plain = read_rows(client.get("/events.csv").text)
    assert [rows[f"a{at:02}"]["summary"] for at, _ in enumerate(TEXTS)] == [*TEXTS.values()]
    assert rows["1-2"]["id"] == '="1-2"'
    assert rows["1-2"]["title"] == '="May 3"'
    # Days are days in Excel too, and numbers are numbers.
    assert rows["1-2"]["earliest"] == "2021-11-03"
    # The table has the same contents as the plain one.
    for row in plain:
        shown = {name: _value_in_excel(cell) for name, cell in rows[row["id"]].items()}
        assert row == {name: shown[name] for name in row}


# length of a text in UTF-16 code units: whether it is truncated
LENGTHS = {MAX_CELL - 1: False, MAX_CELL: False, MAX_CELL + 1: True, 3 * MAX_CELL: True}


@pytest.mark.parametrize("sign", ["x", "🚢"], ids=["one-unit", "two-units"])
def test_table_for_excel_truncates_long_cells(tmp_path: Path, sign: str) -> None:
    events: list[dict[str, Any]] = []
    for length in LENGTHS:
        number, rest = divmod(length, 202)
        quotes = [sign * (200 // len(sign.encode("utf-16-le")) * 2) for _ in range(number)]
        quotes[0] = "." * (rest + 2) + quotes[0]  # an odd number, so that the limit halves a ship
        events.append({"id": f"e{length}", **_citations(*quotes)})
    with serving(load_sample_events(tmp_path, *events)) as client:
        plain = {row["id"]: row["quotes"] for row in read_rows(client.get("/events.csv").text)}
        cells = {_value_in_excel(row["id"]): row["quotes"] for row in _excel_rows(client)}
    for length, is_truncated in LENGTHS.items():
        full, cell = plain[f"e{length}"], cells[f"e{length}"]
        assert len(full.encode("utf-16-le")) == 2 * length
        kept, mark, after = cell.partition("… [truncated]")
        assert (bool(mark), after) == (is_truncated, "")
        assert full.startswith(kept)
        if is_truncated:
            assert MAX_CELL - 1 <= len(cell.encode("utf-16-le")) / 2 <= MAX_CELL


def test_table_for_excel_without_events_has_header(harbour: httpx.Client) -> None:
    text = harbour.get("/events.csv?excel=true&q=nothing-of-the-kind").content.decode()
    assert text.startswith(f"{BOM}id,title,")
    assert text.endswith(",end_day\r\n")


def test_large_table_for_excel_has_one_byte_order_mark(generated: httpx.Client) -> None:
    events = generated.get("/events?limit=1").json()["total"]["value"]
    assert len(_excel_rows(generated)) == events


# value of `excel`: the status
EXCEL = {"true": 200, "True": 200, "false": 200, "": 422, "1": 422, "yes": 422}


@pytest.mark.parametrize("value", EXCEL)
def test_excel_is_true_or_false_and_only_of_csv(harbour: httpx.Client, value: str) -> None:
    response = harbour.get("/events.csv", params={"excel": value})
    assert response.status_code == EXCEL[value]
    if EXCEL[value] == 200:
        assert response.text.startswith(BOM) == (value.lower() == "true")
    assert harbour.get("/events", params={"excel": value}).status_code == 422
