"""The content of a page in a browser, and its accessibility."""

from typing import Any

import httpx
from playwright.sync_api import Page

from tests.e2e.browser.widget_site import HERE

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"


def page_url(api: httpx.Client, path: str) -> str:
    """Return the URL of a page."""
    return str(api.base_url.join(path))


def ids_of(page: Page) -> list[str]:
    """Return the ids of the events on a page."""
    cards = page.locator("article.event").all()
    return [str(card.get_attribute("id")).removeprefix("event-") for card in cards]


def ids_from_api(api: httpx.Client, query: str) -> list[str]:
    """Return the ids of the events that the API returns for a query."""
    return [event["id"] for event in api.get(f"/events?{query}").json()["items"]]


def live_content(page: Page) -> list[str]:
    """Return everything on the page that changes with the selection."""
    fields = page.locator("#filters .fields :is(input, select)").all()
    parts = page.locator("[data-live]").all()
    links = page.locator("head link:is([rel=canonical], [rel=alternate])").all()
    return [
        page.title(),
        *(field.input_value() for field in fields),
        *(f"{part.get_attribute('dir')}: {part.inner_html()}" for part in parts),
        *(str(link.get_attribute("href")) for link in links),
    ]


def violations(page: Page) -> list[Any]:
    """Return the rules of axe-core that the page violates, with the elements."""
    page.evaluate(AXE.read_text("utf-8"))
    result: list[Any] = page.evaluate(
        "async () => (await axe.run()).violations.map(({id, nodes}) => "
        "[id, nodes.map((node) => node.target.join(' ') + ': ' + node.failureSummary)])"
    )
    return result
