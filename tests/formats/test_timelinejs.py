"""Slides of TimelineJS: their ends, and their ids."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.sample_events import load_sample_events
from tests.support.server import serving

NONE: dict[str, Any] = {}
# date: the start and the end of its slide
ENDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "2021": ({"year": 2021}, NONE),
    "2021/2022-06": ({"year": 2021}, {"year": 2022, "month": 6, "day": 30}),
    "2021/2021-06": ({"year": 2021, "display_date": "2021"}, {"year": 2021, "month": 6, "day": 30}),
    "2021~/2021": (
        {"year": 2021, "display_date": "about 2021"},
        {"year": 2021, "month": 12, "day": 31},
    ),
    "2021-11/2021-11-20": (
        {"year": 2021, "month": 11, "display_date": "November 2021"},
        {"year": 2021, "month": 11, "day": 20},
    ),
    "[2021-11..2021-11]": (
        {"year": 2021, "month": 11, "display_date": "November 2021"},
        {"year": 2021, "month": 11, "day": 30},
    ),
    "2021-11/2021-12-20": ({"year": 2021, "month": 11}, {"year": 2021, "month": 12, "day": 20}),
    # A single day is a point.
    "2021-11-03/2021-11-03": (
        {"year": 2021, "month": 11, "day": 3},
        {"year": 2021, "month": 11, "day": 3},
    ),
}


def _has_length(start: dict[str, Any], end: dict[str, Any]) -> bool:
    """Return whether the widget keeps an end. It compares only the properties of the start."""
    return any(end.get(name) != value for name, value in start.items())


def test_marker_of_several_days_reaches_its_end(tmp_path: Path) -> None:
    path = load_sample_events(tmp_path, *({"date": edtf} for edtf in ENDS))
    with serving(path) as client:
        slides = client.get("/events.timelinejs.json").json()["events"]
        events = client.get("/events?limit=500").json()["items"]
    dates = {event["id"]: event["date"] for event in events}
    shown = {dates[slide["unique_id"]]["edtf"]: slide for slide in slides}
    assert {
        edtf: (slide["start_date"], slide.get("end_date", NONE)) for edtf, slide in shown.items()
    } == ENDS
    for edtf, slide in shown.items():
        start, end = slide["start_date"], slide.get("end_date", NONE)
        if end != NONE:
            assert _has_length(start, end) == (edtf != "2021-11-03/2021-11-03")
        assert slide["display_date"].strip("\u2068\u2069") == dates[slide["unique_id"]]["display"]


@pytest.mark.parametrize("query", ["", "?q=nothing"])
def test_slide_without_event_has_id_that_no_event_can_have(tmp_path: Path, query: str) -> None:
    """`goToId` of the widget opens the first slide with an id, which could be the title."""
    with serving(load_sample_events(tmp_path, {"id": "the-almanac"})) as client:
        slides = client.get(f"/events.timelinejs.json{query}").json()
    (slide,) = slides["events"] if query else (slides["title"],)
    assert slide["unique_id"].startswith("_")
