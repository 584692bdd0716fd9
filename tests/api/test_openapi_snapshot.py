"""The OpenAPI document and its copy in `tests/data`: every change must be accepted."""

import json
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.support import write_examples as examples
from tests.support.cli import run
from tests.support.corpus import DATA
from tests.support.openapi_diff import Json, breaking_changes
from tests.support.readme import README

SNAPSHOT = DATA / "openapi.json"
ACCEPT = ".venv/bin/timeline openapi > tests/data/openapi.json"


def _change_report(snapshot: str, printed: str) -> str:
    """Return every change of the document, first those that break a client."""
    breaking = breaking_changes(json.loads(snapshot), json.loads(printed))
    lines = (snapshot.splitlines(), printed.splitlines())
    return "\n".join(
        [
            "The OpenAPI document has changed.",
            *(f"BREAKING  {change}" for change in breaking),
            *unified_diff(*lines, "tests/data/openapi.json", "now", lineterm=""),
            f"To accept the change: {ACCEPT}",
        ]
    )


def test_document_is_equal_to_its_snapshot(tmp_path: Path) -> None:
    printed, snapshot = run(tmp_path, "openapi").stdout, SNAPSHOT.read_text("utf-8")
    if printed != snapshot:
        pytest.fail(_change_report(snapshot, printed), pytrace=False)


def test_document_does_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    first, second = (run(tmp_path, "openapi", PYTHONHASHSEED=seed) for seed in "12")
    assert first.returncode == 0
    assert first.stdout == second.stdout


def test_settings_change_only_server_license_and_contact(tmp_path: Path) -> None:
    settings = {
        "TIMELINE_ROOT_PATH": "/time",
        "TIMELINE_LICENSE_NAME": "CC0",
        "TIMELINE_CONTACT_NAME": "The desk",
    }
    document = json.loads(run(tmp_path, "openapi", **settings).stdout)
    assert document.pop("servers") == [{"url": "/time"}]
    assert document["info"].pop("license") == {"name": "CC0"}
    assert document["info"].pop("contact") == {"name": "The desk"}
    snapshot = json.loads(SNAPSHOT.read_text("utf-8"))
    del snapshot["servers"]
    assert document == snapshot


def test_change_report_lists_breaking_changes_and_the_command_to_accept() -> None:
    q: Json = {"name": "q", "in": "query", "schema": {}}
    snapshot, printed = (
        json.dumps({"paths": {"/x": {"get": operation}}, "components": {"schemas": {}}}, indent=1)
        for operation in ({"summary": "One", "parameters": [q]}, {"summary": "Two"})
    )
    first, breaking, *diff, last = _change_report(snapshot, printed).splitlines()
    assert first == "The OpenAPI document has changed."
    assert breaking == "BREAKING  GET /x: the parameter `q` is gone"
    assert {'-    "summary": "One",', '+    "summary": "Two"'} <= {*diff}
    assert last == "To accept the change: .venv/bin/timeline openapi > tests/data/openapi.json"


def test_readme_contains_the_commands_to_accept() -> None:
    assert f"`{ACCEPT}`" in README
    assert f"`{examples.REGENERATE}`" in README
