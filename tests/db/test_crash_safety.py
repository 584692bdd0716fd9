"""Processes that are killed: what they leave is sound, and is what was or what was to be."""

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

from app.db.sqlite.database import Database
from app.db.sqlite.migrate import require_current_schema
from tests.support.cli import TIMELINE
from tests.support.corpus import LATER, TESTS
from tests.support.crash_worker import END, RETURNED, Answer
from tests.support.databases import database_at, load_into, new_database
from tests.support.random_dossiers import make_dossiers
from tests.support.requirements import repetitions
from tests.support.snapshot import Tables, stored, without_stamps

pytestmark = pytest.mark.full

Ask = Callable[..., list[Answer]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Give a way to ask for processes that do something, and die at it if they are told to."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.crash_worker"],
        cwd=TESTS.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def ask(
            path: Path, *deaths: int | None, load: Sequence[str] | None = None, prune: bool = False
        ) -> list[Answer]:
            request = {"path": str(path), "load": load, "prune": prune, "deaths": deaths}
            assert process.stdin
            assert process.stdout
            print(json.dumps({**request, "now": LATER.isoformat()}), file=process.stdin, flush=True)
            answers: list[Answer] = json.loads(process.stdout.readline())
            return answers

        yield ask


def _deaths(moments: Sequence[str], number: int) -> list[int]:
    """Choose moments to die at: spread over all, and at the commit, right after it, at the end."""
    last = len(moments) - 1
    assert moments[last] == END
    spread = [last * at // (number - 3) for at in range(number - 3)]
    return [*spread, _commit(moments), _return(moments), last]


def _commit(moments: Sequence[str]) -> int:
    return len(moments) - 1 - moments[::-1].index("COMMIT")


def _return(moments: Sequence[str]) -> int:
    """Give the first moment at which all is committed."""
    return moments.index(RETURNED, _commit(moments))


def _open(path: Path) -> Database:
    return database_at(path)


def _check_sound(database: Database) -> None:
    """Check what SQLite knows of the file, and that the search index is in step with the events."""
    require_current_schema(database)
    with database.write() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).all() == [("ok",)]
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        # It fails if it finds something. https://www.sqlite.org/fts5.html#the_integrity_check_command
        connection.execute(
            text("INSERT INTO event_search (event_search) VALUES ('integrity-check')")
        )
        found = connection.scalars(text("SELECT rowid FROM event_search ORDER BY rowid")).all()
        assert found == connection.scalars(text("SELECT id FROM event ORDER BY id")).all()


# ---- migrations


MIGRATIONS_KILLED = 12


