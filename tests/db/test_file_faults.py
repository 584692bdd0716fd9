"""Faults of the database file: damaged, read-only, locked, replaced, full disk."""

import hashlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from app.db.database import Database
from app.db.sqlite.database import SqliteDatabase
from app.errors import DatabaseError
from app.settings import Settings
from tests.db.conftest import MANY_EVENTS
from tests.support.cli import TIMELINE, command_env, run, serving, without_coverage
from tests.support.corpus import FERRY, HARBOUR
from tests.support.databases import database_at, load_into, new_database
from tests.support.problem import check_problem
from tests.support.requirements import skip_or_fail
from tests.support.server import serving as serving_in_process
from tests.support.snapshot import read_tables

pytestmark = pytest.mark.sqlite

PAGE = 4_096


def _overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def _root_page(path: Path, name: str) -> int:
    """Return the offset of the first page of a table or index."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(query, [name]).fetchone()
    return (int(page) - 1) * PAGE


def _replace_by_text(path: Path) -> None:
    path.write_bytes(b"This is not a database. " * 1_000)


def _truncate_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _truncate_page(path: Path) -> None:
    os.truncate(path, path.stat().st_size - PAGE)


def _damage_header(path: Path) -> None:
    _overwrite(path, 16, b"\xff" * 8)


def _damage_table(path: Path) -> None:
    _overwrite(path, _root_page(path, "event"), b"\xff" * 40)


def _damage_index(path: Path) -> None:
    _overwrite(path, _root_page(path, "ix_event_in_order") + PAGE // 2, b"\xff" * 1_000)


# Each damage with a part of the message.
DAMAGES: dict[Callable[[Path], None], str] = {
    _replace_by_text: "The file is damaged, or not a database.",
    _truncate_half: "The file is damaged.",
    _truncate_page: "The file is damaged.",
    _damage_header: "The file is damaged, or not a database.",
    _damage_table: "The file is damaged: ",
    _damage_index: "The file is damaged: ",
}


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("load", str(FERRY))])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_refused_and_untouched(
    loaded: Path, tmp_path: Path, damage: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    damage(path)
    before = hashlib.sha256(path.read_bytes()).digest()
    failed = run(tmp_path, *command)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith(f"{path}: {DAMAGES[damage]}")
    assert "Restore a backup" in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert [path.name for path in tmp_path.iterdir()] == ["timeline.db"]


def test_changed_header_byte_is_refused_or_harmless(loaded: Path, tmp_path: Path) -> None:
    """For each byte of the header: if the file is not refused, it has the same contents."""
    intact = database_at(loaded)
    expected = read_tables(intact)
    intact.close()
    refused = 0
    for at in range(100):
        path = Path(shutil.copy(loaded, tmp_path / f"{at}.db"))
        _overwrite(path, at, bytes([path.read_bytes()[at] ^ 0xFF]))
        with closing(database_at(path)) as database:
            try:
                database.verify()
            except DatabaseError:
                refused += 1
            else:
                assert read_tables(database) == expected
    assert refused > 30


def _with_mounts(*commands: str) -> list[str]:
    """Return a command that runs another one with mounts of its own."""
    within = ["unshare", "--map-root-user", "--mount", "sh", "-ec"]
    if subprocess.run([*within, "true"], capture_output=True, check=False).returncode:
        skip_or_fail("This test needs user namespaces. Allow unshare to create them.")
    return [*within, f'{"; ".join(commands)}; exec "$@"', "sh"]


# Each case with the path that is mounted read-only.
READ_ONLY = {"the file": "timeline.db", "the directory": "."}


@pytest.mark.parametrize("name", READ_ONLY)
@pytest.mark.parametrize("has_wal", [False, True])
def test_read_only_database_is_served(
    loaded: Path, tmp_path: Path, name: str, has_wal: bool
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = Path(shutil.copy(loaded, folder / "timeline.db"))
    writer = sqlite3.connect(path)
    if has_wal:  # as while another process has the database open
        writer.execute("UPDATE revision SET number = number + 1")
        writer.commit()
    mount = folder / READ_ONLY[name]
    within = _with_mounts(
        f"mount --bind '{mount}' '{mount}'", f"mount -o remount,bind,ro '{mount}'"
    )
    before = hashlib.sha256(path.read_bytes()).digest()
    try:
        with serving(folder, within=within) as (client, _):
            assert client.get("/readyz").json()["status"] == "ok"
            assert client.get("/events").json()["total"]["value"] == 22 + 6
            assert client.get("/events?q=quay").status_code == 200
    finally:
        writer.close()
    if not has_wal:
        failed = run(folder, "load", str(FERRY), within=within)
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr == (
            f"{path}: The file or its directory is read-only. Nothing was changed.\n"
        )
        for command in (("export",), ("backup", str(tmp_path / f"{name}.db"))):
            done = run(folder, *command, within=within)
            assert (done.returncode, done.stderr) == (0, "")
        assert hashlib.sha256(path.read_bytes()).digest() == before
        assert [path.name for path in folder.iterdir()] == ["timeline.db"]


def test_replaced_read_only_database_is_served(
    loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process replaces the file: the server responds from the new one."""
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    other = tmp_path / "other.db"
    with closing(new_database(other)) as database:
        load_into(database, HARBOUR, FERRY)
    monkeypatch.setattr(SqliteDatabase, "_is_writable", lambda _: False)
    with serving_in_process(path) as client:
        assert client.get("/events").json()["total"]["value"] == 22 + 6
        other.replace(path)
        assert client.get("/events").json()["total"]["value"] == 7
        path.unlink()
        check_problem(client.get("/events"), 503)


