"""The pages in a browser, with and without JavaScript."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.e2e.browser.conftest import OpenPage
from tests.e2e.browser.pages import (
    DESKTOP,
    ids_from_api,
    ids_of,
    live_content,
    page_url,
    violations,
)
from tests.e2e.browser.widget_site import WidgetSite
from tests.support.databases import load_dossiers, new_database
from tests.support.random_dossiers import make_dossiers
from tests.support.server import serving

LOAD_ERROR = "The timeline cannot be loaded. Please try again later."


def test_filters_update_url_and_history(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/"), seed, viewport=DESKTOP) as page:
        all_ids = ids_of(page)
        assert len(all_ids) == 22

        page.locator("#actor-nso-group").check()
        expect(page.locator("#count")).to_have_text("13 events")
        assert page.url == page_url(seed, "/?actor=nso-group")
        assert ids_of(page) == ids_from_api(seed, "actor=nso-group")
        expect(page.locator("#actor-nso-group")).to_be_focused()

        page.locator("#from").fill("2022-07")
        expect(page.locator("#count")).to_have_text("9 events")
        page.locator("#q").press_sequentially("biden", delay=20)
        expect(page.locator("#count")).to_have_text("3 events")
        query = "q=biden&from=2022-07&actor=nso-group"
        assert page.url == page_url(seed, f"/?{query}")
        assert ids_of(page) == ids_from_api(seed, query)
        expect(page.locator("#q")).to_be_focused()
        in_place = live_content(page)

        page.go_back()
        expect(page.locator("#count")).to_have_text("9 events")
        expect(page.locator("#q")).to_have_value("")
        page.go_back()
        expect(page.locator("#count")).to_have_text("13 events")
        expect(page.locator("#from")).to_have_value("")
        page.go_back()
        expect(page.locator("#count")).to_have_text("22 events")
        expect(page.locator("#actor-nso-group")).not_to_be_checked()
        assert ids_of(page) == all_ids
        page.go_forward()
        expect(page.locator("#actor-nso-group")).to_be_checked()

        # The page that was filtered in place equals the page that its URL opens.
        page.goto(page_url(seed, f"/?{query}"))
        assert live_content(page) == in_place


def test_choosing_timeline_replaces_heading_and_title(
    harbour: httpx.Client, open_page: OpenPage
) -> None:
    with open_page(page_url(harbour, "/"), harbour, viewport=DESKTOP) as page:
        page.locator("#timeline").select_option("The ferry")
        expect(page.locator("h1")).to_have_text("The ferry")
        assert page.title() == "The ferry – ferry"
        in_place = live_content(page)
        page.goto(page_url(harbour, "/?timeline=ferry"))
        assert live_content(page) == in_place


def test_typing_in_field_adds_one_history_entry(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/?kind=lobbying"), seed, expected=["422"]) as page:
        page.locator("#from").fill("2020-13")
        expect(page.locator("#error")).to_contain_text("Months run from 01 to 12.")
        page.locator("#from").fill("2022-03")
        expect(page.locator("#error")).to_have_text("")
        assert page.url == page_url(seed, "/?from=2022-03&kind=lobbying")
        page.go_back()
        expect(page.locator("#from")).to_have_value("")
        assert page.url == page_url(seed, "/?kind=lobbying")
        page.locator("#q").press_sequentially("lobbyists", delay=350)
        expect(page.locator("#count")).to_have_text("2 events")
        page.go_back()
        expect(page.locator("#q")).to_have_value("")
        assert page.url == page_url(seed, "/?kind=lobbying")


def test_response_keeps_text_typed_while_loading(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/"), seed) as page:
        pending: list[Route] = []

        def hold(route: Route) -> None:
            pending.append(route)

        page.route("**/?q=*", hold)
        with page.expect_request("**/?q=*"):
            page.locator("#q").fill("blacklist")
        page.locator("#from").press_sequentially("202")
        for route in pending:
            route.continue_()
        expect(page.locator("#count")).to_have_text("6 events")
        expect(page.locator("#from")).to_have_value("202")


def test_skip_link_sends_no_request(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/"), seed) as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/#results")
        page.wait_for_timeout(300)
        assert [url for url in requests if "/web/" not in url] == []


@pytest.mark.parametrize("status", [502, 200])
def test_response_of_another_server_shows_error(
    seed: httpx.Client, open_page: OpenPage, status: int
) -> None:
    expected = ["502"] if status == 502 else []
    with open_page(page_url(seed, "/"), seed, expected=expected) as page:
        page.route("**/?actor=*", lambda route: route.fulfill(status=status, body="Bad gateway"))
        page.locator("#actor-candiru").check()
        expect(page.locator("#error")).to_have_text(LOAD_ERROR)
        assert page.url == page_url(seed, "/")


def test_form_and_links_work_without_javascript(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/?limit=20"), seed, java_script_enabled=False) as page:
        page.get_by_role("link", name="More events").click()
        assert ids_of(page) == ids_from_api(seed, "limit=500")[20:]
        page.locator("#q").fill("blacklist")
        page.get_by_text("NSO Group", exact=True).first.click()
        page.get_by_role("button", name="Show events").click()
        assert ids_of(page) == ids_from_api(seed, "q=blacklist&actor=nso-group")
        page.get_by_role("link", name="Remove Search: blacklist").click()
        assert ids_of(page) == ids_from_api(seed, "actor=nso-group")
        page.locator(".bars a").nth(4).click()
        assert ids_of(page) == ids_from_api(seed, "actor=nso-group&from=2021-11&to=2021-11")


def test_open_details_stay_open_after_filtering(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/"), seed, viewport=DESKTOP) as page:
        page.locator("#more-actor summary").click()
        page.locator("#actor-mitt-romney").check()
        expect(page.locator("#count")).to_have_text("1 event")
        expect(page.locator("#actor-mitt-romney")).to_be_focused()
        page.get_by_text("Kind and status").click()
        page.locator("#actor-nso-group").check()
        expect(page.locator("#count")).to_have_text("13 events")
        expect(page.locator("#status-reported")).to_be_attached()
        assert page.locator("#other-facets").get_attribute("open") is not None


def test_bar_filters_by_its_period(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(page_url(seed, "/"), seed, viewport=DESKTOP) as page:
        page.get_by_label("November 2021: 12 possible, 2 certain").click()
        expect(page.locator("#count")).to_have_text("12 events")
        expect(page.locator("#from")).to_have_value("2021-11")
        expect(page.locator("#to")).to_have_value("2021-11")
        page.locator("#date_match").select_option("certainly")
        expect(page.locator("#count")).to_have_text("2 events")
        page.get_by_role("link", name="Clear all").click()
        expect(page.locator("#count")).to_have_text("22 events")
        expect(page.locator("#from")).to_have_value("")


def test_incomplete_date_is_checked_when_field_is_left(
    seed: httpx.Client, open_page: OpenPage
) -> None:
    with open_page(page_url(seed, "/"), seed, expected=["422"]) as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.locator("#from").press_sequentially("2022-1", delay=400)
        expect(page.locator("#count")).to_have_text("18 events")
        assert [url for url in requests if "?" in url] == [page_url(seed, "/?from=2022")]
        page.locator("#from").press("Tab")
        expect(page.locator("#error")).to_contain_text("'2022-1' is not a date")
        page.locator("#from").fill("2022-07")
        expect(page.locator("#error")).to_have_text("")
        assert ids_of(page) == ids_from_api(seed, "from=2022-07")


def test_failed_request_shows_error_and_keeps_events(
    seed: httpx.Client, open_page: OpenPage
) -> None:
    with open_page(page_url(seed, "/"), seed, expected=["net::"]) as page:
        page.route("**/?*", lambda route: route.abort())
        page.locator("#actor-candiru").check()
        expect(page.locator("#error")).to_have_text(LOAD_ERROR)
        assert len(ids_of(page)) == 22
        page.unroute("**/?*")
        page.locator("#actor-candiru").uncheck()
        page.locator("#actor-candiru").check()
        expect(page.locator("#count")).to_have_text("2 events")
        expect(page.locator("#error")).to_have_text("")


def test_link_to_selection_can_be_copied(seed: httpx.Client, open_page: OpenPage) -> None:
    with open_page(
        page_url(seed, "/"), seed, permissions=["clipboard-read", "clipboard-write"]
    ) as page:
        page.locator("#actor-candiru").check()
        expect(page.locator("#count")).to_have_text("2 events")
        page.get_by_role("button", name="Copy the link").click()
        expect(page.locator("[data-copied]").first).to_have_text("Copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.url == page_url(seed, "/?actor=candiru")


def test_only_embed_code_can_be_framed(
    seed: httpx.Client, open_page: OpenPage, site: WidgetSite
) -> None:
    with open_page(page_url(seed, "/?actor=candiru"), seed) as page:
        snippet = page.locator(".snippet").inner_text()
    host = site.add("/article.html", f"<!doctype html><title>Article</title>{snippet}")
    with open_page(host, seed) as page:
        frame = page.frame_locator("iframe")
        expect(frame.locator("h1")).to_have_text("NSO Group on the U.S. blacklist")
        assert frame.locator("article.event").count() == 2
    page_snippet = snippet.replace("/embed.html", "/")
    host = site.add("/article.html", f"<!doctype html><title>Article</title>{page_snippet}")
    with open_page(host, seed, expected=["frame-ancestors", "frame"]) as page:
        assert page.frame_locator("iframe").locator("article.event").count() == 0


@pytest.fixture(scope="module")
def ten_thousand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with 10,000 events."""
    path = tmp_path_factory.mktemp("large") / "timeline.db"
    load_dossiers(new_database(path), make_dossiers(10_000))
    with serving(path) as client:
        yield client


def test_page_of_ten_thousand_events_stays_small(
    ten_thousand: httpx.Client, open_page: OpenPage
) -> None:
    with open_page(page_url(ten_thousand, "/"), ten_thousand) as page:
        expect(page.locator("#count")).to_have_text("10,000 events 50 on this page")
        ids = ids_of(page)
        for _ in range(3):
            assert page.locator("article.event").count() == 50
            assert page.evaluate("document.querySelectorAll('*').length") < 3_500
            page.get_by_role("link", name="More events").click()
            expect(page.locator(f"#event-{ids[-1]}")).to_have_count(0)
            expect(page.locator("#results")).to_be_focused()
            ids += ids_of(page)
        assert ids == ids_from_api(ten_thousand, "limit=200")
        assert violations(page) == []


def test_docs_can_send_request_without_other_servers(
    seed: httpx.Client, open_page: OpenPage
) -> None:
    with open_page(page_url(seed, "/docs"), seed) as page:
        page.locator("#operations-events-listEvents").get_by_role("button").first.click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table td.response-col_status").last).to_have_text(
            "200"
        )
