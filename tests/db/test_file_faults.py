"""What happens to the file: damaged, only to be read, in use, out of room, replaced."""

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

from app.db.sqlite.backup import back_up, restore
from app.db.sqlite.database import Database
from app.db.sqlite.migrate import schema_revision, verify_file
from app.errors import DatabaseError
from app.settings import Settings
from tests.benchmark.loading import load as load_synthetic
from tests.support.cli import TIMELINE, environment_of, run, serving, unmeasured
from tests.support.corpus import FERRY, HARBOUR, SEED
from tests.support.databases import alembic, database_at, load_into, new_database
from tests.support.problem import check_problem
from tests.support.requirements import lacking
from tests.support.server import serving as serving_here
from tests.support.snapshot import stored

PAGE = 4_096
MANY = 4_000


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of one dossier, to be copied."""
    path = tmp_path_factory.mktemp("loaded") / "timeline.db"
    database = new_database(path)
    load_into(database, SEED, HARBOUR)
    database.close()
    return path


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of many events, more than sockets hold."""
    folder = tmp_path_factory.mktemp("many")
    load_synthetic(folder, MANY)
    return folder / f"{MANY}.db"


def _overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def _root_of(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(query, [name]).fetchone()
    return (int(page) - 1) * PAGE


def _garbage(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 1_000)


def _truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size - PAGE)


def _header(path: Path) -> None:
    _overwrite(path, 16, b"\xff" * 8)


def _table(path: Path) -> None:
    _overwrite(path, _root_of(path, "event"), b"\xff" * 40)


