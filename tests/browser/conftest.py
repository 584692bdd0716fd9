"""Chromium, and pages on another origin than the API."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, sync_playwright

from tests.browser.site import HERE, Site, showing
from tests.browser.widgets import Widget
from tests.conftest import lacking, required

ZONES = ["UTC", "America/New_York", "Asia/Jerusalem"]
VIEWPORT = {"width": 2000, "height": 1200}
"""Wide enough that a day of a year or two has some pixels."""
INSTALL = "npm install --prefix tests/browser"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
]

Visit = Callable[..., AbstractContextManager[Page]]
Show = Callable[..., AbstractContextManager[Page]]


def _check_packages() -> None:
    """Skip where a widget is missing, or of another version than the one that is pinned."""
    pinned = json.loads((HERE / "package.json").read_text("utf-8"))["devDependencies"]
    for name, version in pinned.items():
        manifest = HERE / "node_modules" / name / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text("utf-8"))["version"] != version:
            lacking(f"this test needs {name} {version}; run {INSTALL}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Give one browser, closed before other tests run event loops of their own."""
    required("chromium")
    _check_packages()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """Give a site that shows widgets."""
    with showing() as site:
        yield site


@pytest.fixture
def visit(browser: Browser, site: Site) -> Visit:
    """Give what opens a URL, and holds the page to making no fault until it is closed.

    A fault is a request to any other origin than the site and the API, an error in a script or in
    the console, where refusals by a content security policy are told too, and a dialog. Options are
    those of a browser context: `color_scheme`, `viewport`, `java_script_enabled`, …
    """

    @contextmanager
    def visiting(
        url: str, api: httpx.Client, zone: str = "UTC", **options: object
    ) -> Iterator[Page]:
        origins = (f"{site.origin}/", f"{api.base_url}/", "data:", "blob:")
        faults: list[str] = []

        def let_pass(route: Route) -> None:
            if route.request.url.startswith(origins):
                route.continue_()
            else:
                faults.append(f"asked for {route.request.url}")
                route.abort()

        def dismiss(dialog: Dialog) -> None:
            faults.append(f"said {dialog.message}")
            dialog.dismiss()

        options = {"viewport": VIEWPORT, "locale": "en-US", "timezone_id": zone, **options}
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.route("**/*", let_pass)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("dialog", dismiss)
        page.on("pageerror", lambda error: faults.append(f"threw {error}"))
        page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
        try:
            page.goto(url)
            yield page
        finally:
            context.close()
        assert faults == []

    return visiting


@pytest.fixture
def show(visit: Visit, site: Site) -> Show:
    """Give what shows a widget, with what stands at a URL, until it has drawn."""

    @contextmanager
    def showing(
        widget: Widget, api: httpx.Client, url: str, zone: str = "UTC", **options: object
    ) -> Iterator[Page]:
        address = str(api.base_url.join(url))
        with visit(site.add("/widget.html", widget.page(address)), api, zone, **options) as page:
            page.wait_for_function(widget.settled)
            yield page

    return showing
