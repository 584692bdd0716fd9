"""Everybody can use the page: by eye, ear and key, in any language and size, on paper."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import Visit
from tests.e2e.browser.pages import DESKTOP, PHONE, address, selected, violations
from tests.e2e.browser.site import HERE
from tests.support.server import serving_files

PAGES = [
    "/",
    "/?actor=NSO&from=2021-11&kind=sanction",
    "/?q=xyzzy",
    "/events/nso-blacklisted.html",
    "/embed.html",
]


@pytest.mark.parametrize("script", [True, False], ids=["live", "still"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_use_it(
    seed: httpx.Client,
    visit: Visit,
    path: str,
    scheme: str,
    viewport: dict[str, int],
    script: bool,
) -> None:
    options = {"color_scheme": scheme, "viewport": viewport}
    with visit(address(seed, path), seed, **options) as page:
        if not script:  # of the page: where all scripts are off, what looks at it is off too
            page.route("**/web/page-*.js", lambda route: route.fulfill(body=""))
            page.reload()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_what_nobody_could_use_is_found(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/"), seed) as page:
        page.evaluate(
            "document.querySelector('#q').closest('label').replaceWith(document.querySelector('#q'))"
        )
        page.evaluate("document.querySelector('h1').style.color = 'rgb(240, 238, 233)'")
        page.evaluate("document.querySelector('#q').removeAttribute('placeholder')")
        assert {name for name, _ in violations(page)} == {"color-contrast", "label"}


@pytest.mark.parametrize("path", ["/", "/events/markup.html"])
def test_any_direction_of_writing_has_room(hostile: httpx.Client, visit: Visit, path: str) -> None:
    slugs = selected(hostile, "limit=500")
    path = path.replace("markup", slugs[0])
    with visit(address(hostile, path), hostile, viewport=PHONE) as page:
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
    """Give a client of a dossier in Hebrew."""
    folder = tmp_path_factory.mktemp("hebrew")
    (folder / "quay.yaml").write_text(HEBREW, "utf-8")
    with serving_files(folder, folder / "quay.yaml") as client:
        yield client


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["/", "/embed.html", "/events/contract.html"])
def test_hebrew_runs_from_right_to_left_and_dates_from_left_to_right(
    hebrew: httpx.Client, visit: Visit, path: str, viewport: dict[str, int]
) -> None:
    with visit(address(hebrew, path), hebrew, viewport=viewport) as page:
        page.evaluate((HERE / "drawn.js").read_text("utf-8") + "; window.asSeen = asSeen; null")
        card = page.locator("article.event")
        seen = {
            part: "".join(card.locator(part).evaluate("(element) => asSeen(element)").split())
            for part in (".when", "figcaption")
        }
        assert seen[".when"].startswith("until14March2020(startunknown)")
        assert "2June2020" in seen["figcaption"]
        start, told = card.locator(".when").bounding_box(), card.locator(".told").bounding_box()
        assert start
        assert told
        if viewport is DESKTOP:
            assert start["x"] > told["x"]
        assert card.evaluate("(card) => getComputedStyle(card).direction") == "rtl"
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_keys_lead_through_it(seed: httpx.Client, visit: Visit) -> None:
    events = [f"event-{slug}" for slug in selected(seed, "")]
    with visit(address(seed, "/"), seed, viewport=DESKTOP) as page:
        walk = [("j", 0), ("j", 1), ("k", 0), ("k", 0), ("End", 21), ("j", 21), ("Home", 0)]
        for key, at in walk:
            page.keyboard.press(key)
            assert _focused(page) == events[at]
        page.keyboard.press("j")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.event').id") == events[1]
        page.keyboard.press("/")
        assert _focused(page) == "q"
        page.keyboard.type("jk/")
        expect(page.locator("#q")).to_have_value("jk/")
        expect(page.locator("#count")).to_have_text("0 events")
        page.locator("#q").clear()
        expect(page.locator("#count")).to_have_text("22 events")
        page.locator("#results").focus()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/events/*.html")


def test_tab_reaches_everything_in_its_order(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/"), seed, viewport=DESKTOP) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        expect(page.locator(".skip")).to_be_in_viewport()
        for field in ("q", "from", "to", "date_match", "order", "actor-nso-group"):
            page.keyboard.press("Tab")
            assert _focused(page) == field
        page.keyboard.press("Space")
        expect(page.locator("#count")).to_have_text("13 events")
        assert _focused(page) == "actor-nso-group"
        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.event') !== null")


def test_on_paper_there_is_nothing_to_click(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/"), seed) as page:
        page.emulate_media(media="print")
        for hidden in (".filters", ".share", ".skip", ".keys"):
            expect(page.locator(hidden)).to_be_hidden()
        expect(page.locator("article.event").last).to_be_visible()
