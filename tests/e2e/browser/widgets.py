"""The widgets, the pages that show them, and what they have drawn."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from playwright.sync_api import Page

from tests.e2e.browser.site import HERE
from tests.support.readme import README, blocks_in

SNIPPETS = [text for name, text in blocks_in(README) if name == "html"]


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
    "timeline.ready || document.querySelector('.tl-message-content strong')",
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
    """An event as it is drawn: its text, the first and the last day it is on, and its group."""

    text: str
    first: str
    last: str
    group: str


def read(page: Page, widget: Widget, months: Iterable[str] = ()) -> list[Entry]:
    """Read what a widget has drawn; of a calendar, which shows one at a time, some months."""
    page.add_script_tag(path=HERE / "drawn.js")
    rows = page.evaluate(f"(months) => {widget.drawn}(months)", [*months])
    return sorted(Entry(*row) for row in rows)


def months_of(entries: Iterable[Entry]) -> list[str]:
    """List the first days of the months that entries touch."""
    return sorted({month for entry in entries for month in _months(entry.first, entry.last)})


def _months(first: str, last: str) -> Iterator[str]:
    start, end = (int(day[:4]) * 12 + int(day[5:7]) - 1 for day in (first, last))
    for month in range(start, end + 1):
        yield f"{month // 12:04}-{month % 12 + 1:02}-01"
