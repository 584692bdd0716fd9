"""Accessibility: screen readers, keyboard, contrast, screen sizes, writing directions, print."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import OpenPage
from tests.e2e.browser.pages import DESKTOP, PHONE, ids_from_api, page_url, violations
from tests.e2e.browser.widget_site import HERE
from tests.support.server import serving_files

PAGES = [
    "/",
    "/?actor=NSO&from=2021-11&kind=sanction",
    "/?q=xyzzy",
    "/events/nso-blacklisted.html",
    "/embed.html",
]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_violations(
    seed: httpx.Client,
    open_page: OpenPage,
    path: str,
    scheme: str,
    viewport: dict[str, int],
    script: bool,
) -> None:
    options = {"color_scheme": scheme, "viewport": viewport}
    with open_page(page_url(seed, path), seed, **options) as page:
        if not script:  # axe-core needs JavaScript, so only the script of the page is removed
            page.route("**/web/page-*.js", lambda route: route.fulfill(body=""))
            page.reload()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_axe_finds_violations(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/"), seed) as page:
        page.evaluate(
            "document.querySelector('#q').closest('label').replaceWith(document.querySelector('#q'))"
        )
        page.evaluate("document.querySelector('h1').style.color = 'rgb(240, 238, 233)'")
        page.evaluate("document.querySelector('#q').removeAttribute('placeholder')")
        assert {name for name, _ in violations(page)} == {"color-contrast", "label"}


@pytest.mark.parametrize("path", ["/", "/events/markup.html"])
def test_page_with_mixed_directions_fits_phone(
    hostile: httpx.Client, open_page: OpenPage, path: str
) -> None:
    slugs = ids_from_api(hostile, "limit=500")
    path = path.replace("markup", slugs[0])
    with open_page(page_url(hostile, path), hostile, viewport=PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert violations(page) == []
        assert (
            page.locator("main img, main iframe, main script, main svg:not([aria-hidden])").count()
            == 0
        )


HEBREW = """\
timeline: {id: quay, title: חוזה הנמל, language: he}
actors: [{id: echo, name: הד הנמל, kind: media}]
sources: [{id: echo-1, title: הרציף ייפתח באביב, publisher: echo, published: 2020-06-02}]
events:
  - id: contract
    title: העירייה חותמת על החוזה
    kind: agreement
    status: reported
    date: /2020-03-14
    date_text: עד 14 במרץ
    citations: [{source: echo-1, quote: "העירייה חתמה (סוף סוף) ב-14 במרץ.", locator: עמ׳ 3}]
"""


@pytest.fixture(scope="module")
def hebrew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with a dossier in Hebrew."""
    folder = tmp_path_factory.mktemp("hebrew")
    (folder / "quay.yaml").write_text(HEBREW, "utf-8")
    with serving_files(folder, folder / "quay.yaml") as client:
        yield client


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["/", "/embed.html", "/events/contract.html"])
def test_hebrew_is_right_to_left_and_dates_are_left_to_right(
    hebrew: httpx.Client, open_page: OpenPage, path: str, viewport: dict[str, int]
) -> None:
    with open_page(page_url(hebrew, path), hebrew, viewport=viewport) as page:
        page.evaluate(
            (HERE / "read_widgets.js").read_text("utf-8") + "; window.visualText = visualText; null"
        )
        card = page.locator("article.event")
        visual = {
            part: "".join(card.locator(part).evaluate("(element) => visualText(element)").split())
            for part in (".when", "figcaption")
        }
        assert visual[".when"].startswith("until14March2020(startunknown)")
        assert "2June2020" in visual["figcaption"]
        date_box = card.locator(".when").bounding_box()
        record_box = card.locator(".record").bounding_box()
        assert date_box
        assert record_box
        if viewport is DESKTOP:
            assert date_box["x"] > record_box["x"]
        assert card.evaluate("(card) => getComputedStyle(card).direction") == "rtl"
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def _focused_id(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_keys_move_focus(seed: httpx.Client, open_page: OpenPage) -> None:
    events = [f"event-{slug}" for slug in ids_from_api(seed, "")]
    with open_page(page_url(seed, "/"), seed, viewport=DESKTOP) as page:
        steps = [("j", 0), ("j", 1), ("k", 0), ("k", 0), ("End", 21), ("j", 21), ("Home", 0)]
        for key, index in steps:
            page.keyboard.press(key)
            assert _focused_id(page) == events[index]
        page.keyboard.press("j")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.event').id") == events[1]
        page.keyboard.press("/")
        assert _focused_id(page) == "q"
        page.keyboard.type("jk/")
        expect(page.locator("#q")).to_have_value("jk/")
        expect(page.locator("#count")).to_have_text("0 events")
        page.locator("#q").clear()
        expect(page.locator("#count")).to_have_text("22 events")
        page.locator("#results").focus()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/events/*.html")


def test_tab_order_is_reading_order(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/"), seed, viewport=DESKTOP) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        expect(page.locator(".skip")).to_be_in_viewport()
        for field in ("q", "from", "to", "date_match", "order", "actor-nso-group"):
            page.keyboard.press("Tab")
            assert _focused_id(page) == field
        page.keyboard.press("Space")
        expect(page.locator("#count")).to_have_text("13 events")
        assert _focused_id(page) == "actor-nso-group"
        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.event') !== null")


def test_print_hides_controls(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/"), seed) as page:
        page.emulate_media(media="print")
        for hidden in (".filters", ".share", ".skip", ".keys"):
            expect(page.locator(hidden)).to_be_hidden()
        expect(page.locator("article.event").last).to_be_visible()
