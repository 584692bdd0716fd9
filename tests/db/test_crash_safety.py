"""Killed migrations and loads: the database is intact, and has all changes or none."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import NamedTuple

import pytest
from sqlalchemy import text

from app.db.database import Database
from app.db.schema import require_current_schema
from tests.support.cli import TIMELINE
from tests.support.corpus import LATER, TESTS
from tests.support.crash_worker import CONNECTION_RETURNED, END, Outcome
from tests.support.databases import database_at, load_into, new_database
from tests.support.random_dossiers import make_dossiers
from tests.support.requirements import repetitions
from tests.support.snapshot import Tables, read_tables, without_timestamps

pytestmark = [pytest.mark.full, pytest.mark.sqlite]

RunProcesses = Callable[..., list[Outcome]]


@pytest.fixture(scope="module")
def run_processes() -> Iterator[RunProcesses]:
    """Yield a function that runs one process for each item of `kill_at`, all at once.

    They migrate a database or load files into it, and are killed at that step.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.crash_worker"],
        cwd=TESTS.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(
            path: Path, *kill_at: int | None, load: Sequence[str] | None = None, prune: bool = False
        ) -> list[Outcome]:
            request = {"path": str(path), "load": load, "prune": prune, "kill_at": kill_at}
            assert process.stdin
            assert process.stdout
            print(json.dumps({**request, "now": LATER.isoformat()}), file=process.stdin, flush=True)
            outcomes: list[Outcome] = json.loads(process.stdout.readline())
            return outcomes

        yield run


def _kill_points(steps: Sequence[str], number: int) -> list[int]:
    """Choose steps: spread over all, and at the commit, right after it, and at the end."""
    last = len(steps) - 1
    assert steps[last] == END
    spread = [last * at // (number - 3) for at in range(number - 3)]
    return [*spread, _commit(steps), _first_committed(steps), last]


def _commit(steps: Sequence[str]) -> int:
    return len(steps) - 1 - steps[::-1].index("COMMIT")


def _first_committed(steps: Sequence[str]) -> int:
    """Return the first step at which everything is committed."""
    return steps.index(CONNECTION_RETURNED, _commit(steps))


def _check_intact(database: Database) -> None:
    """Check the schema, the file, the foreign keys and the search index."""
    require_current_schema(database)
    with database.write() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).all() == [("ok",)]
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        # Fails if the index is inconsistent.
        # https://www.sqlite.org/fts5.html#the_integrity_check_command
        connection.execute(
            text("INSERT INTO event_search (event_search) VALUES ('integrity-check')")
        )
        indexed = connection.scalars(text("SELECT rowid FROM event_search ORDER BY rowid")).all()
        assert indexed == connection.scalars(text("SELECT id FROM event ORDER BY id")).all()


# ---- migrations


KILLED_MIGRATIONS = 12
KILLED_CONCURRENT_MIGRATIONS = repetitions(6, 60)


