"""The systemd units and the container file of the deployment page."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from app.settings import PREFIX, Settings
from tests.support.cli import TIMELINE, run
from tests.support.readme import PAGES, ROOT, blocks_in
from tests.support.requirements import require_program

BLOCKS = blocks_in(PAGES["app/server/DEPLOYMENT.md"])
# Each file of systemd by the path in its first line.
FILES = {
    block.split("\n", 1)[0].removeprefix("# "): block
    for language, block in BLOCKS
    if language == "ini"
}
UNITS = "/etc/systemd/system/"
SERVICES = ["timeline-api.service", "timeline-backup.service"]
MAX_EXPOSURE = 20
"""Tenths of the exposure level of systemd, whose services have 96 without a sandbox."""


# ---- systemd


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the units with the program of the tests; return their folder."""
    require_program("systemd-analyze")
    folder = tmp_path_factory.mktemp("units")
    for name, text in FILES.items():
        if name.startswith(UNITS):
            file = folder / name.removeprefix(UNITS)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text.replace("/opt/timeline/bin/timeline", str(TIMELINE)), "utf-8")
    return folder


def _analyze(units: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments],
        cwd=units,
        # The colon at the end adds the units of systemd itself.
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_systemd_accepts_the_units(units: Path) -> None:
    names = [path.name for path in units.glob("timeline-*.*") if path.is_file()]
    assert sorted(names) == sorted([*SERVICES, "timeline-backup.timer"])
    checked = _analyze(units, "verify", *(f"./{name}" for name in names))
    assert checked.returncode == 0, checked.stderr
    # A wrong option is only a warning. Warnings for other units of the machine are not ours.
    assert [line for line in checked.stderr.splitlines() if "timeline-" in line] == []


@pytest.mark.parametrize("service", SERVICES)
def test_service_is_isolated(units: Path, service: str) -> None:
    limit = f"--threshold={MAX_EXPOSURE}"
    checked = _analyze(units, "security", "--offline=true", limit, f"./{service}")
    assert checked.returncode == 0, checked.stdout


def test_environment_of_the_services_consists_of_settings() -> None:
    text = "\n".join(FILES.values())
    names = {*re.findall(r"^(?:Environment=)?(TIMELINE_\w+)=", text, re.MULTILINE)}
    assert len(names) > 1
    assert names <= {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_backup_service_makes_a_backup(tmp_path: Path) -> None:
    (command,) = re.findall(
        r"^ExecStart=(.+)$", FILES[f"{UNITS}timeline-backup.service"], re.MULTILINE
    )
    _, *arguments, folder = shlex.split(command)
    assert folder == "/var/lib/timeline-backups"
    backups = tmp_path / "backups"
    backups.mkdir()  # as systemd does
    assert run(tmp_path, "migrate").returncode == 0
    backup = run(tmp_path, *arguments, str(backups))
    assert backup.returncode == 0, backup.stderr
    assert len([*backups.iterdir()]) == 1


# ---- the container

(CONTAINERFILE,) = (block for language, block in BLOCKS if language == "dockerfile")
INSTRUCTIONS: list[tuple[str, str]] = re.findall(r"^([A-Z]+) (.+)$", CONTAINERFILE, re.MULTILINE)
ARGUMENTS = dict(INSTRUCTIONS)
"""The arguments of the last instruction of each kind."""
FOLDERS = ("/src", "/opt", "/data")
"""The folders of the image that the test replaces with folders of its own."""


class Image(NamedTuple):
    """A folder with the files of the image, and the environment of its commands."""

    root: Path
    environment: dict[str, str]

    def inside(self, text: str) -> str:
        """Replace the paths of the image in a command."""
        return re.sub(rf"(?<![\w.])({'|'.join(FOLDERS)})\b", rf"{self.root}\1", text)

    def command(self, instruction: str) -> list[str]:
        """Return the command of an instruction, which is in the form that needs no shell."""
        _, bracket, arguments = ARGUMENTS[instruction].partition("[")
        words: list[str] = json.loads(bracket + arguments)
        return [self.inside(word) for word in words]


def _share_dependencies(environment: Path) -> None:
    """Add the packages of the tests to a virtual environment, instead of downloading them."""
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (site_packages,) = environment.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text("\n".join(folders), "utf-8")


def _copy(arguments: str, source: Path, folder: Path) -> None:
    *names, target = arguments.split()
    for name in names:
        if (source / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.db*")
            shutil.copytree(source / name, folder / target, ignore=ignored)
        else:
            shutil.copy(source / name, folder / target)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Build the image in a folder, without downloads and without another user."""
    root = tmp_path_factory.mktemp("image")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    image = Image(root, {"PATH": path})
    image.environment.update(
        pair.partition("=")[::2] for pair in image.inside(ARGUMENTS["ENV"]).split()
    )
    folder = root
    for instruction, arguments in INSTRUCTIONS:
        match instruction:
            case "WORKDIR":
                folder = Path(image.inside(arguments))
                folder.mkdir(parents=True, exist_ok=True)
            case "COPY" if arguments.startswith("--from="):
                assert Path(image.inside(arguments.split()[1])).exists()  # stages share folders
            case "COPY":
                _copy(arguments, ROOT, folder)
            case "RUN" if "--require-hashes" in arguments:  # .ci/run does this
                _share_dependencies(root / "opt/timeline")
            case "RUN" if not arguments.startswith("useradd"):
                command = image.inside(arguments)
                subprocess.run(command, shell=True, cwd=folder, env=image.environment, check=True)
    return image


def test_container_file_has_known_instructions() -> None:
    lines = [line for line in CONTAINERFILE.splitlines() if line and not line.startswith("#")]
    assert [" ".join(one) for one in INSTRUCTIONS] == lines
    known = "FROM WORKDIR COPY RUN ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD"
    assert ARGUMENTS.keys() == {*known.split()}


def test_container_runs_as_a_user_that_owns_only_the_data() -> None:
    user, data = ARGUMENTS["USER"], ARGUMENTS["VOLUME"]
    created = ARGUMENTS["RUN"]
    assert re.fullmatch(rf"useradd .* {user} && install -d -o {user} .* {data}", created)
    assert f"sqlite:///{data}/" in ARGUMENTS["ENV"]


def test_container_installs_locked_dependencies() -> None:
    pip = [shlex.split(one) for word, one in INSTRUCTIONS if word == "RUN" and " install " in one]
    dependencies, ours, *_ = pip
    assert {"--require-hashes", "requirements.txt"} < {*dependencies}
    assert {"--no-deps", "--no-build-isolation", "."} < {*ours}


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def test_container_is_healthy_while_it_serves(image: Image, port: int) -> None:
    (exposed,) = re.findall(r"127\.0\.0\.1:(\d+)", ARGUMENTS["HEALTHCHECK"])
    assert exposed == ARGUMENTS["EXPOSE"] == str(Settings.model_fields["port"].default)
    check = [word.replace(exposed, str(port)) for word in image.command("HEALTHCHECK")]

    def is_healthy() -> bool:
        return subprocess.run(check, capture_output=True, check=False).returncode == 0

    serve = [*image.command("ENTRYPOINT"), *image.command("CMD")]
    environment = {**image.environment, "TIMELINE_PORT": str(port)}
    assert not is_healthy()
    with subprocess.Popen(serve, env=environment, cwd=image.root / "data") as process:
        try:
            while not is_healthy():
                assert process.poll() is None
                time.sleep(0.1)
        finally:
            process.send_signal(signal.Signals[ARGUMENTS["STOPSIGNAL"]])
    assert process.returncode == 0
    assert (image.root / "data/timeline.db").exists()
    assert not is_healthy()
