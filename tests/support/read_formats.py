"""Reads each format with a library that did not write it."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import feedparser
from bs4 import BeautifulSoup
from ical.calendar_stream import IcsCalendarStream
from pyld import jsonld

from tests.support.read_html import ids_of

SCHEMA = "https://schema.org/"


def read_calendar(text: str) -> list[Any]:
    """Read the entries of an iCalendar file."""
    return IcsCalendarStream.calendar_from_ics(text).events


def read_feed(text: str) -> Any:  # noqa: ANN401 - the library has no types
    """Read an Atom feed, which must be well formed."""
    feed = feedparser.parse(text.encode())
    assert not feed.bozo, feed.bozo_exception
    return feed


def read_rows(text: str) -> list[dict[str, str]]:
    """Read a CSV table as rows by column name."""
    assert text.endswith("\r\n")
    bare = re.sub('"[^"]*"', "", text)  # a quoted cell can contain line feeds
    assert "\n" not in bare.replace("\r\n", "")
    return [*csv.DictReader(io.StringIO(text, newline=""), strict=True)]


def read_graph(text: str) -> dict[str, dict[str, Any]]:
    """Read a JSON-LD graph as nodes by id. A context that must be downloaded fails the test."""
    nodes = jsonld.flatten(json.loads(text), options={"documentLoader": _fail_download})
    return {node["@id"]: node for node in nodes}


def _fail_download(url: str, _: object) -> None:
    raise AssertionError(url)


def _slug(url: str) -> str:
    return url.rpartition("/")[2].removesuffix(".html")


def _slides(text: str) -> list[str]:
    slides = [slide["unique_id"] for slide in json.loads(text)["events"]]
    return [] if slides == ["_no-events-match"] else slides


def _events_of_graph(text: str) -> list[str]:
    nodes = read_graph(text)
    (about,) = (node for node in nodes.values() if f"{SCHEMA}Dataset" in node.get("@type", ()))
    parts = [part["@id"] for part in about.get(f"{SCHEMA}hasPart", ())]
    assert all(nodes[part]["@type"] == [f"{SCHEMA}Event"] for part in parts)
    return [*map(_slug, parts)]


ID_READERS: dict[str, Callable[[str], list[str]]] = {
    "timelinejs.json": _slides,
    "vis.json": lambda text: [item["id"] for item in json.loads(text)["items"]],
    "fullcalendar.json": lambda text: [
        entry["id"] for entry in json.loads(text) if entry["classNames"] != ["notice"]
    ],
    "ics": lambda text: [_slug(str(entry.url)) for entry in read_calendar(text)],
    "atom": lambda text: [_slug(entry.link) for entry in read_feed(text).entries],
    "csv": lambda text: [row["id"] for row in read_rows(text)],
    "jsonl": lambda text: [json.loads(line)["id"] for line in text.splitlines()],
    "jsonld": _events_of_graph,
    "html": lambda text: ids_of(BeautifulSoup(text, "html.parser")),
}
"""For each suffix, a reader that returns the ids of the events in a response, in its order."""
