"""Hypothesis strategies: queries with every combination of filters."""

from datetime import date
from random import Random

from hypothesis import strategies as st

from app.domain.vocabulary import EventStatus, Role, choices
from tests.support.random_dossiers import ACTORS, KINDS, SOURCES, TOPICS, VOCABULARY, make_date
from tests.support.reference_search import Params


def repeated(name: str, values: list[str], max_times: int = 3) -> st.SearchStrategy[Params]:
    """Create a parameter up to `max_times` times."""
    return st.lists(st.sampled_from(values).map(lambda value: (name, value)), max_size=max_times)


def maybe(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[Params]:
    """Create a parameter once, or not at all."""
    return st.just([]) | values.map(lambda value: [(name, value)])


names = [*ACTORS, *(f"ALIAS {n}" for n in range(len(ACTORS))), "quay 0", "o'brien's 2", "ŁODZ 3"]
dates = st.integers().map(lambda seed: make_date(Random(seed)))
days = st.dates(date(2017, 1, 1), date(2024, 1, 1)).map(date.isoformat)
plain_dates = st.sampled_from(["0001", "9999"]) | st.builds(
    lambda day, length: day[:length], days, st.sampled_from([4, 7, 10])
)
windows = st.one_of(
    st.just([]),
    plain_dates.map(lambda first: [("from", first)]),
    plain_dates.map(lambda last: [("to", last)]),
    st.tuples(plain_dates, plain_dates).map(lambda ends: [("from", min(ends)), ("to", max(ends))]),
    dates.map(lambda when: [("date", when)]),
)
phrases = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=2).map(
    lambda words: f'"{" ".join(words)}"'
)
queries = st.lists(
    st.sampled_from([*VOCABULARY, "LODZ", "שלום", "محمد", "obrien", "o'brien", "zurich"]) | phrases,
    min_size=1,
    max_size=3,
).map(" ".join)
UPDATES = ["2022-07", "2022-07-19T12:30:01Z", "2022-07-20T12:30:00Z", "2022-07-21"]
"""Moments before, between and after the two loads."""
filters = st.tuples(
    repeated("actor", names),
    maybe("actor_match", st.sampled_from(["any", "all"])),
    maybe("actor_scope", st.sampled_from(["self", "tree"])),
    repeated("role", list(choices(Role)), 2),
    repeated("exclude_actor", names, 1),
    windows,
    maybe("date_match", st.sampled_from(["overlap", "within"])),
    repeated("kind", KINDS, 2),
    repeated("status", list(choices(EventStatus)), 2),
    repeated("topic", TOPICS, 1),
    repeated("source", SOURCES, 1),
    maybe("timeline", st.sampled_from(["one", "two"])),
    maybe("q", queries),
    maybe("min_sources", st.sampled_from(["0", "1", "2"])),
    maybe("updated_since", st.sampled_from(UPDATES)),
).map(lambda parts: [param for part in parts for param in part])
