"""Each parameter of each endpoint, wrong in each way: a 422 in the one shape that names it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import MISSING

from tests.support.openapi import OPERATIONS, parameters_of
from tests.support.problem import check_problem


def _parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    """List the paths that take a query, with each of their parameters."""
    for path in OPERATIONS:
        # The page is lenient; `tests.test_page` has what it refuses.
        if path != "/events.html":
            yield from ((path, parameter) for parameter in parameters_of(path, "query"))


def _wrong_values(schema: dict[str, Any]) -> Iterator[list[str]]:
    """Give values of which each is wrong for any parameter of the schema."""
    yield [""]
    yield ["\x00"]
    yield ["a\x00b"]
    yield ["line\nbreak"]
    yield ["x" * 4_000]
    yield ["9" * 400]
    yield ["no-such-thing-zzz" if schema.get("type") != "integer" else "ten"]
    if schema["type"] == "array":
        yield ["nso"] * 60
    else:
        yield [_right(schema), _right(schema)]
    if schema["type"] == "integer":
        yield from (["-1"], ["1.5"], [str(2**63)], ["0x1"], ["1e3"], ["NaN"])


def _right(schema: dict[str, Any]) -> str:
    return str(schema.get("default", schema.get("minimum", "2021")))


ANYTHING = {"q", "timeZone"}
CASES = [
    pytest.param(
        path, parameter["name"], values, id=f"{path}-{parameter['name']}-{values[0][:9]!r}"
    )
    for path, parameter in _parameters()
    for values in _wrong_values(parameter["schema"])
    # Texts that hold anything: words that no record has are an empty page, and some change nothing.
    if not (parameter["name"] in ANYTHING and values[0].isprintable() and 0 < len(values[0]) < 200)
    or len(values) > 1
]


@pytest.mark.parametrize(("path", "name", "values"), CASES)
def test_wrong_in_each_way(seed: httpx.Client, path: str, name: str, values: list[str]) -> None:
    answer = seed.get(path, params=[(name, value) for value in values])
    problem = check_problem(answer, 422)
    assert problem.errors
    assert {error.parameter for error in problem.errors} == {name}
    assert all(error.detail.startswith(f"{name}: ") for error in problem.errors)
    assert len(problem.detail) < 1_000


# query: (parameter at fault, what the message must tell)
MISTAKES = {
    "actor=NS0": ("actor", "nso-group (NSO Group)"),
    "actor=State Dept": ("actor", "us-state-department (U.S. State Department)"),
    "exclude_actor=candira": ("exclude_actor", "candiru (Candiru)"),
    "kind=sanctions": ("kind", "the nearest: sanction"),
    "source=shomrim": ("source", "shomrim-2022-07-19-nso-blacklist"),
    "timeline=nso": ("timeline", "the nearest: nso-blacklist"),
    "topic=money": ("topic", "there is none at all"),
    "status=rumoured": ("status", "'confirmed', 'reported', 'alleged' or 'disputed'"),
    "role=agents": ("role", "'agent'"),
    "actor_match=both": ("actor_match", "give 'any' or 'all'"),
    "from=2022&to=2021": ("from", "'2022' is after `to`"),
    "from=2021-11/2022": ("from", "is not a day, a month or a year; write 2021, 2021-11"),
    "from=202X": ("from", "write 2021, 2021-11 or 2021-11-03"),
    "from=2021-11?": ("from", "is not a day, a month or a year"),
    "to=03/11/2021": ("to", "write 2021, 2021-11 or 2021-11-03"),
    "date=2021-13": ("date", "there is no month 13"),
    "date=2021&from=2020": ("date", "beside `from`"),
    "date=2021&to=2022": ("date", "beside `to`"),
    "date=2021&from=2020&to=2022": ("date", "beside `from` and `to`"),
    "=1": ("''", "there is no such parameter"),
    "q=***": ("q", "has no word in it"),
    "q=a b c d e f g h i": ("q", "at most 8"),
    "limit=0": ("limit", "give 1 or more"),
    "limit=501": ("limit", "give 500 or less"),
    "limit=many": ("limit", "is not a whole number"),
    "limit=5.0": ("limit", "'5.0' is not a whole number"),
    "limit=1_0": ("limit", "is not a whole number"),
    "limit=1&limit=1": ("limit", "given more than once"),
    "form=2021": ("form", "did you mean from?"),
    "actor[]=nso-group": ("actor[]", "did you mean actor"),
    "utm_source=x": ("utm_source", "there is no such parameter"),
    "From=2021": ("From", "did you mean from?"),
}


@pytest.mark.parametrize("query", MISTAKES)
def test_mistakes_are_told_with_their_cure(seed: httpx.Client, query: str) -> None:
    problem = check_problem(seed.get(f"/events?{query}"), 422)
    parameter, cure = MISTAKES[query]
    assert [error.parameter for error in problem.errors] == [parameter]
    assert cure in problem.detail


def test_an_ambiguous_alias_lists_the_candidates(harbour: httpx.Client) -> None:
    problem = check_problem(harbour.get("/events?actor=qbl&exclude_actor=council"), 422)
    assert [(error.parameter, error.allowed) for error in problem.errors] == [
        ("actor", ["ferry-line", "quay-builders"]),
        ("exclude_actor", ["city", "harbour-council"]),
    ]
    assert "ferry-line (Ferry Line), quay-builders (Quay Builders Ltd)" in problem.detail


def test_every_fault_is_told_at_once(seed: httpx.Client) -> None:
    answer = seed.get("/events?actor=nobody&kind=nothing&from=2022&to=2021&timeline=none")
    faults = check_problem(answer, 422).errors
    assert [fault.parameter for fault in faults] == ["actor", "from", "kind", "timeline"]


def test_many_faults_are_cut(seed: httpx.Client) -> None:
    unknown = {f"parameter-{number}": "1" for number in range(300)}
    assert len(check_problem(seed.get("/events", params=unknown), 422).errors) == 10
    (fault,) = check_problem(seed.get("/events", params={"a" * 150: "1"}), 422).errors
    assert fault.parameter == "a" * 100 + "…"


def test_only_the_first_unknown_names_are_compared(seed: httpx.Client) -> None:
    actors = [f"nobody {number}" for number in range(50)]
    faults = check_problem(seed.get("/events", params={"actor": actors}), 422).errors
    assert [fault.allowed is not MISSING for fault in faults] == [True] * 3 + [False] * 47
    others = {name: [f"nothing {number}" for number in range(20)] for name in ("kind", "source")}
    faults = check_problem(seed.get("/events", params=others), 422).errors
    assert [fault.allowed is not MISSING for fault in faults] == [True] * 3 + [False] * 37


def test_what_was_given_is_escaped_and_cut(seed: httpx.Client) -> None:
    given = "<script>\u202e\u0007" + "x" * 180
    problem = check_problem(seed.get("/events", params={"kind": given.replace("\x07", "")}), 422)
    assert "\u202e" not in problem.detail
    assert "\\u202e" in problem.detail
    assert "x" * 101 not in problem.detail


@pytest.mark.parametrize("path", ["/events/nso-blacklisted", "/readyz", "/livez", "/openapi.json"])
def test_paths_without_parameters_refuse_any(seed: httpx.Client, path: str) -> None:
    problem = check_problem(seed.get(path, params={"x": "1"}), 422)
    assert "this path takes none" in problem.detail


# request target: status
REFUSED = {
    "/events?q=%FF": 400,
    "/events?%FF=1": 400,
    "/events/%ff": 400,
    "/events?q=%ED%A0%80": 400,
    f"/events?q={'x' * 9_000}": 414,
    f"/events/{'x' * 60_000}": 414,
    "/nothing": 404,
    "/events/": 404,
    "/events/no-such-event": 404,
    "/events/%00": 404,
    "/actors/NSO": 404,
    "/events/nso-blacklisted/x": 404,
    "//events": 404,
}


@pytest.mark.parametrize("target", REFUSED)
def test_refused_targets(seed: httpx.Client, target: str) -> None:
    url = seed.base_url.copy_with(raw_path=target.encode())
    check_problem(seed.get(url), REFUSED[target])


@pytest.mark.parametrize("host", ['evil" onload=', "a b", "<script>", "a/b", "x@y", "x" * 256])
def test_an_evil_host_is_refused(seed: httpx.Client, host: str) -> None:
    check_problem(seed.get("/events", headers={"Host": host}), 400)
