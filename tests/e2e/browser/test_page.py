"""The pages for people, as they are in a browser: live, and whole without a script."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.e2e.browser.conftest import Visit
from tests.e2e.browser.pages import DESKTOP, address, ids_of, selected, shown, violations
from tests.e2e.browser.site import Site
from tests.support.databases import load_dossiers, new_database
from tests.support.random_dossiers import make_dossiers
from tests.support.server import serving


def test_a_filter_and_back_again(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/"), seed, viewport=DESKTOP) as page:
        everything = ids_of(page)
        assert len(everything) == 22

        page.locator("#actor-nso-group").check()
        expect(page.locator("#count")).to_have_text("13 events")
        assert page.url == address(seed, "/?actor=nso-group")
        assert ids_of(page) == selected(seed, "actor=nso-group")
        expect(page.locator("#actor-nso-group")).to_be_focused()

        page.locator("#from").fill("2022-07")
        expect(page.locator("#count")).to_have_text("9 events")
        page.locator("#q").press_sequentially("biden", delay=20)
        expect(page.locator("#count")).to_have_text("3 events")
        query = "q=biden&from=2022-07&actor=nso-group"
        assert page.url == address(seed, f"/?{query}")
        assert ids_of(page) == selected(seed, query)
        expect(page.locator("#q")).to_be_focused()
        live = shown(page)

        page.go_back()
        expect(page.locator("#count")).to_have_text("9 events")
        expect(page.locator("#q")).to_have_value("")
        page.go_back()
        expect(page.locator("#count")).to_have_text("13 events")
        expect(page.locator("#from")).to_have_value("")
        page.go_back()
        expect(page.locator("#count")).to_have_text("22 events")
        expect(page.locator("#actor-nso-group")).not_to_be_checked()
        assert ids_of(page) == everything
        page.go_forward()
        expect(page.locator("#actor-nso-group")).to_be_checked()

        # What was filtered live is what a link opens.
        page.goto(address(seed, f"/?{query}"))
        assert shown(page) == live


def test_another_timeline_is_another_page(harbour: httpx.Client, visit: Visit) -> None:
    with visit(address(harbour, "/"), harbour, viewport=DESKTOP) as page:
        page.locator("#timeline").select_option("The ferry")
        expect(page.locator("h1")).to_have_text("The ferry")
        assert page.title() == "The ferry – ferry"
        live = shown(page)
        page.goto(address(harbour, "/?timeline=ferry"))
        assert shown(page) == live


def test_what_is_typed_is_one_step_and_no_other_is_lost(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/?kind=lobbying"), seed, expected=["422"]) as page:
        page.locator("#from").fill("2020-13")
        expect(page.locator("#wrong")).to_contain_text("there is no month 13")
        page.locator("#from").fill("2022-03")
        expect(page.locator("#wrong")).to_have_text("")
        assert page.url == address(seed, "/?from=2022-03&kind=lobbying")
        page.go_back()
        expect(page.locator("#from")).to_have_value("")
        assert page.url == address(seed, "/?kind=lobbying")
        page.locator("#q").press_sequentially("lobbyists", delay=350)
        expect(page.locator("#count")).to_have_text("2 events")
        page.go_back()
        expect(page.locator("#q")).to_have_value("")
        assert page.url == address(seed, "/?kind=lobbying")


def test_an_answer_takes_nothing_from_what_is_typed_meanwhile(
    seed: httpx.Client, visit: Visit
) -> None:
    with visit(address(seed, "/"), seed) as page:
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/?q=*", hold)
        with page.expect_request("**/?q=*"):
            page.locator("#q").fill("blacklist")
        page.locator("#from").press_sequentially("202")
        for route in held:
            route.continue_()
        expect(page.locator("#count")).to_have_text("6 events")
        expect(page.locator("#from")).to_have_value("202")


def test_to_skip_to_the_events_asks_for_nothing(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/"), seed) as page:
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
    with visit(address(seed, "/"), seed, expected=expected) as page:
        page.route("**/?actor=*", lambda route: route.fulfill(status=status, body="Bad gateway"))
        page.locator("#actor-candiru").check()
        expect(page.locator("#wrong")).to_have_text("The timeline cannot be reached just now.")
        assert page.url == address(seed, "/")


def test_without_a_script_the_form_and_the_links_do_the_same(
    seed: httpx.Client, visit: Visit
) -> None:
    with visit(address(seed, "/?limit=20"), seed, java_script_enabled=False) as page:
        page.get_by_role("link", name="More events").click()
        assert ids_of(page) == selected(seed, "limit=500")[20:]
        page.locator("#q").fill("blacklist")
        page.get_by_text("NSO Group", exact=True).first.click()
        page.get_by_role("button", name="Show").click()
        assert ids_of(page) == selected(seed, "q=blacklist&actor=nso-group")
        page.get_by_role("link", name="Remove Words: blacklist").click()
        assert ids_of(page) == selected(seed, "actor=nso-group")
        page.locator(".bars a").nth(4).click()
        assert ids_of(page) == selected(seed, "actor=nso-group&from=2021-11&to=2021-11")


def test_what_was_opened_stays_open(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/"), seed, viewport=DESKTOP) as page:
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
    with visit(address(seed, "/"), seed, viewport=DESKTOP) as page:
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
    with visit(address(seed, "/"), seed, expected=["422"]) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.locator("#from").press_sequentially("2022-1", delay=400)
        expect(page.locator("#count")).to_have_text("18 events")
        assert [url for url in asked if "?" in url] == [address(seed, "/?from=2022")]
        page.locator("#from").press("Tab")
        expect(page.locator("#wrong")).to_contain_text("'2022-1' is not a date")
        page.locator("#from").fill("2022-07")
        expect(page.locator("#wrong")).to_have_text("")
        assert ids_of(page) == selected(seed, "from=2022-07")


def test_what_cannot_be_reached_is_told_and_nothing_lost(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/"), seed, expected=["net::"]) as page:
        page.route("**/?*", lambda route: route.abort())
        page.locator("#actor-candiru").check()
        expect(page.locator("#wrong")).to_have_text("The timeline cannot be reached just now.")
        assert len(ids_of(page)) == 22
        page.unroute("**/?*")
        page.locator("#actor-candiru").uncheck()
        page.locator("#actor-candiru").check()
        expect(page.locator("#count")).to_have_text("2 events")
        expect(page.locator("#wrong")).to_have_text("")


def test_what_is_filtered_can_be_copied(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/"), seed, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.locator("#actor-candiru").check()
        expect(page.locator("#count")).to_have_text("2 events")
        page.get_by_role("button", name="Copy the link").click()
        expect(page.locator("[data-copied]").first).to_have_text("Copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.url == address(seed, "/?actor=candiru")


def test_what_is_filtered_can_be_framed_and_nothing_else(
    seed: httpx.Client, visit: Visit, site: Site
) -> None:
    with visit(address(seed, "/?actor=candiru"), seed) as page:
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
    with visit(address(ten_thousand, "/"), ten_thousand) as page:
        expect(page.locator("#count")).to_have_text("10,000 events 50 on this page")
        seen = ids_of(page)
        for _ in range(3):
            assert page.locator("article.event").count() == 50
            assert page.evaluate("document.querySelectorAll('*').length") < 3_500
            page.get_by_role("link", name="More events").click()
            expect(page.locator(f"#event-{seen[-1]}")).to_have_count(0)
            expect(page.locator("#results")).to_be_focused()
            seen += ids_of(page)
        assert seen == selected(ten_thousand, "limit=200")
        assert violations(page) == []


def test_the_api_can_be_tried_offline(seed: httpx.Client, visit: Visit) -> None:
    with visit(address(seed, "/docs"), seed) as page:
        page.locator("#operations-events-listEvents").get_by_role("button").first.click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table td.response-col_status").last).to_have_text(
            "200"
        )
