"""The contract says what there is to say, of every operation, parameter and member."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from app.api.examples import REQUESTS
from app.api.headers import ALLOWED_METHODS, DEFAULT_HEADERS
from app.api.openapi import HEADERS, TAGS
from app.dossiers.document import dossier_json_schema
from app.errors import RETRY_AFTER
from app.main import create_app
from app.query.batches import EventBatch
from app.query.heading import PageHeading
from app.schemas.responses import Total
from app.settings import Settings
from app.urls import UrlBuilder
from tests.support.openapi import DOCUMENT, OPERATIONS, parameters_of, resolved
from tests.support.openapi_diff import Json

PARAMETERS = [
    pytest.param(parameter, id=f"{path}-{parameter['name']}")
    for path in OPERATIONS
    for place in ("query", "path")
    for parameter in parameters_of(path, place)
]
FORMATS = Draft202012Validator.FORMAT_CHECKER
SCHEMAS = DOCUMENT["components"]["schemas"]


def _nodes(node: Any) -> Iterator[Json]:  # noqa: ANN401 - any JSON
    """Give each object in a document, examples left out."""
    if isinstance(node, list):
        for one in node:
            yield from _nodes(one)
    elif isinstance(node, dict):
        yield node
        for name, value in node.items():
            if name != "examples":
                yield from _nodes(value)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_is_described(operation: Json) -> None:
    assert re.fullmatch("(list|get)[A-Z][A-Za-z]+", operation["operationId"])
    assert operation["summary"]
    assert operation["description"].endswith(".")
    (tag,) = operation["tags"]
    assert tag in TAGS
    assert operation["responses"]["200"]["description"] != "Successful Response"
    assert {"422", "500"} <= operation["responses"].keys()


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len({*names}) == len(names)
    assert [tag["name"] for tag in DOCUMENT["tags"]] == [*TAGS]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_parameter_is_described_and_bounded(parameter: Json) -> None:
    """What comes in has a limit, whatever it is."""
    assert parameter["description"].endswith(".")
    schema = parameter["schema"]
    if schema["type"] == "array":
        assert schema["maxItems"] <= 50
        schema = resolved(schema["items"])
    if schema["type"] == "integer":
        assert {"minimum", "maximum", "format"} <= schema.keys()
    elif "enum" not in schema:
        assert {"maxLength", "pattern"} <= schema.keys()


UNSHOWN = {
    "topic",  # the first dossier has none
    "cursor",  # one is good for its filters only
}


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_parameter_has_an_example(parameter: Json) -> None:
    schema = parameter["schema"]
    shown = (
        schema.get("examples")
        or schema.get("default")
        or resolved(schema.get("items", schema)).get("enum")
    )
    assert bool(shown) is (parameter["name"] not in UNSHOWN)


@pytest.mark.parametrize("path", [path for path in OPERATIONS if "{id}" in path])
def test_an_id_that_is_shown_is_there(seed: httpx.Client, path: str) -> None:
    (parameter,) = parameters_of(path, "path")
    for example in parameter["schema"]["examples"]:
        assert seed.get(path.replace("{id}", example)).status_code == 200


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_described(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["description"].endswith(".")
    for member in map(resolved, schema.get("properties", {}).values()):
        assert member["description"].endswith(".")
        assert member["type"]


def test_nothing_is_null_or_titled() -> None:
    nodes = [*_nodes({**DOCUMENT, "info": {}})]
    assert [node for node in nodes if node.get("type") == "null"] == []
    # Clients of these differ from language to language; nor does `tests.breaking` look into them.
    composed = {"anyOf", "oneOf", "allOf", "not"}
    assert [node for node in nodes if node.keys() & composed] == []
    assert [node for node in nodes if isinstance(node.get("title"), str)] == []
    numbers = [node for node in nodes if node.get("type") in ("integer", "number")]
    assert all("format" in node for node in numbers)


TOLD = {name.lower() for name in HEADERS}
OF_SOME = TOLD - {"x-request-id"}  # which is on every answer, and declared where it is of use


def test_declared_headers_can_be_read_from_any_origin() -> None:
    always = {
        "cache-control"
    }  # https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
    exposed = DEFAULT_HEADERS["Access-Control-Expose-Headers"].lower().split(", ")
    assert {*exposed, *always} == TOLD - {"allow"}


@pytest.mark.parametrize("path", OPERATIONS)
def test_headers_are_declared(everything: httpx.Client, path: str) -> None:
    """What is given is what is declared, also where an answer is cut or one page of many."""
    operation = OPERATIONS[path]
    asked = REQUESTS.get(operation["operationId"], path.replace("{id}", "nso-blacklisted"))
    takes = {parameter["name"] for parameter in parameters_of(path, "query")}
    urls = [asked, f"{path}?limit=1"] if "limit" in takes else [asked]
    given = {header for url in urls for header in everything.get(url).headers.keys() & OF_SOME}
    assert given == {header.lower() for header in operation["responses"]["200"].get("headers", {})}
    if "304" in operation["responses"]:
        unchanged = [everything.get(url, headers={"If-None-Match": "*"}) for url in urls]
        assert {answer.status_code for answer in unchanged} == {304}
        again = {header for answer in unchanged for header in answer.headers.keys() & OF_SOME}
        declared = operation["responses"]["304"]["headers"]
        assert again == given == {header.lower() for header in declared}


def test_headers_of_errors_are_declared() -> None:
    responses = DOCUMENT["components"]["responses"]
    assert {name: [*one["headers"]] for name, one in responses.items() if "headers" in one} == {
        "InternalServerError": ["X-Request-ID"],
        "MethodNotAllowed": ["Allow"],
        "ServiceUnavailable": ["Retry-After"],
    }
    assert HEADERS["Allow"]["example"] == ALLOWED_METHODS
    assert HEADERS["Retry-After"]["example"] == RETRY_AFTER


@pytest.mark.parametrize("relation", ["eq", "gte"])
def test_what_is_cut_is_told_as_declared(relation: str) -> None:
    total = Total.model_validate({"value": 10_000, "relation": relation})
    cut = EventBatch([], total, UrlBuilder("http://x.example"), PageHeading("x", ""), limit=300)
    for name, value in cut.headers.items():
        assert re.fullmatch(HEADERS[name]["schema"]["pattern"], value)
    assert cut.headers


@pytest.mark.parametrize("path", OPERATIONS)
def test_answers_fit_their_schemas(everything: httpx.Client, path: str) -> None:
    """What the hostile dossier holds too, and what every kind of list gives."""
    ((media_type, written),) = OPERATIONS[path]["responses"]["200"]["content"].items()
    if written["schema"].get("type") == "string":
        return
    fits = Draft202012Validator(
        {**written["schema"], "components": DOCUMENT["components"]}, format_checker=FORMATS
    )
    examples = [one["schema"]["examples"][0] for one in parameters_of(path, "path")]
    if path == "/events/{id}":
        examples = [one["id"] for one in everything.get("/events?limit=500").json()["items"]]
    for example in examples or [""]:
        answer = everything.get(path.replace("{id}", example))
        assert answer.headers["content-type"].startswith(media_type)
        fits.validate(answer.json())


LIMITED = [
    *(("Event", "EventEntry", member) for member in ("id", "title", "kind")),
    ("Citation", "CitationEntry", "quote"),
    ("Actor", "ActorEntry", "id"),
]


@pytest.mark.parametrize(("given", "written", "member"), LIMITED)
def test_a_limit_is_that_of_dossiers(given: str, written: str, member: str) -> None:
    entry = dossier_json_schema()["$defs"][written]["properties"][member]
    assert SCHEMAS[given]["properties"][member]["maxLength"] == entry["maxLength"]


def test_cursors_are_as_declared(everything: httpx.Client) -> None:
    (parameter,) = (one for one in parameters_of("/events", "query") if one["name"] == "cursor")
    for query in ("limit=1", "limit=1&sort=updated&order=desc", "limit=1&q=the"):
        cursor = everything.get(f"/events?{query}").json()["next"]
        assert re.fullmatch(parameter["schema"]["pattern"], cursor)
        assert everything.get(f"/events?{query}&cursor={cursor}").status_code == 200
        assert everything.get(f"/events?{query}&cursor={cursor}=").status_code == 422


TERMS = {"license_name": "CC BY 4.0", "license_url": "https://creativecommons.org/licenses/by/4.0/"}
# settings: what the document tells of who runs it
OPERATORS: list[tuple[dict[str, str], Json]] = [
    ({}, {}),
    ({"license_name": "CC0"}, {"license": {"name": "CC0"}}),
    (TERMS, {"license": {"name": "CC BY 4.0", "url": TERMS["license_url"]}}),
    (
        {"contact_name": "The desk", "contact_email": "desk@newsroom.example"},
        {"contact": {"name": "The desk", "email": "desk@newsroom.example"}},
    ),
    (
        {"contact_url": "https://newsroom.example/desk"},
        {"contact": {"url": "https://newsroom.example/desk"}},
    ),
]


@pytest.mark.parametrize(("settings", "told"), OPERATORS)
def test_the_operator_is_who_says_so(settings: dict[str, str], told: Json) -> None:
    info = create_app(Settings.model_validate(settings)).openapi()["info"]
    assert {name: info[name] for name in ("contact", "license") if name in info} == told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("license_url", TERMS["license_url"]),
        ("contact_url", "newsroom.example"),
        ("contact_email", "the desk"),
        ("contact_url", "https://é.example/"),
        ("license_name", "CC\udcff"),
        ("contact_name", "The\ndesk"),
    ],
)
def test_an_operator_is_told_what_is_wrong(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


def test_the_document_is_made_once(seed: httpx.Client) -> None:
    app = create_app()
    assert app.openapi() is app.openapi()
    assert seed.get("/openapi.json").json() == app.openapi()
