"""The OpenAPI document describes every operation, parameter, header and property correctly."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
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
from tests.support.openapi import DOCUMENT, OPERATIONS, parameters_of, resolve
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
    """Yield each object in a document, except in examples."""
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, dict):
        yield node
        for name, value in node.items():
            if name != "examples":
                yield from _nodes(value)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_operation_has_id_description_and_tag(operation: Json) -> None:
    assert re.fullmatch("(list|get)[A-Z][A-Za-z]+", operation["operationId"])
    assert operation["summary"]
    assert operation["description"].endswith(".")
    (tag,) = operation["tags"]
    assert tag in TAGS
    assert operation["responses"]["200"]["description"] != "Successful Response"
    assert {"422", "500"} <= operation["responses"].keys()


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len({*ids}) == len(ids)
    assert [tag["name"] for tag in DOCUMENT["tags"]] == [*TAGS]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_parameter_has_description_and_limits(parameter: Json) -> None:
    assert parameter["description"].endswith(".")
    schema = parameter["schema"]
    if schema["type"] == "array":
        assert schema["maxItems"] <= 50
        schema = resolve(schema["items"])
    if schema["type"] == "integer":
        assert {"minimum", "maximum", "format"} <= schema.keys()
    elif schema["type"] != "boolean" and "enum" not in schema:
        assert {"maxLength", "pattern"} <= schema.keys()


WITHOUT_EXAMPLE = {
    "topic",  # the bundled timeline has none
    "cursor",  # valid only together with the filters of its page
}


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_parameter_has_an_example(parameter: Json) -> None:
    schema = parameter["schema"]
    examples = (
        schema.get("examples")
        or schema.get("default")
        or resolve(schema.get("items", schema)).get("enum")
    )
    assert bool(examples) is (parameter["name"] not in WITHOUT_EXAMPLE)


@pytest.mark.parametrize("path", [path for path in OPERATIONS if "{id}" in path])
def test_example_id_exists(seed: httpx.Client, path: str) -> None:
    (parameter,) = parameters_of(path, "path")
    for example in parameter["schema"]["examples"]:
        assert seed.get(path.replace("{id}", example)).status_code == 200


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_and_its_properties_have_descriptions(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["description"].endswith(".")
    for property_ in map(resolve, schema.get("properties", {}).values()):
        assert property_["description"].endswith(".")
        assert property_["type"]


def test_document_has_no_null_composition_or_title() -> None:
    nodes = [*_nodes({**DOCUMENT, "info": {}})]
    assert [node for node in nodes if node.get("type") == "null"] == []
    # Generators translate these differently, and `tests.support.openapi_diff` ignores them.
    composed = {"anyOf", "oneOf", "allOf", "not"}
    assert [node for node in nodes if node.keys() & composed] == []
    assert [node for node in nodes if isinstance(node.get("title"), str)] == []
    numbers = [node for node in nodes if node.get("type") in ("integer", "number")]
    assert all("format" in node for node in numbers)


def test_component_names_differ_in_more_than_case() -> None:
    """Otherwise generators number them, or overwrite files on macOS and Windows."""
    names = Counter(
        name.lower().replace("_", "").replace("-", "")  # generators also remove these
        for components in DOCUMENT["components"].values()
        for name in components
    )
    assert [name for name, times in names.items() if times > 1] == []


DECLARED = {name.lower() for name in HEADERS}
# X-Request-ID is on every response, but only declared for the 500, where it is useful.
OF_SUCCESS = DECLARED - {"x-request-id"}


def test_declared_headers_can_be_read_from_any_origin() -> None:
    # https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
    safelisted = {"cache-control"}
    exposed = DEFAULT_HEADERS["Access-Control-Expose-Headers"].lower().split(", ")
    assert {*exposed, *safelisted} == DECLARED - {"allow"}


@pytest.mark.parametrize("path", OPERATIONS)
def test_success_has_exactly_the_declared_headers(everything: httpx.Client, path: str) -> None:
    """Headers are the same for a truncated response and for a page with a next one."""
    operation = OPERATIONS[path]
    url = REQUESTS.get(operation["operationId"], path.replace("{id}", "nso-blacklisted"))
    names = {parameter["name"] for parameter in parameters_of(path, "query")}
    urls = [url, f"{path}?limit=1"] if "limit" in names else [url]
    sent = _header_names(everything.get(url) for url in urls)
    assert sent == {name.lower() for name in operation["responses"]["200"].get("headers", {})}
    if "304" in operation["responses"]:
        unchanged = [everything.get(url, headers={"If-None-Match": "*"}) for url in urls]
        assert {response.status_code for response in unchanged} == {304}
        declared = operation["responses"]["304"]["headers"]
        assert _header_names(unchanged) == sent == {name.lower() for name in declared}


def _header_names(responses: Iterable[httpx.Response]) -> set[str]:
    return {name for response in responses for name in response.headers.keys() & OF_SUCCESS}


def test_error_responses_declare_their_headers() -> None:
    responses = DOCUMENT["components"]["responses"]
    assert {name: [*one["headers"]] for name, one in responses.items() if "headers" in one} == {
        "InternalServerError": ["X-Request-ID"],
        "MethodNotAllowed": ["Allow"],
        "ServiceUnavailable": ["Retry-After"],
    }
    assert HEADERS["Allow"]["example"] == ALLOWED_METHODS
    assert HEADERS["Retry-After"]["example"] == RETRY_AFTER


@pytest.mark.parametrize("relation", ["eq", "gte"])
def test_truncation_header_matches_its_pattern(relation: str) -> None:
    total = Total.model_validate({"value": 10_000, "relation": relation})
    truncated = EventBatch(
        [], total, UrlBuilder("http://x.example"), PageHeading("x", ""), limit=300
    )
    for name, value in truncated.headers.items():
        assert re.fullmatch(HEADERS[name]["schema"]["pattern"], value)
    assert truncated.headers


@pytest.mark.parametrize("path", OPERATIONS)
def test_response_is_valid_for_its_schema(everything: httpx.Client, path: str) -> None:
    ((media_type, content),) = OPERATIONS[path]["responses"]["200"]["content"].items()
    if content["schema"].get("type") == "string":
        return
    validator = Draft202012Validator(
        {**content["schema"], "components": DOCUMENT["components"]}, format_checker=FORMATS
    )
    examples = [one["schema"]["examples"][0] for one in parameters_of(path, "path")]
    if path == "/events/{id}":
        examples = [one["id"] for one in everything.get("/events?limit=500").json()["items"]]
    for example in examples or [""]:
        response = everything.get(path.replace("{id}", example))
        assert response.headers["content-type"].startswith(media_type)
        validator.validate(response.json())


# A public schema, the schema of a dossier, and a property of both.
LIMITS = [
    *(("Event", "EventEntry", member) for member in ("id", "title", "kind")),
    ("Citation", "CitationEntry", "quote"),
    ("Actor", "ActorEntry", "id"),
]


@pytest.mark.parametrize(("schema", "entry_schema", "name"), LIMITS)
def test_max_length_is_that_of_dossiers(schema: str, entry_schema: str, name: str) -> None:
    entry = dossier_json_schema()["$defs"][entry_schema]["properties"][name]
    assert SCHEMAS[schema]["properties"][name]["maxLength"] == entry["maxLength"]


def test_cursor_matches_its_pattern(everything: httpx.Client) -> None:
    (parameter,) = (one for one in parameters_of("/events", "query") if one["name"] == "cursor")
    for query in ("limit=1", "limit=1&sort=updated&order=desc", "limit=1&q=the"):
        cursor = everything.get(f"/events?{query}").json()["next"]
        assert re.fullmatch(parameter["schema"]["pattern"], cursor)
        assert everything.get(f"/events?{query}&cursor={cursor}").status_code == 200
        assert everything.get(f"/events?{query}&cursor={cursor}=").status_code == 422


LICENSE = {
    "license_name": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
}
# Settings: the contact and the licence in the document.
CONTACTS: list[tuple[dict[str, str], Json]] = [
    ({}, {}),
    ({"license_name": "CC0"}, {"license": {"name": "CC0"}}),
    (LICENSE, {"license": {"name": "CC BY 4.0", "url": LICENSE["license_url"]}}),
    (
        {"contact_name": "The desk", "contact_email": "desk@newsroom.example"},
        {"contact": {"name": "The desk", "email": "desk@newsroom.example"}},
    ),
    (
        {"contact_url": "https://newsroom.example/desk"},
        {"contact": {"url": "https://newsroom.example/desk"}},
    ),
]


@pytest.mark.parametrize(("settings", "expected"), CONTACTS)
def test_contact_and_license_come_from_settings(settings: dict[str, str], expected: Json) -> None:
    info = create_app(Settings.model_validate(settings)).openapi()["info"]
    assert {name: info[name] for name in ("contact", "license") if name in info} == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("license_url", LICENSE["license_url"]),
        ("contact_url", "newsroom.example"),
        ("contact_email", "the desk"),
        ("contact_url", "https://é.example/"),
        ("license_name", "CC\udcff"),
        ("contact_name", "The\ndesk"),
    ],
)
def test_invalid_contact_or_license_setting_is_rejected(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


def test_document_is_built_once(seed: httpx.Client) -> None:
    app = create_app()
    assert app.openapi() is app.openapi()
    assert seed.get("/openapi.json").json() == app.openapi()
