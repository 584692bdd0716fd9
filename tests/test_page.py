"""The pages for people, as they are without a script."""

import json
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from bs4 import BeautifulSoup, Tag

from app.formats import DATA
from app.formats.page import GUARDED, GUARDED_DOCS, GUARDED_IN_A_FRAME, LABELS
from app.params import EventQuery
from tests.problems import check_problem

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
POLICY = "content-security-policy"


def _read(client: httpx.Client, url: str, status: int = 200) -> BeautifulSoup:
    answer = client.get(url, headers=BROWSER)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return BeautifulSoup(answer.text, "html.parser")


def _text(page: Tag, selector: str) -> str:
    (found,) = page.select(selector)
    return " ".join(found.get_text(" ").split())


def _texts(page: Tag, selector: str) -> list[str]:
    return [" ".join(found.get_text(" ").split()) for found in page.select(selector)]


def _ids(page: Tag) -> list[str]:
    return [str(event["id"]).removeprefix("event-") for event in page.select("article.event")]


def _submitted(page: Tag, **filled: str) -> str:
    """Give the URL that a browser asks for when the form is sent."""
    (form,) = page.select("form")
    pairs = []
    for field in form.select("input, select"):
        name = str(field["name"])
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            assert chosen
            pairs.append((name, filled.get(name, str(chosen["value"]))))
        elif field.get("type") != "checkbox" or field.has_attr("checked"):
            pairs.append((name, filled.get(name, str(field["value"]))))
    pairs += [(name, value) for name, value in filled.items() if name not in dict(pairs)]
    return str(httpx.URL(str(form["action"]), params=pairs))


def test_the_page_tells_what_the_api_tells(seed: httpx.Client) -> None:
    page, events = _read(seed, "/"), seed.get("/events").json()
    timeline = seed.get("/timelines/nso-blacklist").json()
    assert _text(page, "h1") == _text(page, "title") == timeline["title"]
    assert _text(page, ".standfirst") == timeline["description"]
    assert _text(page, "#count") == "22 events"
    assert _ids(page) == [event["id"] for event in events["items"]]
    assert _texts(page, ".year > h2") == ["2021", "2022"]
    for event in events["items"]:
        (card,) = page.select(f"#event-{event['id']}")
        assert event["date"]["display"] in _text(card, ".when")
        assert _text(card, "h3") == event["title"]
        assert _text(card, ".status") == event["status"]
        who = [one["actor"]["name"] for one in event["participants"]]
        assert _texts(card, ".who a") == who
        assert _texts(card, "blockquote") == [f"“{one['quote']}”" for one in event["citations"]]
        for credit, citation in zip(_texts(card, "figcaption"), event["citations"], strict=True):
            assert citation["attributed_to"] in credit
            assert citation["source"]["title"] in credit
            assert citation["source"]["publisher"]["name"] in credit
        if "amount" in event:
            assert _text(card, ".amount") == event["amount"]["text"]
        if "source_text" in event["date"]:
            assert event["date"]["source_text"] in _text(card, ".reading")


def test_one_event_as_it_is_told(harbour: httpx.Client) -> None:
    (card,) = _read(harbour, "/?timeline=harbour").select("#event-contract-signed")
    assert " ".join(card.get_text(" ").split()) == (
        "14 March 2020 to the day The city signs the contract confirmed agreement Łódź "
        "money quay about two and a half million A contract for the new quay. "
        "City of Łódź participant Quay Builders Ltd participant, contractor "
        "“The City signed on Saturday” the mayor , Quay to open in spring , The Gazette "
        ", 1 May 2020 , p. 1 “Signed, 14 March.” Minutes of the harbour council "
        ", Harbour Council Dated from on Saturday ."
    )
    assert [link["href"] for link in card.select("a")] == [
        "/events/contract-signed.html",
        "/?actor=city",
        "/?actor=quay-builders",
        "https://gazette.example/quay",
    ]
    (denial,) = _read(harbour, "/").select("#event-bribe .denies")
    assert _text(denial, "figcaption").startswith("Denies it: Órla O’Brien")


