"""Finds breaking changes between two OpenAPI 3.1 documents.

Requests must not become stricter, and responses must not become looser. So a rule defines only when
one value is stricter than another. Any change of a keyword without a rule is breaking.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from math import inf
from operator import getitem, gt, lt, ne
from typing import Any

Json = dict[str, Any]
Tighter = Callable[[Any, Any], bool]

HARMLESS = {"description", "summary", "title", "example", "examples", "deprecated", "externalDocs"}

# Keywords with named parts, and how messages call a part and its place.
PARTS = {
    "parameters": ("parameter {}", ": {}"),
    "responses": ("status {}", ": {}"),
    "headers": ("header `{}`", ": `{}`"),
    "content": ("media type {}", ": {}"),
    "links": ("link `{}`", ": `{}`"),
    "properties": ("member `{}`", ".{}"),
}
# Keywords with one part, and how messages call its place.
PART = {"schema": ": ", "items": "[]", "additionalProperties": ".*"}


def breaking_changes(before: Json, after: Json) -> list[str]:
    """Return a sentence for each breaking change, with all of its places.

    A place begins with an operation, or with a schema that both documents refer to by name.
    """
    old_operations, new_operations = _operations(before), _operations(after)
    comparison = _Comparison(before, after)
    for name in old_operations.keys() & new_operations.keys():
        comparison.compare(name, "", old_operations[name], new_operations[name], incoming=True)
    places: dict[str, list[str]] = {}
    for place, change in sorted(comparison.changes):
        places.setdefault(change, []).append(place)
    old_schemas, new_schemas = (document["components"]["schemas"] for document in (before, after))
    old_title, new_title = (document.get("info", {}).get("title") for document in (before, after))
    return [
        # Generated packages are named after the title.
        *([f"the title is {new_title} now, {old_title} before"] if new_title != old_title else []),
        *(f"{name} is gone" for name in old_operations if name not in new_operations),
        *(f"the schema {name} is gone" for name in old_schemas if name not in new_schemas),
        *sorted(f"{', '.join(names)}{change}" for change, names in places.items()),
    ]


def resolve(document: Json, node: Json) -> Json:
    """Return the node that a reference points to, with the keywords next to the reference."""
    while "$ref" in node:
        target = reduce(getitem, node["$ref"].split("/")[1:], document)
        node = {**target, **{key: node[key] for key in node if key != "$ref"}}
    return node


def parameter_label(parameter: Json) -> str:
    """Return the name of a parameter, with its place unless that is the query."""
    place = "" if parameter["in"] == "query" else f" in {parameter['in']}"
    return f"`{parameter['name']}`{place}"


def format_value(value: object) -> str:
    """Format a value for a message."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "none"
    plain = "none" if value is None else value
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


class _Comparison:
    """Collects breaking changes as pairs of a place and a message."""

    def __init__(self, before: Json, after: Json) -> None:
        self.before, self.after = before, after
        self.changes: set[tuple[str, str]] = set()
        self._open: set[tuple[int, int, bool]] = set()

    def compare(self, where: str, path: str, before: Json, after: Json, *, incoming: bool) -> None:
        """Compare a part of one document with the same part of the other, recursively."""
        pair = (id(before), id(after), incoming)
        if pair in self._open:  # a recursive schema
            return
        self._open.add(pair)
        if "/schemas/" in (shared := before.get("$ref", "")) and shared == after.get("$ref"):
            where, path = shared.rpartition("/")[2], ""
        old, new = _plain(self.before, before), _plain(self.after, after)
        for keyword in {**old, **new}.keys() - HARMLESS:
            inner = [{} if (part := node.get(keyword, {})) is True else part for node in (old, new)]
            is_request = keyword == "parameters" or (incoming and keyword != "responses")
            if keyword in PARTS:
                self._compare_parts(keyword, where, path, *inner, incoming=is_request)
            elif keyword in PART and bool not in map(type, inner):
                self.compare(where, path + PART[keyword], *inner, incoming=is_request)
            else:
                rule = RULES.get(keyword, _compare_value)
                self._report(where, path, rule(keyword, old, new, is_request))
        self._open.remove(pair)

    def _compare_parts(
        self, keyword: str, where: str, path: str, before: Json, after: Json, *, incoming: bool
    ) -> None:
        name, step = PARTS[keyword]
        old, new = _parts(self.before, before), _parts(self.after, after)
        for key in {**old, **new}:
            inner = path + step.format(key)
            if key not in new:
                self._report(where, path, [f"the {name.format(key)} is gone"])
            elif key in old:
                self.compare(where, inner, old[key], new[key], incoming=incoming)
            elif keyword == "parameters":
                added = resolve(self.after, new[key])
                self._report(where, inner, _compare_required("required", {}, added, incoming))

    def _report(self, where: str, path: str, messages: Iterable[str]) -> None:
        if not path.startswith(":"):  # a member of a schema is a place by itself
            where, path = where + path, ""
        place = re.sub(r"(: )+\.?", ": ", f"{path}: ")  # a dot joins only members
        self.changes |= {(where, place + message) for message in messages}


