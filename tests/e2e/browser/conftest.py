"""Chromium, and pages on another origin than the API."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, sync_playwright

from tests.e2e.browser.forms import FORMS
from tests.e2e.browser.site import HERE, Site, showing
from tests.e2e.browser.widgets import Widget
from tests.formats.test_injection import write_payloads
from tests.support.corpus import HOSTILE
from tests.support.requirements import required, required_packages
from tests.support.sample_events import load_almanac
from tests.support.server import serving, serving_files

ZONES = ["UTC", "America/New_York", "Asia/Jerusalem"]
VIEWPORT = {"width": 2000, "height": 1200}
"""Wide enough that a day of a year or two has some pixels."""
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
]

Visit = Callable[..., AbstractContextManager[Page]]
Show = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Give one browser, closed before other tests run event loops of their own."""
    required("chromium")
    required_packages(HERE)
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
    the console, where refusals by a content security policy are told too, and a dialog. Those that
    have an `expected` text in them must be made. Options are those of a browser context:
    `color_scheme`, `viewport`, `java_script_enabled`, …
    """

    @contextmanager
    def visiting(
        url: str,
        api: httpx.Client,
        zone: str = "UTC",
        expected: Sequence[str] = (),
        **options: object,
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
        unforeseen = [told for told in faults if not any(text in told for text in expected)]
        assert unforeseen == []
        assert bool(faults) == bool(expected)

    return visiting


@pytest.fixture
def show(visit: Visit, site: Site) -> Show:
    """Give what shows a widget, with what stands at a URL, until it has drawn.

    Its page is that of the snippet, with some of its text replaced.
    """

    @contextmanager
    def showing(
        widget: Widget, api: httpx.Client, url: str, zone: str = "UTC", *edits: tuple[str, str]
    ) -> Iterator[Page]:
        content = widget.page(str(api.base_url.join(url)))
        for old, new in edits:
            assert old in content
            content = content.replace(old, new)
        with visit(site.add("/widget.html", content), api, zone) as page:
            page.wait_for_function(widget.settled)
            yield page

    return showing


@pytest.fixture(scope="package")
def dates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a dossier in which every form of date occurs once."""
    events = [
        {
            "id": f"event-{number}",
            "title": f"Event {number}",
            "date": edtf,
            "participants": [{"actor": "almanac", "role": "target"}][number % 2 :],
        }
        for number, edtf in enumerate(FORMS)
    ]
    with serving(load_almanac(tmp_path_factory.mktemp("dates"), *events)) as client:
        yield client


@pytest.fixture(scope="package")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a dossier full of markup."""
    with serving_files(tmp_path_factory.mktemp("hostile"), HOSTILE) as client:
        yield client


@pytest.fixture(scope="package")
def payloads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a dossier of each payload."""
    folder = tmp_path_factory.mktemp("payloads")
    with serving_files(folder, write_payloads(folder / "payloads.jsonl")) as client:
        yield client