def test_both_addresses_are_the_same_page(harbour: httpx.Client) -> None:
    query = "?actor=quay-builders&limit=2"
    assert harbour.get(f"/{query}").text == harbour.get(f"/events.html{query}").text


def test_pages_are_turned_by_links(generated: httpx.Client) -> None:
    url, walked = "/?limit=20&kind=works&utm_source=x", []
    while True:
        page = _read(generated, url)
        walked += _ids(page)
        assert len(_ids(page)) <= 20
        following = page.select_one("a[rel=next]")
        if not following:
            break
        url = str(following["href"])
        assert "utm_source" not in url
    assert walked == [
        e["id"] for e in generated.get("/events?kind=works&limit=500").json()["items"]
    ]
    assert str(page.select("a[rel=first]")[0]["href"]).endswith("/?kind=works")


def test_the_form_says_what_is_filtered_and_goes_on_from_there(harbour: httpx.Client) -> None:
    asked = (
        "/?actor=QBL&actor=city&from=2020-03&to=2020&status=confirmed&role=participant&order=desc"
    )
    page = _read(harbour, asked.replace("QBL", "Key+Builders"))
    assert _ids(page) == ["contract-signed"]
    checked = [str(box["value"]) for box in page.select("input[checked]")]
    assert checked == ["city", "quay-builders", "confirmed"]
    sent = _submitted(page, q="contract")
    assert sorted(parse_qsl(urlsplit(sent).query)) == sorted(
        [
            *[("role", "participant"), ("actor", "city"), ("actor", "quay-builders")],
            *[("from", "2020-03"), ("to", "2020"), ("q", "contract")],
            *[("status", "confirmed"), ("order", "desc")],
        ]
    )
    assert _ids(_read(harbour, sent)) == ["contract-signed"]
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
    page = _read(harbour, "/?actor=obrien&kind=works&kind=payment")
    boxes = page.select("input[name=actor]")
    assert len(boxes) > 2
    for box in boxes:
        label = box.find_parent("label")
        assert label
        found = harbour.get(f"/events?kind=works&kind=payment&actor={box['value']}").json()
        assert _text(label, "small") == str(found["total"]["value"])
    assert [box["value"] for box in boxes if box.has_attr("checked")] == ["obrien"]


def test_a_timeline_is_chosen_where_there_are_several(
    harbour: httpx.Client, seed: httpx.Client
) -> None:
    page = _read(harbour, "/")
    assert _text(page, "h1") == "Timeline"
    assert _texts(page, "#timeline option") == [
        "all timelines",
        "The harbour contract",
        "The ferry",
    ]
    chosen = _read(harbour, _submitted(page, timeline="ferry"))
    assert _text(chosen, "h1") == "The ferry"
    assert _texts(chosen, "#timeline option[selected]") == ["The ferry"]
    assert not _read(seed, "/").select("#timeline")


def test_bars_are_the_histogram(seed: httpx.Client) -> None:
    page = _read(seed, "/?actor=nso-group")
    buckets = seed.get("/histogram?interval=month&actor=nso-group").json()["buckets"]
    bars = page.select(".bars a")
    assert [bar["aria-label"].rpartition(": ")[2] for bar in bars] == [  # type: ignore[union-attr]
        f"{bucket['possible']} possible, {bucket['certain']} certain" for bucket in buckets
    ]
    assert [bar["data-tick"] for bar in page.select(".bars li[data-tick]")] == ["2022"]
    assert _text(page, "#spread-title") == (
        "When: each bar is a month, from July 2021 to July 2022"
    )
    for bar, bucket in zip(bars, buckets, strict=True):
        assert len(_ids(_read(seed, str(bar["href"])))) == bucket["possible"]
    assert bars[4]["aria-label"] == "November 2021: 10 possible, 2 certain"


