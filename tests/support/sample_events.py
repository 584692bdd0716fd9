"""A dossier of as many events as a test makes, each as dull as can be but for what it is about."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.support.databases import load_into, new_database

_EVENT = {
    "title": "An entry",
    "kind": "entry",
    "status": "reported",
    "date": "2021-11-03",
    "citations": [{"source": "almanac-1", "quote": "So it was."}],
}


def load_almanac(folder: Path, *events: Mapping[str, object]) -> Path:
    """Load events, each with what is given of it, and give the path of their database."""
    dossier = {
        "timeline": {"id": "almanac", "title": "The almanac"},
        "actors": [{"id": "almanac", "name": "The Almanac", "kind": "media"}],
        "sources": [{"id": "almanac-1", "title": "The almanac", "publisher": "almanac"}],
        "events": [{"id": f"entry-{at}", **_EVENT, **event} for at, event in enumerate(events)],
    }
    (folder / "almanac.json").write_text(json.dumps(dossier), "utf-8")
    load_into(new_database(folder / "timeline.db"), folder / "almanac.json")
    return folder / "timeline.db"
