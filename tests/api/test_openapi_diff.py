"""Which changes of the document break a client, and in what words each is told."""

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
    resolved,
    shown,
)

DOCUMENT: Json = json.loads(json.dumps(create_app().openapi()))
SCHEMAS: Json = DOCUMENT["components"]["schemas"]

# instead of a value: what the document has, and nothing
KEPT: Any = object()
GONE: Any = object()

Q = "GET /events > parameters > q"
NEW = "GET /events > parameters > new"
OK = "GET /livez > responses > 200"
MEMBER = "Alias > properties > x"
BODY = f"{OK} > content > application/json > schema"

TEXT = {"type": "string"}
ADDED = {"name": "new", "in": "query", "schema": TEXT}
INTEGER = {"type": "integer"}
X = {"properties": {"x": TEXT}}

# a place, what is there before and after: what is told
EDITS: list[tuple[str, Any, Any, str]] = [
    ("GET /livez", KEPT, GONE, "GET /livez is gone"),
    ("GET /livez", GONE, KEPT, ""),
    ("GET /livez > operationId", "a", "b", "GET /livez: `operationId` is b now, a before"),
    ("GET /livez > tags", ["a"], ["b", "c"], "GET /livez: `tags` is b, c now, a before"),
    ("GET /livez > security", [], [{}], "GET /livez: `security` is [{}] now, none before"),
    ("GET /livez > security", GONE, [], ""),
    (Q, KEPT, GONE, "GET /events: the parameter `q` is gone"),
    (f"{Q} > name", "q", "text", "GET /events: the parameter `q` is gone"),
    (f"{Q} > in", "header", "query", "GET /events: the parameter `q` in header is gone"),
    (f"{Q} > required", False, True, "GET /events: `q`: it is required now"),
    (f"{Q} > required", True, False, ""),
    (f"{Q} > style", "a", "b", "GET /events: `q`: `style` is b now, a before"),
    (f"{Q} > schema", {"type": "array"}, TEXT, "GET /events: `q`: `array` is refused now"),
    (NEW, GONE, ADDED, ""),
    (NEW, GONE, {**ADDED, "required": True}, "GET /events: `new`: it is required now"),
    ("GET /livez > responses > 299", {}, GONE, "GET /livez: the status 299 is gone"),
    ("GET /livez > responses > 299", GONE, {}, ""),
    (f"{OK} > headers > A", {}, GONE, "GET /livez: 200: the header `A` is gone"),
    (f"{OK} > headers > A", GONE, {}, ""),
    (f"{OK} > headers > A > required", True, False, "GET /livez: 200: `A`: it may be absent now"),
    (f"{OK} > headers > A > required", False, True, ""),
    (f"{OK} > links > a", {}, GONE, "GET /livez: 200: the link `a` is gone"),
    (f"{OK} > links > a", GONE, {}, ""),
    (f"{OK} > content > a/b", {}, GONE, "GET /livez: 200: the media type a/b is gone"),
    (f"{OK} > content > a/b", GONE, {}, ""),
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
    ("Alias > properties > name", KEPT, GONE, "Alias: the member `name` is gone"),
    ("Alias > properties > x", GONE, TEXT, ""),
    ("Alias > required", ["name", "x"], ["name"], "Alias: `x` may be absent now"),
    (MEMBER, {**X, "required": ["x"]}, {}, "Alias.x: the member `x` is gone"),
    ("Alias > items > type", "string", "integer", "Alias[]: it may be `integer` now"),
    (
        "Alias > additionalProperties > type",
        "string",
        "integer",
        "Alias.*: it may be `integer` now",
    ),
]