@pytest.fixture(scope="module")
def migration(ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give the moments of a migration of a new file."""
    (answer,) = ask(tmp_path_factory.mktemp("migration") / "timeline.db", None)
    return answer["moments"]


@pytest.mark.parametrize("round_", range(repetitions(6, 60)))
def test_two_processes_migrate_at_once(ask: Ask, tmp_path: Path, round_: int) -> None:
    path = tmp_path / f"{round_}.db"
    assert [answer["status"] for answer in ask(path, None, None)] == [0, 0]
    with closing(_open(path)) as database:
        _check_sound(database)


@pytest.mark.parametrize("at", range(MIGRATIONS_KILLED))
def test_a_killed_migration_is_done_again(
    ask: Ask, migration: list[str], tmp_path: Path, at: int
) -> None:
    path = tmp_path / "timeline.db"
    (answer,) = ask(path, _deaths(migration, MIGRATIONS_KILLED)[at])
    assert answer["status"] == -SIGKILL
    with closing(new_database(path)) as database:
        _check_sound(database)


@pytest.mark.parametrize("at", range(repetitions(6, 60)))
def test_a_migration_goes_on_when_the_one_beside_it_is_killed(
    ask: Ask, migration: list[str], tmp_path: Path, at: int
) -> None:
    path = tmp_path / "timeline.db"
    deaths = _deaths(migration, repetitions(6, 60))
    assert [one["status"] for one in ask(path, deaths[at], None)] == [-SIGKILL, 0]
    with closing(_open(path)) as database:
        _check_sound(database)


# ---- loads


class Case(NamedTuple):
    """A database, and what comes of loading files into it."""

    path: Path
    files: list[str]
    prune: bool
    before: Tables
    after: Tables
    moments: list[str]

    def copy(self, folder: Path) -> Path:
        """Give the database as it was before."""
        return Path(shutil.copy(self.path, folder))


def _write_dossiers(folder: Path, events: int, seed: int, leave_out: int) -> list[Path]:
    """Write two dossiers without some of their events, and with names of their own."""
    files = []
    for at, dossier in enumerate(make_dossiers(events, seed)):
        written = dossier.model_dump(mode="json", exclude_none=True)
        written["events"] = [one for n, one in enumerate(written["events"], 1) if n % leave_out]
        for actor in written["actors"]:
            actor["name"] += f" of {events}"
        for source in written["sources"]:
            source["title"] += f" of {events}"
        files.append(folder / f"{events}-{at}.json")
        files[-1].write_text(json.dumps(written), "utf-8")
    return files


@pytest.fixture(scope="module", params=[False, True], ids=["keeping", "pruning"])
def case(
    ask: Ask, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Case:
    """Load dossiers into a database that holds smaller ones, with other records of the same ids."""
    folder = tmp_path_factory.mktemp("case")
    with closing(new_database(folder / "timeline.db")) as database:
        load_into(database, *_write_dossiers(folder, 60, seed=1, leave_out=99))
        before = stored(database)
    _into_one_file(database.path)

    files = [str(file) for file in _write_dossiers(folder, 200, seed=2, leave_out=5)]
    loaded = Path(shutil.copy(database.path, folder / "loaded.db"))
    (answer,) = ask(loaded, None, load=files, prune=request.param)
    with closing(_open(loaded)) as database:
        after = stored(database)
    old, new = ({row[1] for row in rows["event"]} for rows in (before, after))
    assert len(new) > 2 * len(old)
    assert bool(old - new) == request.param
    return Case(folder / "timeline.db", files, request.param, before, after, answer["moments"])


def _into_one_file(path: Path) -> None:
    """Leave nothing beside the file, so that it can be copied."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert [*path.parent.glob(f"{path.name}-*")] == []


LOADS_KILLED = repetitions(8, 25)


@pytest.mark.parametrize("at", range(LOADS_KILLED))
def test_a_killed_load_leaves_all_of_it_or_nothing(
    ask: Ask, case: Case, tmp_path: Path, at: int
) -> None:
    path = case.copy(tmp_path)
    death = _deaths(case.moments, LOADS_KILLED)[at]
    (answer,) = ask(path, death, load=case.files, prune=case.prune)
    assert answer["status"] == -SIGKILL

    committed = death >= _return(case.moments)
    with closing(_open(path)) as database:
        assert stored(database) == (case.after if committed else case.before)
        _check_sound(database)
        load_into(database, *map(Path, case.files), now=LATER, prune=case.prune)
        assert stored(database) == case.after
        _check_sound(database)


# ---- the command, killed at any time


@pytest.mark.parametrize("at", range(repetitions(3, 10)))
def test_a_load_killed_at_any_time(case: Case, usual: float, tmp_path: Path, at: int) -> None:
    path = case.copy(tmp_path)
    with _loading(case, path) as process:
        _wait_until_it_opens(process, path)
        time.sleep(Random(at).uniform(0, usual))
        process.kill()
    assert process.returncode in (0, -SIGKILL)

    wanted = without_stamps(case.after)
    with closing(_open(path)) as database:
        rows = stored(database)
        undone = process.returncode == -SIGKILL and rows == case.before
        assert undone or without_stamps(rows) == wanted
        _check_sound(database)
        load_into(database, *map(Path, case.files), now=LATER, prune=case.prune)
        assert without_stamps(stored(database)) == wanted


@pytest.fixture(scope="module")
def usual(case: Case, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Give the seconds that the command takes from opening the database to telling what it did."""
    path = case.copy(tmp_path_factory.mktemp("usual"))
    with _loading(case, path) as process:
        _wait_until_it_opens(process, path)
        begun = time.monotonic()
        assert process.stdout
        assert b"events added" in process.stdout.readline()
        return time.monotonic() - begun


def _loading(case: Case, path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [TIMELINE, "load", *case.files, *(["--prune"] if case.prune else [])],
        env={**os.environ, "TIMELINE_DATABASE_URL": f"sqlite:///{path}"},
        stdout=subprocess.PIPE,
    )


def _wait_until_it_opens(process: subprocess.Popen[bytes], path: Path) -> None:
    """Most of the time goes by before the database is opened, and a kill there tells little."""
    opened = path.with_name(f"{path.name}-wal")
    while process.poll() is None and not opened.exists():
        time.sleep(0.001)
