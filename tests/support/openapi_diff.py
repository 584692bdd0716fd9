"""What a change of the contract breaks: two OpenAPI 3.1 documents, compared part by part.

What comes in must not become tighter, what goes out must not become looser: so a rule says only
when one value is tighter than another. A keyword without a rule breaks by any change.
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

# what is under a keyword: what each part is called, and how its place reads
PARTS = {
    "parameters": ("parameter {}", ": {}"),
    "responses": ("status {}", ": {}"),
    "headers": ("header `{}`", ": `{}`"),
    "content": ("media type {}", ": {}"),
    "links": ("link `{}`", ": `{}`"),
    "properties": ("member `{}`", ".{}"),
}
PART = {"schema": ": ", "items": "[]", "additionalProperties": ".*"}


def breaking_changes(before: Json, after: Json) -> list[str]:
    """Give each change that breaks a client, once, in a sentence that names its places.

    A place begins with an operation or, where both documents refer to it by name, a schema.
    """
    earlier, later = _operations(before), _operations(after)
    comparison = _Comparison(before, after)
    for name in earlier.keys() & later.keys():
        comparison.compare(name, "", earlier[name], later[name], incoming=True)
    places: dict[str, list[str]] = {}
    for place, told in sorted(comparison.found):
        places.setdefault(told, []).append(place)
    schemas, kept = (document["components"]["schemas"] for document in (before, after))
    title, new = (document.get("info", {}).get("title") for document in (before, after))
    return [
        # Packages are named by it.
        *([f"the title is {new} now, {title} before"] if new != title else []),
        *(f"{name} is gone" for name in earlier if name not in later),
        *(f"the schema {name} is gone" for name in schemas if name not in kept),
        *sorted(f"{', '.join(names)}{told}" for told, names in places.items()),
    ]


def resolved(document: Json, node: Json) -> Json:
    """Give what a node refers to, with what stands beside the reference."""
    while "$ref" in node:
        target = reduce(getitem, node["$ref"].split("/")[1:], document)
        node = {**target, **{key: node[key] for key in node if key != "$ref"}}
    return node


def named(parameter: Json) -> str:
    """Name a parameter, and what it stands in unless that is the query."""
    place = "" if parameter["in"] == "query" else f" in {parameter['in']}"
    return f"`{parameter['name']}`{place}"


def shown(value: object) -> str:
    """Write a value in few words."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "none"
    plain = "none" if value is None else value
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


class _Comparison:
    """Finds what breaks, as pairs of where that is and what is to be told of it."""

    def __init__(self, before: Json, after: Json) -> None:
        self.before, self.after = before, after
        self.found: set[tuple[str, str]] = set()
        self._open: set[tuple[int, int, bool]] = set()

    def compare(self, where: str, path: str, before: Json, after: Json, *, incoming: bool) -> None:
        """Compare a part of one document with the same part of the other, and all within them."""
        pair = (id(before), id(after), incoming)
        if pair in self._open:  # a schema within itself
            return
        self._open.add(pair)
        if "/schemas/" in (shared := before.get("$ref", "")) and shared == after.get("$ref"):
            where, path = shared.rpartition("/")[2], ""
        old, new = _plain(self.before, before), _plain(self.after, after)
        for keyword in {**old, **new}.keys() - HARMLESS:
            inner = [{} if (part := node.get(keyword, {})) is True else part for node in (old, new)]
            way = keyword == "parameters" or (incoming and keyword != "responses")
            if keyword in PARTS:
                self._compare_parts(keyword, where, path, *inner, incoming=way)
            elif keyword in PART and bool not in map(type, inner):
                self.compare(where, path + PART[keyword], *inner, incoming=way)
            else:
                self._tell(where, path, RULES.get(keyword, _value)(keyword, old, new, way))
        self._open.remove(pair)

    def _compare_parts(
        self, keyword: str, where: str, path: str, before: Json, after: Json, *, incoming: bool
    ) -> None:
        name, step = PARTS[keyword]
        old, new = _parts(self.before, before), _parts(self.after, after)
        for key in {**old, **new}:
            inner = path + step.format(key)
            if key not in new:
                self._tell(where, path, [f"the {name.format(key)} is gone"])
            elif key in old:
                self.compare(where, inner, old[key], new[key], incoming=incoming)
            elif keyword == "parameters":
                added = resolved(self.after, new[key])
                self._tell(where, inner, _required("required", {}, added, incoming))

    def _tell(self, where: str, path: str, sentences: Iterable[str]) -> None:
        if not path.startswith(":"):  # a member of a schema is a place by itself
            where, path = where + path, ""
        place = re.sub(r"(: )+\.?", ": ", f"{path}: ")  # a dot joins only members
        self.found |= {(where, place + one) for one in sentences}


