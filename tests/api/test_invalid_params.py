"""Invalid parameters and URLs: each is a problem that names the parameter and the fix."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import MISSING

from app.api.other_names import OTHER_NAMES
from tests.support.openapi import OPERATIONS, parameters_of
from tests.support.problem import check_problem


def _parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each path with each of its query parameters."""
    for path in OPERATIONS:
        # Pages ignore what they do not know, see `tests.site.test_page`.
        if path != "/events.html":
            yield from ((path, parameter) for parameter in parameters_of(path, "query"))


def _wrong_values(schema: dict[str, Any]) -> Iterator[list[str]]:
    """Yield values that are invalid for a parameter of this schema."""
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
        yield [_valid_value(schema)] * 2
    if schema["type"] == "integer":
        yield from (["-1"], ["1.5"], [str(2**63)], ["0x1"], ["1e3"], ["NaN"])


def _valid_value(schema: dict[str, Any]) -> str:
    return str(schema.get("default", schema.get("minimum", "2021")))


FREE_TEXT = {"q", "timeZone"}
CASES = [
    pytest.param(
        path, parameter["name"], values, id=f"{path}-{parameter['name']}-{values[0][:9]!r}"
    )
    for path, parameter in _parameters()
    for values in _wrong_values(parameter["schema"])
    # Any printable text is a valid value of these: words without a match return an empty page.
    if not (parameter["name"] in FREE_TEXT and values[0].isprintable() and 0 < len(values[0]) < 200)
    or len(values) > 1
]


@pytest.mark.parametrize(("path", "name", "values"), CASES)
def test_invalid_value_returns_422_that_names_the_parameter(
    seed: httpx.Client, path: str, name: str, values: list[str]
) -> None:
    response = seed.get(path, params=[(name, value) for value in values])
    problem = check_problem(response, 422)
    assert problem.errors
    assert {error.parameter for error in problem.errors} == {name}
    assert all(error.detail.startswith(f"{name}: ") for error in problem.errors)
    assert len(problem.detail) < 1_000


