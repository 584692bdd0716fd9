"""Search: case folding, parsing of queries, and which events are found."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.search_terms import parse_terms
from app.domain.text import casefold_text, words

# texts that fold alike
ALIKE = [
    ("NSO", "nso"),
    ("Łódź", "lodz"),
    ("ÁÉÍ", "aei"),
    ("Straße", "STRASSE"),
    ("O’Brien", "o'brien"),
    ("O´Brien", "O`Brien"),
    ("ﬁle", "file"),
    ("Ǿre", "ore"),
    ("שָׁלוֹם", "שלום"),
    ("צה״ל", 'צה"ל'),
    ("ג׳ורג׳", "ג'ורג'"),
    ("مُحَمَّد", "محمد"),
    ("مـحـمـد", "محمد"),
    ("أحمد", "احمد"),
    ("ٱلْكِتَاب", "الكتاب"),
    ("می‌شود", "میشود"),
    ("enti\u00adty", "entity"),
    ("The “Group”", 'the "group"'),
    ("D’Arcy–Smith", "d'arcy-smith"),
    ("  two\n spaces ", "two spaces"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_similar_spellings_fold_alike(one: str, other: str) -> None:
    assert casefold_text(one) == casefold_text(other)
    assert casefold_text(one) == casefold_text(casefold_text(one))


@given(st.text())
def test_folding_is_idempotent(value: str) -> None:
    assert casefold_text(casefold_text(value)) == casefold_text(value)
    assert words(" ".join(words(value))) == words(value)


# query: its terms
QUERIES = {
    "state department": [["state"], ["department"]],
    '"state department" nso': [["state", "department"], ["nso"]],
    "“state department”": [["state", "department"]],
    "„state department“": [["state", "department"]],
    "O’Brien": [["o", "brien"]],
    "covid-19": [["covid", "19"]],
    "U.S.": [["u", "s"]],
    'צה"ל': [["צה", "ל"]],
    '"unclosed phrase': [["unclosed"], ["phrase"]],
    "a OR b": [["a"], ["or"], ["b"]],
    "nso*": [["nso"]],
    "title:nso": [["title", "nso"]],
    "NEAR(a b)": [["near", "a"], ["b"]],
    '"': [],
    '""': [],
    "* - ( ) :": [],
}


@pytest.mark.parametrize("query", QUERIES)
def test_query_is_parsed_into_terms(query: str) -> None:
    assert [list(term) for term in parse_terms(query)] == QUERIES[query]


@given(st.text(max_size=200))
def test_random_search_gets_200_or_422(harbour: httpx.Client, query: str) -> None:
    answer = harbour.get("/events", params={"q": query})
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert answer.json()["total"]["relation"] == "eq"


# query: the ids found in the two small dossiers
FOUND = {
    "o'brien": ["rumours", "bribe", "first-crossing"],
    "OBRIEN": [],
    "lodz": ["contract-signed"],
    "key builders": ["bribe", "contract-signed", "works", "inspection"],
    '"key builders"': ["bribe", "contract-signed", "works", "inspection"],
    '"builders key"': [],
    '"the quay the"': [],
    "שמועות": ["rumours"],
    "מכחישה": ["bribe"],
    "pilots twice": ["inspection"],
    '"pilots twice"': [],
    "qbl ferry": ["first-crossing"],
}


@pytest.mark.parametrize("query", FOUND)
def test_search_finds_events(harbour: httpx.Client, query: str) -> None:
    answer = harbour.get("/events", params={"q": query})
    assert sorted(event["id"] for event in answer.json()["items"]) == sorted(FOUND[query])
