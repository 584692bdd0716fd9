"""Reads a response in full, as its programs do: every element, property and cell.

Texts that a widget shows as HTML are parsed as HTML, so that injected markup is not read as text.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from tests.support.read_formats import read_calendar, read_feed, read_rows


def read_html(text: str) -> list[Any]:
    """Return the elements with their attributes, the comments and the texts, in document order."""
    return [*_nodes(BeautifulSoup(text, "html.parser"))]


def _nodes(page: BeautifulSoup) -> Iterator[Any]:
    for node in page.descendants:
        if isinstance(node, Tag):
            copied = str(node.get("data-copy", ""))
            snippet = {"data-copy": read_html(copied)} if copied.startswith("<iframe ") else {}
            yield node.name, {**node.attrs, **snippet}
        elif isinstance(node, NavigableString) and node.parent:
            is_data = node.parent.name == "script" and "src" not in node.parent.attrs
            is_snippet = node.find_parent("pre")
            read: Callable[[str], Any] = json.loads if is_data else read_html if is_snippet else str
            yield type(node).__name__, read(str(node))


def _text_of(html: str) -> str:
    return BeautifulSoup(html, "html.parser").get_text()


# The properties that a widget shows as HTML, with their readers.
_HTML: dict[str, dict[str, Callable[[str], Any]]] = {
    "timelinejs.json": {
        "headline": read_html,
        "text": read_html,
        # https://github.com/NUKnightLab/TimelineJS3/blob/master/src/js/timenav/TimeGroup.js
        "group": lambda group: read_html(_text_of(group)),
    },
    "vis.json": {"content": read_html, "title": read_html},
}


def _read_json(text: str, suffix: str = "") -> Any:  # noqa: ANN401 - any JSON
    readers = _HTML.get(suffix, {})

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {
            name: readers[name](value) if name in readers and isinstance(value, str) else value
            for name, value in pairs
        }

    return json.loads(text, object_pairs_hook=read)


def _read_calendar(text: str) -> list[Any]:
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    unfolded = text.replace("\r\n ", "").split("\r\n")
    assert not re.search("[\x00-\x1f\x7f-\x9f]", "".join(unfolded))
    entries = [(one.summary, one.description, one.location) for one in read_calendar(text)]
    return [*entries, *(line.split(":", 1) for line in map(_unescaped, unfolded))]


def _unescaped(line: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], line)


def _read_feed(text: str) -> list[Any]:
    assert read_feed(text).version == "atom10"
    return [
        (
            node.tag,
            node.attrib,
            read_html(node.text or "") if "html" in node.attrib.values() else node.text,
        )
        for node in ET.fromstring(text).iter()  # noqa: S314 - our own
    ]


# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r'(^|[;\n]\s*"*)[=+\-@\t\r＝＋－＠]')

_JOINED = {
    *(
        "actors",
        "participants",
        "sources",
        "quotes",
        "credits",
        "topics",
        "topic_labels",
        "timelines",
    )
}
"""The columns with several values."""


def _read_table(text: str) -> list[dict[str, str]]:
    """Read a table without apostrophes, since one precedes each text that would be a formula."""
    rows = read_rows(text)
    assert [cell for row in rows for cell in row.values() if _FORMULA.search(cell)] == []
    return [
        {name: _values(cell) if name in _JOINED else cell for name, cell in row.items()}
        for row in ({name: cell.replace("'", "") for name, cell in row.items()} for row in rows)
    ]


def _values(cell: str) -> str:
    """Remove the backslash before each semicolon and backslash in a value."""
    return re.sub(r"\\(.)", r"\1", cell)


READERS: dict[str, Callable[[str], Any]] = {
    "json": _read_json,
    "timelinejs.json": lambda text: _read_json(text, "timelinejs.json"),
    "vis.json": lambda text: _read_json(text, "vis.json"),
    "fullcalendar.json": _read_json,
    "ics": _read_calendar,
    "atom": _read_feed,
    "csv": _read_table,
    "jsonl": lambda text: [*map(json.loads, text.splitlines())],
    "jsonld": _read_json,
    "html": read_html,
}
"""The reader of each format, by suffix."""
