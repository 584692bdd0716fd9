"""A database of minimal events that a test varies."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.support.databases import load_into, new_database

_EVENT = {
    "title": "An entry",
    "kind": "entry",
    "status": "reported",
    "date": "2021-11-03",
    "citations": [{"source": "almanac-1", "quote": "So it was."}],
}


def load_sample_events(
    folder: Path, *events: Mapping[str, object], actors: Iterable[Mapping[str, str]] = ()
) -> Path:
    """Load events with these properties, and defaults for the others; return their database."""
    dossier = {
        "timeline": {"id": "almanac", "title": "The almanac"},
        "actors": [{"id": "almanac", "name": "The Almanac", "kind": "media"}, *actors],
        "sources": [{"id": "almanac-1", "title": "The almanac", "publisher": "almanac"}],
        "events": [{"id": f"entry-{n}", **_EVENT, **event} for n, event in enumerate(events)],
    }
    (folder / "almanac.json").write_text(json.dumps(dossier), "utf-8")
    load_into(new_database(folder / "timeline.db"), folder / "almanac.json")
    return folder / "timeline.db"
