"""What the README says of generating a client works as written, and `/docs` says the same."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from bs4 import BeautifulSoup

from tests.clients.clients import BIN, NPM, Command
from tests.clients.conftest import required_distributions, required_programs
from tests.conftest import TESTS, required_packages

README = (TESTS.parent / "README.md").read_text("utf-8")
SECTION = README[README.index("## Generate a client") : README.index("## Dates")]
ADDRESS = "http://localhost:8000"


class Snippet(NamedTuple):
    """A program of the README that uses a client, and how it is checked and run."""

    file: str
    check: Command
    run: Command


SNIPPETS = {
    "ts": Snippet(
        "program.ts",
        ("tsc", "--strict", "--module", "nodenext", "--target", "es2022", "program.ts"),
        ("node", "program.js"),
    ),
    "python": Snippet(
        "program.py",
        ("mypy", "--strict", "--follow-imports", "silent", "program.py"),
        ("python", "program.py"),
    ),
}


def _blocks() -> Iterator[tuple[str, str]]:
    yield from re.findall(r"^```(\w+)\n(.*?)^```", SECTION, re.DOTALL | re.MULTILINE)


def _shell(command: str | Sequence[str | Path], folder: Path) -> str:
    run = subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}:{NPM}:{os.environ['PATH']}", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout
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


@pytest.mark.parametrize("language", SNIPPETS)
def test_a_client_in_twenty_lines(seed: httpx.Client, workshop: Path, language: str) -> None:
    required_programs("node")
    required_distributions()
    required_packages(TESTS / "clients")
    address = str(seed.base_url).rstrip("/")
    blocks = [text.replace(ADDRESS, address) for _, text in _blocks()]
    languages = [name for name, _ in _blocks()]
    at = languages.index(language)
    snippet = SNIPPETS[language]
    folder = workshop / f"readme-{language}"
    folder.mkdir()
    assert languages[at - 1] == "sh"
    _shell(blocks[at - 1], folder)
    (folder / snippet.file).write_text(blocks[at], "utf-8")
    _shell(snippet.check, folder)
    assert _shell(snippet.run, folder) == _told(seed)


def test_the_docs_say_the_same(seed: httpx.Client) -> None:
    page = BeautifulSoup(seed.get("/docs", headers={"Host": "localhost:8000"}).text, "html.parser")
    shown = [one.get_text().strip() for one in page.select("details.clients pre")]
    assert shown == [text.strip() for _, text in _blocks()]
