"""What the README says of generating a client works as written, and `/docs` says the same."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup

from tests.e2e.clients.clients import BIN, GENERATORS, HERE, NPM
from tests.e2e.clients.conftest import required_distributions, required_programs
from tests.support.readme import blocks_in, section
from tests.support.requirements import required_packages

SECTION = section("Generate a client")
BLOCKS = blocks_in(SECTION)
ADDRESS = "http://localhost:8000"


PROGRAMS = {"ts": "program.mts", "python": "program.py"}
"""By the language of their block, as the text names them."""


def _shell(command: str, folder: Path) -> str:
    run = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}:{NPM}:{os.environ['PATH']}", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def _told(client: httpx.Client) -> str:
    """Tell what the programs print, of the same query."""
    query = {"actor": "NSO", "from": "2021-11", "limit": "500"}
    lines = []
    for event in client.get("/events", params=query).json()["items"]:
        lines.append(f"{event['date']['display']}: {event['title']}")
        lines += [
            f"  “{said['quote']}” ({said['source']['publisher']['name']})"
            for said in event["citations"]
        ]
    assert len(lines) > 20
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_in_twenty_lines(seed: httpx.Client, tmp_path: Path, language: str) -> None:
    """The command before the program generates, and the one behind it runs it."""
    required_programs("node")
    required_distributions()
    required_packages(HERE)
    address = str(seed.base_url).rstrip("/")
    names = [name for name, _ in BLOCKS]
    blocks = [text.replace(ADDRESS, address) for _, text in BLOCKS]
    at = names.index(language)
    assert names[at - 1 : at + 2] == ["sh", language, "sh"]
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    _shell(blocks[at - 1], tmp_path)
    (tmp_path / PROGRAMS[language]).write_text(blocks[at], "utf-8")
    assert f"`{PROGRAMS[language]}`" in SECTION
    assert _shell(blocks[at + 1], tmp_path) == _told(seed)


def test_the_python_program_is_typed(seed: httpx.Client, tmp_path: Path) -> None:
    required_distributions()
    generate, program = (
        text.replace(ADDRESS, str(seed.base_url).rstrip("/"))
        for name, text in BLOCKS
        if name == "python" or text.startswith("openapi-python-client")
    )
    _shell(generate, tmp_path)
    (tmp_path / "program.py").write_text(program, "utf-8")
    _shell("mypy --strict --follow-imports silent program.py", tmp_path)


def test_the_settings_shown_are_those_that_are_tried() -> None:
    (shown,) = (text for name, text in BLOCKS if name == "yml")
    assert shown in (GENERATORS / "openapi-python-client.yaml").read_text("utf-8")


def test_the_docs_say_the_same(seed: httpx.Client) -> None:
    page = BeautifulSoup(seed.get("/docs", headers={"Host": "localhost:8000"}).text, "html.parser")
    shown = [one.get_text().strip() for one in page.select("details.clients pre")]
    assert shown == [text.strip() for _, text in BLOCKS]
