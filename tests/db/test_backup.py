"""Backups: what they contain, which ones are restored, and the mode of the files."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from app.db.database import Database
from app.db.schema import current_revision, schema_revision, upgrade
from app.db.sqlite.database import SqliteDatabase
from app.errors import DatabaseError
from app.settings import Settings
from tests.db.conftest import MANY_EVENTS
from tests.support.cli import run, serving
from tests.support.corpus import FERRY, HARBOUR, SEED
from tests.support.databases import database_at, load_into, new_database
from tests.support.server import serving as serving_in_process
from tests.support.snapshot import read_tables

pytestmark = pytest.mark.sqlite


def _count_events(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one())


def test_backup_is_restored(loaded: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with serving(tmp_path) as (client, _):
        before = client.get("/events.csv").text
        with closing(database_at(path)) as database:
            expected = read_tables(database)
        stop = threading.Event()

        def write() -> None:
            with closing(sqlite3.connect(path)) as connection:
                while not stop.is_set():
                    connection.execute("UPDATE revision SET number = number + 1")
                    connection.commit()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(2):  # the second replaces the first
                done = run(tmp_path, "backup", "backup.db")
                assert (done.returncode, done.stderr) == (0, "")
                assert done.stdout == "backup.db: 28 events of 2 timelines.\n"
        finally:
            stop.set()
            writer.join()
        assert run(tmp_path, "load", "--prune", str(FERRY)).returncode == 0
        assert client.get("/events.csv").text != before
        done = run(tmp_path, "restore", "backup.db")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{path}: 28 events of 2 timelines.\n"
        assert client.get("/events.csv").text == before
        assert client.get("/readyz").json()["status"] == "ok"
    with closing(database_at(path)) as database:
        assert {**read_tables(database), "revision": []} == {**expected, "revision": []}
    # A restore also creates a new database.
    done = run(tmp_path, "restore", "backup.db", TIMELINE_DATABASE_URL="sqlite:///new.db")
    assert done.stdout == "new.db: 28 events of 2 timelines.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "backup.db",
        "new.db",
        "timeline.db",
    ]


Copying = Callable[[Database, Path], None]


def _back_up(database: Database, path: Path) -> None:
    database.back_up(path, lambda *_: None)


def _restore(database: Database, path: Path) -> None:
    database.restore(path, lambda: None, lambda *_: None)


_DATABASE = "This is the database itself. Name "
_PART = "The name is that of a part of a database. Name another file."
# Invalid targets of a backup and sources of a restore, with the message.
INVALID_COPIES: list[tuple[Copying, str, str]] = [
    (_back_up, ".", "This is not a file. Name a file."),
    (_back_up, "timeline.db", f"{_DATABASE}another file."),
    (_back_up, "hard-link.db", f"{_DATABASE}another file."),
    (_back_up, "link.db", f"{_DATABASE}another file."),
    (_back_up, "timeline.db-wal", _PART),
    (_back_up, "TIMELINE.DB-SHM", _PART),
    (_back_up, "other.db-journal", _PART),
    (_back_up, "link-to-part.db", _PART),
    (_back_up, "dossier.yaml", "The file is not a backup. Name another file."),
    (_back_up, "other.db", "The file is not a backup. Name another file."),
    (_back_up, "used.db", "The file is in use. Name another file."),
    (_back_up, "live.db", "This is a database, not a backup. Name another file."),
    (_back_up, "nowhere/x.db", "The file cannot be written (No such file or directory)."),
    (_restore, "nothing.db", "There is no such file. Name a backup."),
    (_restore, ".", "This is a directory. Name a backup."),
    (_restore, "dossier.yaml", "The file is damaged, or not a database. Use another backup, "),
    (_restore, "other.db", "The database belongs to another program. Name another file."),
    (_restore, "empty.db", "The file is empty. Name a backup."),
    (_restore, "timeline.db", f"{_DATABASE}a backup."),
    (_restore, "hard-link.db", f"{_DATABASE}a backup."),
    (_restore, "link.db", f"{_DATABASE}a backup."),
]


@pytest.mark.parametrize(("copy", "name", "message"), INVALID_COPIES)
def test_invalid_copy_is_refused_and_changes_nothing(
    loaded: Path, tmp_path: Path, copy: Copying, name: str, message: str
) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    shutil.copy(loaded, tmp_path / "live.db")
    shutil.copy(HARBOUR, tmp_path / "dossier.yaml")
    (tmp_path / "empty.db").touch()
    (tmp_path / "hard-link.db").hardlink_to(path)
    (tmp_path / "link.db").symlink_to(path)
    (tmp_path / "x.db-wal").touch()
    (tmp_path / "link-to-part.db").symlink_to("x.db-wal")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE bookmark (url)")
    with closing(sqlite3.connect(shutil.copy(loaded, tmp_path / "used.db"))) as used:
        used.execute("SELECT * FROM event").fetchall()
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        with closing(database_at(path)) as database, pytest.raises(DatabaseError) as refused:
            copy(database, tmp_path / name)
        assert str(refused.value).startswith(f"{tmp_path / name}: {message}")
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def _copy_with(loaded: Path, target: Path, script: str) -> Path:
    """Copy a database and run a script of SQL in it."""
    shutil.copy(loaded, target)
    with closing(sqlite3.connect(target)) as connection:
        connection.executescript(script)
    return target


CURRENT = current_revision()
_DROP_ALL = "; ".join(f"DROP TABLE {name}" for name in (*SQLModel.metadata.tables, "event_search"))
# Changes of the schema of a backup, with the message.
FOREIGN_SCHEMAS = {
    "DROP TABLE event_search": f"The table 'event_search' of schema {CURRENT} is missing.",
    "DROP TABLE event_record": f"The table 'event_record' of schema {CURRENT} is missing.",
    "DROP INDEX ix_event_in_order": (
        f"The index 'ix_event_in_order' of schema {CURRENT} is missing."
    ),
    _DROP_ALL: f"The table 'actor' of schema {CURRENT} is missing.",
    "ALTER TABLE event ADD extra": f"The table 'event' differs from that of schema {CURRENT}.",
    "DROP INDEX ix_event_kind; CREATE INDEX ix_event_kind ON event (title)": (
        f"The index 'ix_event_kind' differs from that of schema {CURRENT}."
    ),
    "DROP TABLE event_search; CREATE TABLE event_search (content)": (
        f"The table 'event_search' differs from that of schema {CURRENT}."
    ),
    "CREATE TRIGGER x AFTER INSERT ON event BEGIN SELECT missing(); END": (
        f"The trigger 'x' is not part of schema {CURRENT}. Drop it."
    ),
    "CREATE VIEW x AS SELECT * FROM missing": f"The view 'x' is not part of schema {CURRENT}.",
    "CREATE UNIQUE INDEX x ON event (title)": f"The index 'x' is not part of schema {CURRENT}.",
    'CREATE VIEW "x\x1b\n" AS SELECT 1': rf"The view 'x\x1b\n' is not part of schema {CURRENT}.",
    "INSERT INTO alembic_version VALUES ('0002')": (
        f"The schema is 0002, {CURRENT}, of a newer version."
    ),
    "UPDATE alembic_version SET version_num = '9\n'": r"The schema is 9\n, of a newer version.",
    "DELETE FROM alembic_version": "The database belongs to another program.",
}
# Changes of the rows, which only a complete check finds.
WRONG_ROWS = {
    "DELETE FROM revision": "The table 'revision' must have one row.",
    "DELETE FROM event_record WHERE event_id = 1": (
        "The table 'event_record' must have one row for each event."
    ),
    "INSERT INTO event_search (rowid, content) VALUES (999, 'x')": (
        "The table 'event_search' must have one row for each event."
    ),
    "DELETE FROM actor WHERE id = 1": "A row of 'actor_alias' refers to a missing one of 'actor'.",
    "UPDATE citation SET date_key = 0": "The table 'citation' has another date of ",
}
# Damage that is found only by the complete check of a copy, which may be written.
DAMAGED_INDEX = {
    "DELETE FROM event_search_data WHERE id > 10": "The full-text index is damaged.",
    "UPDATE event_search_content SET c0 = 'other'": "The full-text index is damaged.",
}


@pytest.mark.parametrize("script", FOREIGN_SCHEMAS | WRONG_ROWS | DAMAGED_INDEX)
def test_inconsistent_backup_is_refused_and_changes_nothing(
    loaded: Path, tmp_path: Path, script: str
) -> None:
    path = tmp_path / "timeline.db"
    backup = _copy_with(loaded, tmp_path / "backup.db", script)
    message = (FOREIGN_SCHEMAS | WRONG_ROWS | DAMAGED_INDEX)[script]
    with closing(new_database(path)) as database:
        load_into(database, HARBOUR)
        with pytest.raises(DatabaseError) as refused:
            _restore(database, backup)
        assert str(refused.value).startswith(f"{backup}: {message}")
        assert _count_events(database) == 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.db", "timeline.db"]


@pytest.mark.parametrize("script", FOREIGN_SCHEMAS)
def test_foreign_schema_is_refused_before_use(loaded: Path, tmp_path: Path, script: str) -> None:
    path = _copy_with(loaded, tmp_path / "timeline.db", script)
    with closing(database_at(path)) as database:
        for use in (
            lambda one: one.migrate_if_needed(),
            lambda one: _back_up(one, tmp_path / "backup.db"),
        ):
            with pytest.raises(DatabaseError) as refused:
                use(database)
            assert str(refused.value).startswith(f"{path}: {FOREIGN_SCHEMAS[script]}")
    assert [path.name for path in tmp_path.iterdir()] == ["timeline.db"]


@pytest.mark.parametrize("script", WRONG_ROWS | DAMAGED_INDEX)
def test_inconsistent_database_is_not_backed_up(loaded: Path, tmp_path: Path, script: str) -> None:
    """Otherwise the backup could not be restored."""
    path = _copy_with(loaded, tmp_path / "timeline.db", script)
    message = (WRONG_ROWS | DAMAGED_INDEX)[script]
    with closing(database_at(path)) as database, pytest.raises(DatabaseError) as refused:
        _back_up(database, tmp_path / "backup.db")
    assert str(refused.value).startswith(f"{path}: {message}")
    assert [path.name for path in tmp_path.iterdir()] == ["timeline.db"]


def test_tables_of_other_programs_are_restored(loaded: Path, tmp_path: Path) -> None:
    """Litestream, which replicates databases, adds such tables."""
    script = "CREATE TABLE _litestream_seq (id); CREATE INDEX x ON _litestream_seq (id)"
    backup = _copy_with(loaded, tmp_path / "backup.db", script)
    with closing(new_database(tmp_path / "timeline.db")) as database:
        _restore(database, backup)
        assert _count_events(database) == 28


def _older(path: Path, script: str = "") -> Path:
    """Create a database with the first schema."""
    with closing(SqliteDatabase(Settings(database_url=f"sqlite:///{path}"))) as database:
        database.create()
        with database.write() as connection:
            upgrade(connection, "0005")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


OLDER_SCHEMAS = {
    "DROP TABLE participation": "The table 'participation' of schema 0005 is missing.",
    "CREATE TRIGGER x AFTER INSERT ON event BEGIN SELECT 1; END": (
        "The trigger 'x' is not part of schema 0005."
    ),
    "DELETE FROM revision": "The table 'revision' must have one row.",
}


@pytest.mark.parametrize("script", OLDER_SCHEMAS)
def test_inconsistent_older_backup_is_refused(tmp_path: Path, script: str) -> None:
    backup = _older(tmp_path / "backup.db", script)
    with closing(new_database(tmp_path / "timeline.db")) as database:
        load_into(database, HARBOUR)
        with pytest.raises(DatabaseError) as refused:
            _restore(database, backup)
        assert str(refused.value).startswith(f"{backup}: {OLDER_SCHEMAS[script]}")
        assert _count_events(database) == 6


def test_backup_in_utf_16_is_refused(tmp_path: Path) -> None:
    """Processes that have the database open could not read it any more."""
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(backup)) as connection:
        connection.executescript("PRAGMA encoding = 'UTF-16le'; CREATE TABLE x (x); DROP TABLE x")
    new_database(backup).close()
    with closing(new_database(tmp_path / "timeline.db")) as database:
        refused = pytest.raises(DatabaseError, match=r"The texts are in UTF-16le\. Only UTF-8 ")
        with refused:
            _restore(database, backup)


@pytest.mark.parametrize("page_size", [512, 1_024, 8_192, 65_536])
def test_backup_with_other_page_size_is_restored(
    loaded: Path, tmp_path: Path, page_size: int
) -> None:
    script = f"PRAGMA journal_mode = DELETE; PRAGMA page_size = {page_size}; VACUUM"
    backup = _copy_with(loaded, tmp_path / "backup.db", script)
    path = tmp_path / "timeline.db"
    with closing(new_database(path)) as database:
        load_into(database, HARBOUR)
        with serving_in_process(path) as client:
            assert client.get("/events").json()["total"]["value"] == 6
            _restore(database, backup)
            assert client.get("/events").json()["total"]["value"] == 28
            assert client.get("/events?q=quay").status_code == 200
            assert client.get("/readyz").status_code == 200
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (4_096,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_restore_into_damaged_file_is_refused(loaded: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    with closing(database_at(path)) as database:
        _back_up(database, tmp_path / "backup.db")
    path.write_bytes(b"This is not a database. " * 1_000)
    with closing(database_at(path)) as database:
        with pytest.raises(DatabaseError, match="stop the processes that use it, and move it"):
            _restore(database, tmp_path / "backup.db")
        path.unlink()
        _restore(database, tmp_path / "backup.db")
        assert _count_events(database) == 28


def test_older_backup_is_migrated_before_it_is_visible(tmp_path: Path) -> None:
    """Readers never see the schema of the backup."""
    path, older = tmp_path / "timeline.db", _older(tmp_path / "older.db")
    with closing(new_database(path)) as database:
        load_into(database, SEED)
        revisions = [schema_revision(database)]

        def on_progress(*_: int) -> None:
            revisions.append(schema_revision(database))

        database.restore(older, lambda: None, on_progress)
        revisions.append(schema_revision(database))
        assert {*revisions} == {revisions[0]}
        assert _count_events(database) == 0


def test_concurrent_backups_to_one_target_succeed(large: Path, tmp_path: Path) -> None:
    with closing(database_at(large)) as database, ThreadPoolExecutor(4) as pool:
        for backup in [pool.submit(_back_up, database, tmp_path / "x.db") for _ in range(8)]:
            backup.result()
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]
    with closing(database_at(tmp_path / "x.db")) as copy:
        assert _count_events(copy) == MANY_EVENTS


# ---- the mode of the files


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_backup_has_owner_and_mode_of_database(loaded: Path, tmp_path: Path, mode: int) -> None:
    path, backup = Path(shutil.copy(loaded, tmp_path / "timeline.db")), tmp_path / "backup.db"
    path.chmod(mode)
    owner = (1_234, 1_234) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    os.chown(path, *owner)
    modes = []
    with closing(database_at(path)) as database:
        for _ in range(2):
            database.back_up(backup, lambda *_: modes.extend(_temporary_modes(tmp_path)))
            stat = backup.stat()
            assert (_mode(backup), stat.st_uid, stat.st_gid) == (mode, *owner)
            backup.chmod(0o666)
    assert {*modes} == {0o700, 0o600}


def _temporary_modes(folder: Path) -> list[int]:
    """Return the modes of the temporary folders and of the files in them."""
    return [_mode(path) for one in folder.glob(".timeline-*") for path in (one, *one.iterdir())]


def test_backup_whose_owner_cannot_be_set_is_for_its_owner_only(
    loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(loaded, tmp_path / "timeline.db"))
    path.chmod(0o640)

    def chown(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.chown", chown)
    with closing(database_at(path)) as database:
        _back_up(database, tmp_path / "backup.db")
    assert _mode(tmp_path / "backup.db") == 0o600


@pytest.mark.parametrize(("mode", "expected"), [(0o600, 0o600), (0o640, 0o640), (0o400, 0o600)])
def test_restored_new_database_is_no_more_readable_than_backup(
    loaded: Path, tmp_path: Path, mode: int, expected: int
) -> None:
    backup, path = Path(shutil.copy(loaded, tmp_path / "backup.db")), tmp_path / "timeline.db"
    backup.chmod(mode)
    modes = []
    with closing(database_at(path)) as database:
        database.restore(backup, lambda: None, lambda *_: modes.extend(_temporary_modes(tmp_path)))
    assert _mode(path) == expected
    assert {*modes} == {0o700, 0o600}
    path.chmod(0o660)
    with closing(database_at(path)) as database:
        _restore(database, backup)
    assert _mode(path) == 0o660
