"""Pagination: each event once, in order, whatever changes between two pages."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dossiers.document import Dossier
from tests.support.corpus import GENERATED
from tests.support.databases import load_dossiers, new_database
from tests.support.random_dossiers import make_event
from tests.support.reference_search import Params, Reference
from tests.support.requirements import repetitions
from tests.support.server import serving
from tests.support.strategies import filters

reference = Reference(GENERATED)


def walk(client: httpx.Client, path: str, params: Params = ()) -> Iterator[list[Any]]:
    """Yield the items of each page; follow the `Link` header, which must agree with `next`."""
    answer = client.get(path, params=list(params))
    while True:
        assert answer.status_code == 200, answer.text
        yield answer.json()["items"]
        following = answer.links.get("next")
        assert (following is not None) == ("next" in answer.json())
        if following is None:
            return
        answer = client.get(following["url"])


def ids(pages: Iterator[list[Any]]) -> list[str]:
    """Return the ids on all pages."""
    return [item["id"] for page in pages for item in page]


@pytest.mark.full
@settings(max_examples=repetitions(60, 1_000))
@given(filters, st.sampled_from(["asc", "desc"]), st.integers(1, 100))
def test_random_query_pages_through_reference_events_in_order(
    generated: httpx.Client, params: Params, order: str, limit: int
) -> None:
    params = [*params, ("order", order)]
    found = ids(walk(generated, "/events", [*params, ("limit", str(max(limit, 10)))]))
    assert found == [event.id for event in reference.select(params)]


@pytest.mark.parametrize("path", ["/events", "/actors", "/sources", "/timelines"])
def test_pages_of_one_item_add_up_to_whole_list(harbour: httpx.Client, path: str) -> None:
    whole = harbour.get(path).json()
    pages = list(walk(harbour, path, [("limit", "1")]))
    assert [item for page in pages for item in page] == whole["items"]
    assert len(pages) == whole["total"]["value"] > 1


@pytest.mark.parametrize("sort", ["date", "updated"])
def test_descending_order_is_exact_reverse(generated: httpx.Client, sort: str) -> None:
    forth = ids(walk(generated, "/events", [("sort", sort)]))
    back = ids(walk(generated, "/events", [("sort", sort), ("order", "desc")]))
    assert back == forth[::-1]
    assert len({*forth}) == len(forth) == len(reference.events)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_event_inserted_between_pages_repeats_and_hides_none(tmp_path: Path, order: str) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_dossiers(database, GENERATED)
    random, (dossier, *_) = Random(7), GENERATED
    before = [event.id for event in reference.select([("order", order)])]
    with serving(database) as client:
        found = []
        for number, page in enumerate(walk(client, "/events", [("order", order)])):
            found += [event["id"] for event in page]
            added = [make_event(random, f"new-{number}-{at}") for at in range(5)]
            more = Dossier.model_validate(dossier.model_dump(by_alias=True) | {"events": added})
            load_dossiers(database, [more])
    old = [id_ for id_ in found if not id_.startswith("new-")]
    assert old == before
    assert len({*found}) == len(found) > len(old)


def test_limit_changed_between_pages_continues_at_cursor(harbour: httpx.Client) -> None:
    everything = harbour.get("/events").json()["items"]
    cursor = harbour.get("/events", params={"limit": 1}).json()["next"]
    rest = harbour.get("/events", params={"limit": 500, "cursor": cursor}).json()
    assert rest["items"] == everything[1:]
    assert rest["total"]["value"] == len(everything)
    assert "next" not in rest


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/events", {"kind": "works"}),
        ("/events", {"order": "desc"}),
        ("/events", {"sort": "updated"}),
        ("/actors", {}),
        ("/sources", {}),
    ],
)
def test_cursor_of_other_query_gets_422(
    harbour: httpx.Client, path: str, params: dict[str, str]
) -> None:
    cursor = harbour.get("/events", params={"limit": 1}).json()["next"]
    answer = harbour.get(path, params={**params, "cursor": cursor})
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == ["cursor"]
    assert "It belongs to other filters or another order." in answer.json()["detail"]


def _forged(cursor: str, keys: list[Any]) -> str:
    fingerprint, *_ = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    return base64.urlsafe_b64encode(json.dumps([fingerprint, *keys]).encode()).decode()


# The key of a date is a number, and the slug is a text.
FORGED_KEYS: list[list[Any]] = [
    [],
    [1],
    [1, "x", "y"],
    ["x", "x"],
    [None, "x"],
    [1.5, "x"],
    [10**30, "x"],
    [1, 2],
    [1, None],
    [1, ["x"]],
    [1, "\ud800"],
]


@pytest.mark.parametrize("keys", FORGED_KEYS)
def test_cursor_with_forged_keys_gets_422(harbour: httpx.Client, keys: list[Any]) -> None:
    cursor = harbour.get("/events", params={"limit": 1}).json()["next"]
    answer = harbour.get("/events", params={"cursor": _forged(cursor, keys)})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("moment", "status"),
    [("0001-01-01T00:00:00+14:00", 200), ("x", 200), ("\ud800", 422), (7, 422), (None, 422)],
)
def test_cursor_with_forged_timestamp_gets_422_unless_text(
    harbour: httpx.Client, moment: object, status: int
) -> None:
    """Any text compares with timestamps, which are stored as text."""
    query = {"sort": "updated", "limit": "1"}
    cursor = harbour.get("/events", params=query).json()["next"]
    answer = harbour.get("/events", params={**query, "cursor": _forged(cursor, [moment, "x"])})
    assert answer.status_code == status


@pytest.mark.parametrize("count", [10**30, -(10**30), "1", 1.5, True, float("inf"), float("nan")])
def test_cursor_with_forged_count_gets_422(harbour: httpx.Client, count: float) -> None:
    cursor = harbour.get("/actors", params={"limit": 1}).json()["next"]
    answer = harbour.get("/actors", params={"cursor": _forged(cursor, [count, "x"])})
    assert answer.status_code in ({200, 422} if isinstance(count, bool) else {422})


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "W10", "bnVsbA", "MQ", "=", "é", "W1tbW1tb" * 100, "a" * 999]
)
def test_malformed_cursor_gets_422(harbour: httpx.Client, cursor: str) -> None:
    answer = harbour.get("/events", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "cursor"
