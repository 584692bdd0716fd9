"""Linters report nothing for the OpenAPI document, and report errors in a broken one."""

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
from tests.support.requirements import require_npm_packages

OPERATOR = {
    "license_name": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "contact_name": "The desk",
    "contact_url": "https://newsroom.example/desk",
    "contact_email": "desk@newsroom.example",
}
"""The settings without which linters warn about a missing contact or licence."""
OFFLINE = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def _remove_parameters(document: Json) -> None:
    del document["paths"]["/events/{id}"]["get"]["parameters"]


def _break_example(document: Json) -> None:
    content = document["paths"]["/livez"]["get"]["responses"]["200"]["content"]
    content["application/json"]["examples"]["dossier"]["value"] = {"status": "well"}


def _remove_tags(document: Json) -> None:
    del document["paths"]["/events"]["get"]["tags"]


def _add_unused_schema(document: Json) -> None:
    document["components"]["schemas"]["Unused"] = {"type": "object"}


class Linter(NamedTuple):
    """A linter, and an error that it must report."""

    command: Command
    break_document: Callable[[Json], None]
    message: str
    """The message for the broken document."""
    program: str = "node"


LINTERS: Mapping[str, Linter] = {
    "openapi-spec-validator": Linter(
        (BIN / "openapi-spec-validator",), _remove_parameters, "was not resolved", "python3"
    ),
    "redocly": Linter(
        (NPM / "redocly", "lint", "--extends=recommended-strict"),
        _break_example,
        "no-invalid-media-type-examples",
    ),
    "spectral": Linter(
        (NPM / "spectral", "lint", "--fail-severity=hint", "--ruleset", HERE / "spectral.yaml"),
        _remove_tags,
        "operation-tags",
    ),
    "openapi-generator": Linter(
        (BIN / "openapi-generator-cli", "validate", "--recommend", "-i"),
        _add_unused_schema,
        "Unused model: Unused",
        "java",
    ),
}


@pytest.fixture(params=LINTERS)
def linter(request: pytest.FixtureRequest) -> Linter:
    """Return each linter."""
    linter = LINTERS[request.param]
    required_programs(linter.program)
    required_distributions()
    if linter.program == "node":
        require_npm_packages(HERE)
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
    """Return the OpenAPI document with all optional settings."""
    document = create_app(Settings.model_validate(OPERATOR)).openapi()
    copy: Json = json.loads(json.dumps(document))
    return copy


def test_linter_accepts_document(linter: Linter, document: Json, tmp_path: Path) -> None:
    lint = _lint(linter, document, tmp_path)
    assert lint.returncode == 0, lint.stdout
    # Redocly prints a warning about the version of Node.js.
    output = lint.stdout.lower().replace("deprecation warning: node.js", "")
    assert "warning" not in output


def test_linter_reports_broken_document(linter: Linter, document: Json, tmp_path: Path) -> None:
    linter.break_document(document)
    lint = _lint(linter, document, tmp_path)
    assert linter.message in lint.stdout, lint.stdout
