"""Linters find nothing in the document, and would find what is wrong with it."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from app.main import create_app
from app.settings import Settings
from tests.e2e.clients.clients import BIN, HERE, NPM, Command
from tests.e2e.clients.conftest import required_distributions, required_programs
from tests.support.openapi_diff import Json
from tests.support.requirements import required_packages

OPERATOR = {
    "license_name": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "contact_name": "The desk",
    "contact_url": "https://newsroom.example/desk",
    "contact_email": "desk@newsroom.example",
}
"""What an operator is asked to tell; nobody is invented where none does."""
OFFLINE = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def _without_parameters(document: Json) -> None:
    del document["paths"]["/events/{id}"]["get"]["parameters"]


def _with_a_wrong_example(document: Json) -> None:
    content = document["paths"]["/livez"]["get"]["responses"]["200"]["content"]
    content["application/json"]["examples"]["dossier"]["value"] = {"status": "well"}


def _without_tags(document: Json) -> None:
    del document["paths"]["/events"]["get"]["tags"]


def _unused(document: Json) -> None:
    document["components"]["schemas"]["Unused"] = {"type": "object"}


class Linter(NamedTuple):
    """A linter, and what it must find."""

    command: Command
    spoil: Callable[[Json], None]
    finds: str
    program: str = "node"


LINTERS: Mapping[str, Linter] = {
    "openapi-spec-validator": Linter(
        (BIN / "openapi-spec-validator",), _without_parameters, "was not resolved", "python3"
    ),
    "redocly": Linter(
        (NPM / "redocly", "lint", "--extends=recommended-strict"),
        _with_a_wrong_example,
        "no-invalid-media-type-examples",
    ),
    "spectral": Linter(
        (NPM / "spectral", "lint", "--fail-severity=hint", "--ruleset", HERE / "spectral.yaml"),
        _without_tags,
        "operation-tags",
    ),
    "openapi-generator": Linter(
        (BIN / "openapi-generator-cli", "validate", "--recommend", "-i"),
        _unused,
        "Unused model: Unused",
        "java",
    ),
}


@pytest.fixture(params=LINTERS)
def linter(request: pytest.FixtureRequest) -> Linter:
    """Give each linter."""
    linter = LINTERS[request.param]
    required_programs(linter.program)
    required_distributions()
    if linter.program == "node":
        required_packages(HERE)
    return linter


def _lint(linter: Linter, document: Json, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    return subprocess.run(
        [*linter.command, path],
        cwd=folder,
        env={**os.environ, **OFFLINE},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def document() -> Json:
    """Give the document of an operator who tells all that there is to tell."""
    document = create_app(Settings.model_validate(OPERATOR)).openapi()
    copy: Json = json.loads(json.dumps(document))
    return copy


def test_the_document_is_clean(linter: Linter, document: Json, tmp_path: Path) -> None:
    lint = _lint(linter, document, tmp_path)
    assert lint.returncode == 0, lint.stdout
    told = lint.stdout.lower().replace("deprecation warning: node.js", "")  # Redocly's own
    assert "warning" not in told


def test_a_spoilt_document_is_not(linter: Linter, document: Json, tmp_path: Path) -> None:
    linter.spoil(document)
    lint = _lint(linter, document, tmp_path)
    assert linter.finds in lint.stdout, lint.stdout
