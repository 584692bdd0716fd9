"""The clients, each generated once from the OpenAPI document of a server."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import httpx
import pytest

from tests.e2e.clients.clients import CLIENTS, HERE, JOURNEYS, VENV, Client, Command
from tests.support.requirements import require_npm_packages, skip_or_fail

PACKAGES = {"node": "nodejs", "java": "default-jdk-headless", "javac": "default-jdk-headless"}
INSTALL = "python3 -m venv {0}/.venv && {0}/.venv/bin/pip install -r {0}/requirements.txt"


@dataclass(frozen=True)
class Generated:
    """A generated client, in a folder with the journey that uses it."""

    client: Client
    folder: Path
    server: httpx.URL
    output: str
    """The output of the generator."""

    def run(self, command: Command) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder."""
        return _run(command, self.folder, self.server)


@pytest.fixture(scope="session", params=CLIENTS)
def generated_client(
    request: pytest.FixtureRequest, seed: httpx.Client, workshop: Path
) -> Generated:
    """Generate each client from a server with the seed dossier."""
    client = CLIENTS[request.param]
    required_programs(*client.programs)
    required_distributions()
    if "node" in client.programs:
        require_npm_packages(HERE)
    folder = workshop / request.param
    folder.mkdir()
    for name in (client.journey, "tsconfig.json"):
        shutil.copy(JOURNEYS / name, folder)
    run = _run(client.generate, folder, seed.base_url)
    assert run.returncode == 0, run.stdout
    return Generated(client, folder, seed.base_url, run.stdout)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a folder for the clients, with the npm packages. Its JavaScript files are modules."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    return folder


def _run(command: Command, folder: Path, server: httpx.URL) -> subprocess.CompletedProcess[str]:
    urls = {"{document}": str(server.join("/openapi.json")), "{server}": str(server)}
    arguments: list[str] = []
    for part in map(str, command):
        files = sorted(map(str, folder.glob(part))) if "*" in part else []
        arguments += files or [urls.get(part, part)]
    return subprocess.run(
        arguments,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def required_programs(*programs: str) -> None:
    """Skip the test if a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            skip_or_fail(f"This test needs {program}. Install Debian's {PACKAGES[program]}.")


def required_distributions() -> None:
    """Skip the test if a Python package is missing, or its version is not the pinned one."""
    site = [str(path) for path in VENV.glob("lib/*/site-packages")]
    installed = {package.name.lower(): package.version for package in distributions(path=site)}
    pins = re.findall(
        r"^(\S+)==(\S+)", (HERE / "requirements.txt").read_text("utf-8"), re.MULTILINE
    )
    for name, version in pins:
        if installed.get(name) != version:
            install = INSTALL.format("tests/e2e/clients")
            skip_or_fail(f"This test needs {name} {version}. Run {install}.")
