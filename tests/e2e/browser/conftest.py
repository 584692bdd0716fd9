"""Chromium, and pages on another origin than the API."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, sync_playwright

from tests.e2e.browser.date_cases import DATE_CASES
from tests.e2e.browser.widget_site import HERE, WidgetSite, run_site
from tests.e2e.browser.widgets import Widget
from tests.formats.test_injection import write_payloads
from tests.support.corpus import HOSTILE
from tests.support.requirements import require_npm_packages, require_program
from tests.support.sample_events import load_sample_events
from tests.support.server import serving, serving_files

ZONES = ["UTC", "America/New_York", "Asia/Jerusalem"]
VIEWPORT = {"width": 2000, "height": 1200}
"""Wide enough that a day is several pixels on an axis of one or two years."""
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
]

OpenPage = Callable[..., AbstractContextManager[Page]]
ShowWidget = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Yield a browser for this package.

    It is closed before other packages run: Playwright's event loop would prevent theirs.
    """
    require_program("chromium")
    require_npm_packages(HERE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def site() -> Iterator[WidgetSite]:
    """Yield a site for pages with widgets."""
    with run_site() as site:
        yield site


@pytest.fixture
def open_page(browser: Browser, site: WidgetSite) -> OpenPage:
    """Return a context manager that opens a URL, and fails if the page has errors.

    Errors are a request to another origin than the site and the API, an exception in a script, an
    error in the console, which includes violations of the content security policy, and a dialog.
    With `expected`, there must be errors, and each must contain one of these texts. Further options
    are those of a browser context: `color_scheme`, `viewport`, `java_script_enabled`, …
    """

    @contextmanager
    def opening(
        url: str,
        api: httpx.Client,
        zone: str = "UTC",
        expected: Sequence[str] = (),
        **options: object,
    ) -> Iterator[Page]:
        origins = (f"{site.origin}/", f"{api.base_url}/", "data:", "blob:")
        errors: list[str] = []

        def check_origin(route: Route) -> None:
            if route.request.url.startswith(origins):
                route.continue_()
            else:
                errors.append(f"request to {route.request.url}")
                route.abort()

        def dismiss(dialog: Dialog) -> None:
            errors.append(f"alert {dialog.message}")
            dialog.dismiss()

        options = {"viewport": VIEWPORT, "locale": "en-US", "timezone_id": zone, **options}
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.route("**/*", check_origin)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("dialog", dismiss)
        page.on("pageerror", lambda error: errors.append(f"exception: {error}"))
        page.on("console", lambda log: errors.append(log.text) if log.type == "error" else None)
        try:
            page.goto(url)
            yield page
        finally:
            context.close()
        unexpected = [error for error in errors if not any(text in error for text in expected)]
        assert unexpected == []
        assert bool(errors) == bool(expected)

    return opening


@pytest.fixture
def show_widget(open_page: OpenPage, site: WidgetSite) -> ShowWidget:
    """Return a context manager that shows the data of a URL in a widget.

    The page is the snippet of the README. `edits` replace parts of it.
    """

    @contextmanager
    def showing(
        widget: Widget, api: httpx.Client, url: str, zone: str = "UTC", *edits: tuple[str, str]
    ) -> Iterator[Page]:
        content = widget.page(str(api.base_url.join(url)))
        for old, new in edits:
            assert old in content
            content = content.replace(old, new)
        with open_page(site.add("/widget.html", content), api, zone) as page:
            page.wait_for_function(widget.is_ready)
            yield page

    return showing


@pytest.fixture(scope="package")
def dates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with an event for each form of date."""
    events = [
        {
            "id": f"event-{number}",
            "title": f"Event {number}",
            "date": edtf,
            "participants": [{"actor": "almanac", "role": "target"}][number % 2 :],
        }
        for number, edtf in enumerate(DATE_CASES)
    ]
    with serving(load_sample_events(tmp_path_factory.mktemp("dates"), *events)) as client:
        yield client


@pytest.fixture(scope="package")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with a dossier full of markup."""
    with serving_files(tmp_path_factory.mktemp("hostile"), HOSTILE) as client:
        yield client


@pytest.fixture(scope="package")
def payloads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with a dossier for each payload."""
    folder = tmp_path_factory.mktemp("payloads")
    with serving_files(folder, write_payloads(folder / "payloads.jsonl")) as client:
        yield client