# Query: the invalid parameter, and a part of the message.
MISTAKES = {
    "actor=NS0": ("actor", "nso-group (NSO Group)"),
    "actor=State Dept": ("actor", "us-state-department (U.S. State Department)"),
    "exclude_actor=candira": ("exclude_actor", "candiru (Candiru)"),
    "kind=sanctions": ("kind", "The nearest are sanction"),
    "source=shomrim": ("source", "shomrim-2022-07-19-nso-blacklist"),
    "timeline=nso": ("timeline", "The nearest is nso-blacklist"),
    "topic=money": ("topic", "None is stored."),
    "status=rumoured": ("status", "'confirmed', 'reported', 'alleged' or 'disputed'"),
    "role=agents": ("role", "'agent'"),
    "actor_match=both": ("actor_match", "Write 'any' or 'all'."),
    "from=2022&to=2021": ("from", "'2022' is after `to`"),
    "from=2021-11/2022": ("from", "is not a day, a month or a year. Write 2021-11."),
    "to=2021-11/2022": ("to", "is not a day, a month or a year. Write 2022."),
    "from=202X": (
        "from",
        "is not a day, a month or a year. X digits are not supported. Write 2020.",
    ),
    "to=the 1960s": ("to", "is not a day, a month or a year. Write 1969."),
    "from=2021-11?": ("from", "is not a day, a month or a year. Write 2021-11."),
    "to=before 1990": ("to", "is not a day, a month or a year. Write 1989."),
    "from=unknown": ("from", "is not a day, a month or a year. Write 2021, 2021-11 or"),
    "from=before 1990": ("from", "is not a day, a month or a year. Write 2021, 2021-11 or"),
    "from=2019-21": ("from", "Write 2019-03 if it happened in the northern spring, or 2019 if it"),
    "from=last week": ("from", "is not a day, a month or a year. 'last' is not understood."),
    "from=30 août 2011": ("from", "is not a day, a month or a year. Write 2011-08-30."),
    "from=2022-7": ("from", "'2022-7' is not a date. Write 2022-07."),
    "from=early May 2020": ("from", "Write 2020-05."),
    "to=03/11/2021": (
        "to",
        "Write 2021-11-03 if the day is first, or 2021-03-11 if the month is first.",
    ),
    "date=Spring 2019": ("date", "Write [2019-03..2019-05] if it happened in the northern spring"),
    "updated_since=1 May 2026": ("updated_since", "is not a day or a moment. Write 2026-05-01."),
    "updated_since=yesterday": ("updated_since", "Write 2026-11-27 or 2026-11-27T12:00:00Z."),
    "date=2021-13": ("date", "Months run from 01 to 12."),
    "date=2021&from=2020": ("date", "cannot be combined with `from`."),
    "date=2021&to=2022": ("date", "cannot be combined with `to`."),
    "date=2021&from=2020&to=2022": ("date", "cannot be combined with `from` and `to`."),
    "=1": ("''", "There is no such parameter. Remove it."),
    "q=***": ("q", "contains no word"),
    "q=a b c d e f g h i": ("q", "Write at most 8"),
    "limit=0": ("limit", "The minimum is 1."),
    "limit=501": ("limit", "The maximum is 500."),
    "limit=many": ("limit", "is not a whole number"),
    "limit=5.0": ("limit", "'5.0' is not a whole number"),
    "limit=1_0": ("limit", "is not a whole number"),
    "limit=1&limit=1": ("limit", "Send it once."),
    "form=2021": ("form", "Did you mean from?"),
    "actor[]=nso-group": (
        "actor[]",
        "Use actor, and repeat it for several values: actor=…&actor=….",
    ),
    "utm_source=x": ("utm_source", "There is no such parameter."),
    "From=2021": ("From", "Use from."),
    "since=2021": ("since", "Use from or updated_since."),
    "startDate=2021": ("startDate", "Use from."),
    "before=2021": ("before", "Use to."),
    "year=2021": ("year", "Use date."),
    "offset=50": ("offset", "Use cursor, with `next` of the previous page."),
    "page=2": ("page", "Use cursor, with `next` of the previous page."),
    "page[size]=2": ("page[size]", "Use limit."),
    "order_by=date": ("order_by", "Use sort."),
    "direction=desc": ("direction", "Use order."),
    "search=quay": ("search", "Use q."),
    "category=x": ("category", "Use topic or kind."),
    "filter[status]=confirmed": ("filter[status]", "Use status."),
    "organisation=nso": ("organisation", "Use actor."),
    "format=csv": ("format", "The format is the suffix of the path, as in /events.csv."),
    "fields=title": ("fields", "Records are always complete."),
    "lang=de": ("lang", "Texts are in the language in which they were written."),
    "status=reported,confirmed": (
        "status",
        "To send several values, repeat the parameter: status=reported&status=confirmed.",
    ),
    "role=agent, target": ("role", "repeat the parameter: role=agent&role=target."),
    "actor=candiru,nso-group": ("actor", "repeat the parameter: actor=…&actor=…."),
    "actor=candiru,nsogroup": ("actor", "repeat the parameter: actor=candiru&actor=nsogroup."),
    "kind=sanction,visit": ("kind", "repeat the parameter: kind=sanction&kind=visit."),
    "topic=a,b": ("topic", "repeat the parameter: topic=a&topic=b."),
    "source=a,b": ("source", "repeat the parameter: source=a&source=b."),
}


@pytest.mark.parametrize("query", MISTAKES)
def test_message_names_the_error_and_the_fix(seed: httpx.Client, query: str) -> None:
    problem = check_problem(seed.get(f"/events?{query}"), 422)
    parameter, message = MISTAKES[query]
    assert [error.parameter for error in problem.errors] == [parameter]
    assert message in problem.detail


# A path: the parameter of other APIs, and the message.
OTHER_PATHS = {
    "/events.csv?since=2021": "since: There is no such parameter. Use from or",
    "/actors?since=2021": "since: There is no such parameter. Remove it.",
    "/actors?query=nso": "query: There is no such parameter. Use q.",
    "/actors?type=person": "type: There is no such parameter. Use kind.",
    "/actors?format=csv": "format: There is no such parameter. The response is always JSON.",
    "/facets?limit=5": "limit: There is no such parameter. Use facet_limit.",
    "/histogram?granularity=year": "granularity: There is no such parameter. Use interval.",
    "/timelines?page=2": "page: There is no such parameter. Use cursor, with",
}


@pytest.mark.parametrize("path", OTHER_PATHS)
def test_unknown_parameter_gets_the_one_of_its_own_path(seed: httpx.Client, path: str) -> None:
    problem = check_problem(seed.get(path), 422)
    assert problem.detail.startswith(OTHER_PATHS[path])


def test_every_suggested_parameter_exists() -> None:
    assert OTHER_NAMES.keys() <= {parameter["name"] for _, parameter in _parameters()}


