"""The readiness check: it notices damage, and costs little however often it is requested."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from app.api.routes import meta
from app.db.sqlite.integrity import find_corruption
from tests.support.problem import check_problem
from tests.support.server import serving


class Checks:
    """Counts the checks of the file, and can let them wait or fail."""

    def __init__(self) -> None:
        self.count = 0
        self.fails = False
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self, connection: Connection) -> str | None:
        """Check the file for damage."""
        self.count += 1
        self.began.set()
        assert self.may_end.wait(30)
        if self.fails:
            raise RuntimeError
        return find_corruption(connection)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Checks]:
    """Yield the counter that replaces the check."""
    checks = Checks()
    monkeypatch.setattr(meta, "find_corruption", checks)
    yield checks
    checks.may_end.set()


@pytest.fixture
def path(loaded: Path, tmp_path: Path) -> Path:
    """Return a database to serve."""
    return Path(shutil.copy(loaded, tmp_path / "timeline.db"))


def test_file_is_checked_once_for_each_version_of_data(path: Path, checks: Checks) -> None:
    with serving(path) as client, closing(sqlite3.connect(path)) as writer:
        for count, revision in ((1, 1), (2, 7)):
            for _ in range(5):
                assert client.get("/readyz").json()["revision"] == revision
            assert checks.count == count
            writer.execute("UPDATE revision SET number = 7")
            writer.commit()


def test_concurrent_probes_share_one_check(path: Path, checks: Checks) -> None:
    checks.may_end.clear()
    with serving(path) as client, ThreadPoolExecutor(20) as pool:
        probes = [pool.submit(client.get, "/readyz") for _ in range(20)]
        assert checks.began.wait(30)
        # They occupy no thread while they wait.
        assert client.get("/events?limit=1").status_code == 200
        checks.may_end.set()
        assert [probe.result().status_code for probe in probes] == [200] * 20
    assert checks.count == 1


def test_failed_check_is_repeated(path: Path, checks: Checks) -> None:
    with serving(path) as client:
        checks.fails = True
        assert client.get("/readyz").status_code == 500
        checks.fails = False
        assert client.get("/readyz").status_code == 200


def test_file_damaged_by_another_program_is_not_ready(path: Path) -> None:
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
