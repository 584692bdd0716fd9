"""The README files: their commands are run, their tables are complete, and their links resolve."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.commands import app as cli
from app.domain.edtf import EventDate
from app.formats import FORMATS
from app.schemas.params import PARAMETER_NAMES
from app.settings import Settings
from tests.support.databases import load_into, new_database
from tests.support.openapi import OPERATIONS
from tests.support.readme import PAGES, README, ROOT, anchors_in, blocks_in, prose_of, section
from tests.support.requirements import require_program

APP = ROOT / "app"


def _blocks(language: str, text: str = README) -> list[str]:
    return [block for name, block in blocks_in(text) if name == language]


def _code_in(text: str) -> set[str]:
    """Return what is written as code within sentences and tables."""
    return {*re.findall(r"`([^`\n]+)`", prose_of(text))}


# ---- commands and their output

CONSOLE = [
    pytest.param(block, id=f"{page}-{number}")
    for page, text in PAGES.items()
    for number, block in enumerate(_blocks("console", text))
]


def _steps(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block with the output below it."""
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = step.partition("\n")
        yield command, output.strip()


@pytest.mark.parametrize("block", CONSOLE)
def test_commands_print_what_is_shown(seed: httpx.Client, tmp_path: Path, block: str) -> None:
    require_program("curl")
    (tmp_path / "harbour.yaml").write_text(_blocks("yaml")[0], "utf-8")
    (tmp_path / "wrong.yaml").write_text(WRONG, "utf-8")
    address = f"{seed.base_url.host}:{seed.base_url.port}"
    bin_ = Path(sys.executable).parent
    for command, shown in _steps(block):
        run = subprocess.run(
            ["bash", "-c", command.replace("localhost:8000", address)],
            env={"PATH": f"{bin_}:{os.environ['PATH']}", "COLUMNS": "300"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
        # The one command that is shown to fail.
        assert run.returncode == int("wrong.yaml" in command)
        printed = run.stdout.strip().replace(address, "localhost:8000")
        if shown.startswith("{"):
            assert_shown(json.loads(_as_json(shown)), json.loads(printed))
        else:
            assert_shown(shown, printed)


def test_restore_drill_notices_a_change_after_the_backup(tmp_path: Path) -> None:
    """The commands run in one shell, as those of a reader do."""
    (block,) = (one for one in _blocks("console") if "drill.db" in one)
    *commands, comparison = (command for command, _ in _steps(block))
    (tmp_path / "harbour.yaml").write_text(_blocks("yaml")[0], "utf-8")
    change = (
        "sed -i 's/title: .*contract/title: Changed/' harbour.yaml && timeline load harbour.yaml"
    )
    # Twice, since there are several backups at the second time.
    script = "\n".join([*commands, *commands, change, comparison])
    bin_ = Path(sys.executable).parent
    run = subprocess.run(
        ["bash", "-ec", script],
        env={"PATH": f"{bin_}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (1, "")
    assert "Changed" in run.stdout


WRONG = """\
timeline: {id: harbour, title: The harbour contract}
actors:
  - {id: city, name: City of Łódź, kind: government}
  - {id: gazette, name: The Gazette, kind: media}
sources:
  - {id: gazette-quay, title: Quay to open in spring, publisher: gazette, published: 2020-05-01}
events:
  - id: contract-signed
    title: The city signs the contract
    kind: agreement
    status: reported
    date: 2020-03
    participants: [{actor: citty, role: participant}]
    citations: [{source: gazette-quay, quote: The City signed in the first week of March}]
  - id: works
    title: The quay is built
    kind: works
    status: reported
    date: 2021-02
    citations: [{source: gazette-quay, quote: Works go on.}]
  - id: quay-in-use
    title: The quay is in use
    kind: works
    status: reported
    date: 2020-13
"""


def _as_json(shown: str) -> str:
    """Convert each … outside a text to a member or an item."""
    nesting: list[str] = []

    def token(match: re.Match[str]) -> str:
        found = match[0]
        if found in "{[":
            nesting.append(found)
        elif found in "}]":
            nesting.pop()
        elif found == "…":
            return '"…": "…"' if nesting[-1] == "{" else '"…"'
        return found

    return re.sub(r'"(?:[^"\\]|\\.)*"|[{}\[\]…]', token, shown)


def assert_shown(shown: Any, actual: Any) -> None:  # noqa: ANN401 - any JSON
    """Check that the actual value is the shown one, where … matches anything."""
    if isinstance(shown, dict):
        members = {key: value for key, value in shown.items() if key != "…"}
        left_out = actual.keys() - members.keys()
        assert members.keys() <= actual.keys()
        assert bool(left_out) == ("…" in shown)
        for key, value in members.items():
            assert_shown(value, actual[key])
    elif isinstance(shown, list):
        head = shown[: shown.index("…")] if "…" in shown else shown
        assert len(head) < len(actual) if "…" in shown else len(head) == len(actual)
        for one, other in zip(head, actual, strict=False):
            assert_shown(one, other)
    elif isinstance(shown, str):
        assert re.fullmatch(".+".join(map(re.escape, shown.split("…"))), actual, re.DOTALL), actual
    else:
        assert shown == actual


def test_what_is_shown_can_be_wrong() -> None:
    for shown, actual in (
        ('{"a": 1}', {"a": 1, "b": 2}),
        ('{"a": 1, …}', {"a": 2, "b": 2}),
        ("[1, …]", [1]),
        ("[1]", [1, 2]),
        ('"a…"', "b"),
    ):
        with pytest.raises(AssertionError):
            assert_shown(json.loads(_as_json(shown)), actual)


def test_install_commands_are_one_line_each() -> None:
    serve, run_tests, *_ = _blocks("sh", PAGES["README.md"])
    assert serve.count("\n") == run_tests.count("\n") == 1
    assert serve.endswith("timeline serve\n")
    assert "pip install -q -e '.[dev]'" in run_tests
    assert run_tests.endswith("pytest -n 2\n")


def test_every_dossier_loads_without_warnings(tmp_path: Path) -> None:
    blocks = [("yaml", block) for block in _blocks("yaml")]
    blocks += [("jsonl", block) for block in _blocks("json")]
    assert len(blocks) == 3
    for number, (suffix, block) in enumerate(blocks):
        path = tmp_path / f"{number}.{suffix}"
        path.write_text(block, "utf-8")
        with closing(new_database(path.with_suffix(".db"))) as database:
            assert load_into(database, path).warnings == []


def test_embed_code_is_what_the_page_offers(seed: httpx.Client) -> None:
    (frame,) = _blocks("text")
    page = seed.get("/?actor=nso-group", headers={"Host": "localhost:8000"}).text
    assert escape(frame.strip()) in page.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


# ---- tables


def test_every_setting_is_documented() -> None:
    rows = dict(re.findall(r"^\| `TIMELINE_(\w+)` \| (\S+) \|", README, re.MULTILINE))
    assert rows == {
        name.upper(): f"`{field.default}`" if field.default != "" else "none"
        for name, field in Settings.model_fields.items()
    }


def test_every_parameter_is_documented() -> None:
    documented = _code_in(PAGES["app/api/README.md"]) | _code_in(PAGES["app/formats/README.md"])
    assert documented >= PARAMETER_NAMES


def test_every_endpoint_is_documented() -> None:
    assert OPERATIONS.keys() <= _code_in(section("Endpoints")) | _code_in(section("Formats"))


def test_every_format_is_documented() -> None:
    rows = dict(re.findall(r"^\| `/events\.(\S+)` \|.*\| (\S+) \|$", README, re.MULTILINE))
    caps = {
        suffix: f"{one.max_events:,}" if one.max_events else "all"
        for suffix, one in FORMATS.items()
    }
    assert rows == {**caps, "html": "all"}


def test_every_command_is_documented() -> None:
    for command in cli.registered_commands:
        assert command.callback
        assert f"timeline {command.name or command.callback.__name__}" in README


def test_dates_are_displayed_as_documented() -> None:
    rows = re.findall(r"^\| `(\S+)` \| .+? \| (.+?) \|$", section("Dates"), re.MULTILINE)
    assert len(rows) == 11
    assert rows == [(written, EventDate.parse(written).display) for written, _ in rows]


# ---- the architecture


def _arrows() -> dict[str, set[str]]:
    """Return what each package of the picture points to."""
    (picture,) = _blocks("mermaid", PAGES["app/README.md"])
    arrows: dict[str, set[str]] = {}
    for line in picture.splitlines()[1:]:
        tails, heads = ([*map(str.strip, side.split("&"))] for side in line.split("-->"))
        for name in (*tails, *heads):
            arrows.setdefault(name, set())
        for tail in tails:
            arrows[tail].update(heads)
    return arrows


def _below(package: str, arrows: dict[str, set[str]]) -> set[str]:
    """Return the package and everything that its arrows lead to."""
    return {package}.union(*(_below(head, arrows) for head in arrows[package]))


def test_picture_has_every_package_and_allows_every_import() -> None:
    arrows, packages = _arrows(), set()
    for path in APP.rglob("*.py"):
        package = path.relative_to(APP).with_suffix("").parts[0]
        if package == "__init__":
            continue
        packages.add(package)
        names = {
            f"{node.module}.{alias.name}"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        imported = {name.split(".")[1] for name in names if name.startswith("app.")}
        assert imported <= _below(package, arrows), path
    assert packages == arrows.keys()


def test_every_module_is_in_the_table_of_its_package() -> None:
    rows = dict(re.findall(r"^\| `([\w/]+)` \| (.+) \|$", section("Modules"), re.MULTILINE))
    packages = {
        path.parent.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        if path.parent != APP and path.stem != "__init__"
    }
    for package in packages - {"api/routes"}:  # one module for each kind of record
        modules = {path.stem for path in (APP / package).glob("*.py")} - {"__init__"}
        assert modules <= _code_in(rows[package]), package


# ---- the pages


def test_root_page_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES)
def test_table_of_contents_names_every_section(page: str) -> None:
    text = prose_of(PAGES[page])
    top, *_ = re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)
    contents = re.findall(r"\[([^\]]+)\]\(#[^)]+\)", top)
    assert contents == re.findall(r"^## (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(PAGES[page])):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / page).parent / path if path else ROOT / page).resolve()
        assert file.exists(), target
        if anchor:
            assert anchor in anchors_in(PAGES[file.relative_to(ROOT).as_posix()]), target


@pytest.mark.parametrize("page", PAGES)
def test_named_files_exist(page: str) -> None:
    commands = " ".join(_blocks("sh", PAGES[page])).split()
    named = [one for one in _code_in(PAGES[page]) if not re.search(r"[\s*…]", one)]
    for name in [*commands, *named]:
        # A virtual environment is made by the reader.
        if re.match(r"(app|tests|seed|migrations|\.ci)/", name) and ".venv" not in name:
            assert (ROOT / name).exists(), name


def test_every_block_has_a_language_that_a_test_reads() -> None:
    languages = {language for language, _ in blocks_in(README)}
    assert languages == {
        *("sh", "console", "yaml", "json", "text", "mermaid"),  # above
        *("ts", "python", "yml"),  # tests/e2e/clients/test_snippets.py
        *("html", "nginx", "jsonl"),  # widgets.py, test_nginx.py, test_access_log.py
        *("ini", "dockerfile"),  # test_deployment.py
    }
    assert README.count("\n```") == 2 * len(blocks_in(README))