# a schema, a tighter one: what is told of what tightens coming in, of what loosens going out
TIGHTENED: list[tuple[Json, Json, str, str]] = [
    ({"type": ["string", "null"]}, TEXT, "`null` is refused now", "it may be `null` now"),
    ({"anyOf": [TEXT, {"type": "null"}]}, TEXT, "`null` is refused now", "it may be `null` now"),
    ({"type": "number"}, INTEGER, "`number` is refused now", "it may be `number` now"),
    ({}, TEXT, "`anything else` is refused now", "it may be `anything else` now"),
    ({"enum": ["a", 1]}, {"enum": ["a"]}, "`1` is refused now", "it may be `1` now"),
    ({}, {"const": 1}, "`anything else` is refused now", "it may be `anything else` now"),
    (X, {**X, "required": ["x"]}, "`x` is required now", "`x` may be absent now"),
]

# a keyword, a value, a tighter one
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

# a keyword, two values of which neither is tighter
OTHERS: list[tuple[str, Any, Any]] = [
    ("pattern", "^a", "^b"),
    ("format", None, "date"),
    ("default", 50, 20),
    ("default", None, False),
    ("additionalProperties", True, False),
    ("multipleOf", 2, 3),
]

# schemas that mean the same
ALIKE: list[tuple[Json, Json]] = [
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
    """Copy a document with another value at a place; what that shared with others is its own."""
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
            node[at] = deepcopy(resolved(document, inner))
        node = node[at]
    at = _key(document, node, last)
    if isinstance(node, list):
        node[at : at + 1] = node[at : at + 1] if value is KEPT else [] if value is GONE else [value]
    elif value is GONE:
        node.pop(at, None)
    elif value is not KEPT:
        node[at] = value
    return document


def _key(document: Json, node: Json | list[Json], name: str) -> Any:  # noqa: ANN401 - of either
    """Give the key of a part: its name or, of a parameter, its index."""
    if isinstance(node, dict):
        return name
    names = [resolved(document, one)["name"] for one in node]
    return [*names, name].index(name)


def gathered(document: Json) -> Json:
    """Copy a document with each parameter and answer in its `components`, and referred to."""
    document = deepcopy(document)
    for operations in document["paths"].values():
        for operation in operations.values():
            parameters = operation.get("parameters", [])
            parameters[:] = [_gather(document, "parameters", part) for part in parameters]
            for status, part in operation["responses"].items():
                operation["responses"][status] = _gather(document, "responses", part)
    return document


def _gather(document: Json, folder: str, part: Json) -> Json:
    parts = document["components"].setdefault(folder, {})
    name = f"Gathered{len(parts)}"
    parts[name] = part
    return {"$ref": f"#/components/{folder}/{name}"}


def told_of(before: Json, after: Json) -> tuple[list[str], list[str]]:
    """Compare two schemas, as one of a parameter and as one of a member of an answer."""
    return (
        breaking_changes(edited(f"{Q} > schema", before), edited(f"{Q} > schema", after)),
        breaking_changes(edited(MEMBER, before), edited(MEMBER, after)),
    )


@pytest.mark.parametrize(("place", "before", "after", "told"), EDITS)
def test_an_edit_is_told_where_it_breaks(
    place: str, before: object, after: object, told: str
) -> None:
    old, new = edited(place, before), edited(place, after)
    expected = [told] if told else []
    assert breaking_changes(old, new) == expected
    assert breaking_changes(old, gathered(new)) == expected
    assert breaking_changes(gathered(old), new) == expected


@pytest.mark.parametrize(("loose", "tight", "coming_in", "going_out"), TIGHTENED)
def test_what_comes_in_may_loosen_and_what_goes_out_may_tighten(
    loose: Json, tight: Json, coming_in: str, going_out: str
) -> None:
    assert told_of(loose, tight) == ([f"GET /events: `q`: {coming_in}"], [])
    assert told_of(tight, loose) == ([], [f"Alias.x: {going_out}"])


@pytest.mark.parametrize(("keyword", "loose", "tight"), BOUNDS)
def test_a_bound_tightens_or_loosens(keyword: str, loose: object, tight: object) -> None:
    wide, narrow = ({keyword: one} if one is not None else {} for one in (loose, tight))
    tightens = f"`{keyword}` is {shown(tight)} now, {shown(loose)} before"
    loosens = f"`{keyword}` is {shown(loose)} now, {shown(tight)} before"
    assert told_of(wide, narrow) == ([f"GET /events: `q`: {tightens}"], [])
    assert told_of(narrow, wide) == ([], [f"Alias.x: {loosens}"])


@pytest.mark.parametrize(("keyword", "one", "other"), OTHERS)
def test_of_other_keywords_any_change_breaks(keyword: str, one: object, other: object) -> None:
    for old, new in ((one, other), (other, one)):
        before, after = ({keyword: value} if value is not None else {} for value in (old, new))
        told = f"`{keyword}` is {shown(new)} now, {shown(old)} before"
        assert told_of(before, after) == ([f"GET /events: `q`: {told}"], [f"Alias.x: {told}"])


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_the_same_in_other_words_breaks_nothing(one: Json, other: Json) -> None:
    assert told_of(one, other) == told_of(other, one) == ([], [])


def test_every_rule_has_its_row() -> None:
    places = {part for place, *_, told in EDITS if told for part in place.split(" > ")}
    assert places >= PARTS.keys() | PART.keys()
    assert {keyword for keyword, *_ in BOUNDS} == TIGHTER.keys()
    assert {keyword for _, tight, *_ in TIGHTENED for keyword in tight} >= RULES.keys()


def test_a_document_against_itself_breaks_nothing() -> None:
    assert breaking_changes(DOCUMENT, deepcopy(DOCUMENT)) == []
    assert breaking_changes(DOCUMENT, gathered(DOCUMENT)) == []
    assert breaking_changes(gathered(DOCUMENT), DOCUMENT) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_schema_of_the_document_is_passed_over(name: str) -> None:
    told = breaking_changes(DOCUMENT, edited(name, {"enum": ["x"]}))
    assert told
    assert {re.split(r"\W", one)[0] for one in told} == {name}


def test_what_the_document_says_for_all_is_told_of_each() -> None:
    operations = [
        f"{method.upper()} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    ]
    told = f"{', '.join(sorted(operations))}: `security` is [{{}}] now, none before"
    assert breaking_changes(DOCUMENT, {**DOCUMENT, "security": [{}]}) == [told]


def test_one_change_in_many_places_is_told_once() -> None:
    after = DOCUMENT
    for path in ("GET /actors", "GET /events", "GET /sources"):
        after = edited(f"{path} > parameters > limit", GONE, after)
    places = "GET /actors, GET /events, GET /sources"
    assert breaking_changes(DOCUMENT, after) == [f"{places}: the parameter `limit` is gone"]
    before, after = DOCUMENT, DOCUMENT
    for member in ("Actor > properties > x", "Alias > properties > y"):
        before, after = edited(member, TEXT, before), edited(member, INTEGER, after)
    assert breaking_changes(before, after) == ["Actor.x, Alias.y: it may be `integer` now"]


def test_a_title_names_packages() -> None:
    after = {**DOCUMENT, "info": {**DOCUMENT["info"], "title": "Events API", "version": "2"}}
    told = "the title is Events API now, Timeline API before"
    assert breaking_changes(DOCUMENT, after) == [told]


def test_a_renamed_schema_is_gone_and_nothing_else() -> None:
    after = json.loads(json.dumps(DOCUMENT).replace('/Alias"', '/Nickname"'))
    after["components"]["schemas"]["Nickname"] = after["components"]["schemas"].pop("Alias")
    assert breaking_changes(DOCUMENT, after) == ["the schema Alias is gone"]


def test_a_schema_within_itself_comes_to_an_end() -> None:
    within = edited(MEMBER, {"$ref": "#/components/schemas/Alias"})
    again = edited(MEMBER, {**within["components"]["schemas"]["Alias"]})
    assert breaking_changes(within, deepcopy(within)) == []
    assert breaking_changes(within, again) == breaking_changes(again, within) == []
    after = edited("Alias > properties > name", GONE, within)
    assert breaking_changes(within, after) == ["Alias: the member `name` is gone"]
