"""Skips tests that need a missing program or package, and says how often properties are tried."""

import json
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

run_in_full = False
"""Whether the tests run with `-m full`; `tests/conftest.py` sets it."""


def repetitions(default: int, full: int) -> int:
    """Return how often a property is tried: in a plain run, and with `-m full`."""
    return full if run_in_full else default


def require_program(program: str, package: str = "") -> None:
    """Skip the test if a program is not installed; fail it if `CI` is set."""
    if shutil.which(program) is None:
        skip_or_fail(f"This test needs {program}. Install the package {package or program}.")


def require_npm_packages(folder: Path) -> None:
    """Skip the test unless the npm packages of `folder` are installed; fail it if `CI` is set.

    The versions must be those of its `package.json`.
    """
    pinned = json.loads((folder / "package.json").read_text("utf-8"))["devDependencies"]
    for name, version in pinned.items():
        manifest = folder / "node_modules" / name / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text("utf-8"))["version"] != version:
            install = f"npm install --prefix tests/e2e/{folder.name}"
            skip_or_fail(f"This test needs {name} {version}. Run {install}.")


def skip_or_fail(message: str) -> NoReturn:
    """Skip a test that cannot run here; fail it if `CI` is set, so that CI runs every test."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