# A query in another case: the same query as it is documented.
ANY_CASE = {
    "/events?status=Confirmed&status=REPORTED": "/events?status=confirmed&status=reported",
    "/events?role=Target&actor=NSO": "/events?role=target&actor=NSO",
    "/events?sort=Updated&order=DESC": "/events?sort=updated&order=desc",
    "/events?actor=NSO&actor_match=All&actor_scope=Tree": (
        "/events?actor=NSO&actor_match=all&actor_scope=tree"
    ),
    "/events?from=2021&date_match=Within": "/events?from=2021&date_match=within",
    "/events?kind=Sanction": "/events?kind=sanction",
    "/events?timeline=NSO-Blacklist": "/events?timeline=nso-blacklist",
    "/events?source=Shomrim-2022-07-19-NSO-blacklist": (
        "/events?source=shomrim-2022-07-19-nso-blacklist"
    ),
    "/facets?facet=Status": "/facets?facet=status",
    "/histogram?interval=Year": "/histogram?interval=year",
    "/actors?kind=Company": "/actors?kind=company",
    "/events.csv?status=Confirmed": "/events.csv?status=confirmed",
}


@pytest.mark.parametrize("path", ANY_CASE)
def test_words_and_ids_are_accepted_in_any_case(seed: httpx.Client, path: str) -> None:
    folded, exact = seed.get(path), seed.get(ANY_CASE[path])
    assert folded.status_code == exact.status_code == 200
    assert folded.text == exact.text


def test_ambiguous_alias_lists_the_candidates(harbour: httpx.Client) -> None:
    problem = check_problem(harbour.get("/events?actor=qbl&exclude_actor=council"), 422)
    assert [(error.parameter, error.allowed) for error in problem.errors] == [
        ("actor", ["ferry-line", "quay-builders"]),
        ("exclude_actor", ["city", "harbour-council"]),
    ]
    assert "ferry-line (Ferry Line), quay-builders (Quay Builders Ltd)" in problem.detail


def test_all_errors_are_reported_at_once(seed: httpx.Client) -> None:
    response = seed.get("/events?actor=nobody&kind=nothing&from=2022&to=2021&timeline=none")
    errors = check_problem(response, 422).errors
    assert [error.parameter for error in errors] == ["actor", "from", "kind", "timeline"]


def test_number_of_errors_and_length_of_names_are_limited(seed: httpx.Client) -> None:
    unknown = {f"parameter-{number}": "1" for number in range(300)}
    assert len(check_problem(seed.get("/events", params=unknown), 422).errors) == 10
    (error,) = check_problem(seed.get("/events", params={"a" * 150: "1"}), 422).errors
    assert error.parameter == "a" * 100 + "…"


def test_only_the_first_three_unknown_names_get_suggestions(seed: httpx.Client) -> None:
    actors = [f"nobody {number}" for number in range(50)]
    errors = check_problem(seed.get("/events", params={"actor": actors}), 422).errors
    assert [error.allowed is not MISSING for error in errors] == [True] * 3 + [False] * 47
    others = {name: [f"nothing {number}" for number in range(20)] for name in ("kind", "source")}
    errors = check_problem(seed.get("/events", params=others), 422).errors
    assert [error.allowed is not MISSING for error in errors] == [True] * 3 + [False] * 37


def test_quoted_value_is_escaped_and_truncated(seed: httpx.Client) -> None:
    value = "<script>\u202e" + "x" * 180
    problem = check_problem(seed.get("/events", params={"kind": value}), 422)
    assert "\u202e" not in problem.detail
    assert "\\u202e" in problem.detail
    assert "x" * 101 not in problem.detail


@pytest.mark.parametrize("path", ["/events/nso-blacklisted", "/readyz", "/livez", "/openapi.json"])
def test_path_without_parameters_rejects_any(seed: httpx.Client, path: str) -> None:
    problem = check_problem(seed.get(path, params={"x": "1"}), 422)
    assert "This path has none." in problem.detail


# Target of the request: the status.
REJECTED_TARGETS = {
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


@pytest.mark.parametrize("target", REJECTED_TARGETS)
def test_invalid_or_unknown_target_is_rejected(seed: httpx.Client, target: str) -> None:
    url = seed.base_url.copy_with(raw_path=target.encode())
    check_problem(seed.get(url), REJECTED_TARGETS[target])


@pytest.mark.parametrize("host", ['evil" onload=', "a b", "<script>", "a/b", "x@y", "x" * 256])
def test_invalid_host_returns_400(seed: httpx.Client, host: str) -> None:
    check_problem(seed.get("/events", headers={"Host": host}), 400)