@pytest.mark.parametrize(
    ("query", "bars"),
    [
        ("", 13),
        ("kind=protest", 0),
        # Of what is known to the month there are no days.
        ("from=2021-11&to=2021-11", 0),
        ("from=2021-07-25&to=2021-08-25", 32),
        ("from=2020&to=2022", 36),
        ("from=2010&to=2022", 13),
        ("from=1900&to=2040", 141),
        ("from=1700&to=2040", 0),
        ("q=xyzzy", 0),
    ],
)
def test_bars_are_few(seed: httpx.Client, query: str, bars: int) -> None:
    assert len(_read(seed, f"/?{query}").select(".bars a")) == bars


def test_nothing_found_has_a_way_back(seed: httpx.Client) -> None:
    page = _read(seed, "/?q=xyzzy&from=2021")
    assert _text(page, "#count") == "0 events"
    assert "No events match." in _text(page, ".nothing")
    (back,) = page.select(".nothing a")
    assert len(_ids(_read(seed, str(back["href"])))) == 22


def test_the_page_offers_what_is_filtered_now(seed: httpx.Client) -> None:
    page = _read(seed, "/?actor=NSO&from=2021-11&to=2021-11&fbclid=1")
    query = "actor=NSO&from=2021-11&to=2021-11"
    offered = {str(link["href"]): str(link["type"]) for link in page.select(".formats a")}
    assert offered == {
        f"/events.{suffix}?{query}": format_.media_type for suffix, format_ in DATA.items()
    }
    for link in [*offered, *(str(one["href"]) for one in page.select("head link[rel=alternate]"))]:
        assert seed.get(link).status_code == 200
    snippet = BeautifulSoup(_text(page, ".snippet"), "html.parser")
    frame = snippet.select("iframe")[0]
    assert frame["title"] == "NSO Group on the U.S. blacklist"
    embedded = _read(seed, str(frame["src"]))
    assert _ids(embedded) == _ids(page)
    assert not embedded.select("form, script")


def test_one_event_has_a_page(seed: httpx.Client) -> None:
    page = _read(seed, "/events/nso-blacklisted.html")
    event = seed.get("/events/nso-blacklisted").json()
    assert _text(page, "h1") == _text(page, "title") == event["title"]
    told = {
        str(one.get("property") or one["name"]): str(one["content"])
        for one in page.select("meta[content]")
    }
    assert told["og:title"] == f"\u2068November 2021\u2069: {event['title']}"
    assert told["og:site_name"] == "NSO Group on the U.S. blacklist"
    assert told["og:url"] == f"{seed.base_url}/events/nso-blacklisted.html".replace(
        "//events", "/events"
    )
    assert event["citations"][0]["quote"] in told["og:description"]
    (data,) = page.select("script")
    assert data["type"] == "application/ld+json"
    graph = json.loads(str(data.string))["@graph"]
    assert graph[0]["name"] == event["title"]
    assert (graph[0]["edtf"], graph[0]["startDate"]) == ("2021-11", "2021-11")
    (back,) = page.select(".back a")
    assert len(_ids(_read(seed, str(back["href"])))) == 22


def test_pages_ignore_what_others_add_to_links(seed: httpx.Client) -> None:
    query = "utm_source=news&fbclid=1&q=&actor=&from=+2021-11+&to=2020&to=2021-11&limit="
    page = _read(seed, f"/?{query}")
    assert _ids(page) == _ids(_read(seed, "/?from=2021-11&to=2021-11"))
    assert _read(seed, "/events/nso-blacklisted.html?utm_source=x")


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
    page = _read(seed, url, status)
    assert told in _text(page, "#wrong")
    assert len(_ids(_read(seed, str(page.select(".back a")[0]["href"])))) == 22
    assert seed.get(url, headers=BROWSER).headers["cache-control"] == "no-store"
    assert told in check_problem(seed.get(url), status).detail


