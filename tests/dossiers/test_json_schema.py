"""The JSON Schema of a dossier accepts and rejects what the loader does."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app.dossiers.document import Dossier, dossier_json_schema
from tests.domain.test_edtf import EXAMPLES
from tests.support.corpus import FERRY, HARBOUR, SEED, edited, read_dossier

COPY = SEED.with_name("dossier.schema.json")

validator = jsonschema.Draft202012Validator(
    dossier_json_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


class _CoreSchemaLoader(yaml.SafeLoader):
    """Reads numbers as numbers and days as texts, like editors: the core schema of YAML 1.2."""


_CoreSchemaLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def violations(path: Path) -> list[str]:
    """Return the paths of all schema violations."""
    data = yaml.load(path.read_text("utf-8"), _CoreSchemaLoader)  # noqa: S506 - a safe one
    return [error.json_path for error in validator.iter_errors(data)]


def test_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(dossier_json_schema())


@pytest.mark.parametrize("path", [SEED, HARBOUR, FERRY])
def test_example_dossiers_match_schema(path: Path) -> None:
    assert violations(path) == []


def test_unquoted_year_matches_schema(tmp_path: Path) -> None:
    assert violations(edited(FERRY, tmp_path / "x.yaml", ("date: 2021-03?", "date: 2021"))) == []


def test_json_dossier_can_name_its_schema(tmp_path: Path) -> None:
    data = {"$schema": "dossier.schema.json", "timeline": {"id": "x", "title": "x"}}
    path = tmp_path / "x.json"
    path.write_text(json.dumps(data), "utf-8")
    assert violations(path) == []
    assert Dossier.model_validate(data).timeline.id == "x"


@pytest.mark.parametrize("written", EXAMPLES)
def test_every_valid_date_matches_schema(tmp_path: Path, written: str) -> None:
    edit = ("date: 2021-03?", f"date: '{written}'")
    assert violations(edited(FERRY, tmp_path / "x.yaml", edit)) == []


def test_unquoted_number_as_text_matches_schema(tmp_path: Path) -> None:
    edits = (
        ("title: The first crossing", "title: 1984"),
        ("topics: [quay]", "topics: [2021]"),
        ("id: ferry-line", "id: 007"),
        ("actor: ferry-line", "actor: 007"),
        ("source: council-minutes", "locator: 12, source: council-minutes"),
    )
    path = edited(FERRY, tmp_path / "x.yaml", *edits)
    assert violations(path) == []
    assert read_dossier(path).events[0].participants[0].actor == "007"


# an edit of the ferry dossier: the path of the violation
MISTAKES = {
    ("date: 2021-03?", "date: last week"): "$.events[0].date",
    ("date: 2021-03?", "date: 3/11/2021"): "$.events[0].date",
    ("date: 2021-03?", "date: 2021-13"): "$.events[0].date",
    ("id: ferry-line", "id: Ferry Line"): "$.actors[0].id",
    ("kind: organization", "kind: ship"): "$.actors[0].kind",
    ("aliases: [QBL]", "aliases: [{nom: QBL}]"): "$.actors[0].aliases[0]",
    ("status: reported", "status: rumour"): "$.events[0].status",
    ("    kind: voyage\n", ""): "$.events[0]",
    ("topics: [quay]", "topic: [quay]"): "$.events[0]",
    ("title: The first crossing", f"title: {'x' * 121}"): "$.events[0].title",
    ("title: The first crossing", 'title: "a\\nb"'): "$.events[0].title",
    ("role: agent", "role: ship"): "$.events[0].participants[0].role",
    ("source: council-minutes", "stance: denies, source: x y"): ("$.events[0].citations[0].source"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_violates_schema(tmp_path: Path, mistake: tuple[str, str]) -> None:
    assert violations(edited(FERRY, tmp_path / "x.yaml", mistake)) == [MISTAKES[mistake]]


def test_schema_describes_records_and_status() -> None:
    described: dict[str, Any] = dossier_json_schema()["$defs"]
    for name in ("EventEntry", "SourceEntry", "ActorEntry", "CitationEntry", "ParticipantEntry"):
        assert described[name]["description"]
    assert "disputed" in described["EventEntry"]["properties"]["status"]["description"]


def test_schema_file_of_the_seed_is_up_to_date() -> None:
    """Run `timeline schema > seed/dossier.schema.json` if this test fails."""
    first, *_ = SEED.read_text("utf-8").splitlines()
    assert first == f"# yaml-language-server: $schema={COPY.name}"
    assert json.loads(COPY.read_text("utf-8")) == dossier_json_schema()
