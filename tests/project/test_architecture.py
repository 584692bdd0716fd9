"""The shape of the code: import directions, the size and names of modules, and the top level."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.corpus import TESTS

ROOT = TESTS.parent
MODULES = sorted((ROOT / "app").rglob("*.py"))


def test_imports_run_downwards() -> None:
    # The contract is in pyproject.toml. In this process the linter would disable our loggers.
    lint = str(Path(sys.executable).with_name("lint-imports"))
    command = [lint, "--no-cache", "--no-logo"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_modules_have_at_most_500_lines() -> None:
    assert [path for path in MODULES if len(path.read_text("utf-8").splitlines()) > 500] == []


def test_modules_are_named_after_their_content() -> None:
    vague = {"common", "helpers", "util", "utils"}
    names = {part for path in MODULES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert names & vague == set()


def test_modules_lie_in_packages() -> None:
    flat = [path.name for path in MODULES if path.parent == ROOT / "app"]
    assert len(flat) <= 8, flat


def test_top_level_is_fixed() -> None:
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("This test needs a git checkout.")
    names = {name.split("/")[0] for name in listing.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} <= {
        *("pyproject.toml", "README.md", "app", "migrations", "seed", "tests")
    }
