"""The pages for people, as they are in a browser: live, and whole without a script."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.site import HERE, Site
from tests.conftest import load_dossiers, load_into, new_database, serving
from tests.generated import make_dossiers

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "/",
    "/?actor=NSO&from=2021-11&kind=sanction",
    "/?q=xyzzy",
    "/events/nso-blacklisted.html",
    "/embed.html",
]


def _address(api: httpx.Client, path: str) -> str:
    return str(api.base_url.join(path))


def _ids(page: Page) -> list[str]:
    cards = page.locator("article.event").all()
    return [str(card.get_attribute("id")).removeprefix("event-") for card in cards]


def _selected(api: httpx.Client, query: str) -> list[str]:
    return [event["id"] for event in api.get(f"/events?{query}").json()["items"]]


def _shown(page: Page) -> list[str]:
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


def _violations(page: Page) -> list[Any]:
    page.evaluate(AXE.read_text("utf-8"))
    found: list[Any] = page.evaluate(
        "async () => (await axe.run()).violations.map(({id, nodes}) => "
        "[id, nodes.map((node) => node.target.join(' ') + ': ' + node.failureSummary)])"
    )
    return found


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
    with visit(_address(seed, path), seed, **options) as page:
        if not script:  # of the page: where all scripts are off, what looks at it is off too
            page.route("**/web/page-*.js", lambda route: route.fulfill(body=""))
            page.reload()
        assert _violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_what_nobody_could_use_is_found(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed) as page:
        page.evaluate(
            "document.querySelector('#q').closest('label').replaceWith(document.querySelector('#q'))"
        )
        page.evaluate("document.querySelector('h1').style.color = 'rgb(240, 238, 233)'")
        page.evaluate("document.querySelector('#q').removeAttribute('placeholder')")
        assert {name for name, _ in _violations(page)} == {"color-contrast", "label"}


@pytest.mark.parametrize("path", ["/", "/events/markup.html"])
def test_any_direction_of_writing_has_room(hostile: httpx.Client, visit: Visit, path: str) -> None:
    slugs = _selected(hostile, "limit=500")
    path = path.replace("markup", slugs[0])
    with visit(_address(hostile, path), hostile, viewport=PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert _violations(page) == []
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
    load_into(new_database(folder / "timeline.db"), folder / "quay.yaml")
    with serving(folder / "timeline.db") as client:
        yield client


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["/", "/embed.html", "/events/contract.html"])
def test_hebrew_runs_from_right_to_left_and_dates_from_left_to_right(
    hebrew: httpx.Client, visit: Visit, path: str, viewport: dict[str, int]
) -> None:
    with visit(_address(hebrew, path), hebrew, viewport=viewport) as page:
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


def test_a_filter_and_back_again(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed, viewport=DESKTOP) as page:
        everything = _ids(page)
        assert len(everything) == 22

        page.locator("#actor-nso-group").check()
        expect(page.locator("#count")).to_have_text("13 events")
        assert page.url == _address(seed, "/?actor=nso-group")
        assert _ids(page) == _selected(seed, "actor=nso-group")
        expect(page.locator("#actor-nso-group")).to_be_focused()

        page.locator("#from").fill("2022-07")
        expect(page.locator("#count")).to_have_text("9 events")
        page.locator("#q").press_sequentially("biden", delay=20)
        expect(page.locator("#count")).to_have_text("3 events")
        query = "q=biden&from=2022-07&actor=nso-group"
        assert page.url == _address(seed, f"/?{query}")
        assert _ids(page) == _selected(seed, query)
        expect(page.locator("#q")).to_be_focused()
        live = _shown(page)

        page.go_back()
        expect(page.locator("#count")).to_have_text("9 events")
        expect(page.locator("#q")).to_have_value("")
        page.go_back()
        expect(page.locator("#count")).to_have_text("13 events")
        expect(page.locator("#from")).to_have_value("")
        page.go_back()
        expect(page.locator("#count")).to_have_text("22 events")
        expect(page.locator("#actor-nso-group")).not_to_be_checked()
        assert _ids(page) == everything
        page.go_forward()
        expect(page.locator("#actor-nso-group")).to_be_checked()

        # What was filtered live is what a link opens.
        page.goto(_address(seed, f"/?{query}"))
        assert _shown(page) == live


def test_another_timeline_is_another_page(harbour: httpx.Client, visit: Visit) -> None:
    with visit(_address(harbour, "/"), harbour, viewport=DESKTOP) as page:
        page.locator("#timeline").select_option("The ferry")
        expect(page.locator("h1")).to_have_text("The ferry")
        assert page.title() == "The ferry – ferry"
        live = _shown(page)
        page.goto(_address(harbour, "/?timeline=ferry"))
        assert _shown(page) == live


def test_what_is_typed_is_one_step_and_no_other_is_lost(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/?kind=lobbying"), seed, expected=["422"]) as page:
        page.locator("#from").fill("2020-13")
        expect(page.locator("#wrong")).to_contain_text("there is no month 13")
        page.locator("#from").fill("2022-03")
        expect(page.locator("#wrong")).to_have_text("")
        assert page.url == _address(seed, "/?from=2022-03&kind=lobbying")
        page.go_back()
        expect(page.locator("#from")).to_have_value("")
        assert page.url == _address(seed, "/?kind=lobbying")
        page.locator("#q").press_sequentially("lobbyists", delay=350)
        expect(page.locator("#count")).to_have_text("2 events")
        page.go_back()
        expect(page.locator("#q")).to_have_value("")
        assert page.url == _address(seed, "/?kind=lobbying")


def test_an_answer_takes_nothing_from_what_is_typed_meanwhile(
    seed: httpx.Client, visit: Visit
) -> None:
    with visit(_address(seed, "/"), seed) as page:
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/?q=*", hold)
        page.locator("#q").fill("blacklist")
        page.wait_for_timeout(400)
        page.locator("#from").press_sequentially("202")
        for route in held:
            route.continue_()
        expect(page.locator("#count")).to_have_text("6 events")
        expect(page.locator("#from")).to_have_value("202")


def test_to_skip_to_the_events_asks_for_nothing(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/#results")
        page.wait_for_timeout(300)
        assert [url for url in asked if "/web/" not in url] == []


@pytest.mark.parametrize("status", [502, 200])
def test_what_is_no_page_of_ours_is_told(seed: httpx.Client, visit: Visit, status: int) -> None:
    expected = ["502"] if status == 502 else []
    with visit(_address(seed, "/"), seed, expected=expected) as page:
        page.route("**/?actor=*", lambda route: route.fulfill(status=status, body="Bad gateway"))
        page.locator("#actor-candiru").check()
        expect(page.locator("#wrong")).to_have_text("The timeline cannot be reached just now.")
        assert page.url == _address(seed, "/")


def test_without_a_script_the_form_and_the_links_do_the_same(
    seed: httpx.Client, visit: Visit
) -> None:
    with visit(_address(seed, "/?limit=20"), seed, java_script_enabled=False) as page:
        page.get_by_role("link", name="More events").click()
        assert _ids(page) == _selected(seed, "limit=500")[20:]
        page.locator("#q").fill("blacklist")
        page.get_by_text("NSO Group", exact=True).first.click()
        page.get_by_role("button", name="Show").click()
        assert _ids(page) == _selected(seed, "q=blacklist&actor=nso-group")
        page.get_by_role("link", name="Remove Words: blacklist").click()
        assert _ids(page) == _selected(seed, "actor=nso-group")
        page.locator(".bars a").nth(4).click()
        assert _ids(page) == _selected(seed, "actor=nso-group&from=2021-11&to=2021-11")


def test_what_was_opened_stays_open(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed, viewport=DESKTOP) as page:
        page.locator("#more-actor summary").click()
        page.locator("#actor-mitt-romney").check()
        expect(page.locator("#count")).to_have_text("1 event")
        expect(page.locator("#actor-mitt-romney")).to_be_focused()
        page.get_by_text("Kind and status").click()
        page.locator("#actor-nso-group").check()
        expect(page.locator("#count")).to_have_text("13 events")
        expect(page.locator("#status-reported")).to_be_attached()
        assert page.locator("#others").get_attribute("open") is not None


def test_a_bar_filters(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed, viewport=DESKTOP) as page:
        page.get_by_label("November 2021: 12 possible, 2 certain").click()
        expect(page.locator("#count")).to_have_text("12 events")
        expect(page.locator("#from")).to_have_value("2021-11")
        expect(page.locator("#to")).to_have_value("2021-11")
        page.locator("#date_match").select_option("certainly")
        expect(page.locator("#count")).to_have_text("2 events")
        page.get_by_role("link", name="Clear all").click()
        expect(page.locator("#count")).to_have_text("22 events")
        expect(page.locator("#from")).to_have_value("")


def test_a_date_is_waited_for_and_a_wrong_one_is_told(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed, expected=["422"]) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.locator("#from").press_sequentially("2022-1", delay=400)
        expect(page.locator("#count")).to_have_text("18 events")
        assert [url for url in asked if "?" in url] == [_address(seed, "/?from=2022")]
        page.locator("#from").press("Tab")
        expect(page.locator("#wrong")).to_contain_text("'2022-1' is not a date")
        page.locator("#from").fill("2022-07")
        expect(page.locator("#wrong")).to_have_text("")
        assert _ids(page) == _selected(seed, "from=2022-07")


def test_what_cannot_be_reached_is_told_and_nothing_lost(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed, expected=["net::"]) as page:
        page.route("**/?*", lambda route: route.abort())
        page.locator("#actor-candiru").check()
        expect(page.locator("#wrong")).to_have_text("The timeline cannot be reached just now.")
        assert len(_ids(page)) == 22
        page.unroute("**/?*")
        page.locator("#actor-candiru").uncheck()
        page.locator("#actor-candiru").check()
        expect(page.locator("#count")).to_have_text("2 events")
        expect(page.locator("#wrong")).to_have_text("")


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_keys_lead_through_it(seed: httpx.Client, visit: Visit) -> None:
    events = [f"event-{slug}" for slug in _selected(seed, "")]
    with visit(_address(seed, "/"), seed, viewport=DESKTOP) as page:
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
        page.locator("#results").focus()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/events/*.html")


def test_tab_reaches_everything_in_its_order(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed, viewport=DESKTOP) as page:
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


def test_what_is_filtered_can_be_copied(seed: httpx.Client, visit: Visit) -> None:
    with visit(
        _address(seed, "/"), seed, permissions=["clipboard-read", "clipboard-write"]
    ) as page:
        page.locator("#actor-candiru").check()
        expect(page.locator("#count")).to_have_text("2 events")
        page.get_by_role("button", name="Copy the link").click()
        expect(page.locator("[data-copied]").first).to_have_text("Copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.url == _address(seed, "/?actor=candiru")


def test_what_is_filtered_can_be_framed_and_nothing_else(
    seed: httpx.Client, visit: Visit, site: Site
) -> None:
    with visit(_address(seed, "/?actor=candiru"), seed) as page:
        snippet = page.locator(".snippet").inner_text()
    host = site.add("/article.html", f"<!doctype html><title>Article</title>{snippet}")
    with visit(host, seed) as page:
        frame = page.frame_locator("iframe")
        expect(frame.locator("h1")).to_have_text("NSO Group on the U.S. blacklist")
        assert frame.locator("article.event").count() == 2
    front = snippet.replace("/embed.html", "/")
    host = site.add("/article.html", f"<!doctype html><title>Article</title>{front}")
    with visit(host, seed, expected=["frame-ancestors", "frame"]) as page:
        assert page.frame_locator("iframe").locator("article.event").count() == 0


@pytest.fixture(scope="module")
def ten_thousand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of 10,000 events."""
    path = tmp_path_factory.mktemp("large") / "timeline.db"
    load_dossiers(new_database(path), make_dossiers(10_000))
    with serving(path) as client:
        yield client


