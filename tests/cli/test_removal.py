"""`timeline remove`: a timeline goes, with what only it holds, and nothing else."""

import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import TIMELINE, command_env, database_name, run, serving
from tests.support.corpus import FERRY, HARBOUR, SEED

HARBOUR_ONLY = (
    "5 events, 5 actors and 2 sources that only it holds. Kept in other timelines: 1 event."
)


@pytest.fixture
def loaded(tmp_path: Path) -> Path:
    """Return a folder with a database of two timelines, which share an event."""
    assert run(tmp_path, "load", str(HARBOUR), str(FERRY)).returncode == 0
    return tmp_path


def _items(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return all records, by the path of their list."""
    with serving(folder, "--no-seed") as (client, _):
        lists = ("events", "actors", "sources", "timelines")
        return {name: client.get(f"/{name}?limit=500").json()["items"] for name in lists}


def _ids(items: list[dict[str, Any]]) -> list[str]:
    return sorted(item["id"] for item in items)


def test_removed_timeline_takes_what_only_it_holds(loaded: Path) -> None:
    before = _items(loaded)
    removed = run(loaded, "remove", "harbour", "--yes")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert removed.stdout == (
        f"{database_name(loaded)}: Removed the timeline 'harbour' with {HARBOUR_ONLY}\n"
    )
    after = _items(loaded)
    assert {name: _ids(items) for name, items in after.items()} == {
        "events": ["first-crossing", "quay-in-use"],
        # The bystander was an orphan before: no timeline held it.
        "actors": ["bystander", "city", "ferry-line", "harbour-council"],
        "sources": ["council-minutes"],
        "timelines": ["ferry"],
    }
    shared, was_shared = (
        next(event for event in items["events"] if event["id"] == "quay-in-use")
        for items in (after, before)
    )
    assert (shared["timelines"], was_shared["timelines"]) == (["ferry"], ["ferry", "harbour"])
    assert shared["updated_at"] > was_shared["updated_at"]
    assert "no errors" in run(loaded, "verify").stdout


def test_removal_of_last_timeline_leaves_nothing(loaded: Path) -> None:
    run(loaded, "remove", "harbour", "--yes")
    removed = run(loaded, "remove", "ferry", "--yes")
    assert "with 2 events, 4 actors and 1 source that only it holds.\n" in removed.stdout
    assert _items(loaded) == {"events": [], "actors": [], "sources": [], "timelines": []}
    assert "0 events of 0 timelines, no errors" in run(loaded, "verify").stdout


def test_removal_shows_in_running_server(loaded: Path) -> None:
    with serving(loaded) as (client, _):
        assert client.get("/events").json()["total"]["value"] == 7
        assert run(loaded, "remove", "harbour", "--yes").returncode == 0
        assert client.get("/events").json()["total"]["value"] == 2
        assert client.get("/events?q=bribe").json()["total"]["value"] == 0


def _run_on_terminal(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose standard input is a terminal with this text."""
    terminal, stdin = pty.openpty()
    os.write(terminal, text.encode())
    try:
        return subprocess.run(
            [TIMELINE, *arguments],
            env=command_env(folder, {}),
            cwd=folder,
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(terminal)
        os.close(stdin)


def test_removal_on_terminal_needs_confirmation(loaded: Path) -> None:
    name = database_name(loaded)
    question = f"{name}: This removes the timeline 'harbour' with {HARBOUR_ONLY}\n"
    for text in ("n\n", "\n", "\x04"):  # the last one ends the input
        kept = _run_on_terminal(loaded, text, "remove", "harbour")
        assert (kept.returncode, kept.stdout) == (1, "")
        assert question in kept.stderr
        assert kept.stderr.splitlines()[-1].endswith("Nothing was removed.")
    assert run(loaded, "export", "harbour").returncode == 0
    removed = _run_on_terminal(loaded, "y\n", "remove", "harbour")
    assert removed.returncode == 0
    assert question in removed.stderr
    assert removed.stdout == f"{name}: Removed the timeline 'harbour' with {HARBOUR_ONLY}\n"
    assert run(loaded, "export", "harbour").returncode == 1


NO_TERMINAL = (
    "This needs a confirmation, and there is no terminal for it. Nothing was removed. Pass "
    "--yes to remove it."
)
CLOSED_INPUT = ["sh", "-c", 'exec "$@" <&-', "sh"]
# Each case: the arguments, and the last line of the message.
REFUSED = {
    "without a terminal": (("harbour",), NO_TERMINAL),
    "a misspelled id": (
        ("habour",),
        "There is no timeline 'habour'. The nearest are 'harbour', 'ferry'.",
    ),
    "a misspelled id with --yes": (
        ("Ferry", "--yes"),
        "There is no timeline 'Ferry'. The nearest are 'ferry', 'harbour'.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_removal_changes_nothing(loaded: Path, case: str) -> None:
    arguments, message = REFUSED[case]
    before = run(loaded, "export").stdout
    refused = run(loaded, "remove", *arguments, within=CLOSED_INPUT)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1] == message
    assert run(loaded, "export").stdout == before


@pytest.mark.sqlite
def test_removal_from_missing_file_is_refused(tmp_path: Path) -> None:
    missing = run(tmp_path, "remove", "harbour", "--yes")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "There is no such file." in missing.stderr
    assert not [*tmp_path.iterdir()]


def test_removal_from_empty_database_is_refused(tmp_path: Path) -> None:
    run(tmp_path, "migrate")
    empty = run(tmp_path, "remove", "harbour", "--yes")
    assert empty.stderr == "There is no timeline 'harbour'. The database has none.\n"


# How the database is prepared, the options of `serve`, and the events that it then serves.
SEEDED: dict[str, tuple[list[tuple[str, ...]], list[str], int]] = {
    "a new database": ([], [], 22),
    "a migrated database": ([("migrate",)], [], 22),
    "a new database without the demonstration": ([], ["--no-seed"], 0),
    "a database whose only timeline was removed": (
        [("load", str(HARBOUR)), ("remove", "harbour", "--yes")],
        [],
        0,
    ),
    "a removed demonstration": (
        [("load", str(SEED)), ("remove", "nso-blacklist", "--yes")],
        ["--seed"],
        0,
    ),
}


@pytest.mark.parametrize("case", SEEDED)
def test_only_database_that_never_had_records_gets_demonstration(tmp_path: Path, case: str) -> None:
    commands, options, events = SEEDED[case]
    for command in commands:
        assert run(tmp_path, *command).returncode == 0
    with serving(tmp_path, *options) as (client, process):
        assert client.get("/events").json()["total"]["value"] == events
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(2)]
    notice = (
        f"{database_name(tmp_path)}: The database was new and got the bundled timeline, as a "
        "demonstration. `timeline remove nso-blacklist` removes it. `timeline serve --no-seed` "
        "leaves a new database empty.\n"
    )
    assert lines[0].startswith(f"Serving {events} events of ")
    assert (lines[1] == notice) == (events > 0)


def test_setting_leaves_new_database_empty(tmp_path: Path) -> None:
    with serving(tmp_path, TIMELINE_SEED="false") as (client, _):
        assert client.get("/timelines").json()["items"] == []
        assert client.get("/").status_code == 200
