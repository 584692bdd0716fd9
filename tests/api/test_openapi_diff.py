"""Which changes of the OpenAPI document break a client, and the message of each."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest

from app.main import create_app
from tests.support.openapi_diff import (
    HARMLESS,
    PART,
    PARTS,
    RULES,
    TIGHTER,
    Json,
    breaking_changes,
    format_value,
    resolve,
)

DOCUMENT: Json = json.loads(json.dumps(create_app().openapi()))
SCHEMAS: Json = DOCUMENT["components"]["schemas"]

# Instead of a value: the value that the document has, and no value.
UNCHANGED: Any = object()
ABSENT: Any = object()

Q = "GET /events > parameters > q"
NEW = "GET /events > parameters > new"
OK = "GET /livez > responses > 200"
PROPERTY = "Alias > properties > x"
BODY = f"{OK} > content > application/json > schema"

TEXT = {"type": "string"}
ADDED = {"name": "new", "in": "query", "schema": TEXT}
INTEGER = {"type": "integer"}
X = {"properties": {"x": TEXT}}

# A place, its value before and after, and the message.
EDITS: list[tuple[str, Any, Any, str]] = [
    ("GET /livez", UNCHANGED, ABSENT, "GET /livez is gone"),
    ("GET /livez", ABSENT, UNCHANGED, ""),
    ("GET /livez > operationId", "a", "b", "GET /livez: `operationId` is b now, a before"),
    ("GET /livez > tags", ["a"], ["b", "c"], "GET /livez: `tags` is b, c now, a before"),
    ("GET /livez > security", [], [{}], "GET /livez: `security` is [{}] now, none before"),
    ("GET /livez > security", ABSENT, [], ""),
    (Q, UNCHANGED, ABSENT, "GET /events: the parameter `q` is gone"),
    (f"{Q} > name", "q", "text", "GET /events: the parameter `q` is gone"),
    (f"{Q} > in", "header", "query", "GET /events: the parameter `q` in header is gone"),
    (f"{Q} > required", False, True, "GET /events: `q`: it is required now"),
    (f"{Q} > required", True, False, ""),
    (f"{Q} > style", "a", "b", "GET /events: `q`: `style` is b now, a before"),
    (f"{Q} > schema", {"type": "array"}, TEXT, "GET /events: `q`: `array` is refused now"),
    (NEW, ABSENT, ADDED, ""),
    (NEW, ABSENT, {**ADDED, "required": True}, "GET /events: `new`: it is required now"),
    ("GET /livez > responses > 299", {}, ABSENT, "GET /livez: the status 299 is gone"),
    ("GET /livez > responses > 299", ABSENT, {}, ""),
    (f"{OK} > headers > A", {}, ABSENT, "GET /livez: 200: the header `A` is gone"),
    (f"{OK} > headers > A", ABSENT, {}, ""),
    (f"{OK} > headers > A > required", True, False, "GET /livez: 200: `A`: it may be absent now"),
    (f"{OK} > headers > A > required", False, True, ""),
    (f"{OK} > links > a", {}, ABSENT, "GET /livez: 200: the link `a` is gone"),
    (f"{OK} > links > a", ABSENT, {}, ""),
    (f"{OK} > content > a/b", {}, ABSENT, "GET /livez: 200: the media type a/b is gone"),
    (f"{OK} > content > a/b", ABSENT, {}, ""),
    (
        f"{BODY} > properties > x",
        {"items": {"properties": {"y": TEXT}}},
        {"items": {"properties": {"y": {"type": "integer"}}}},
        "GET /livez: 200: application/json: x[].y: it may be `integer` now",
    ),
    (
        BODY,
        {"$ref": "#/components/schemas/Alias"},
        {**SCHEMAS["Alias"], "type": "array"},
        "GET /livez: 200: application/json: it may be `array` now",
    ),
    ("Alias > properties > name", UNCHANGED, ABSENT, "Alias: the member `name` is gone"),
    ("Alias > properties > x", ABSENT, TEXT, ""),
    ("Alias > required", ["name", "x"], ["name"], "Alias: `x` may be absent now"),
    (PROPERTY, {**X, "required": ["x"]}, {}, "Alias.x: the member `x` is gone"),
    ("Alias > items > type", "string", "integer", "Alias[]: it may be `integer` now"),
    (
        "Alias > additionalProperties > type",
        "string",
        "integer",
        "Alias.*: it may be `integer` now",
    ),
]

# A schema, a stricter one, the message if a request schema becomes stricter, and the message if a
# response schema becomes looser.
STRICTER: list[tuple[Json, Json, str, str]] = [
    ({"type": ["string", "null"]}, TEXT, "`null` is refused now", "it may be `null` now"),
    ({"anyOf": [TEXT, {"type": "null"}]}, TEXT, "`null` is refused now", "it may be `null` now"),
    ({"type": "number"}, INTEGER, "`number` is refused now", "it may be `number` now"),
    ({}, TEXT, "`anything else` is refused now", "it may be `anything else` now"),
    ({"enum": ["a", 1]}, {"enum": ["a"]}, "`1` is refused now", "it may be `1` now"),
    ({}, {"const": 1}, "`anything else` is refused now", "it may be `anything else` now"),
    (X, {**X, "required": ["x"]}, "`x` is required now", "`x` may be absent now"),
]

# A keyword, a value, and a stricter one.
BOUNDS: list[tuple[str, Any, Any]] = [
    ("pattern", None, "^a"),
    ("uniqueItems", False, True),
    ("minimum", 1, 1.5),
    ("minimum", None, 0),
    ("exclusiveMinimum", 1, 2),
    ("minLength", 1, 2),
    ("minItems", None, 1),
    ("maximum", 500, 100),
    ("maximum", None, 0),
    ("exclusiveMaximum", 2, 1),
    ("maxLength", None, 9),
    ("maxItems", 2, 1),
]

# A keyword, and two values of which neither is stricter.
INCOMPARABLE: list[tuple[str, Any, Any]] = [
    ("pattern", "^a", "^b"),
    ("format", None, "date"),
    ("default", 50, 20),
    ("default", None, False),
    ("additionalProperties", True, False),
    ("multipleOf", 2, 3),
]

# Schemas with the same meaning.
EQUIVALENT: list[tuple[Json, Json]] = [
    *(({}, {keyword: "x"}) for keyword in sorted(HARMLESS)),
    ({"const": 1}, {"enum": [1]}),
    ({"anyOf": [TEXT, {"type": "null"}]}, {"type": ["string", "null"]}),
    ({"type": ["integer", "number"]}, {"type": "number"}),
    ({"default": []}, {}),
    ({"minLength": 0}, {}),
    ({"additionalProperties": True}, {}),
    ({"minimum": 1.0}, {"minimum": 1}),
]


def edited(place: str, value: object, document: Json = DOCUMENT) -> Json:
    """Return a copy with another value at a place. References on the way to it are replaced."""
    document = deepcopy(document)
    first, *rest = place.split(" > ")
    method, _, path = first.partition(" ")
    start = ["paths", path, method.lower()] if path else ["components", "schemas", first]
    *names, last = [*start, *rest]
    node: Any = document
    for name in names:
        at = _key(document, node, name)
        inner = node[at] if isinstance(node, list) else node.setdefault(at, {})
        if isinstance(inner, dict):
            node[at] = deepcopy(resolve(document, inner))
        node = node[at]
    at = _key(document, node, last)
    if isinstance(node, list):
        node[at : at + 1] = (
            node[at : at + 1] if value is UNCHANGED else [] if value is ABSENT else [value]
        )
    elif value is ABSENT:
        node.pop(at, None)
    elif value is not UNCHANGED:
        node[at] = value
    return document


def _key(document: Json, node: Json | list[Json], name: str) -> Any:  # noqa: ANN401 - a string or an index
    """Return the key of a part: its name or, for a parameter, its index."""
    if isinstance(node, dict):
        return name
    names = [resolve(document, parameter)["name"] for parameter in node]
    return [*names, name].index(name)


def with_components(document: Json) -> Json:
    """Return a copy whose parameters and responses are in `components`, as references."""
    document = deepcopy(document)
    for operations in document["paths"].values():
        for operation in operations.values():
            parameters = operation.get("parameters", [])
            parameters[:] = [
                _move_to_components(document, "parameters", part) for part in parameters
            ]
            for status, part in operation["responses"].items():
                operation["responses"][status] = _move_to_components(document, "responses", part)
    return document


def _move_to_components(document: Json, folder: str, part: Json) -> Json:
    parts = document["components"].setdefault(folder, {})
    name = f"Component{len(parts)}"
    parts[name] = part
    return {"$ref": f"#/components/{folder}/{name}"}


def changes_of(before: Json, after: Json) -> tuple[list[str], list[str]]:
    """Compare two schemas, as that of a parameter and as that of a property of a response."""
    return (
        breaking_changes(edited(f"{Q} > schema", before), edited(f"{Q} > schema", after)),
        breaking_changes(edited(PROPERTY, before), edited(PROPERTY, after)),
    )


@pytest.mark.parametrize(("place", "before", "after", "message"), EDITS)
def test_breaking_edit_is_reported_with_its_place(
    place: str, before: object, after: object, message: str
) -> None:
    old, new = edited(place, before), edited(place, after)
    expected = [message] if message else []
    assert breaking_changes(old, new) == expected
    assert breaking_changes(old, with_components(new)) == expected
    assert breaking_changes(with_components(old), new) == expected


@pytest.mark.parametrize(("loose", "strict", "in_request", "in_response"), STRICTER)
def test_stricter_request_and_looser_response_are_reported(
    loose: Json, strict: Json, in_request: str, in_response: str
) -> None:
    assert changes_of(loose, strict) == ([f"GET /events: `q`: {in_request}"], [])
    assert changes_of(strict, loose) == ([], [f"Alias.x: {in_response}"])


@pytest.mark.parametrize(("keyword", "loose", "strict"), BOUNDS)
def test_changed_bound_is_reported_in_one_direction(
    keyword: str, loose: object, strict: object
) -> None:
    wide, narrow = ({keyword: value} if value is not None else {} for value in (loose, strict))
    stricter = f"`{keyword}` is {format_value(strict)} now, {format_value(loose)} before"
    looser = f"`{keyword}` is {format_value(loose)} now, {format_value(strict)} before"
    assert changes_of(wide, narrow) == ([f"GET /events: `q`: {stricter}"], [])
    assert changes_of(narrow, wide) == ([], [f"Alias.x: {looser}"])


@pytest.mark.parametrize(("keyword", "first", "second"), INCOMPARABLE)
def test_incomparable_values_are_reported_in_both_directions(
    keyword: str, first: object, second: object
) -> None:
    for old, new in ((first, second), (second, first)):
        before, after = ({keyword: value} if value is not None else {} for value in (old, new))
        message = f"`{keyword}` is {format_value(new)} now, {format_value(old)} before"
        expected = ([f"GET /events: `q`: {message}"], [f"Alias.x: {message}"])
        assert changes_of(before, after) == expected


@pytest.mark.parametrize(("first", "second"), EQUIVALENT)
def test_equivalent_schemas_have_no_changes(first: Json, second: Json) -> None:
    assert changes_of(first, second) == changes_of(second, first) == ([], [])


def test_every_rule_has_a_row() -> None:
    places = {part for place, *_, message in EDITS if message for part in place.split(" > ")}
    assert places >= PARTS.keys() | PART.keys()
    assert {keyword for keyword, *_ in BOUNDS} == TIGHTER.keys()
    assert {keyword for _, strict, *_ in STRICTER for keyword in strict} >= RULES.keys()


def test_equal_documents_have_no_changes() -> None:
    assert breaking_changes(DOCUMENT, deepcopy(DOCUMENT)) == []
    assert breaking_changes(DOCUMENT, with_components(DOCUMENT)) == []
    assert breaking_changes(with_components(DOCUMENT), DOCUMENT) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_change_of_any_schema_is_reported(name: str) -> None:
    changes = breaking_changes(DOCUMENT, edited(name, {"enum": ["x"]}))
    assert changes
    assert {re.split(r"\W", change)[0] for change in changes} == {name}


def test_global_security_is_reported_for_each_operation() -> None:
    operations = [
        f"{method.upper()} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    ]
    message = f"{', '.join(sorted(operations))}: `security` is [{{}}] now, none before"
    assert breaking_changes(DOCUMENT, {**DOCUMENT, "security": [{}]}) == [message]


def test_one_change_in_many_places_is_reported_once() -> None:
    after = DOCUMENT
    for path in ("GET /actors", "GET /events", "GET /sources"):
        after = edited(f"{path} > parameters > limit", ABSENT, after)
    places = "GET /actors, GET /events, GET /sources"
    assert breaking_changes(DOCUMENT, after) == [f"{places}: the parameter `limit` is gone"]
    before, after = DOCUMENT, DOCUMENT
    for place in ("Actor > properties > x", "Alias > properties > y"):
        before, after = edited(place, TEXT, before), edited(place, INTEGER, after)
    assert breaking_changes(before, after) == ["Actor.x, Alias.y: it may be `integer` now"]


def test_changed_title_is_reported() -> None:
    """Generators name packages after the title."""
    after = {**DOCUMENT, "info": {**DOCUMENT["info"], "title": "Events API", "version": "2"}}
    message = "the title is Events API now, Timeline API before"
    assert breaking_changes(DOCUMENT, after) == [message]


def test_renamed_schema_is_reported_once() -> None:
    after = json.loads(json.dumps(DOCUMENT).replace('/Alias"', '/Nickname"'))
    after["components"]["schemas"]["Nickname"] = after["components"]["schemas"].pop("Alias")
    assert breaking_changes(DOCUMENT, after) == ["the schema Alias is gone"]


def test_recursive_schema_is_compared_once() -> None:
    recursive = edited(PROPERTY, {"$ref": "#/components/schemas/Alias"})
    inlined = edited(PROPERTY, {**recursive["components"]["schemas"]["Alias"]})
    assert breaking_changes(recursive, deepcopy(recursive)) == []
    assert breaking_changes(recursive, inlined) == breaking_changes(inlined, recursive) == []
    after = edited("Alias > properties > name", ABSENT, recursive)
    assert breaking_changes(recursive, after) == ["Alias: the member `name` is gone"]