def test_ten_thousand_events_are_one_page_at_a_time(
    ten_thousand: httpx.Client, visit: Visit
) -> None:
    with visit(_address(ten_thousand, "/"), ten_thousand) as page:
        expect(page.locator("#count")).to_have_text("10,000 events 50 on this page")
        seen = _ids(page)
        for _ in range(3):
            assert page.locator("article.event").count() == 50
            assert page.evaluate("document.querySelectorAll('*').length") < 3_500
            page.get_by_role("link", name="More events").click()
            expect(page.locator(f"#event-{seen[-1]}")).to_have_count(0)
            expect(page.locator("#results")).to_be_focused()
            seen += _ids(page)
        assert seen == _selected(ten_thousand, "limit=200")
        assert _violations(page) == []


def test_on_paper_there_is_nothing_to_click(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/"), seed) as page:
        page.emulate_media(media="print")
        for hidden in (".filters", ".share", ".skip", ".keys"):
            expect(page.locator(hidden)).to_be_hidden()
        expect(page.locator("article.event").last).to_be_visible()


def test_the_api_can_be_tried_offline(seed: httpx.Client, visit: Visit) -> None:
    with visit(_address(seed, "/docs"), seed) as page:
        page.locator("#operations-events-listEvents").get_by_role("button").first.click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table td.response-col_status").last).to_have_text(
            "200"
        )
