"""What records say stays text, whatever it looks like."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.browser.conftest import Show, Visit
from tests.e2e.browser.forms import events_of, expected
from tests.e2e.browser.widgets import TIMELINEJS, VIS, WIDGETS, months_of, read
from tests.support.injection_payloads import LINES

ISOLATES = "\u2068\u2069"
MARKUP = ".hostile, iframe, object, embed, math, [onerror], [onload], [onclick]"
ELEMENTS = f"{MARKUP}, a:not([href^=http])[href]"
# Those that a browser reads otherwise within a script.
IN_SCRIPTS = ("end of script", "comment in a script", "end of JSON")
PAGES = [f"/events/x{[*LINES].index(name)}.html" for name in IN_SCRIPTS]


def squeezed(text: str) -> str:
    """Write white space as browsers show it."""
    return re.sub(r"\s+", " ", text)


def texts(record: object) -> Iterator[str]:
    """List the texts of a record that people read."""
    if isinstance(record, str):
        yield squeezed(record)
    elif isinstance(record, list):
        for one in record:
            yield from texts(one)
    elif isinstance(record, dict):
        for name, value in record.items():
            if name in READ:
                yield from texts(value)


READ = {
    *("title", "summary", "place", "amount", "text", "participants", "actor", "name", "capacity"),
    *("citations", "quote", "attributed_to", "locator", "source", "publisher"),
}


@pytest.mark.parametrize("name", WIDGETS)
def test_markup_stays_text(hostile: httpx.Client, show: Show, name: str) -> None:
    widget = WIDGETS[name]
    entries = expected(widget, events_of(hostile))
    with show(widget, hostile, widget.path) as page:
        assert read(page, widget, months_of(entries)) == entries
        assert page.locator(ELEMENTS).count() == 0


def test_slides_say_what_the_records_say(hostile: httpx.Client, show: Show) -> None:
    timeline = hostile.get("/timelines/hostile").json()
    with show(TIMELINEJS, hostile, TIMELINEJS.path) as page:
        title = squeezed(page.locator(".tl-slide-titleslide").inner_text())
        assert squeezed(timeline["title"]) in title
        assert squeezed(timeline["description"]) in title
        for event in events_of(hostile):
            slide = squeezed(page.locator(f"#{event['id']}").inner_text())
            assert [text for text in texts(event) if text not in slide] == []
            page.evaluate("timeline.goToNext()")
        assert page.locator(ELEMENTS).count() == 0
        links = page.locator(".tl-text a").evaluate_all("(links) => links.map((link) => link.href)")
        assert {*links} == {"https://press.example/?a=1&amp;b=%22onmouseover=%22alert(%27url%27)"}


def test_tips_say_what_the_records_say(hostile: httpx.Client, show: Show) -> None:
    with show(VIS, hostile, VIS.path) as page:
        read(page, VIS)
        page.evaluate("async () => (await timeline).setOptions({ tooltip: { delay: 0 } })")
        for event in events_of(hostile):
            date, title, *others = _tip(page, event["title"])
            assert date.strip(ISOLATES) == event["date"]["display"]
            assert title == event["title"]
            assert squeezed(event.get("summary", "")) in squeezed(" ".join(others))
            assert page.locator(ELEMENTS).count() == 0


@pytest.mark.parametrize("name", WIDGETS)
def test_no_payload_runs_in_a_widget(payloads: httpx.Client, show: Show, name: str) -> None:
    widget = WIDGETS[name]
    titles = {squeezed(event["title"]) for event in events_of(payloads)}
    with show(widget, payloads, widget.path) as page:
        drawn = read(page, widget, ["2021-11-01"])
        assert {squeezed(entry.text).partition(": ")[2] for entry in drawn} == titles
        assert page.locator(ELEMENTS).count() == 0


@pytest.mark.parametrize("path", ["/?limit=500", "/embed.html?limit=500", *PAGES])
def test_no_payload_runs_on_a_page(payloads: httpx.Client, visit: Visit, path: str) -> None:
    with visit(str(payloads.base_url.join(path)), payloads) as page:
        assert page.locator(".event").count() == (1 if path in PAGES else len(events_of(payloads)))
        assert page.locator(MARKUP).count() == 0


def _tip(page: Page, title: str) -> list[str]:
    page.locator(".vis-item-content").filter(has_text=title).hover()
    page.locator(".vis-tooltip").filter(has_text=title).wait_for()
    return page.locator(".vis-tooltip").inner_text().split("\n")