def test_what_was_written_is_still_there_when_some_of_it_is_wrong(seed: httpx.Client) -> None:
    page = _read(seed, "/?q=lobbyists&from=March+2022&actor=nso-group&order=desc", 422)
    sent = dict(parse_qsl(urlsplit(_submitted(page, **{"from": "2021"})).query))
    assert sent == {"q": "lobbyists", "from": "2021", "order": "desc", "actor": "nso-group"}
    page = _read(seed, "/?date=2021-11&actor=nobody&sort=updated", 422)
    sent = dict(parse_qsl(urlsplit(_submitted(page, to="2021")).query))
    assert sent == {"from": "2021-11-01", "to": "2021", "actor": "nobody", "sort": "updated"}


def test_one_date_stands_in_the_fields_as_the_two_that_it_is_short_for(
    seed: httpx.Client,
) -> None:
    page = _read(seed, "/?date=2021-11")
    assert [str(page.select(f"#{end}")[0]["value"]) for end in ("from", "to")] == [
        "2021-11-01",
        "2021-11-30",
    ]
    assert _ids(_read(seed, _submitted(page))) == _ids(page)
    (start,) = _read(seed, "/?date=2021-11/..").select("#from")
    assert start["value"] == "2021-11-01"


def test_actors_are_any_or_all(harbour: httpx.Client) -> None:
    assert not _read(harbour, "/?actor=city").select("#actor_match")
    page = _read(harbour, "/?actor=city&actor=quay-builders")
    found = _ids(_read(harbour, _submitted(page, actor_match="all")))
    assert found == ["contract-signed"]
    assert len(_ids(page)) == 4


def test_what_certainty_leaves_out_is_offered(seed: httpx.Client) -> None:
    page = _read(seed, "/?from=2022-01&to=2022-03&date_match=within")
    (possible, _) = page.select(".nothing a")
    assert len(_ids(_read(seed, str(possible["href"])))) == 9


POLICIES = {
    "/": GUARDED,
    "/events.html": GUARDED,
    "/events/nso-blacklisted.html": GUARDED,
    "/?limit=0": GUARDED,
    "/embed.html": GUARDED_IN_A_FRAME,
    "/embed.html?limit=0": GUARDED_IN_A_FRAME,
    "/embed.html?actor=nobody": GUARDED_IN_A_FRAME,
    "/docs": GUARDED_DOCS,
}


@pytest.mark.parametrize("url", POLICIES)
def test_a_page_loads_what_is_ours_and_no_more(seed: httpx.Client, url: str) -> None:
    answer = seed.get(url, headers=BROWSER)
    assert answer.headers[POLICY] == POLICIES[url]["Content-Security-Policy"]
    page = BeautifulSoup(answer.text, "html.parser")
    assert not page.select("[style], style, [onclick], [onload], [onerror]")
    for script in page.select("script:not([type])"):
        assert not script.string
    for loaded in page.select("script[src], link[rel=stylesheet], link[rel=icon]"):
        path = str(loaded.get("src") or loaded["href"])
        assert path.startswith("/web/")
        asset = seed.get(path)
        assert asset.status_code == 200
        assert asset.headers["content-type"].split(";")[0] in (
            *("text/css", "text/javascript", "image/svg+xml"),
        )


def test_only_one_page_may_be_framed(seed: httpx.Client) -> None:
    policies = {url: seed.get(url, headers=BROWSER).headers[POLICY] for url in POLICIES}
    framed = {
        url.partition("?")[0] for url, told in policies.items() if "frame-ancestors *" in told
    }
    assert framed == {"/embed.html"}


def test_what_is_no_asset_is_missed(seed: httpx.Client) -> None:
    for name in ("page-00000000.html", "x.css", "..%2Fmain.py", "templates%2Fbase.html"):
        check_problem(seed.get(f"/web/{name}"), 404)


def test_an_asset_is_kept_for_good_and_found_by_a_page_of_another_version(
    seed: httpx.Client,
) -> None:
    (link,) = _read(seed, "/").select("link[rel=stylesheet]")
    asset = seed.get(str(link["href"]))
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    other = seed.get("/web/page-00000000.css")
    assert other.content == asset.content
    assert other.headers["cache-control"] == "no-cache"


def test_every_filter_has_a_name_for_people() -> None:
    assert {field.alias or name for name, field in EventQuery.model_fields.items()} == {*LABELS}
