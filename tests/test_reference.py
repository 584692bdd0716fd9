"""The server and a slow, plain reading of the filters agree on any query."""

from datetime import date
from random import Random
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models import Role, Status
from app.schemas import Interval
from tests.conftest import GENERATED, repetitions
from tests.generated import ACTORS, KINDS, SOURCES, TOPICS, VOCABULARY, make_date
from tests.reference import Given, Params, Reference, fits

FACETS = ["actor", "kind", "status", "topic", "timeline", "source"]

reference = Reference(GENERATED.values())
pytestmark = pytest.mark.full


def _repeated(name: str, values: list[str], most: int = 3) -> st.SearchStrategy[Params]:
    return st.lists(st.sampled_from(values).map(lambda value: (name, value)), max_size=most)


def _maybe(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[Params]:
    return st.just([]) | values.map(lambda value: [(name, value)])


names = [*ACTORS, *(f"ALIAS {n}" for n in range(len(ACTORS))), "quay 0", "o'brien's 2", "ŁODZ 3"]
dates = st.integers().map(lambda seed: make_date(Random(seed)))
days = st.dates(date(2017, 1, 1), date(2024, 1, 1)).map(date.isoformat)
plain_dates = st.builds(lambda day, length: day[:length], days, st.sampled_from([4, 7, 10]))
windows = st.one_of(
    st.just([]),
    plain_dates.map(lambda first: [("from", first)]),
    plain_dates.map(lambda last: [("to", last)]),
    st.tuples(plain_dates, plain_dates).map(lambda ends: [("from", min(ends)), ("to", max(ends))]),
    dates.map(lambda when: [("date", when)]),
)
phrases = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=2).map(
    lambda said: f'"{" ".join(said)}"'
)
queries = st.lists(
    st.sampled_from([*VOCABULARY, "LODZ", "שלום", "محمد", "obrien", "o'brien", "zurich"]) | phrases,
    min_size=1,
    max_size=3,
).map(" ".join)
filters = st.tuples(
    _repeated("actor", names),
    _maybe("actor_match", st.sampled_from(["any", "all"])),
    _maybe("actor_scope", st.sampled_from(["self", "tree"])),
    _repeated("role", list(get_args(Role)), 2),
    _repeated("exclude_actor", names, 1),
    windows,
    _maybe("date_match", st.sampled_from(["overlap", "within"])),
    _repeated("kind", KINDS, 2),
    _repeated("status", list(get_args(Status)), 2),
    _repeated("topic", TOPICS, 1),
    _repeated("source", SOURCES, 1),
    _maybe("timeline", st.sampled_from(["one", "two"])),
    _maybe("q", queries),
    _maybe("min_sources", st.sampled_from(["0", "1", "2"])),
).map(lambda parts: [param for part in parts for param in part])


@settings(max_examples=repetitions(300, 5_000))
@given(filters, _maybe("order", st.sampled_from(["asc", "desc"])))
def test_rows_and_their_order(generated: httpx.Client, params: Params, order: Params) -> None:
    page = _get(generated, "/events", [*params, *order, ("limit", "500")])
    expected = [event.id for event in reference.select([*params, *order])]
    assert [event["id"] for event in page["items"]] == expected
    assert page["total"] == {"value": len(expected), "relation": "eq"}


@settings(max_examples=repetitions(150, 2_000))
@given(filters)
def test_facets(generated: httpx.Client, params: Params) -> None:
    counted = _get(generated, "/facets", [*params, ("facet_limit", "200")])
    found = reference.select(params)
    assert counted["total"] == {"value": len(found), "relation": "eq"}
    for name in FACETS:
        counts = [(one["value"], one["count"]) for one in counted["facets"][name]]
        assert counts == reference.facet(name, found)


@settings(max_examples=repetitions(150, 2_000))
@given(filters, st.sampled_from(get_args(Interval)))
def test_buckets(generated: httpx.Client, params: Params, interval: str) -> None:
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
        assert bucket["possible"] == sum(fits(event, window, within=False) for event in matching)
        assert bucket["certain"] == sum(fits(event, window, within=True) for event in matching)
    _covers(buckets, params, bool(matching))


def _covers(buckets: list[dict[str, str]], params: Params, found: bool) -> None:
    """Check that the buckets join without a gap, from one end of the window to the other."""
    ends = [date.fromisoformat(bucket["end"]) for bucket in buckets]
    starts = [date.fromisoformat(bucket["start"]) for bucket in buckets]
    following = [end.toordinal() + 1 for end in ends[:-1]]
    assert following == [start.toordinal() for start in starts[1:]]
    first, last = Given(params).window()
    if first > date.min and last < date.max:
        assert (starts[0], ends[-1]) == (first, last)
    assert not starts or (starts[0] >= first and ends[-1] <= last)
    assert starts or not found or (first, last) != (date.min, date.max)


def _get(client: httpx.Client, path: str, params: Params) -> dict[str, Any]:
    answer = client.get(path, params=list(params))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
