"""What commands print: full and closed outputs, unusual names and locales, interruptions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import database_name, run
from tests.support.corpus import HARBOUR


def shell(command: str) -> list[str]:
    """Return the beginning of a command that a shell runs as `"$@"`."""
    return ["sh", "-c", command, "sh"]


# Every command that writes to standard output, with its arguments.
PRINTING = {
    "serve": ["--port", "0"],
    "migrate": [],
    "load": [str(HARBOUR)],
    "check": [str(HARBOUR)],
    "export": [],
    "backup": ["copy.db"],
    "verify": [],
    "restore": ["backup.db"],
    "schema": [],
    "openapi": [],
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a database and a backup of it."""
    folder = tmp_path_factory.mktemp("loaded")
    assert run(folder, "load", str(HARBOUR)).returncode == 0
    assert run(folder, "backup", "backup.db").returncode == 0
    return folder


@pytest.mark.parametrize("command", PRINTING)
def test_full_standard_output_is_one_line(loaded: Path, command: str) -> None:
    full = run(loaded, command, *PRINTING[command], within=shell('exec "$@" > /dev/full'))
    assert full.returncode == 1
    *warnings, last = full.stderr.splitlines()
    assert last == "standard output: No space left on device. Redirect it to another place."
    assert [line for line in warnings if ": warning: " not in line] == []


@pytest.mark.parametrize("command", ["load", "schema", "export"])
def test_closed_pipe_is_no_error(loaded: Path, command: str) -> None:
    """A reader such as `head` has read enough."""
    closed = run(loaded, command, *PRINTING[command], within=shell('"$@" | true'))
    assert [line for line in closed.stderr.splitlines() if ": warning: " not in line] == []


@pytest.mark.parametrize("command", ["serve", "load", "export"])
@pytest.mark.parametrize(
    ("redirection", "name"), [(">&-", "standard output"), ("2>&-", "standard error")]
)
def test_closed_output_is_one_line_on_the_other(
    loaded: Path, command: str, redirection: str, name: str
) -> None:
    within = shell(f'exec "$@" {redirection}')
    closed = run(loaded, command, *PRINTING[command], within=within)
    assert closed.returncode == 1
    assert closed.stdout + closed.stderr == (
        f"{name}: It is closed. Redirect it, for example to /dev/null.\n"
    )


def test_full_standard_error_changes_no_exit_code(loaded: Path) -> None:
    within = shell('exec "$@" 2> /dev/full')
    valid = run(loaded, "load", str(HARBOUR), within=within)
    assert (valid.returncode, valid.stdout) == (0, f"{database_name(loaded)}: nothing changed.\n")
    assert run(loaded, "load", "missing.yaml", within=within).returncode == 1


# Commands that need the working directory, with relative paths.
RELATIVE = {
    "serve": ["--port", "0"],
    "migrate": [],
    "load": [str(HARBOUR)],
    "export": ["-o", "x.yaml"],
    "backup": ["x.db"],
    "restore": ["x.db"],
    "openapi": [],
}


@pytest.mark.parametrize("command", RELATIVE)
def test_removed_working_directory_is_one_line(tmp_path: Path, command: str) -> None:
    within = shell('mkdir gone && cd gone && rmdir ../gone && exec "$@"')
    url = "sqlite:///timeline.db"
    failed = run(tmp_path, command, *RELATIVE[command], within=within, TIMELINE_DATABASE_URL=url)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "The working directory was removed. Change to another one.\n"


# Names of files that a terminal cannot show as they are, and how they are shown.
NAMES = {"\udcff": r"\udcff", "a\nb": r"a\nb", "\x1b[31m": r"\x1b[31m", "\u202eb": r"\u202eb"}


@pytest.mark.parametrize("name", NAMES)
def test_invisible_characters_in_file_names_are_escaped(tmp_path: Path, name: str) -> None:
    shown, strict = NAMES[name], {"PYTHONIOENCODING": "utf-8:strict"}
    dossier = tmp_path / f"{name}.yaml"
    dossier.write_bytes(HARBOUR.read_bytes())
    url = f"sqlite:///{name}.db"
    commands = {
        f"{shown}.yaml": ("check", dossier.name),
        f"{shown}.db": ("load", str(HARBOUR)),
        f"{shown}.copy": ("backup", f"{name}.copy"),
        f"{shown}.missing": ("load", f"{name}.missing"),
        f"{shown}.out": ("export", "-o", f"{name}.out"),
    }
    for expected, command in commands.items():
        done = run(tmp_path, *command, **strict, TIMELINE_DATABASE_URL=url)
        lines = (done.stdout + done.stderr).splitlines()
        assert [line for line in lines if line.startswith(expected)], (command, lines)
        assert all(map(str.isprintable, lines))
    assert (tmp_path / f"{name}.db").exists()


# Interrupts the command while it imports its modules, which takes about a second.
INTERRUPTED_IMPORT = """
import importlib.abc, signal, sys

class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name == "app.cli.commands":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from app.cli import main
main()
"""


def test_interrupted_import_is_one_line() -> None:
    command = [sys.executable, "-c", INTERRUPTED_IMPORT]
    interrupted = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (interrupted.returncode, interrupted.stderr) == (130, "Interrupted.\n")


def test_json_is_utf_8_in_every_locale(tmp_path: Path) -> None:
    printed = run(tmp_path, "openapi", PYTHONIOENCODING="ascii", TIMELINE_CONTACT_NAME="Zoë 🗓")
    assert json.loads(printed.stdout)["info"]["contact"] == {"name": "Zoë 🗓"}
