"""The pages without JavaScript."""

import json

import httpx
import pytest
from bs4 import BeautifulSoup

from app.formats import FORMATS
from app.site.assets import MEDIA_TYPES
from app.site.render import DOCS_CSP, EMBED_CSP, PAGE_CSP
from tests.support.problem import check_problem
from tests.support.read_html import BROWSER, ids_of, read_page, text_of, texts_of

POLICY = "content-security-policy"


def test_page_shows_same_events_as_api(seed: httpx.Client) -> None:
    page, events = read_page(seed, "/"), seed.get("/events").json()
    timeline = seed.get("/timelines/nso-blacklist").json()
    assert text_of(page, "h1") == text_of(page, "title") == timeline["title"]
    assert text_of(page, ".standfirst") == timeline["description"]
    assert text_of(page, "#count") == "22 events"
    assert ids_of(page) == [event["id"] for event in events["items"]]
    assert texts_of(page, ".year > h2") == ["2021", "2022"]
    for event in events["items"]:
        (card,) = page.select(f"#event-{event['id']}")
        assert event["date"]["display"] in text_of(card, ".when")
        assert text_of(card, "h3") == event["title"]
        assert text_of(card, ".status") == event["status"]
        names = [participant["actor"]["name"] for participant in event["participants"]]
        assert texts_of(card, ".participants a") == names
        assert texts_of(card, "blockquote") == [
            f"“{citation['quote']}”" for citation in event["citations"]
        ]
        for credit, citation in zip(texts_of(card, "figcaption"), event["citations"], strict=True):
            assert citation["attributed_to"] in credit
            assert citation["source"]["title"] in credit
            assert citation["source"]["publisher"]["name"] in credit
        if "amount" in event:
            assert text_of(card, ".amount") == event["amount"]["text"]
        if "source_text" in event["date"]:
            assert event["date"]["source_text"] in text_of(card, ".date-note")


def test_card_contains_whole_event(harbour: httpx.Client) -> None:
    (card,) = read_page(harbour, "/?timeline=harbour").select("#event-contract-signed")
    assert " ".join(card.get_text(" ").split()) == (
        "14 March 2020 exact day The city signs the contract confirmed agreement Łódź "
        "money quay about two and a half million A contract for the new quay. "
        "City of Łódź participant Quay Builders Ltd participant, contractor "
        "“The City signed on Saturday” the mayor , Quay to open in spring , The Gazette "
        ", 1 May 2020 , p. 1 “Signed, 14 March.” Minutes of the harbour council "
        ", Harbour Council Date in the source: on Saturday ."
    )
    assert [link["href"] for link in card.select("a")] == [
        "/events/contract-signed.html",
        "/?actor=city",
        "/?actor=quay-builders",
        "https://gazette.example/quay",
    ]
    (denial,) = read_page(harbour, "/").select("#event-bribe .denies")
    assert text_of(denial, "figcaption").startswith("Denies it: Órla O’Brien")


def test_root_and_events_html_are_same_page(harbour: httpx.Client) -> None:
    query = "?actor=quay-builders&limit=2"
    assert harbour.get(f"/{query}").text == harbour.get(f"/events.html{query}").text


def test_next_links_reach_all_events(generated: httpx.Client) -> None:
    url, ids = "/?limit=20&kind=works&utm_source=x", []
    while True:
        page = read_page(generated, url)
        ids += ids_of(page)
        assert len(ids_of(page)) <= 20
        next_link = page.select_one("a[rel=next]")
        if not next_link:
            break
        url = str(next_link["href"])
        assert "utm_source" not in url
    events = generated.get("/events?kind=works&limit=500").json()["items"]
    assert ids == [event["id"] for event in events]
    assert str(page.select("a[rel=first]")[0]["href"]).endswith("/?kind=works")


def test_bars_show_histogram_and_link_to_buckets(seed: httpx.Client) -> None:
    page = read_page(seed, "/?actor=nso-group")
    buckets = seed.get("/histogram?interval=month&actor=nso-group").json()["buckets"]
    bars = page.select(".bars a")
    assert [bar["aria-label"].rpartition(": ")[2] for bar in bars] == [  # type: ignore[union-attr]
        f"{bucket['possible']} possible, {bucket['certain']} certain" for bucket in buckets
    ]
    assert [bar["data-tick"] for bar in page.select(".bars li[data-tick]")] == ["2022"]
    assert text_of(page, "#histogram-title") == "Events by month, July 2021 to July 2022"
    for bar, bucket in zip(bars, buckets, strict=True):
        assert len(ids_of(read_page(seed, str(bar["href"])))) == bucket["possible"]
    assert bars[4]["aria-label"] == "November 2021: 10 possible, 2 certain"


