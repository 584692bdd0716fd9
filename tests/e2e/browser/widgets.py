"""The widgets, their pages in the README, and a reader of what they show."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from playwright.sync_api import Page

from tests.e2e.browser.widget_site import HERE
from tests.support.readme import PAGES, blocks_in

SNIPPETS = [
    code for language, code in blocks_in(PAGES["app/formats/README.md"]) if language == "html"
]


@dataclass(frozen=True)
class Widget:
    """A widget that shows a format."""

    name: str
    """The name of the function in `read_widgets.js` that reads what the widget shows."""
    constructor: str
    """A text that only the snippet of this widget contains."""
    path: str
    """The path of its format."""
    is_ready: str
    """A JavaScript expression that is true when the widget has finished drawing."""

    def page(self, url: str) -> str:
        """Return the snippet as a page, with the URL of the data."""
        (snippet,) = (snippet for snippet in SNIPPETS if self.constructor in snippet)
        url_in_snippet = f'"http://localhost:8000{self.path}"'
        assert url_in_snippet in snippet
        return str(snippet.replace(url_in_snippet, f'"{url}"'))


TIMELINEJS = Widget(
    "timelinejs",
    "new TL.Timeline(",
    "/events.timelinejs.json",
    "timeline.ready || document.querySelector('.tl-message-content strong')",
)
VIS = Widget(
    "vis",
    "new vis.Timeline(",
    "/events.vis.json",
    # The event "changed" fires before the widget is visible.
    "document.querySelector('.vis-timeline')?.style.visibility == 'visible'",
)
FULLCALENDAR = Widget(
    "fullcalendar", "new FullCalendar.Calendar(", "/events.fullcalendar.json", "true"
)
EVENTCALENDAR = Widget(
    "eventcalendar", "EventCalendar.create(", "/events.fullcalendar.json", "true"
)
WIDGETS = {widget.name: widget for widget in (TIMELINEJS, VIS, FULLCALENDAR, EVENTCALENDAR)}


class Entry(NamedTuple):
    """An event in a widget: its text, its first and last day, and its group."""

    text: str
    first: str
    last: str
    group: str


def read_entries(page: Page, widget: Widget, months: Iterable[str] = ()) -> list[Entry]:
    """Read the entries of a widget. A calendar shows one month at a time: `months` are read."""
    page.add_script_tag(path=HERE / "read_widgets.js")
    rows = page.evaluate(f"(months) => {widget.name}(months)", [*months])
    return sorted(Entry(*row) for row in rows)


def months_of(entries: Iterable[Entry]) -> list[str]:
    """Return the first day of each month that contains a day of an entry."""
    return sorted({month for entry in entries for month in _months(entry.first, entry.last)})


def _months(first: str, last: str) -> Iterator[str]:
    start, end = (int(day[:4]) * 12 + int(day[5:7]) - 1 for day in (first, last))
    for month in range(start, end + 1):
        yield f"{month // 12:04}-{month % 12 + 1:02}-01"
