"""What a page shows in a browser, and who can use it."""

from typing import Any

import httpx
from playwright.sync_api import Page

from tests.e2e.browser.site import HERE

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"


def address(api: httpx.Client, path: str) -> str:
    """Give the URL of a page."""
    return str(api.base_url.join(path))


def ids_of(page: Page) -> list[str]:
    """List the events that a page shows."""
    cards = page.locator("article.event").all()
    return [str(card.get_attribute("id")).removeprefix("event-") for card in cards]


def selected(api: httpx.Client, query: str) -> list[str]:
    """List the events that the API finds."""
    return [event["id"] for event in api.get(f"/events?{query}").json()["items"]]


def shown(page: Page) -> list[str]:
    """Give all that changes with what is asked."""
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
    """List what axe-core finds wrong, and where."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[Any] = page.evaluate(
        "async () => (await axe.run()).violations.map(({id, nodes}) => "
        "[id, nodes.map((node) => node.target.join(' ') + ': ' + node.failureSummary)])"
    )
    return found