def test_replaced_writable_database_is_unavailable(loaded: Path, tmp_path: Path) -> None:
    """SQLite would write the WAL of the old file into the new one."""
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with serving_in_process(path) as client:
        assert client.get("/events").json()["total"]["value"] == 22 + 6
        path.rename(tmp_path / "old.db")
        with closing(new_database(tmp_path / "other.db")) as other:
            load_into(other, HARBOUR)
        (tmp_path / "other.db").rename(path)
        for url in ("/events", "/events?limit=1", "/readyz"):
            check_problem(client.get(url), 503)
        assert client.get("/livez").status_code == 200
        path.unlink()
        (tmp_path / "old.db").rename(path)
        assert client.get("/events").json()["total"]["value"] == 22 + 6


def test_load_waits_for_other_writer(loaded: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with closing(writer), serving(tmp_path) as (client, _):
        load = subprocess.Popen(
            [TIMELINE, "load", FERRY],
            env=command_env(tmp_path, {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert load.stderr
        assert load.stderr.readline() == f"{path}: Another process is writing. Waiting…\n"
        assert client.get("/events").json()["total"]["value"] == 22 + 6
        writer.rollback()
        assert "1 timeline added" in load.communicate(timeout=30)[0]
        assert client.get("/events").json()["total"]["value"] == 22 + 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_waiting_load_can_be_interrupted(
    loaded: Path, tmp_path: Path, number: signal.Signals
) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        load = subprocess.Popen(
            [TIMELINE, "load", FERRY],
            env=without_coverage(command_env(tmp_path, {})),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert load.stderr
        load.stderr.readline()
        load.send_signal(number)
        assert load.communicate(timeout=30)[1] == "Interrupted. No partial changes were kept.\n"
        assert load.returncode == 128 + number


def test_full_disk_changes_nothing(large: Path, tmp_path: Path) -> None:
    """The disk has space for the seed, but not for a large dossier or backup."""
    folder = tmp_path / "small"
    folder.mkdir()
    within = _with_mounts(f"mount -t tmpfs -o size=2m none '{folder}'")
    with serving(folder, within=within) as (client, process):
        inside = ["nsenter", "--user", "--mount", "--preserve-credentials", f"-t{process.pid}"]
        load, restore = ("load", str(large.with_suffix(".jsonl"))), ("restore", str(large))
        for command in (load, load, restore):
            failed = run(folder, *command, within=inside)
            assert (failed.returncode, failed.stdout) == (1, "")
            assert failed.stderr == (
                f"{folder}/timeline.db: The disk is full. Free some space, or set SQLITE_TMPDIR to "
                "a larger disk, and try again. Nothing was changed.\n"
            )
            assert client.get("/events").json()["total"]["value"] == 22
            assert client.get("/readyz").json()["revision"] == 1
        listed = subprocess.check_output([*inside, "ls", "-A", folder], text=True)
        assert ".timeline" not in listed
        assert run(folder, "load", str(HARBOUR), within=inside).returncode == 0
        assert client.get("/events").json()["total"]["value"] == 22 + 6


def test_file_created_during_access_check_is_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process creates the file while the permissions are checked."""
    path = tmp_path / "timeline.db"

    def access(checked: Path, mode: int) -> bool:
        result = os.access(checked, mode)
        if checked == path:
            path.touch()
        return result

    monkeypatch.setattr("app.db.sqlite.connections.access", access)
    with closing(database_at(path)) as database:
        assert not database.read_only


def test_two_servers_starting_at_once_load_seed_once(tmp_path: Path) -> None:
    begin, end = threading.Barrier(2), threading.Barrier(2)

    def start() -> tuple[int, int]:
        begin.wait(30)
        with serving(tmp_path) as (client, _):
            total, revision = (
                client.get("/events").json()["total"]["value"],
                client.get("/readyz").json()["revision"],
            )
            end.wait(30)
        return total, revision

    with ThreadPoolExecutor(2) as pool:
        servers = [pool.submit(start) for _ in range(2)]
    assert [server.result() for server in servers] == [(22, 1)] * 2


@contextmanager
def _slow_export(url: httpx.URL) -> Iterator[socket.socket]:
    """Request an export with a receive buffer as small as possible."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(30)
        connection.connect((url.host, url.port))
        connection.sendall(b"GET /events.jsonl HTTP/1.0\r\n\r\n")
        yield connection


def test_slow_client_does_not_let_wal_grow(large: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(large, tmp_path / "timeline.db"))
    wal = Path(f"{path}-wal")
    largest = 0
    with serving_in_process(path) as client, _slow_export(client.base_url) as slow:
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("PRAGMA synchronous = OFF")  # faster; this test is not about power cuts
            for number in range(5_000):
                writer.execute(
                    "UPDATE event SET place = ? WHERE id % 1000 = ?", [str(number), number % 1_000]
                )
                if number % 50 == 0:
                    assert slow.recv(1_024)
                    largest = max(largest, wal.stat().st_size)
        rest = b"".join(iter(lambda: slow.recv(2**20), b""))
    assert rest.count(b"\n") > MANY_EVENTS // 2, "the export ended before the writes"
    assert largest < 20 * 2**20


COSTLY = "&".join(f"actor=actor-{n}&exclude_actor=actor-{50 + n}" for n in range(50))


def test_query_over_timeout_is_503(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMELINE_QUERY_TIMEOUT", "0.01")
    monkeypatch.setattr("app.db.sqlite.connections.PROGRESS_STEPS", 100)
    with serving_in_process(large) as client:
        for path in ("/facets", "/histogram"):
            response = client.get(f"{path}?{COSTLY}&actor_scope=tree&min_sources=2")
            assert "takes longer than is allowed" in check_problem(response, 503).detail
            assert response.headers["retry-after"] == "2"
            assert response.headers["cache-control"] == "no-store"
        assert client.get("/events?limit=1").status_code == 200


def _count_events(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one())


def test_data_version_and_reads_run_concurrently(loaded: Path, tmp_path: Path) -> None:
    """One thread reads the version while others read a file that is replaced again and again."""
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    database = SqliteDatabase(Settings(), path=path, read_only=True)
    stop = threading.Event()

    def read() -> int:
        successes = 0
        while not stop.is_set():
            successes += _count_events(database) == 28
        return successes

    def watch() -> int:
        successes = 0
        while not stop.is_set():
            successes += database.data_version() is not None
        return successes

    with ThreadPoolExecutor(4) as pool:
        threads = [*(pool.submit(read) for _ in range(3)), pool.submit(watch)]
        for number in range(150):
            Path(shutil.copy(loaded, tmp_path / f"{number}.db")).replace(path)
        stop.set()
    assert all(thread.result() > 0 for thread in threads)
    database.close()
