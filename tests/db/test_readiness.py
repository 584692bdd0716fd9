"""The readiness check: it notices damage, and costs little however often it is requested."""

import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from app.db.database import Database
from tests.support import databases
from tests.support.problem import check_problem
from tests.support.server import serving


class Checks:
    """Counts the checks for damage, and can let them wait or fail."""

    def __init__(self) -> None:
        self.count = 0
        self.fails = False
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def find_damage(self) -> str | None:
        """Find no damage."""
        self.count += 1
        self.began.set()
        assert self.may_end.wait(30)
        if self.fails:
            raise RuntimeError
        return None


@pytest.fixture
def checks(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checks]:
    """Yield the counter that replaces the check."""
    checks = Checks()
    monkeypatch.setattr(type(database), "find_damage", lambda _: checks.find_damage())
    yield checks
    checks.may_end.set()


@pytest.mark.sqlite  # PostgreSQL has no check to repeat
def test_database_is_checked_once_for_each_version_of_data(
    database: Database, checks: Checks
) -> None:
    with serving(database) as client:
        for count, revision in ((1, 0), (2, 7)):
            # Without the header, it could know the revision some milliseconds later.
            headers = {"Timeline-Revision": str(revision)}
            for _ in range(5):
                assert client.get("/readyz", headers=headers).json()["revision"] == revision
            assert checks.count == count
            with database.write() as connection:
                connection.execute(text("UPDATE revision SET number = 7"))


def test_concurrent_probes_share_one_check(database: Database, checks: Checks) -> None:
    checks.may_end.clear()
    with serving(database) as client, ThreadPoolExecutor(20) as pool:
        probes = [pool.submit(client.get, "/readyz") for _ in range(20)]
        assert checks.began.wait(30)
        # They occupy no thread while they wait.
        assert client.get("/events?limit=1").status_code == 200
        checks.may_end.set()
        assert [probe.result().status_code for probe in probes] == [200] * 20
    assert checks.count == 1


def test_failed_check_is_repeated(database: Database, checks: Checks) -> None:
    with serving(database) as client:
        checks.fails = True
        assert client.get("/readyz").status_code == 500
        checks.fails = False
        assert client.get("/readyz").status_code == 200


def test_readiness_names_the_engine(database: Database) -> None:
    with serving(database) as client:
        ready = client.get("/readyz").json()
    assert re.fullmatch(rf"{databases.engine} \d+[.\d]*", ready.pop("database"))
    assert ready == {
        "status": "ok",
        "revision": 0,
        "role": "primary",
        "sqlite": sqlite3.sqlite_version,
    }


@pytest.mark.sqlite
def test_file_damaged_by_another_program_is_not_ready(loaded: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_event_in_order'"
        (page,) = connection.execute(query).fetchone()
    with serving(path) as client:
        assert client.get("/readyz").status_code == 200
        with path.open("r+b") as file:
            file.seek(page * 4_096 - 1_000)
            file.write(b"\xff" * 1_000)
        assert "damaged" in check_problem(client.get("/readyz"), 503).detail
        assert client.get("/livez").status_code == 200