@pytest.mark.parametrize(
    ("query", "bars"),
    [
        ("", 13),
        ("kind=protest", 0),
        # Most of these events are known to the month only: days would look too precise.
        ("from=2021-11&to=2021-11", 0),
        ("from=2021-07-25&to=2021-08-25", 32),
        ("from=2020&to=2022", 36),
        ("from=2010&to=2022", 13),
        ("from=1900&to=2040", 141),
        ("from=1700&to=2040", 0),
        ("q=xyzzy", 0),
    ],
)
def test_bars_adapt_their_interval_to_range(seed: httpx.Client, query: str, bars: int) -> None:
    assert len(read_page(seed, f"/?{query}").select(".bars a")) == bars


def test_shared_links_and_embed_code_keep_filters(seed: httpx.Client) -> None:
    page = read_page(seed, "/?actor=NSO&from=2021-11&to=2021-11&fbclid=1")
    query = "actor=NSO&from=2021-11&to=2021-11"
    formats = {str(link["href"]): str(link["type"]) for link in page.select(".formats a")}
    assert formats == {
        **{f"/events.{suffix}?{query}": format_.media_type for suffix, format_ in FORMATS.items()},
        f"/events.csv?{query}&excel=true": "text/csv",
    }
    alternates = [str(link["href"]) for link in page.select("head link[rel=alternate]")]
    for url in [*formats, *alternates]:
        assert seed.get(url).status_code == 200
    snippet = BeautifulSoup(text_of(page, ".snippet"), "html.parser")
    frame = snippet.select("iframe")[0]
    assert frame["title"] == "NSO Group on the U.S. blacklist"
    embedded = read_page(seed, str(frame["src"]))
    assert ids_of(embedded) == ids_of(page)
    assert not embedded.select("form, script")


def test_event_page_has_metadata_for_sharing(seed: httpx.Client) -> None:
    page = read_page(seed, "/events/nso-blacklisted.html")
    event = seed.get("/events/nso-blacklisted").json()
    assert text_of(page, "h1") == text_of(page, "title") == event["title"]
    metadata = {
        str(meta.get("property") or meta["name"]): str(meta["content"])
        for meta in page.select("meta[content]")
    }
    assert metadata["og:title"] == f"November 2021: {event['title']}"
    assert metadata["og:site_name"] == "NSO Group on the U.S. blacklist"
    assert metadata["og:url"] == f"{seed.base_url}/events/nso-blacklisted.html".replace(
        "//events", "/events"
    )
    assert event["citations"][0]["quote"] in metadata["og:description"]
    (data,) = page.select("script")
    assert data["type"] == "application/ld+json"
    graph = json.loads(str(data.string))["@graph"]
    assert graph[0]["name"] == event["title"]
    assert (graph[0]["edtf"], graph[0]["startDate"]) == ("2021-11", "2021-11")
    (back,) = page.select(".back a")
    assert len(ids_of(read_page(seed, str(back["href"])))) == 22


POLICIES = {
    "/": PAGE_CSP,
    "/events.html": PAGE_CSP,
    "/events/nso-blacklisted.html": PAGE_CSP,
    "/?limit=0": PAGE_CSP,
    "/embed.html": EMBED_CSP,
    "/embed.html?limit=0": EMBED_CSP,
    "/embed.html?actor=nobody": EMBED_CSP,
    "/docs": DOCS_CSP,
}


@pytest.mark.parametrize("url", POLICIES)
def test_page_loads_only_own_assets(seed: httpx.Client, url: str) -> None:
    response = seed.get(url, headers=BROWSER)
    assert response.headers[POLICY] == POLICIES[url]["Content-Security-Policy"]
    page = BeautifulSoup(response.text, "html.parser")
    assert not page.select("[style], style, [onclick], [onload], [onerror]")
    for script in page.select("script:not([type])"):
        assert not script.string
    for element in page.select("script[src], link[rel=stylesheet], link[rel=icon]"):
        path = str(element.get("src") or element["href"])
        assert path.startswith("/web/")
        asset = seed.get(path)
        assert asset.status_code == 200
        assert asset.headers["content-type"].split(";")[0] in MEDIA_TYPES.values()


def test_only_embed_may_be_framed(seed: httpx.Client) -> None:
    policies = {url: seed.get(url, headers=BROWSER).headers[POLICY] for url in POLICIES}
    framable = {
        url.partition("?")[0] for url, policy in policies.items() if "frame-ancestors *" in policy
    }
    assert framable == {"/embed.html"}


def test_unknown_asset_is_404(seed: httpx.Client) -> None:
    for name in ("page-00000000.html", "x.css", "..%2Fmain.py", "templates%2Fbase.html"):
        check_problem(seed.get(f"/web/{name}"), 404)


def test_asset_is_immutable_and_outdated_digest_gets_current_file(seed: httpx.Client) -> None:
    (link,) = read_page(seed, "/").select("link[rel=stylesheet]")
    asset = seed.get(str(link["href"]))
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    outdated = seed.get("/web/page-00000000.css")
    assert outdated.content == asset.content
    assert outdated.headers["cache-control"] == "no-cache"
