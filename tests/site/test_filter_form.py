"""The form of the page: what it asks for, and what is said of what cannot be asked."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from app.schemas.params import EventQuery
from app.site.render import FILTER_LABELS
from tests.support.problem import check_problem
from tests.support.read_html import BROWSER, ids_of, read_page, submitted, text_of, texts_of


def test_the_form_says_what_is_filtered_and_goes_on_from_there(harbour: httpx.Client) -> None:
    query = "from=2020-03&to=2020&status=confirmed&role=participant&order=desc"
    page = read_page(harbour, f"/?actor=Key+Builders&actor=city&{query}")
    assert ids_of(page) == ["contract-signed"]
    checked = [str(box["value"]) for box in page.select("input[checked]")]
    assert checked == ["city", "quay-builders", "confirmed"]
    sent = submitted(page, q="contract")
    assert sorted(parse_qsl(urlsplit(sent).query)) == sorted(
        [
            *[("role", "participant"), ("actor", "city"), ("actor", "quay-builders")],
            *[("from", "2020-03"), ("to", "2020"), ("q", "contract")],
            *[("status", "confirmed"), ("order", "desc")],
        ]
    )
    assert ids_of(read_page(harbour, sent)) == ["contract-signed"]
    chips = {
        " ".join(chip.get_text(" ").split()): str(chip["href"]) for chip in page.select(".chips a")
    }
    assert [*chips] == [
        "Actor Quay Builders Ltd ×",
        "Actor City of Łódź ×",
        "From March 2020 ×",
        "To 2020 ×",
        "Status confirmed ×",
        "Role participant ×",
        "Clear all",
    ]
    without = dict.fromkeys(parse_qsl(urlsplit(chips["To 2020 ×"]).query))
    assert ("to", "2020") not in without
    assert ("from", "2020-03") in without


def test_counts_of_actors_are_those_that_choosing_one_gives(harbour: httpx.Client) -> None:
    page = read_page(harbour, "/?actor=obrien&kind=works&kind=payment")
    boxes = page.select("input[name=actor]")
    assert len(boxes) > 2
    for box in boxes:
        label = box.find_parent("label")
        assert label
        found = harbour.get(f"/events?kind=works&kind=payment&actor={box['value']}").json()
        assert text_of(label, "small") == str(found["total"]["value"])
    assert [box["value"] for box in boxes if box.has_attr("checked")] == ["obrien"]


def test_a_timeline_is_chosen_where_there_are_several(
    harbour: httpx.Client, seed: httpx.Client
) -> None:
    page = read_page(harbour, "/")
    assert text_of(page, "h1") == "Timeline"
    assert texts_of(page, "#timeline option") == [
        "all timelines",
        "The harbour contract",
        "The ferry",
    ]
    chosen = read_page(harbour, submitted(page, timeline="ferry"))
    assert text_of(chosen, "h1") == "The ferry"
    assert texts_of(chosen, "#timeline option[selected]") == ["The ferry"]
    assert not read_page(seed, "/").select("#timeline")


def test_nothing_found_has_a_way_back(seed: httpx.Client) -> None:
    page = read_page(seed, "/?q=xyzzy&from=2021")
    assert text_of(page, "#count") == "0 events"
    assert "No events match." in text_of(page, ".nothing")
    (back,) = page.select(".nothing a")
    assert len(ids_of(read_page(seed, str(back["href"])))) == 22


def test_pages_ignore_what_others_add_to_links(seed: httpx.Client) -> None:
    query = "utm_source=news&fbclid=1&q=&actor=&from=+2021-11+&to=2020&to=2021-11&limit="
    page = read_page(seed, f"/?{query}")
    assert ids_of(page) == ids_of(read_page(seed, "/?from=2021-11&to=2021-11"))
    assert read_page(seed, "/events/nso-blacklisted.html?utm_source=x")


# what is asked: what the page says
WRONG = {
    "/?from=Nov+2021": (422, "'Nov 2021' is not a day, a month or a year; write 2021, 2021-11"),
    "/events.html?actor=NS0": (422, "no actor is called 'NS0'; the nearest: nso-group (NSO Group)"),
    "/embed.html?limit=0": (422, "limit: '0' is too small"),
    "/?cursor=x": (422, "it is not a cursor of this API"),
    "/events/no-such-event.html": (404, "there is no event 'no-such-event'"),
}


@pytest.mark.parametrize("url", WRONG)
def test_what_is_wrong_is_a_page_to_a_browser(seed: httpx.Client, url: str) -> None:
    status, told = WRONG[url]
    page = read_page(seed, url, status)
    assert told in text_of(page, "#wrong")
    assert len(ids_of(read_page(seed, str(page.select(".back a")[0]["href"])))) == 22
    assert seed.get(url, headers=BROWSER).headers["cache-control"] == "no-store"
    assert told in check_problem(seed.get(url), status).detail


def test_what_was_written_is_still_there_when_some_of_it_is_wrong(seed: httpx.Client) -> None:
    page = read_page(seed, "/?q=lobbyists&from=March+2022&actor=nso-group&order=desc", 422)
    sent = dict(parse_qsl(urlsplit(submitted(page, **{"from": "2021"})).query))
    assert sent == {"q": "lobbyists", "from": "2021", "order": "desc", "actor": "nso-group"}
    page = read_page(seed, "/?date=2021-11&actor=nobody&sort=updated", 422)
    sent = dict(parse_qsl(urlsplit(submitted(page, to="2021")).query))
    assert sent == {"from": "2021-11-01", "to": "2021", "actor": "nobody", "sort": "updated"}


def test_one_date_stands_in_the_fields_as_the_two_that_it_is_short_for(
    seed: httpx.Client,
) -> None:
    page = read_page(seed, "/?date=2021-11")
    assert [str(page.select(f"#{end}")[0]["value"]) for end in ("from", "to")] == [
        "2021-11-01",
        "2021-11-30",
    ]
    assert ids_of(read_page(seed, submitted(page))) == ids_of(page)
    (start,) = read_page(seed, "/?date=2021-11/..").select("#from")
    assert start["value"] == "2021-11-01"


def test_actors_are_any_or_all(harbour: httpx.Client) -> None:
    assert not read_page(harbour, "/?actor=city").select("#actor_match")
    page = read_page(harbour, "/?actor=city&actor=quay-builders")
    found = ids_of(read_page(harbour, submitted(page, actor_match="all")))
    assert found == ["contract-signed"]
    assert len(ids_of(page)) == 4


def test_what_certainty_leaves_out_is_offered(seed: httpx.Client) -> None:
    page = read_page(seed, "/?from=2022-01&to=2022-03&date_match=within")
    (possible, _) = page.select(".nothing a")
    assert len(ids_of(read_page(seed, str(possible["href"])))) == 9


def test_every_filter_has_a_name_for_people() -> None:
    assert {field.alias or name for name, field in EventQuery.model_fields.items()} == {
        *FILTER_LABELS
    }
