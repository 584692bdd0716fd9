"""The shape of the code: what may import what, and what stands at the top."""

import ast
import subprocess
from pathlib import Path

import pytest

from tests.support.corpus import TESTS

APP = TESTS.parent / "app"

# From the bottom up: a module imports only from those before it.
LAYERS = [
    "vocabulary",
    "garbage",
    "dates",
    "text",
    "files",
    "expressions",
    "search",
    "sqlite",
    "errors",
    "settings",
    "models",
    "statements",
    "windows",
    "database",
    "bulk",
    "upkeep",
    "schemas",
    "answers",
    "params",
    "strict",
    "filters",
    "queries",
    "catalog",
    "records",
    "measure",
    "resolve",
    "paging",
    "facets",
    "histogram",
    "syntax",
    "values",
    "dossier",
    "cures",
    "findings",
    "backup",
    "entries",
    "links",
    "check",
    "doubts",
    "index",
    "save",
    "prune",
    "load",
    "export",
    "addresses",
    "assets",
    "excerpt",
    "front",
    "formats.drawing",
    "formats.wording",
    "formats.timelinejs",
    "formats.vis",
    "formats.fullcalendar",
    "formats.ical",
    "formats.atom",
    "formats.spreadsheet",
    "formats.lines",
    "formats.linked",
    "formats.bars",
    "formats.page",
    "formats",
    "cache",
    "encoding",
    "delivery",
    "access",
    "protocol",
    "examples",
    "contract",
    "dependencies",
    "pages",
    "representations",
    "routes",
    "main",
    "terminal",
    "cli",
]
KNOW_NOBODY = {"vocabulary", "text", "sqlite", "settings"}


MODULES = {
    ".".join(path.relative_to(APP).with_suffix("").parts).removesuffix(".__init__"): path
    for path in APP.rglob("*.py")
    if path != APP / "__init__.py"
}


def _imports(path: Path) -> set[str]:
    """List the modules of ours that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "app":
            package = str(node.module).removeprefix("app").removeprefix(".")
            inside = {f"{package}.{alias.name}".removeprefix(".") for alias in node.names}
            found |= inside & MODULES.keys() or {package}
    return found


def test_every_module_has_its_layer() -> None:
    assert MODULES.keys() == {*LAYERS}


@pytest.mark.parametrize("module", LAYERS)
def test_nothing_imports_upwards(module: str) -> None:
    imported = _imports(MODULES[module])
    assert imported <= {*LAYERS[: LAYERS.index(module)]}
    assert not (module in KNOW_NOBODY and imported)
    assert module != "dates" or imported == {"vocabulary"}


def test_the_top_level_is_fixed() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=TESTS.parent, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this test needs a git checkout")
    tops = {name.split("/")[0] for name in listed.stdout.splitlines()}
    assert {name for name in tops if not name.startswith(".")} <= {
        *("pyproject.toml", "README.md", "app", "migrations", "seed", "tests")
    }


def test_no_module_holds_two_things() -> None:
    long = {name for name, path in MODULES.items() if len(path.read_text().splitlines()) > 350}
    assert long == set()
