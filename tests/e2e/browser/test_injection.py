"""Malicious texts in records stay text in widgets and on pages."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.browser.conftest import OpenPage, ShowWidget
from tests.e2e.browser.date_cases import expected_entries, get_events
from tests.e2e.browser.widgets import TIMELINEJS, VIS, WIDGETS, months_of, read_entries
from tests.support.injection_payloads import LINES

ISOLATES = "\u2068\u2069"
MARKUP = ".hostile, iframe, object, embed, math, [onerror], [onload], [onclick]"
ELEMENTS = f"{MARKUP}, a:not([href^=http])[href]"
# Payloads with a special meaning inside a script element, which the page of an event contains.
IN_SCRIPTS = ("end of script", "comment in a script", "end of JSON")
PAGES = [f"/events/x{[*LINES].index(name)}.html" for name in IN_SCRIPTS]


def squeeze(text: str) -> str:
    """Collapse white space as browsers do."""
    return re.sub(r"\s+", " ", text)


def texts(record: object) -> Iterator[str]:
    """Yield the texts of a record that widgets show."""
    if isinstance(record, str):
        yield squeeze(record)
    elif isinstance(record, list):
        for item in record:
            yield from texts(item)
    elif isinstance(record, dict):
        for name, value in record.items():
            if name in SHOWN:
                yield from texts(value)


SHOWN = {
    *("title", "summary", "place", "amount", "text", "participants", "actor", "name", "capacity"),
    *("citations", "quote", "attributed_to", "locator", "source", "publisher"),
}


@pytest.mark.parametrize("name", WIDGETS)
def test_widget_shows_markup_as_text(
    hostile: httpx.Client, show_widget: ShowWidget, name: str
) -> None:
    widget = WIDGETS[name]
    entries = expected_entries(widget, get_events(hostile))
    with show_widget(widget, hostile, widget.path) as page:
        assert read_entries(page, widget, months_of(entries)) == entries
        assert page.locator(ELEMENTS).count() == 0


def test_slides_contain_all_texts_of_records(
    hostile: httpx.Client, show_widget: ShowWidget
) -> None:
    timeline = hostile.get("/timelines/hostile").json()
    with show_widget(TIMELINEJS, hostile, TIMELINEJS.path) as page:
        title = squeeze(page.locator(".tl-slide-titleslide").inner_text())
        assert squeeze(timeline["title"]) in title
        assert squeeze(timeline["description"]) in title
        for event in get_events(hostile):
            slide = squeeze(page.locator(f"#{event['id']}").inner_text())
            assert [text for text in texts(event) if text not in slide] == []
            page.evaluate("timeline.goToNext()")
        assert page.locator(ELEMENTS).count() == 0
        links = page.locator(".tl-text a").evaluate_all("(links) => links.map((link) => link.href)")
        assert {*links} == {"https://press.example/?a=1&amp;b=%22onmouseover=%22alert(%27url%27)"}


def test_tooltips_contain_texts_of_records(hostile: httpx.Client, show_widget: ShowWidget) -> None:
    with show_widget(VIS, hostile, VIS.path) as page:
        read_entries(page, VIS)
        page.evaluate("async () => (await timeline).setOptions({ tooltip: { delay: 0 } })")
        for event in get_events(hostile):
            date, title, *others = _tooltip(page, event["title"])
            assert date.strip(ISOLATES) == event["date"]["display"]
            assert title == event["title"]
            assert squeeze(event.get("summary", "")) in squeeze(" ".join(others))
            assert page.locator(ELEMENTS).count() == 0


@pytest.mark.parametrize("name", WIDGETS)
def test_widget_runs_no_payload(payloads: httpx.Client, show_widget: ShowWidget, name: str) -> None:
    widget = WIDGETS[name]
    titles = {squeeze(event["title"]) for event in get_events(payloads)}
    with show_widget(widget, payloads, widget.path) as page:
        entries = read_entries(page, widget, ["2021-11-01"])
        assert {squeeze(entry.text).partition(": ")[2] for entry in entries} == titles
        assert page.locator(ELEMENTS).count() == 0


@pytest.mark.parametrize("path", ["/?limit=500", "/embed.html?limit=500", *PAGES])
def test_page_runs_no_payload(payloads: httpx.Client, open_page: OpenPage, path: str) -> None:
    with open_page(str(payloads.base_url.join(path)), payloads) as page:
        assert page.locator(".event").count() == (1 if path in PAGES else len(get_events(payloads)))
        assert page.locator(MARKUP).count() == 0


def _tooltip(page: Page, title: str) -> list[str]:
    page.locator(".vis-item-content").filter(has_text=title).hover()
    page.locator(".vis-tooltip").filter(has_text=title).wait_for()
    return page.locator(".vis-tooltip").inner_text().split("\n")
