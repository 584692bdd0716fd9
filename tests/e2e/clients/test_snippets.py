"""The programs in the README work as printed, and `/docs` shows the same."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup

from tests.e2e.clients.clients import BIN, GENERATORS, HERE, NPM
from tests.e2e.clients.conftest import required_distributions, required_programs
from tests.support.readme import blocks_in, section
from tests.support.requirements import require_npm_packages

SECTION = section("Generate a client")
BLOCKS = blocks_in(SECTION)
SERVER = "http://localhost:8000"


PROGRAMS = {"ts": "program.mts", "python": "program.py"}
"""The file of each program by the language of its code block."""


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


def _expected_output(client: httpx.Client) -> str:
    """Return the expected output of the programs, from a plain HTTP request."""
    query = {"actor": "NSO", "from": "2021-11", "limit": "500"}
    lines = []
    for event in client.get("/events", params=query).json()["items"]:
        lines.append(f"{event['date']['display']}: {event['title']}")
        lines += [
            f"  “{citation['quote']}” ({citation['source']['publisher']['name']})"
            for citation in event["citations"]
        ]
    assert len(lines) > 20
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("language", PROGRAMS)
def test_program_prints_events(seed: httpx.Client, tmp_path: Path, language: str) -> None:
    """The code block before the program generates the client; the one after it runs the program."""
    required_programs("node")
    required_distributions()
    require_npm_packages(HERE)
    server = str(seed.base_url).rstrip("/")
    languages = [name for name, _ in BLOCKS]
    blocks = [code.replace(SERVER, server) for _, code in BLOCKS]
    index = languages.index(language)
    assert languages[index - 1 : index + 2] == ["sh", language, "sh"]
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    _shell(blocks[index - 1], tmp_path)
    (tmp_path / PROGRAMS[language]).write_text(blocks[index], "utf-8")
    assert f"`{PROGRAMS[language]}`" in SECTION
    assert _shell(blocks[index + 1], tmp_path) == _expected_output(seed)


def test_python_program_passes_mypy(seed: httpx.Client, tmp_path: Path) -> None:
    required_distributions()
    generate, program = (
        text.replace(SERVER, str(seed.base_url).rstrip("/"))
        for name, text in BLOCKS
        if name == "python" or text.startswith("openapi-python-client")
    )
    _shell(generate, tmp_path)
    (tmp_path / "program.py").write_text(program, "utf-8")
    _shell("mypy --strict --follow-imports silent program.py", tmp_path)


def test_readme_shows_settings_of_test() -> None:
    (settings,) = (code for language, code in BLOCKS if language == "yml")
    assert settings in (GENERATORS / "openapi-python-client.yaml").read_text("utf-8")


def test_docs_show_code_of_readme(seed: httpx.Client) -> None:
    page = BeautifulSoup(seed.get("/docs", headers={"Host": "localhost:8000"}).text, "html.parser")
    code_blocks = [block.get_text().strip() for block in page.select("details.clients pre")]
    assert code_blocks == [code.strip() for _, code in BLOCKS]
