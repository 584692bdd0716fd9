"""Search: parsing of queries, and which events and actors are found."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.search_terms import parse_terms
from tests.support.sample_events import load_sample_events
from tests.support.server import serving

# query: its terms, where `*` marks a word that may continue
QUERIES = {
    "state department": [["state*"], ["department*"]],
    '"state department" nso': [["state", "department"], ["nso*"]],
    "“state department”": [["state", "department"]],
    "„state department“": [["state", "department"]],
    "O’Brien": [["o", "brien*"]],
    "covid-19": [["covid", "19*"]],
    "U.S.": [["u", "s"]],
    "AT&T": [["at", "t"]],
    'צה"ל': [["צה", "ל"]],
    '"unclosed phrase': [["unclosed*"], ["phrase*"]],
    "a OR b": [["a"], ["or*"], ["b"]],
    "nso*": [["nso*"]],
    "title:nso": [["title", "nso*"]],
    "NEAR(a b)": [["near", "a"], ["b"]],
    '"': [],
    '""': [],
    "* - ( ) :": [],
    "x": [["x"]],
    "外交部": [["外", "交", "部*"]],
    "“外交部”": [["外", "交", "部"]],
    "กิน": [["กิ", "น*"]],
    "กิ": [["กิ*"]],
    "한국": [["한국*"]],
    "NSO集团": [["nso", "集", "团*"]],
}


@pytest.mark.parametrize("query", QUERIES)
def test_query_is_parsed_into_terms(query: str) -> None:
    found = [[*term.words] for term in parse_terms(query)]
    for words_, term in zip(found, parse_terms(query), strict=True):
        words_[-1] += "*" * term.is_prefix
    assert found == QUERIES[query]


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


TITLES = {
    "boat": "A ferry’s boat crashes",
    "grounded": "The boat is grounded",
    "chinese": "中国外交部对NSO集团表示关注",
    "japanese": "ガス会社がテヘランで",
    "other-company": "カス商会",
    "thai": "เขากินข้าวแล้ว",
    "khmer": "ប្រទេសកម្ពុជា",
    "lao": "ປະເທດລາວ",
    "burmese": "မြန်မာနိုင်ငံ",
    "korean": "한국은 반대했다",
    "hindi": "सेना की बैठक",
    "hindi-name": "सना का बयान",
    "persian": "آقای کریمی در ۲۵ مه",
    "arabic": "مصطفى وفاطمة",
    "vietnamese": "Nguyễn Văn Đức",
}
EVENTS: dict[str, dict[str, object]] = {
    **{id_: {"title": title} for id_, title in TITLES.items()},
    "kind": {"kind": "foreign_trip"},
    "topic": {"topics": ["oil-spill"]},
    "label": {"topics": [{"id": "mcas", "label": "Maneuvering system"}]},
}
# query: the ids of the events found
FOUND_IN_SCRIPTS: dict[str, list[str]] = {
    "crash": ["boat"],
    "gr": ["grounded"],
    "ground": ["grounded"],
    '"ground"': [],
    "g": [],
    "boat": ["boat", "grounded"],
    "ferry's bo": ["boat"],
    "foreign": ["kind"],
    "foreign_trip": ["kind"],
    "spill": ["topic"],
    "oil-spill": ["topic"],
    "mcas": ["label"],
    "maneuver": ["label"],
    '"oil-spill maneuvering"': [],
    "外交部": ["chinese"],
    "外部": [],
    "“外交部”": ["chinese"],
    "关": ["chinese"],
    "NSO": ["chinese"],
    "集团": ["chinese"],
    "ガス": ["japanese"],
    "カス": ["other-company"],
    "テヘ": ["japanese"],
    "กิน": ["thai"],
    "กิ": ["thai"],
    "กน": [],
    "កម្ពុជា": ["khmer"],
    "ລາວ": ["lao"],
    "နိုင်ငံ": ["burmese"],
    "한국": ["korean"],
    "सेना": ["hindi"],
    "सना": ["hindi-name"],
    "كريمي 25": ["persian"],
    "مصطفي": ["arabic"],
    "nguyen duc": ["vietnamese"],
}


NAMES = {
    "gas": "ガス",
    "dregs": "カス",
    "name": "सना",
    "army": "सेना",
    "karimi": "کریمی",
    "mustafa": "مصطفى",
    "foreign-ministry": "中国外交部",
    "lodz": "Łódź",
}
# a name in a query: the actor
NAMED = {
    **{name: id_ for id_, name in NAMES.items()},
    "كريمي": "karimi",
    "مصطفي": "mustafa",
    "ｶﾞｽ": "gas",
    "LODZ": "lodz",
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with titles in many scripts."""
    events = [{"id": id_, **event} for id_, event in EVENTS.items()]
    actors = [{"id": id_, "name": name, "kind": "company"} for id_, name in NAMES.items()]
    folder = tmp_path_factory.mktemp("scripts")
    with serving(load_sample_events(folder, *events, actors=actors)) as client:
        yield client


@pytest.mark.parametrize("query", FOUND_IN_SCRIPTS)
def test_search_finds_words_of_all_scripts(scripts: httpx.Client, query: str) -> None:
    answer = scripts.get("/events", params={"q": query})
    assert sorted(event["id"] for event in answer.json()["items"]) == FOUND_IN_SCRIPTS[query]


@pytest.mark.parametrize("word", ["grounded", "crashes", "ガス会社", "เขากิน", "한국은"])
def test_search_finds_a_word_from_its_second_letter_on(scripts: httpx.Client, word: str) -> None:
    for length in range(2, len(word) + 1):
        answer = scripts.get("/events", params={"q": word[:length]})
        assert answer.json()["total"]["value"] == 1, word[:length]


@pytest.mark.parametrize("name", NAMED)
def test_name_of_any_script_finds_one_actor(scripts: httpx.Client, name: str) -> None:
    # No event has an actor, so a page without events says that the name is known.
    answer = scripts.get("/events", params={"actor": name})
    assert (answer.status_code, answer.json().get("items")) == (200, [])
    found = scripts.get("/actors", params={"q": name}).json()["items"]
    assert [actor["id"] for actor in found] == [NAMED[name]]


@pytest.mark.parametrize(
    ("part", "ids"), [("外交", ["foreign-ministry"]), ("外部", []), ("od", ["lodz"])]
)
def test_actor_is_found_by_a_part_of_the_name(
    scripts: httpx.Client, part: str, ids: list[str]
) -> None:
    found = scripts.get("/actors", params={"q": part}).json()["items"]
    assert [actor["id"] for actor in found] == ids
