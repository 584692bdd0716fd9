"""The widgets, the pages that show them, and what they have drawn."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from playwright.sync_api import Page

from tests.browser.site import HERE

SNIPPETS = re.findall(
    r"^```html\n(.*?)^```",
    (HERE / "SNIPPETS.md").read_text("utf-8"),
    re.DOTALL | re.MULTILINE,
)
ISOLATES = "\u2068\u2069"


@dataclass(frozen=True)
class Widget:
    """A widget, and how it is asked what it has drawn."""

    called: str
    """What stands in its snippet alone."""
    path: str
    """What it asks the API for."""
    settled: str
    """JavaScript that is true once it has drawn all that it is going to."""
    drawn: str
    """The function of `drawn.js` that reads it."""

    def page(self, url: str) -> str:
        """Give the page that shows it with what stands at a URL."""
        (snippet,) = (snippet for snippet in SNIPPETS if self.called in snippet)
        shown = f'"http://localhost:8000{self.path}"'
        assert shown in snippet
        return str(snippet.replace(shown, f'"{url}"'))


TIMELINEJS = Widget(
    "new TL.Timeline(",
    "/events.timelinejs.json",
    "timeline.ready || document.querySelector('.tl-message-full').innerText.includes('Error')",
    "timelinejs",
)
VIS = Widget(
    "new vis.Timeline(",
    "/events.vis.json",
    "document.querySelector('.vis-timeline')?.style.visibility == 'visible'",
    "vis",
)
FULLCALENDAR = Widget(
    "new FullCalendar.Calendar(", "/events.fullcalendar.json", "true", "fullcalendar"
)
EVENTCALENDAR = Widget(
    "EventCalendar.create(", "/events.fullcalendar.json", "true", "eventcalendar"
)
WIDGETS = {widget.drawn: widget for widget in (TIMELINEJS, VIS, FULLCALENDAR, EVENTCALENDAR)}


class Entry(NamedTuple):
    """An event as it is drawn: its text, and the first and the last day it is drawn on."""

    text: str
    first: str
    last: str


def read(page: Page, widget: Widget, months: Iterable[str]) -> list[Entry]:
    """Read what a widget has drawn, calendars by the months, in order."""
    page.add_script_tag(path=HERE / "drawn.js")
    rows = page.evaluate(f"(months) => {widget.drawn}(months)", [*months])
    return sorted(Entry(*row) for row in rows)


def months_of(*days: str) -> list[str]:
    """List the first days of the months from the earliest day to the latest."""
    first, last = (date.fromisoformat(day) for day in (min(days), max(days)))
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{month // 12:04}-{month % 12 + 1:02}-01" for month in months]
