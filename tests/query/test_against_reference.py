"""The server agrees with a slow, plain reference implementation of the filters."""

from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.vocabulary import Interval, choices
from app.schemas.entries import EventEntry
from tests.support.corpus import GENERATED
from tests.support.reference_search import Params, QueryParams, Reference, is_in_window
from tests.support.requirements import repetitions
from tests.support.strategies import filters, maybe

FACETS = ["actor", "kind", "status", "topic", "timeline", "source"]

reference = Reference(GENERATED)
pytestmark = pytest.mark.full


@settings(max_examples=repetitions(300, 5_000))
@given(filters, maybe("order", st.sampled_from(["asc", "desc"])))
def test_random_query_returns_reference_events_in_order(
    generated: httpx.Client, params: Params, order: Params
) -> None:
    page = _get(generated, "/events", [*params, *order, ("limit", "500")])
    expected = [event.id for event in reference.select([*params, *order])]
    assert [event["id"] for event in page["items"]] == expected
    assert page["total"] == {"value": len(expected), "relation": "eq"}


@settings(max_examples=repetitions(150, 2_000))
@given(filters)
def test_random_query_has_reference_facets(generated: httpx.Client, params: Params) -> None:
    counted = _get(generated, "/facets", [*params, ("facet_limit", "200")])
    found = reference.select(params)
    assert counted["total"] == {"value": len(found), "relation": "eq"}
    for name in FACETS:
        counts = [(one["value"], one["count"]) for one in counted["facets"][name]]
        assert counts == reference.facet(name, found)


@settings(max_examples=repetitions(150, 2_000))
@given(filters, st.sampled_from(choices(Interval)))
def test_random_query_has_reference_histogram(
    generated: httpx.Client, params: Params, interval: str
) -> None:
    answer = generated.get("/histogram", params=[*params, ("interval", interval)])
    if answer.status_code == 422:
        assert answer.json()["errors"][0]["parameter"] == "interval"
        return
    buckets = answer.json()["buckets"]
    rest = [(name, value) for name, value in params if name not in ("from", "to", "date")]
    rest = [(name, value) for name, value in rest if name != "date_match"]
    matching = reference.select(rest)
    for bucket in buckets:
        window = date.fromisoformat(bucket["start"]), date.fromisoformat(bucket["end"])
        assert bucket["possible"] == sum(
            is_in_window(event, window, within=False) for event in matching
        )
        assert bucket["certain"] == sum(
            is_in_window(event, window, within=True) for event in matching
        )
    _check_coverage(buckets, params, reference.select([("date_match", "overlap"), *params]))


def _check_coverage(buckets: list[dict[str, str]], params: Params, found: list[EventEntry]) -> None:
    """Check that the buckets cover the window or, where a side is open, the events."""
    ends = [date.fromisoformat(bucket["end"]) for bucket in buckets]
    starts = [date.fromisoformat(bucket["start"]) for bucket in buckets]
    following = [end.toordinal() + 1 for end in ends[:-1]]
    assert following == [start.toordinal() for start in starts[1:]]
    first, last = QueryParams(params).window()
    dates = [event.date for event in found]
    if first == date.min:
        first = min((when.sort_day for when in dates), default=date.max)
    else:
        assert not starts or starts[0] == first
    if last == date.max:
        last = max((when.last_written_day for when in dates), default=date.min)
    else:
        assert not ends or ends[-1] == last
    if first <= last:
        assert starts[0] <= first <= ends[0]
        assert starts[-1] <= last <= ends[-1]


def _get(client: httpx.Client, path: str, params: Params) -> dict[str, Any]:
    answer = client.get(path, params=list(params))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
