"""The filter form of the page, and the pages for errors in it."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from app.schemas.params import EventQuery
from app.site.filter_form import FILTER_LABELS
from tests.support.problem import check_problem
from tests.support.read_html import BROWSER, form_url, ids_of, read_page, text_of, texts_of


def test_form_and_chips_show_active_filters(harbour: httpx.Client) -> None:
    query = "from=2020-03&to=2020&status=confirmed&role=participant&order=desc"
    page = read_page(harbour, f"/?actor=Key+Builders&actor=city&{query}")
    assert ids_of(page) == ["contract-signed"]
    checked = [str(box["value"]) for box in page.select("input[checked]")]
    assert checked == ["city", "quay-builders", "confirmed"]
    url = form_url(page, q="contract")
    assert sorted(parse_qsl(urlsplit(url).query)) == sorted(
        [
            *[("role", "participant"), ("actor", "city"), ("actor", "quay-builders")],
            *[("from", "2020-03"), ("to", "2020"), ("q", "contract")],
            *[("status", "confirmed"), ("order", "desc")],
        ]
    )
    assert ids_of(read_page(harbour, url)) == ["contract-signed"]
    chips = {
        " ".join(chip.get_text(" ").split()): str(chip["href"]) for chip in page.select(".chips a")
    }
    assert [*chips] == [
        "Who Quay Builders Ltd ×",
        "Who City of Łódź ×",
        "From March 2020 ×",
        "To 2020 ×",
        "Status confirmed ×",
        "Role participant ×",
        "Clear all",
    ]
    without_to = dict.fromkeys(parse_qsl(urlsplit(chips["To 2020 ×"]).query))
    assert ("to", "2020") not in without_to
    assert ("from", "2020-03") in without_to


def test_actor_counts_equal_results_of_choosing_that_actor(harbour: httpx.Client) -> None:
    page = read_page(harbour, "/?actor=obrien&kind=works&kind=payment")
    boxes = page.select("input[name=actor]")
    assert len(boxes) > 2
    for box in boxes:
        label = box.find_parent("label")
        assert label
        events = harbour.get(f"/events?kind=works&kind=payment&actor={box['value']}").json()
        assert text_of(label, "small") == str(events["total"]["value"])
    assert [box["value"] for box in boxes if box.has_attr("checked")] == ["obrien"]


def test_several_timelines_add_select_to_form(harbour: httpx.Client, seed: httpx.Client) -> None:
    page = read_page(harbour, "/")
    assert text_of(page, "h1") == "Timeline"
    assert texts_of(page, "#timeline option") == [
        "all timelines",
        "The harbour contract",
        "The ferry",
    ]
    selected = read_page(harbour, form_url(page, timeline="ferry"))
    assert text_of(selected, "h1") == "The ferry"
    assert texts_of(selected, "#timeline option[selected]") == ["The ferry"]
    assert not read_page(seed, "/").select("#timeline")


def test_empty_selection_links_to_all_events(seed: httpx.Client) -> None:
    page = read_page(seed, "/?q=xyzzy&from=2021")
    assert text_of(page, "#count") == "0 events"
    assert "No events match." in text_of(page, ".message")
    (back,) = page.select(".message a")
    assert len(ids_of(read_page(seed, str(back["href"])))) == 22


def test_pages_ignore_unknown_and_empty_parameters(seed: httpx.Client) -> None:
    query = "utm_source=news&fbclid=1&q=&actor=&from=+2021-11+&to=2020&to=2021-11&limit="
    page = read_page(seed, f"/?{query}")
    assert ids_of(page) == ids_of(read_page(seed, "/?from=2021-11&to=2021-11"))
    assert read_page(seed, "/events/nso-blacklisted.html?utm_source=x")


# URL: status, and a part of the message
ERRORS = {
    "/?from=Nov+2021": (422, "'Nov 2021' is not a day, a month or a year. Write 2021-11."),
    "/events.html?actor=NS0": (
        422,
        "No actor is called 'NS0'. The nearest are nso-group (NSO Group)",
    ),
    "/embed.html?limit=0": (422, "limit: '0' is too small. The minimum is 1."),
    "/?cursor=x": (422, "It is not a cursor of this API."),
    "/events/no-such-event.html": (404, "No event has the id 'no-such-event'."),
}


@pytest.mark.parametrize("url", ERRORS)
def test_error_is_page_for_browser_and_problem_for_others(seed: httpx.Client, url: str) -> None:
    status, message = ERRORS[url]
    page = read_page(seed, url, status)
    assert message in text_of(page, "#error")
    assert len(ids_of(read_page(seed, str(page.select(".back a")[0]["href"])))) == 22
    assert seed.get(url, headers=BROWSER).headers["cache-control"] == "no-store"
    assert message in check_problem(seed.get(url), status).detail


def test_error_page_keeps_values_of_form(seed: httpx.Client) -> None:
    page = read_page(seed, "/?q=lobbyists&from=March+2022&actor=nso-group&order=desc", 422)
    query = dict(parse_qsl(urlsplit(form_url(page, **{"from": "2021"})).query))
    assert query == {"q": "lobbyists", "from": "2021", "order": "desc", "actor": "nso-group"}
    page = read_page(seed, "/?date=2021-11&actor=nobody&sort=updated", 422)
    query = dict(parse_qsl(urlsplit(form_url(page, to="2021")).query))
    assert query == {"from": "2021-11-01", "to": "2021", "actor": "nobody", "sort": "updated"}


def test_date_parameter_fills_from_and_to(seed: httpx.Client) -> None:
    page = read_page(seed, "/?date=2021-11")
    assert [str(page.select(f"#{end}")[0]["value"]) for end in ("from", "to")] == [
        "2021-11-01",
        "2021-11-30",
    ]
    assert ids_of(read_page(seed, form_url(page))) == ids_of(page)
    (start,) = read_page(seed, "/?date=2021-11/..").select("#from")
    assert start["value"] == "2021-11-01"


def test_several_actors_add_actor_match_to_form(harbour: httpx.Client) -> None:
    assert not read_page(harbour, "/?actor=city").select("#actor_match")
    page = read_page(harbour, "/?actor=city&actor=quay-builders")
    with_all = ids_of(read_page(harbour, form_url(page, actor_match="all")))
    assert with_all == ["contract-signed"]
    assert len(ids_of(page)) == 4


def test_empty_certain_selection_links_to_possible_events(seed: httpx.Client) -> None:
    page = read_page(seed, "/?from=2022-01&to=2022-03&date_match=within")
    (possible, _) = page.select(".message a")
    assert len(ids_of(read_page(seed, str(possible["href"])))) == 9


def test_every_filter_has_label() -> None:
    assert {field.alias or name for name, field in EventQuery.model_fields.items()} == {
        *FILTER_LABELS
    }