def _operations(document: Json) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": {"security": document.get("security", []), **operation}
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def _parts(document: Json, parts: Json | list[Json]) -> Json:
    if isinstance(parts, list):
        return {named(resolved(document, part)): part for part in parts}
    return parts


def _plain(document: Json, node: Json) -> Json:
    """Give a node without references, `const`, and the `anyOf` of what may be null."""
    match resolved(document, node):
        case {"const": value, **rest}:
            return {**rest, "enum": [value]}
        case {"anyOf": [some, {"type": "null"}] | [{"type": "null"}, some], **rest}:
            some = _plain(document, some)
            return {**some, **rest, "type": [*_options(some.get("type", "anything else")), "null"]}
        case plain:
            return plain


def _value(keyword: str, before: Json, after: Json, incoming: bool) -> Iterator[str]:
    """Tell of one value; an empty list is as good as none."""
    old, new = (None if node.get(keyword) == [] else node.get(keyword) for node in (before, after))
    tighter: Tighter = TIGHTER.get(keyword, ne)
    if tighter(old, new) if incoming else tighter(new, old):
        yield f"`{keyword}` is {shown(new)} now, {shown(old)} before"


def _one_of(keyword: str, before: Json, after: Json, incoming: bool) -> Iterator[str]:
    """Tell of what a value is one of; without the keyword, it may be anything."""
    tight, loose = (after, before) if incoming else (before, after)
    known = _options(tight.get(keyword, []))
    if keyword == "type" and "number" in known:
        known = [*known, "integer"]
    beyond = [one for one in _options(loose.get(keyword, "anything else")) if one not in known]
    if known and beyond:
        values = ", ".join(f"`{shown(one)}`" for one in beyond)
        yield f"{values} is refused now" if incoming else f"it may be {values} now"


def _options(value: str | list[Any]) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _required(_: str, before: Json, after: Json, incoming: bool) -> Iterator[str]:
    """Tell what must be there now, coming in, or, not being gone, may be absent now, going out."""
    tight, loose = (after, before) if incoming else (before, after)
    names = [name for name in _needed(tight) if name not in _needed(loose)]
    gone = before.get("properties", {}).keys() - after.get("properties", {}).keys()
    if left := [f"`{name}`" if name else "it" for name in names if name not in gone]:
        yield f"{', '.join(left)} {'is required' if incoming else 'may be absent'} now"


def _needed(node: Json) -> list[str]:
    """Give the members that are required; a parameter or header is so itself, without a name."""
    required = node.get("required", [])
    return required if isinstance(required, list) else [""] * required


def _bound(tighter: Tighter, unbounded: float) -> Tighter:
    return lambda old, new: tighter(*(unbounded if one is None else one for one in (new, old)))


TIGHTER: dict[str, Tighter] = {
    "pattern": lambda old, new: bool(new) and new != old,
    "uniqueItems": lambda old, new: bool(new) and not old,
    **dict.fromkeys(("minimum", "exclusiveMinimum"), _bound(gt, -inf)),
    **dict.fromkeys(("minLength", "minItems"), _bound(gt, 0)),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), _bound(lt, inf)),
}
RULES = {"type": _one_of, "enum": _one_of, "required": _required}
