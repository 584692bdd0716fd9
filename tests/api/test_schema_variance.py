"""Property test: `openapi_diff` reports every change that a JSON Schema validator notices."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.openapi_diff import Json, breaking_changes
from tests.support.requirements import repetitions

SCALARS = [None, -1, 0, 1, 1.5, 2, 3, "", "a", "ab", "bcd"]
VALUES: list[Any] = [
    *(*SCALARS, [], {}, *([one] for one in SCALARS), *({"x": one} for one in SCALARS)),
    *(["a", "a"], ["a", "b"], [[]], [["a"]], {"x": []}, {"x": {}}, {"x": ["a", "a"]}, [{}]),
]
values = st.sampled_from(VALUES)
types = st.sampled_from(["null", "integer", "number", "string", "array", "object"])
keywords: dict[str, st.SearchStrategy[Any]] = {
    "type": types | st.lists(types, min_size=1, unique=True),
    "enum": st.lists(values, min_size=1),
    "pattern": st.sampled_from(["^a", "b"]),
    "uniqueItems": st.booleans(),
    "required": st.sampled_from([[], ["x"]]),
    **dict.fromkeys(["minimum", "exclusiveMinimum"], st.integers(-1, 2)),
    **dict.fromkeys(["maximum", "exclusiveMaximum"], st.integers(0, 2)),
    **dict.fromkeys(["minLength", "minItems", "maxLength", "maxItems"], st.integers(0, 2)),
}
flat: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"properties": st.just({"x": {}})}, optional=keywords
)
some = st.sampled_from([*keywords]).flatmap(
    lambda keyword: st.fixed_dictionaries({}, optional={keyword: keywords[keyword]})
)
# Schemas that contain the changed schema.
containers: list[Callable[[Json], Json]] = [
    lambda schema: schema,
    lambda schema: {"items": schema},
    lambda schema: {"properties": {"x": schema}},
]


def request_document(schema: Json) -> Json:
    """Build a document of one operation with one parameter."""
    return _document({"parameters": [{"name": "q", "in": "query", "schema": schema}]})


def response_document(schema: Json) -> Json:
    """Build a document of one operation with one response."""
    return _document({"responses": {"200": {"content": {"application/json": {"schema": schema}}}}})


def _document(operation: Json) -> Json:
    return {"paths": {"/x": {"get": operation}}, "components": {"schemas": {}}}


@pytest.mark.full
@settings(max_examples=repetitions(200, 4_000))
@given(st.sampled_from(containers), flat, some, some)
def test_change_of_validity_is_reported(
    contain: Callable[[Json], Json], schema: Json, first: Json, second: Json
) -> None:
    before, after = contain({**schema, **first}), contain({**schema, **second})
    old, new = (jsonschema.Draft202012Validator(schema) for schema in (before, after))
    if any(old.is_valid(value) and not new.is_valid(value) for value in VALUES):
        assert breaking_changes(request_document(before), request_document(after))
    if any(new.is_valid(value) and not old.is_valid(value) for value in VALUES):
        assert breaking_changes(response_document(before), response_document(after))
