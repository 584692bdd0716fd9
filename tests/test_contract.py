"""The document that clients are generated from, beside its copy: no change of it goes unseen."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import run
from tests.conftest import TESTS
from tests.contract import Json, breaking_changes

COPY = TESTS / "openapi.json"
ACCEPT = ".venv/bin/timeline openapi > tests/openapi.json"


def told(before: Json, after: Json) -> str:
    """Tell of every change of the document, first of those that break a client."""
    breaking = [f"BREAKING  {change}" for change in breaking_changes(before, after)]
    every = [*changes(before, after)] or ["It says the same in another order or spelling."]
    return "\n".join(
        ["The contract changes.", *breaking, "", *every, "", f"To accept it: {ACCEPT}"]
    )


def changes(before: object, after: object, path: str = "") -> Iterator[str]:
    """Give every change of a document by its path, whether it breaks a client or not."""
    earlier, later = _members(before), _members(after)
    if earlier is None or later is None:
        if before != after:
            new, old = (json.dumps(value, ensure_ascii=False) for value in (after, before))
            yield f"{path}: {new} now, {old} before"
        return
    for key in {**earlier, **later}:
        inner = f"{path} > {key}" if path else key
        if key in earlier and key in later:
            yield from changes(earlier[key], later[key], inner)
        else:
            yield f"{inner} is {'new' if key in later else 'gone'}"


def _members(value: object) -> Json | None:
    """Give parts by their names; those of a list may be parameters, or refer to some."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        return None
    parts = {part.get("name", part.get("$ref", at)): part for at, part in enumerate(value)}
    return parts if len(parts) == len(value) else None


def test_the_document_is_its_copy(tmp_path: Path) -> None:
    printed, copy = run(tmp_path, "openapi").stdout, COPY.read_text("utf-8")
    if printed != copy:
        pytest.fail(told(json.loads(copy), json.loads(printed)), pytrace=False)


def test_hashes_do_not_move_it(tmp_path: Path) -> None:
    one, other = (run(tmp_path, "openapi", PYTHONHASHSEED=seed) for seed in "12")
    assert one.returncode == 0
    assert one.stdout == other.stdout


def test_settings_move_only_what_is_the_operator_s(tmp_path: Path) -> None:
    settings = {"TIMELINE_ROOT_PATH": "/time", "TIMELINE_LICENSE_NAME": "CC0"}
    moved = json.loads(run(tmp_path, "openapi", **settings).stdout)
    assert moved.pop("servers") == [{"url": "/time"}]
    assert moved["info"].pop("license") == {"name": "CC0"}
    copy = json.loads(COPY.read_text("utf-8"))
    del copy["servers"]
    assert moved == copy


def document(operation: Json, **schemas: Json) -> Json:
    """Make a document of one operation."""
    return {"paths": {"/x": {"get": operation}}, "components": {"schemas": schemas}}


def test_every_change_is_told_with_how_to_accept_it() -> None:
    q: Json = {"name": "q", "in": "query", "schema": {}}
    limit: Json = {**q, "name": "limit"}
    before = document({"summary": "One", "tags": ["x"], "parameters": [q, limit]}, A={}, B={})
    after = document({"summary": "Two", "tags": ["x", "y"], "parameters": [limit]}, B={}, C={})
    assert told(before, after).splitlines() == [
        "The contract changes.",
        "BREAKING  the schema A is gone",
        "BREAKING  GET /x: `tags` is x, y now, x before",
        "BREAKING  GET /x: the parameter `q` is gone",
        "",
        'paths > /x > get > summary: "Two" now, "One" before',
        'paths > /x > get > tags: ["x", "y"] now, ["x"] before',
        "paths > /x > get > parameters > q is gone",
        "components > schemas > A is gone",
        "components > schemas > C is new",
        "",
        "To accept it: .venv/bin/timeline openapi > tests/openapi.json",
    ]


def test_what_breaks_nobody_and_what_only_moves_is_told_too() -> None:
    before, after = document({"summary": "One"}), document({"summary": "Two"})
    assert "BREAKING" not in told(before, after)
    assert 'paths > /x > get > summary: "Two" now, "One" before' in told(before, after)
    assert "It says the same in another order or spelling." in told(before, before)
