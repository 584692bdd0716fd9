"""Example responses in the OpenAPI document, from the bundled timeline.

Each is a file in this directory, named after its operation. The tests compare it with the response
of the server.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_ONE_EVENT = "actor=us-commerce-department"

REQUESTS: Mapping[str, str] = {
    "listEvents": "/events?actor=NSO&date=2021-11&date_match=within&limit=1",
    "getEvent": "/events/biden-visits-israel",
    "getFacets": "/facets?actor=NSO&facet=kind&facet=status&facet_limit=2",
    "getHistogram": "/histogram?actor=NSO&interval=quarter",
    "listActors": "/actors?q=blinken",
    "getActor": "/actors/nso-group",
    "listSources": "/sources?limit=1",
    "getSource": "/sources/shomrim-2022-07-19-nso-blacklist",
    "listTimelines": "/timelines?limit=1",
    "getTimeline": "/timelines/nso-blacklist",
    "getLiveness": "/livez",
    "getReadiness": "/readyz",
    "listEventsAsTimelinejs": f"/events.timelinejs.json?{_ONE_EVENT}",
    "listEventsAsVis": f"/events.vis.json?{_ONE_EVENT}",
    "listEventsAsFullcalendar": f"/events.fullcalendar.json?{_ONE_EVENT}",
    "listEventsAsIcs": f"/events.ics?{_ONE_EVENT}",
    "listEventsAsAtom": f"/events.atom?{_ONE_EVENT}",
    "listEventsAsCsv": f"/events.csv?{_ONE_EVENT}",
    "listEventsAsJsonl": f"/events.jsonl?{_ONE_EVENT}",
    "listEventsAsJsonld": f"/events.jsonld?{_ONE_EVENT}",
}
"""The requests, by operation id."""


def file_of(operation: str) -> Path:
    """Return the file with the response of an operation."""
    suffix = Path(REQUESTS[operation].partition("?")[0]).suffix or ".json"
    return _FOLDER / f"{operation}{suffix}"


def is_json(file: Path) -> bool:
    """Return whether a file contains JSON."""
    return file.suffix in (".json", ".jsonld")


def read_example(operation: str) -> Any:  # noqa: ANN401 - any JSON, or a text
    """Read the response of an operation: parsed if it is JSON, otherwise as text."""
    file = file_of(operation)
    text = file.read_bytes().decode()  # bytes, since read_text would convert the CRLF of iCalendar
    return json.loads(text) if is_json(file) else text


def read_problems() -> dict[str, Any]:
    """Read an example problem for each status."""
    problems: dict[str, Any] = json.loads((_FOLDER / "problems.json").read_text("utf-8"))
    return problems
