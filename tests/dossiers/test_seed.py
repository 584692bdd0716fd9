"""The seed dossier: its content, and easy misreadings of its article."""

import httpx
import pytest

from tests.support.corpus import SEED, read_dossier

dossier = read_dossier(SEED)
events = {event.id: event for event in dossier.events}
actors = {actor.id: actor for actor in dossier.actors}


def test_seed_is_complete() -> None:
    quotes = [citation.quote for event in dossier.events for citation in event.citations]
    assert (len(dossier.events), len({*quotes}), len(dossier.actors)) == (22, 31, 21)
    assert [source.id for source in dossier.sources] == ["shomrim-2022-07-19-nso-blacklist"]


def test_every_quote_is_attributed_and_every_date_has_a_note() -> None:
    for event in dossier.events:
        assert event.date_note
        assert all(citation.attributed_to for citation in event.citations)
        assert all(citation.locator for citation in event.citations)


def test_only_printed_dates_have_day_precision() -> None:
    days = {event.id: event.date.edtf for event in dossier.events if len(event.date.edtf) == 10}
    assert days == {
        "protest-at-nso-offices": "2021-07-25",
        "shomrim-article-published": "2022-07-19",
    }


def test_no_event_can_be_later_than_the_article() -> None:
    closed = {"[2021-11-01..2022-07-19]", "2021-11/2022-07-19", "[2022-07-10..2022-07-16]"}
    vague = {"/2021-11", "2021-11", "[..2022-07-19]", "2022-07~", "2022-07?"}
    assert {event.date.edtf for event in dossier.events} - closed - vague == {
        "2021-07-25",
        "2022-07-19",
    }


def test_names_are_as_printed() -> None:
    aliases = {alias.name: alias.kind for alias in actors["antony-blinken"].aliases}
    assert aliases == {"Anthony Blinken": "misspelling"}
    assert actors["israel-nsc"].parent == "israel-pmo"
    quotes = {citation.quote for citation in events["state-department-statement"].citations}
    assert not any("NSO" in quote or "blacklist" in quote for quote in quotes)
    entity_list = [
        event.id
        for event in dossier.events
        if any("Entity List" in citation.quote for citation in event.citations)
    ]
    assert entity_list == ["white-house-statement"]


# query: how many of the 22 events match
TOTALS = {
    "": 22,
    "from=2021-11&to=2021-11": 12,
    "from=2021-11&to=2021-11&date_match=within": 2,
    "date=2021-11": 12,
    "date=2021-11&date_match=within": 2,
    "from=2015&to=2015": 2,
    "to=2015": 2,
    "date=2021-11~": 12,
    "actor=NSO": 13,
    "actor=nso&actor=candiru": 14,
    "actor=nso&actor=candiru&actor_match=all": 1,
    "actor=the%20administration": 5,
    "actor=us-government&actor_scope=tree": 7,
    "actor=israel&actor_scope=tree": 6,
    "actor=NSO&role=speaker": 2,
    "role=speaker": 4,
    "role=speaker&exclude_actor=nso": 2,
    "actor=anthony%20blinken": 1,
    "actor=PRIME%20MINISTER%E2%80%99S%20OFFICE": 1,
    "kind=statement&kind=no_comment": 6,
    "status=confirmed": 5,
    "status=disputed": 0,
    "timeline=nso-blacklist": 22,
    "source=shomrim-2022-07-19-nso-blacklist": 22,
    "min_sources=1": 22,
    "min_sources=2": 0,
    "q=entity%20list": 1,
    "q=%22list%20entity%22": 0,
    "q=continuous%20dialogue": 1,
    "q=company%E2%80%99s": 1,
    "q=company%27s": 1,
    "q=romney": 1,
    "q=blacklists": 0,
}


@pytest.mark.parametrize("query", TOTALS)
def test_query_matches_number_of_events(seed: httpx.Client, query: str) -> None:
    response = seed.get(f"/events?{query}&limit=500")
    assert response.status_code == 200, response.text
    assert response.json()["total"] == {"value": TOTALS[query], "relation": "eq"}
    assert len(response.json()["items"]) == TOTALS[query]


def test_events_without_start_match_an_early_year(seed: httpx.Client) -> None:
    items = seed.get("/events?date=2015").json()["items"]
    assert [event["id"] for event in items] == ["pegasus-investigations", "candiru-blacklisted"]
    assert all("earliest" not in event["date"] for event in items)


def test_within_matches_only_certain_dates(seed: httpx.Client) -> None:
    items = seed.get("/events?date=2021-11&date_match=within").json()["items"]
    assert [event["id"] for event in items] == ["nso-blacklisted", "nso-vows-reversal"]


