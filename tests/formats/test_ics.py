"""Properties of an iCalendar file: how often it is fetched, and how often an entry changed."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.support.sample_events import load_sample_events
from tests.support.server import serving


def test_calendar_is_fetched_again_every_hour_by_both_names(harbour: httpx.Client) -> None:
    lines = harbour.get("/events.ics").text.split("\r\n")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert "X-PUBLISHED-TTL:PT1H" in lines


def test_entry_has_number_and_time_of_changes(tmp_path: Path) -> None:
    """Calendars keep the entry with the higher `SEQUENCE`."""
    for number, title in enumerate(("First", "Second", "Second", "Third")):
        changes = (0, 1, 1, 2)[number]
        with serving(load_sample_events(tmp_path, {"title": title})) as client:
            event = client.get("/events/entry-0").json()
            lines = client.get("/events.ics").text.split("\r\n")
        assert (event["title"], event["sequence"]) == (title, changes)
        updated = datetime.strptime(event["updated_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert [line for line in lines if re.match("SEQUENCE|LAST-MODIFIED|DTSTAMP", line)] == [
            f"DTSTAMP:{updated:%Y%m%dT%H%M%SZ}",
            f"SEQUENCE:{changes}",
            f"LAST-MODIFIED:{updated:%Y%m%dT%H%M%SZ}",
        ]