@pytest.fixture(scope="module")
def migration(run_processes: RunProcesses, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the steps of the migration of a new file."""
    (outcome,) = run_processes(tmp_path_factory.mktemp("migration") / "timeline.db", None)
    return outcome["steps"]


@pytest.mark.parametrize("round_", range(repetitions(6, 60)))
def test_concurrent_migrations_succeed(
    run_processes: RunProcesses, tmp_path: Path, round_: int
) -> None:
    path = tmp_path / f"{round_}.db"
    assert [outcome["status"] for outcome in run_processes(path, None, None)] == [0, 0]
    with closing(database_at(path)) as database:
        _check_intact(database)


@pytest.mark.parametrize("at", range(KILLED_MIGRATIONS))
def test_killed_migration_can_be_repeated(
    run_processes: RunProcesses, migration: list[str], tmp_path: Path, at: int
) -> None:
    path = tmp_path / "timeline.db"
    (outcome,) = run_processes(path, _kill_points(migration, KILLED_MIGRATIONS)[at])
    assert outcome["status"] == -SIGKILL
    with closing(new_database(path)) as database:
        _check_intact(database)


@pytest.mark.parametrize("at", range(KILLED_CONCURRENT_MIGRATIONS))
def test_migration_succeeds_when_concurrent_one_is_killed(
    run_processes: RunProcesses, migration: list[str], tmp_path: Path, at: int
) -> None:
    path = tmp_path / "timeline.db"
    kill_at = _kill_points(migration, KILLED_CONCURRENT_MIGRATIONS)[at]
    outcomes = run_processes(path, kill_at, None)
    assert [outcome["status"] for outcome in outcomes] == [-SIGKILL, 0]
    with closing(database_at(path)) as database:
        _check_intact(database)


# ---- loads


class Case(NamedTuple):
    """A load: the database, the files, the contents before and after it, and its steps."""

    path: Path
    files: list[str]
    prune: bool
    before: Tables
    after: Tables
    steps: list[str]

    def copy(self, folder: Path) -> Path:
        """Copy the database as it is before the load."""
        return Path(shutil.copy(self.path, folder))


def _write_dossiers(folder: Path, events: int, seed: int, omit_every: int) -> list[Path]:
    """Write two random dossiers without some of the events, and with names of their own."""
    files = []
    for number, dossier in enumerate(make_dossiers(events, seed)):
        data = dossier.model_dump(mode="json", exclude_none=True)
        data["events"] = [event for n, event in enumerate(data["events"], 1) if n % omit_every]
        for actor in data["actors"]:
            actor["name"] += f" of {events}"
        for source in data["sources"]:
            source["title"] += f" of {events}"
        files.append(folder / f"{events}-{number}.json")
        files[-1].write_text(json.dumps(data), "utf-8")
    return files


@pytest.fixture(scope="module", params=[False, True], ids=["keeping", "pruning"])
def case(
    run_processes: RunProcesses,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Case:
    """Load dossiers into a database of smaller ones, with other records of the same ids."""
    folder = tmp_path_factory.mktemp("case")
    path = folder / "timeline.db"
    with closing(new_database(path)) as database:
        load_into(database, *_write_dossiers(folder, 60, seed=1, omit_every=99))
        before = read_tables(database)
    _checkpoint(path)

    files = [str(file) for file in _write_dossiers(folder, 200, seed=2, omit_every=5)]
    loaded = Path(shutil.copy(path, folder / "loaded.db"))
    (outcome,) = run_processes(loaded, None, load=files, prune=request.param)
    with closing(database_at(loaded)) as database:
        after = read_tables(database)
    old, new = ({row[1] for row in rows["event"]} for rows in (before, after))
    assert len(new) > 2 * len(old)
    assert bool(old - new) == request.param
    return Case(folder / "timeline.db", files, request.param, before, after, outcome["steps"])


def _checkpoint(path: Path) -> None:
    """Move the WAL into the file, so that the file can be copied."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert [*path.parent.glob(f"{path.name}-*")] == []


KILLED_LOADS = repetitions(8, 25)


@pytest.mark.parametrize("at", range(KILLED_LOADS))
def test_killed_load_keeps_all_changes_or_none(
    run_processes: RunProcesses, case: Case, tmp_path: Path, at: int
) -> None:
    path = case.copy(tmp_path)
    kill_at = _kill_points(case.steps, KILLED_LOADS)[at]
    (outcome,) = run_processes(path, kill_at, load=case.files, prune=case.prune)
    assert outcome["status"] == -SIGKILL

    committed = kill_at >= _first_committed(case.steps)
    with closing(database_at(path)) as database:
        assert read_tables(database) == (case.after if committed else case.before)
        _check_intact(database)
        load_into(database, *map(Path, case.files), now=LATER, prune=case.prune)
        assert read_tables(database) == case.after
        _check_intact(database)


# ---- the command, killed at a random time


@pytest.mark.parametrize("seed", range(repetitions(3, 10)))
def test_load_command_killed_at_random_time_keeps_all_changes_or_none(
    case: Case, duration: float, tmp_path: Path, seed: int
) -> None:
    path = case.copy(tmp_path)
    with _start_load(case, path) as process:
        _wait_until_opened(process, path)
        time.sleep(Random(seed).uniform(0, duration))
        process.kill()
    assert process.returncode in (0, -SIGKILL)

    expected = without_timestamps(case.after)
    with closing(database_at(path)) as database:
        rows = read_tables(database)
        rolled_back = process.returncode == -SIGKILL and rows == case.before
        assert rolled_back or without_timestamps(rows) == expected
        _check_intact(database)
        load_into(database, *map(Path, case.files), now=LATER, prune=case.prune)
        assert without_timestamps(read_tables(database)) == expected


@pytest.fixture(scope="module")
def duration(case: Case, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Return the seconds between the moment the command opens the database and its end."""
    path = case.copy(tmp_path_factory.mktemp("duration"))
    with _start_load(case, path) as process:
        _wait_until_opened(process, path)
        start = time.monotonic()
        assert process.stdout
        assert b"events added" in process.stdout.readline()
        return time.monotonic() - start


def _start_load(case: Case, path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [TIMELINE, "load", *case.files, *(["--prune"] if case.prune else [])],
        env={**os.environ, "TIMELINE_DATABASE_URL": f"sqlite:///{path}"},
        stdout=subprocess.PIPE,
    )


def _wait_until_opened(process: subprocess.Popen[bytes], path: Path) -> None:
    """Wait for the WAL. Most of the time passes before that, and a kill there tests little."""
    wal = path.with_name(f"{path.name}-wal")
    while process.poll() is None and not wal.exists():
        time.sleep(0.001)