@pytest.mark.parametrize("interval", ["day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("rest", ["", "actor=nso", "from=2021-11-10&to=2022-07-13", "to=2022"])
def test_bucket_count_equals_event_count(seed: httpx.Client, interval: str, rest: str) -> None:
    buckets = seed.get(f"/histogram?interval={interval}&{rest}").json()["buckets"]
    filters = "&".join(part for part in rest.split("&") if part.startswith("actor"))
    for bucket in [buckets[0], *buckets[5:300:40], buckets[-1]]:
        window = f"from={bucket['start']}&to={bucket['end']}&limit=1&{filters}"
        for name, match in (("possible", "overlap"), ("certain", "within")):
            total = seed.get(f"/events?{window}&date_match={match}").json()["total"]
            assert bucket[name] == total["value"]


# query: (number of buckets, first start, last end)
EXTENTS = {
    "interval=month": (13, "2021-07-01", "2022-07-31"),
    "interval=year": (2, "2021-01-01", "2022-12-31"),
    "interval=quarter": (5, "2021-07-01", "2022-09-30"),
    "interval=week": (54, "2021-07-19", "2022-07-31"),
    "interval=day&date=2021-11": (30, "2021-11-01", "2021-11-30"),
    "interval=month&from=2021-11-10&to=2022-01-05": (3, "2021-11-10", "2022-01-05"),
    "interval=year&from=2030&to=2032": (3, "2030-01-01", "2032-12-31"),
    "interval=month&kind=lobbying": (9, "2021-11-01", "2022-07-31"),
    "interval=year&from=2030": (0, None, None),
    "interval=year&to=2015": (1, "2015-01-01", "2015-12-31"),
    "interval=year&kind=visit&q=nothing": (0, None, None),
    "interval=year&from=9990&to=9999": (10, "9990-01-01", "9999-12-31"),
    "interval=week&from=9999-12-30&to=9999-12-31": (1, "9999-12-30", "9999-12-31"),
    "interval=week&from=0001-01-01&to=0001-01-08": (2, "0001-01-01", "0001-01-08"),
}


@pytest.mark.parametrize("query", EXTENTS)
def test_histogram_covers_the_matching_events(seed: httpx.Client, query: str) -> None:
    buckets = seed.get(f"/histogram?{query}").json()["buckets"]
    first, last = (buckets[0]["start"], buckets[-1]["end"]) if buckets else (None, None)
    assert (len(buckets), first, last) == EXTENTS[query]


# query: the suggested fix
TOO_MANY = {
    "interval=day&from=2000&to=2020": "interval=month",
    "interval=day&from=1500&to=2020": "interval=year",
    "interval=year&from=0001&to=2022": "Narrow",
    "interval=day&from=0001&to=9999": "Narrow",
}


@pytest.mark.parametrize("query", TOO_MANY)
def test_histogram_with_too_many_buckets_suggests_a_fix(seed: httpx.Client, query: str) -> None:
    response = seed.get(f"/histogram?{query}")
    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    assert fault["parameter"] == "interval"
    assert TOO_MANY[query] in fault["detail"]


def test_facets_have_labels_and_counts(seed: httpx.Client) -> None:
    facets = seed.get("/facets?facet_limit=2").json()
    assert facets["total"] == {"value": 22, "relation": "eq"}
    assert [*facets["facets"]] == ["actor", "kind", "status", "topic", "timeline", "source"]
    assert facets["facets"]["actor"] == [
        {"value": "nso-group", "label": "NSO Group", "count": 13},
        {"value": "shomrim", "label": "Shomrim", "count": 6},
    ]
    for name in ("actor", "kind", "status", "timeline", "source"):
        for value in facets["facets"][name]:
            total = seed.get("/events", params={name: value["value"]}).json()["total"]["value"]
            assert total == value["count"]


# query of /actors: the ids of the matching actors
ACTORS = {
    "q=biden": ["us-government", "joe-biden"],
    "q=BIDEN%20admin": ["us-government"],
    "q=council": ["israel-nsc"],
    "q=%22NSO%20Group%22": ["nso-group"],
    "q=zzz": [],
    "q=minister%E2%80%99s": ["israel-pmo"],
    "kind=media": ["shomrim", "propublica", "reuters"],
    "kind=company&kind=media&q=r": ["shomrim", "candiru", "nso-group", "propublica", "reuters"],
}


@pytest.mark.parametrize("query", ACTORS)
def test_actor_query_matches_actors(seed: httpx.Client, query: str) -> None:
    actors = seed.get(f"/actors?{query}").json()
    assert sorted(actor["id"] for actor in actors["items"]) == sorted(ACTORS[query])
    assert actors["total"]["value"] == len(ACTORS[query])
    counts = [actor["events"] for actor in actors["items"]]
    assert counts == sorted(counts, reverse=True)
