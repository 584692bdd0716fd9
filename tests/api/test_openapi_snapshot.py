"""The document that clients are generated from, beside its copy: no change of it goes unseen."""

import json
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.support import write_examples as examples
from tests.support.cli import run
from tests.support.corpus import DATA
from tests.support.openapi_diff import Json, breaking_changes
from tests.support.readme import README

COPY = DATA / "openapi.json"
ACCEPT = ".venv/bin/timeline openapi > tests/data/openapi.json"


def told(copy: str, printed: str) -> str:
    """Tell of every change of the document, first of those that break a client."""
    breaking = breaking_changes(json.loads(copy), json.loads(printed))
    lines = (copy.splitlines(), printed.splitlines())
    return "\n".join(
        [
            "The contract changes.",
            *(f"BREAKING  {change}" for change in breaking),
            *unified_diff(*lines, "tests/openapi.json", "now", lineterm=""),
            f"To accept it: {ACCEPT}",
        ]
    )


def test_the_document_is_its_copy(tmp_path: Path) -> None:
    printed, copy = run(tmp_path, "openapi").stdout, COPY.read_text("utf-8")
    if printed != copy:
        pytest.fail(told(copy, printed), pytrace=False)


def test_hashes_do_not_move_it(tmp_path: Path) -> None:
    one, other = (run(tmp_path, "openapi", PYTHONHASHSEED=seed) for seed in "12")
    assert one.returncode == 0
    assert one.stdout == other.stdout


def test_settings_move_only_what_is_the_operator_s(tmp_path: Path) -> None:
    settings = {
        "TIMELINE_ROOT_PATH": "/time",
        "TIMELINE_LICENSE_NAME": "CC0",
        "TIMELINE_CONTACT_NAME": "The desk",
    }
    moved = json.loads(run(tmp_path, "openapi", **settings).stdout)
    assert moved.pop("servers") == [{"url": "/time"}]
    assert moved["info"].pop("license") == {"name": "CC0"}
    assert moved["info"].pop("contact") == {"name": "The desk"}
    copy = json.loads(COPY.read_text("utf-8"))
    del copy["servers"]
    assert moved == copy


def test_a_change_is_told_with_how_to_accept_it() -> None:
    q: Json = {"name": "q", "in": "query", "schema": {}}
    copy, printed = (
        json.dumps({"paths": {"/x": {"get": operation}}, "components": {"schemas": {}}}, indent=1)
        for operation in ({"summary": "One", "parameters": [q]}, {"summary": "Two"})
    )
    first, breaking, *diff, last = told(copy, printed).splitlines()
    assert first == "The contract changes."
    assert breaking == "BREAKING  GET /x: the parameter `q` is gone"
    assert {'-    "summary": "One",', '+    "summary": "Two"'} <= {*diff}
    assert last == "To accept it: .venv/bin/timeline openapi > tests/data/openapi.json"


def test_the_readme_says_how_to_accept_it() -> None:
    assert f"`{ACCEPT}`" in README
    assert f"`{examples.ACCEPT}`" in README