def _index(path: Path) -> None:
    _overwrite(path, _root_of(path, "ix_event_in_order") + PAGE // 2, b"\xff" * 1_000)


# what is done to the file: what is told
DAMAGES: dict[Callable[[Path], None], str] = {
    _garbage: "file is not a database",
    _truncated: "malformed",
    _cut_short: "malformed",
    _header: "file is not a database",
    _table: "damaged",
    _index: "damaged",
}


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("load", str(FERRY))])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_refused_and_left_as_it_is(
    loaded: Path, tmp_path: Path, damage: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    damage(path)
    before = hashlib.sha256(path.read_bytes()).digest()
    refused = run(tmp_path, *command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"{path}")
    assert DAMAGES[damage] in refused.stderr
    assert "restore a backup" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert [path.name for path in tmp_path.iterdir()] == ["timeline.db"]


def test_a_header_is_sound_or_refused(loaded: Path, tmp_path: Path) -> None:
    """Whichever of its bytes is changed: what is not refused is read as it was."""
    sound = database_at(loaded)
    expected = stored(sound)
    sound.close()
    refused = 0
    for at in range(100):
        path = Path(shutil.copy(loaded, tmp_path / f"{at}.db"))
        _overwrite(path, at, bytes([path.read_bytes()[at] ^ 0xFF]))
        with closing(database_at(path)) as database:
            try:
                verify_file(database)
            except DatabaseError:
                refused += 1
            else:
                assert stored(database) == expected
    assert refused > 30


def _mounted(*commands: str) -> list[str]:
    """Give what runs a command among mounts of its own."""
    within = ["unshare", "--map-root-user", "--mount", "sh", "-ec"]
    if subprocess.run([*within, "true"], capture_output=True, check=False).returncode:
        lacking("this test needs namespaces of the user's own; allow unshare to make them")
    return [*within, f'{"; ".join(commands)}; exec "$@"', "sh"]


# what is only to be read: what is mounted so
READ_ONLY = {"the file": "timeline.db", "the directory": "."}


@pytest.mark.parametrize("name", READ_ONLY)
@pytest.mark.parametrize("with_a_log", [False, True])
def test_what_is_only_to_be_read_is_served(
    loaded: Path, tmp_path: Path, name: str, with_a_log: bool
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = Path(shutil.copy(loaded, folder / "timeline.db"))
    writing = sqlite3.connect(path)
    if with_a_log:  # as it is while somebody else has it open
        writing.execute("UPDATE revision SET number = number + 1")
        writing.commit()
    place = folder / READ_ONLY[name]
    within = _mounted(f"mount --bind '{place}' '{place}'", f"mount -o remount,bind,ro '{place}'")
    before = hashlib.sha256(path.read_bytes()).digest()
    try:
        with serving(folder, within=within) as (client, _):
            assert client.get("/readyz").json()["status"] == "ok"
            assert client.get("/events").json()["total"]["value"] == 22 + 6
            assert client.get("/events?q=quay").status_code == 200
    finally:
        writing.close()
    if not with_a_log:
        refused = run(folder, "load", str(FERRY), within=within)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == f"{path} is read-only here; nothing was changed\n"
        for command in (("export",), ("backup", str(tmp_path / f"{name}.db"))):
            done = run(folder, *command, within=within)
            assert (done.returncode, done.stderr) == (0, "")
        assert hashlib.sha256(path.read_bytes()).digest() == before
        assert [path.name for path in folder.iterdir()] == ["timeline.db"]


def test_what_is_only_to_be_read_is_followed(
    loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may write it puts another in its place: answers are of that one from then on."""
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    other = tmp_path / "other.db"
    with closing(new_database(other)) as database:
        load_into(database, HARBOUR, FERRY)
    monkeypatch.setattr(Database, "_may_be_written", lambda _: False)
    with serving_here(path) as client:
        assert client.get("/events").json()["total"]["value"] == 22 + 6
        other.replace(path)
        assert client.get("/events").json()["total"]["value"] == 7
        path.unlink()
        check_problem(client.get("/events"), 503)


def test_a_file_in_its_place_is_not_taken_for_it(loaded: Path, tmp_path: Path) -> None:
    """The log beside it would be written into the other."""
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with serving_here(path) as client:
        assert client.get("/events").json()["total"]["value"] == 22 + 6
        path.rename(tmp_path / "former.db")
        with closing(new_database(tmp_path / "other.db")) as other:
            load_into(other, HARBOUR)
        (tmp_path / "other.db").rename(path)
        for asked in ("/events", "/events?limit=1", "/readyz"):
            check_problem(client.get(asked), 503)
        assert client.get("/livez").status_code == 200
        path.unlink()
        (tmp_path / "former.db").rename(path)
        assert client.get("/events").json()["total"]["value"] == 22 + 6


def test_who_writes_is_waited_for(loaded: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    holding = sqlite3.connect(path, isolation_level=None)
    holding.execute("BEGIN IMMEDIATE")
    with closing(holding), serving(tmp_path) as (client, _):
        load = subprocess.Popen(
            [TIMELINE, "load", FERRY],
            env=environment_of(tmp_path, {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert load.stderr
        told = load.stderr.readline()
        assert told == f"{path}: another process is writing; waiting for it…\n"
        assert client.get("/events").json()["total"]["value"] == 22 + 6
        holding.rollback()
        assert "1 timeline added" in load.communicate(timeout=30)[0]
        assert client.get("/events").json()["total"]["value"] == 22 + 7


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_who_waits_can_be_interrupted(loaded: Path, tmp_path: Path, ending: signal.Signals) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with closing(sqlite3.connect(path, isolation_level=None)) as holding:
        holding.execute("BEGIN IMMEDIATE")
        load = subprocess.Popen(
            [TIMELINE, "load", FERRY],
            env=unmeasured(environment_of(tmp_path, {})),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert load.stderr
        load.stderr.readline()
        load.send_signal(ending)
        assert load.communicate(timeout=30)[1] == "Interrupted; nothing is left half-done.\n"
        assert load.returncode == 128 + ending


def test_a_full_disk_changes_nothing(many: Path, tmp_path: Path) -> None:
    """A small disk, on which a large dossier has no room beside the seed."""
    folder = tmp_path / "small"
    folder.mkdir()
    within = _mounted(f"mount -t tmpfs -o size=2m none '{folder}'")
    with serving(folder, within=within) as (client, process):
        inside = ["nsenter", "--user", "--mount", "--preserve-credentials", f"-t{process.pid}"]
        dossier = many.with_suffix(".jsonl")
        for _ in range(2):
            refused = run(folder, "load", str(dossier), within=inside)
            assert (refused.returncode, refused.stdout) == (1, "")
            assert refused.stderr == (
                f"{folder}/timeline.db: database or disk is full; make room, or name a larger disk "
                "in SQLITE_TMPDIR, and try again; nothing was changed\n"
            )
            assert client.get("/events").json()["total"]["value"] == 22
            assert client.get("/readyz").json()["revision"] == 1
        assert run(folder, "load", str(HARBOUR), within=inside).returncode == 0
        assert client.get("/events").json()["total"]["value"] == 22 + 6


def test_a_file_made_meanwhile_is_not_only_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process makes the file while it is looked whether that may be written."""
    path = tmp_path / "timeline.db"

    def look(looked_at: Path, mode: int) -> bool:
        found = os.access(looked_at, mode)
        if looked_at == path:
            path.touch()
        return found

    monkeypatch.setattr("app.db.sqlite.database.access", look)
    with closing(database_at(path)) as database:
        assert not database.read_only


def test_two_servers_start_at_once(tmp_path: Path) -> None:
    begin, end = threading.Barrier(2), threading.Barrier(2)

    def answer() -> tuple[int, int]:
        begin.wait(30)
        with serving(tmp_path) as (client, _):
            total, revision = (
                client.get("/events").json()["total"]["value"],
                client.get("/readyz").json()["revision"],
            )
            end.wait(30)
        return total, revision

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(answer) for _ in range(2)]
    assert [one.result() for one in answers] == [(22, 1)] * 2


@contextmanager
def _slowly(url: httpx.URL) -> Iterator[socket.socket]:
    """Ask for a large export, and take as little of it as can be."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(30)
        connection.connect((url.host, url.port))
        connection.sendall(b"GET /events.jsonl HTTP/1.0\r\n\r\n")
        yield connection


def test_a_slow_reader_does_not_let_the_log_grow(many: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(many, tmp_path / "timeline.db"))
    log = Path(f"{path}-wal")
    largest = 0
    with serving_here(path) as client, _slowly(client.base_url) as slow:
        with closing(sqlite3.connect(path, isolation_level=None)) as writing:
            writing.execute("PRAGMA synchronous = OFF")  # the disk is not what is tried
            for at in range(5_000):
                writing.execute(
                    "UPDATE event SET place = ? WHERE id % 1000 = ?", [f"{at}", at % 1_000]
                )
                if at % 50 == 0:
                    assert slow.recv(1_024)
                    largest = max(largest, log.stat().st_size)
        taken = b"".join(iter(lambda: slow.recv(2**20), b""))
    assert taken.count(b"\n") > MANY // 2, "it was taken whole before the writes were over"
    assert largest < 20 * 2**20


COSTLY = "&".join(f"actor=actor-{n}&exclude_actor=actor-{50 + n}" for n in range(50))


def test_what_takes_too_long_is_stopped(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMELINE_QUERY_TIMEOUT", "0.01")
    monkeypatch.setattr("app.db.sqlite.database.STEPS", 100)
    with serving_here(many) as client:
        for path in ("/facets", "/histogram"):
            answer = client.get(f"{path}?{COSTLY}&actor_scope=tree&min_sources=2")
            assert "takes longer than is allowed" in check_problem(answer, 503).detail
            assert answer.headers["retry-after"] == "2"
            assert answer.headers["cache-control"] == "no-store"
        assert client.get("/events?limit=1").status_code == 200


def test_a_backup_is_restored(loaded: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with serving(tmp_path) as (client, _):
        before = client.get("/events.csv").text
        with closing(database_at(path)) as database:
            kept = stored(database)
        written = threading.Event()

        def write() -> None:
            with closing(sqlite3.connect(path)) as connection:
                while not written.is_set():
                    connection.execute("UPDATE revision SET number = number + 1")
                    connection.commit()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(2):  # the second replaces the first
                told = run(tmp_path, "backup", "backup.db")
                assert (told.returncode, told.stderr) == (0, "")
                assert told.stdout == "backup.db: 28 events of 2 timelines.\n"
        finally:
            written.set()
            writer.join()
        assert run(tmp_path, "load", "--prune", str(FERRY)).returncode == 0
        assert client.get("/events.csv").text != before
        told = run(tmp_path, "restore", "backup.db")
        assert (told.returncode, told.stderr) == (0, "")
        assert told.stdout == f"{path}: 28 events of 2 timelines.\n"
        assert client.get("/events.csv").text == before
        assert client.get("/readyz").json()["status"] == "ok"
    with closing(database_at(path)) as database:
        assert {**stored(database), "revision": []} == {**kept, "revision": []}
    # Where there is nothing yet, too.
    told = run(tmp_path, "restore", "backup.db", TIMELINE_DATABASE_URL="sqlite:///new.db")
    assert told.stdout == "new.db: 28 events of 2 timelines.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "backup.db",
        "new.db",
        "timeline.db",
    ]


Copying = Callable[[Database, Path], None]


def _back_up(database: Database, path: Path) -> None:
    back_up(database, path, lambda *_: None)


def _restore(database: Database, path: Path) -> None:
    restore(database, path, lambda: None, lambda *_: None)


NO_COPIES: list[tuple[Copying, str, str]] = [
    (_back_up, ".", "it is no file; name one"),
    (_back_up, "timeline.db", "it is what is to be copied; name another file"),
    (_back_up, "dossier.yaml", "it is no backup; name another file"),
    (_back_up, "used.db", "it is in use; name another file"),
    (_back_up, "nowhere/x.db", "it cannot be written: No such file or directory"),
    (_restore, "nothing.db", "there is no such file; name a backup"),
    (_restore, "dossier.yaml", "file is not a database"),
    (_restore, "empty.db", "is no backup: it holds nothing"),
    (_restore, "timeline.db", "it is what is to be restored; name a backup"),
]


@pytest.mark.parametrize(("copy", "name", "refusal"), NO_COPIES)
def test_no_copy_takes_the_place_of_something_else(
    loaded: Path, tmp_path: Path, copy: Copying, name: str, refusal: str
) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    shutil.copy(HARBOUR, tmp_path / "dossier.yaml")
    (tmp_path / "empty.db").touch()
    with closing(sqlite3.connect(shutil.copy(loaded, tmp_path / "used.db"))) as used:
        used.execute("SELECT * FROM event").fetchall()
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        with closing(database_at(path)) as database, pytest.raises(DatabaseError) as refused:
            copy(database, tmp_path / name)
        assert refusal in str(refused.value)
        assert str(refused.value).startswith(str(tmp_path / name))
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_cannot_be_opened_is_moved_away_first(loaded: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with closing(database_at(path)) as database:
        _back_up(database, tmp_path / "backup.db")
    _garbage(path)
    with closing(database_at(path)) as database:
        with pytest.raises(DatabaseError, match="stop what uses it, and move it"):
            _restore(database, tmp_path / "backup.db")
        path.unlink()
        _restore(database, tmp_path / "backup.db")
        assert _events(database) == 28


def _events(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one())


def test_an_older_copy_is_migrated_before_it_is_seen(tmp_path: Path) -> None:
    """Readers meet no schema but their own."""
    path, older = tmp_path / "timeline.db", tmp_path / "older.db"
    alembic(database_at(older), "upgrade", "0001")
    with closing(new_database(path)) as database:
        load_into(database, SEED)
        seen = [schema_revision(database)]

        def look(*_: int) -> None:
            seen.append(schema_revision(database))

        restore(database, older, lambda: None, look)
        seen.append(schema_revision(database))
        assert {*seen} == {seen[0]}
        assert _events(database) == 0


def test_backups_at_once_do_not_share_a_file(many: Path, tmp_path: Path) -> None:
    with closing(database_at(many)) as database, ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(_back_up, database, tmp_path / "x.db") for _ in range(8)]:
            one.result()
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]
    with closing(database_at(tmp_path / "x.db")) as copy:
        assert _events(copy) == MANY


def test_who_watches_and_who_reads_do_not_meet(loaded: Path, tmp_path: Path) -> None:
    """One thread asks for the version while others read a file that is replaced."""
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    database = Database(Settings(), path=path, read_only=True)
    over = threading.Event()

    def read() -> int:
        done = 0
        while not over.is_set():
            done += _events(database) == 28
        return done

    def watch() -> int:
        done = 0
        while not over.is_set():
            done += database.data_version() is not None
        return done

    with ThreadPoolExecutor(4) as pool:
        at_work = [*(pool.submit(read) for _ in range(3)), pool.submit(watch)]
        for at in range(150):
            Path(shutil.copy(loaded, tmp_path / f"{at}.db")).replace(path)
        over.set()
    assert all(one.result() > 0 for one in at_work)
    database.close()
