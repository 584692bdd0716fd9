"""Programs and packages that a test needs, and how often a property is tried."""

import json
import os
import shutil
from pathlib import Path

import pytest

_asked_for = {"full": False}


def repetitions(few: int, full: int) -> int:
    """Choose how often a property is tried."""
    return full if _asked_for["full"] else few


def required(program: str) -> None:
    """Skip a test where a program is missing; with `CI` set, fail instead."""
    if shutil.which(program) is None:
        lacking(f"this test needs {program}; install the package {program}")


def required_packages(folder: Path) -> None:
    """Skip a test where an npm package is missing, or of another version than that in `folder`."""
    pinned = json.loads((folder / "package.json").read_text("utf-8"))["devDependencies"]
    for name, version in pinned.items():
        manifest = folder / "node_modules" / name / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text("utf-8"))["version"] != version:
            lacking(
                f"this test needs {name} {version}; run npm install --prefix tests/{folder.name}"
            )


def lacking(message: str) -> None:
    """Skip a test that cannot run here; with `CI` set, fail instead."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