def _operations(document: Json) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": {"security": document.get("security", []), **operation}
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def _parts(document: Json, parts: Json | list[Json]) -> Json:
    if isinstance(parts, list):
        return {parameter_label(resolve(document, part)): part for part in parts}
    return parts


def _plain(document: Json, node: Json) -> Json:
    """Return a node without references, `const`, and the `anyOf` of a nullable schema."""
    match resolve(document, node):
        case {"const": value, **rest}:
            return {**rest, "enum": [value]}
        case {"anyOf": [some, {"type": "null"}] | [{"type": "null"}, some], **rest}:
            some = _plain(document, some)
            return {**some, **rest, "type": [*_options(some.get("type", "anything else")), "null"]}
        case plain:
            return plain


def _compare_value(keyword: str, before: Json, after: Json, incoming: bool) -> Iterator[str]:
    """Compare one value. An empty list is equal to no value."""
    old, new = (None if node.get(keyword) == [] else node.get(keyword) for node in (before, after))
    tighter: Tighter = TIGHTER.get(keyword, ne)
    if tighter(old, new) if incoming else tighter(new, old):
        yield f"`{keyword}` is {format_value(new)} now, {format_value(old)} before"


def _compare_options(keyword: str, before: Json, after: Json, incoming: bool) -> Iterator[str]:
    """Compare the allowed types or values. Without the keyword, anything is allowed."""
    tight, loose = (after, before) if incoming else (before, after)
    known = _options(tight.get(keyword, []))
    if keyword == "type" and "number" in known:
        known = [*known, "integer"]
    beyond = [item for item in _options(loose.get(keyword, "anything else")) if item not in known]
    if known and beyond:
        values = ", ".join(f"`{format_value(item)}`" for item in beyond)
        yield f"{values} is refused now" if incoming else f"it may be {values} now"


def _options(value: str | list[Any]) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _compare_required(_: str, before: Json, after: Json, incoming: bool) -> Iterator[str]:
    """Compare what is required. Removed properties are reported elsewhere."""
    tight, loose = (after, before) if incoming else (before, after)
    names = [name for name in _required_names(tight) if name not in _required_names(loose)]
    gone = before.get("properties", {}).keys() - after.get("properties", {}).keys()
    if left := [f"`{name}`" if name else "it" for name in names if name not in gone]:
        yield f"{', '.join(left)} {'is required' if incoming else 'may be absent'} now"


def _required_names(node: Json) -> list[str]:
    """Return the required properties; an empty name for a required parameter or header itself."""
    required = node.get("required", [])
    return required if isinstance(required, list) else [""] * required


def _bound(tighter: Tighter, unbounded: float) -> Tighter:
    return lambda old, new: tighter(*(unbounded if end is None else end for end in (new, old)))


TIGHTER: dict[str, Tighter] = {
    "pattern": lambda old, new: bool(new) and new != old,
    "uniqueItems": lambda old, new: bool(new) and not old,
    **dict.fromkeys(("minimum", "exclusiveMinimum"), _bound(gt, -inf)),
    **dict.fromkeys(("minLength", "minItems"), _bound(gt, 0)),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), _bound(lt, inf)),
}
RULES = {"type": _compare_options, "enum": _compare_options, "required": _compare_required}
