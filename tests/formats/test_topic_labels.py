"""Labels of topics in the formats and on the page."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from icalendar import Calendar, vCategory

from tests.support.dossier_check import write_file
from tests.support.read_formats import read_feed, read_rows
from tests.support.read_html import read_page, texts_of
from tests.support.server import serving_files

LABELS = ["MCAS", r"C:\News, etc; ÿ"]
DOSSIER = r"""
timeline: {id: x, title: X}
actors: [{id: a, name: A, kind: media}]
sources: [{id: s, title: S, publisher: a}]
events:
- id: e
  title: E
  kind: k
  status: reported
  date: 2021
  topics: [MCAS, {id: news, label: 'C:\News, etc; ÿ'}]
  citations: [{source: s, quote: Q}]
"""
TEXT = f"Topics: {', '.join(LABELS)}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("topics")
    with serving_files(folder, write_file(Path(folder, "x.yaml"), DOSSIER)) as client:
        yield client


def _categories(text: str) -> list[str]:
    (entry,) = Calendar.from_ical(text).walk("VEVENT")
    categories = entry["categories"]
    assert isinstance(categories, vCategory)
    return [str(category) for category in categories.ical_value]


# the suffix, and a function that reads from the format: what it reads
READERS: dict[str, tuple[Callable[[str], Any], Any]] = {
    "atom": (
        lambda text: [(tag.term, tag.label) for tag in read_feed(text).entries[0].tags],
        [("k", None), ("mcas", "MCAS"), ("news", LABELS[1])],
    ),
    "csv": (
        lambda text: [read_rows(text)[0][name] for name in ("topics", "topic_labels")],
        ["mcas; news", r"MCAS; C:\\News, etc\; ÿ"],
    ),
    "jsonld": (
        lambda text: next(
            node["keywords"] for node in json.loads(text)["@graph"] if "keywords" in node
        ),
        ["k", *LABELS],
    ),
    "ics": (_categories, ["k", *LABELS]),
    "fullcalendar.json": (
        lambda text: json.loads(text)[0]["extendedProps"]["topic_labels"],
        [{"id": "mcas", "label": LABELS[0]}, {"id": "news", "label": LABELS[1]}],
    ),
    "vis.json": (lambda text: TEXT in json.loads(text)["items"][0]["title"], True),
    "timelinejs.json": (lambda text: TEXT in json.loads(text)["events"][0]["text"]["text"], True),
}


@pytest.mark.parametrize("suffix", READERS)
def test_format_has_labels(client: httpx.Client, suffix: str) -> None:
    read, expected = READERS[suffix]
    assert read(client.get(f"/events.{suffix}").text) == expected


def test_page_shows_labels_of_events_and_of_the_filter(client: httpx.Client) -> None:
    page = read_page(client, "/?topic=mcas")
    assert texts_of(page, ".topic") == LABELS
    assert texts_of(page, ".chips a") == ["Topic MCAS ×", "Clear all"]
