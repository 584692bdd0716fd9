"""The commands `backup --keep`, `verify` and `export -o`: which files they write, and which not."""

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from app.db.backups import rotate_backups
from app.db.schema import current_revision
from tests.support.cli import run
from tests.support.corpus import HARBOUR
from tests.support.databases import database_at, load_into, new_database

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def harbour_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with six events, to be copied."""
    path = tmp_path_factory.mktemp("harbour") / "timeline.db"
    with closing(new_database(path)) as database:
        load_into(database, HARBOUR)
    return path


@pytest.fixture
def path(harbour_file: Path, tmp_path: Path) -> Path:
    """Return the database of the commands, with six events."""
    return Path(shutil.copy(harbour_file, tmp_path / "timeline.db"))


def _execute(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


# ---- backup --keep

OLD, OLDER = (f"timeline-200{n}0101T000000.000000Z.db" for n in (1, 0))
FUTURE = "timeline-99990101T000000.000000Z.db"
# Names that are not exactly those of backups of this database.
NOT_OURS = [
    f"{OLD}.gz",
    f"{OLD}-wal",
    f"x{OLD}",
    "timeline.db",
    "timeline-2001.db",
    "timeline-20010101T000000Z.db",
    "timeline-notes.db",
    "other-20010101T000000.000000Z.db",
    "Timeline-20010101T000000.000000Z.db",
    "timeline-２0010101T000000.000000Z.db",
]


def test_rotation_keeps_newest_backups_and_files_of_others(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in (OLD, OLDER, *NOT_OURS):
        (folder / name).write_text("x")
    (folder / "timeline-20000102T000000.000000Z.db").mkdir()
    (folder / "timeline-20000103T000000.000000Z.db").symlink_to(path)
    others = {*folder.iterdir()} - {folder / OLD, folder / OLDER}
    made: list[str] = []
    for deleted in ("1 older backup", "1 older backup", "1 older backup"):
        done = run(tmp_path, "backup", "--keep", "2", "backups")
        assert (done.returncode, done.stderr) == (0, "")
        name, _, rest = done.stdout.partition(": ")
        assert rest == f"6 events of 1 timeline. Deleted {deleted}.\n"
        made.append(name.removeprefix("backups/"))
        if len(made) == 1:
            assert {*folder.iterdir()} == {*others, folder / OLD, folder / made[0]}
    assert {*folder.iterdir()} == {*others, *(folder / name for name in made[1:])}
    assert made == sorted(made)
    verified = run(tmp_path, "verify", *(f"backups/{name}" for name in made[1:]))
    assert (verified.returncode, verified.stderr) == (0, "")


def test_rotation_with_clock_in_the_past_deletes_nothing(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / FUTURE).write_text("x")
    with closing(database_at(path)) as database:
        target, _, deleted = rotate_backups(database, folder, 1, lambda *_: None)
    assert deleted == 0
    assert {*folder.iterdir()} == {folder / FUTURE, target}


def test_concurrent_rotations_keep_the_newest(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    with closing(database_at(path)) as database, ThreadPoolExecutor(4) as pool:
        work = [pool.submit(rotate_backups, database, folder, 1, lambda *_: None) for _ in range(8)]
        newest = max(one.result()[0] for one in work)
    assert newest in folder.iterdir()


def test_failed_backup_deletes_nothing(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / OLD).write_text("x")
    _execute(path, "DELETE FROM event_record")
    failed = run(tmp_path, "backup", "--keep", "1", "backups")
    assert failed.returncode == 1
    assert "Restore a backup." in failed.stderr
    assert [*folder.iterdir()] == [folder / OLD]


# Invalid arguments of `backup`, with the message.
INVALID_BACKUPS = {
    ("--keep", "1", "nowhere"): (
        "nowhere: There is no such directory. Name a directory for the backups."
    ),
    ("--keep", "1", "x.db"): "x.db: This is not a directory. Name a directory for the backups.",
    ("--keep", "0", "."): "--keep: 0 is too small. Keep at least 1 backup.",
    ("--keep", "-3", "."): "--keep: -3 is too small. Keep at least 1 backup.",
    (".",): ".: This is not a file. Name a file.",
}


@pytest.mark.parametrize("arguments", INVALID_BACKUPS)
def test_invalid_backup_is_refused_in_one_line(
    path: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "x.db").touch()
    failed = run(tmp_path, "backup", *arguments)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == f"{INVALID_BACKUPS[arguments]}\n"
    assert {*tmp_path.iterdir()} == {path, tmp_path / "x.db"}


# ---- verify


def _overwrite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_event_in_order'"
        (page,) = connection.execute(query).fetchone()
    with path.open("r+b") as file:
        file.seek(page * 4_096 - 1_000)
        file.write(b"\xff" * 1_000)


def _replace_by_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


# Changes of a file, with the message of `verify`.
WRONG_FILES: dict[Callable[[Path], object] | str, str] = {
    _overwrite: "The file is damaged: ",
    "DROP INDEX ix_event_kind": (
        f"The index 'ix_event_kind' of schema {current_revision()} is missing. Use another backup."
    ),
    "DELETE FROM source": "A row of 'citation' refers to a missing one of 'source'.",
    "DELETE FROM event_search": "The table 'event_search' must have one row for each event.",
    "UPDATE event_record SET content = '{}' WHERE event_id = 2": "The stored record of '",
    "UPDATE event_record SET content = 'x' WHERE event_id = 2": "The stored record of '",
    "UPDATE event SET title = 'x' WHERE id = 2": "The stored record of '",
    Path.unlink: "There is no such file. Name a backup.",
    lambda path: path.write_bytes(b""): "The file is empty. Name a backup.",
    lambda path: path.write_bytes(b"x" * 9_999): "The file is damaged, or not a database.",
    _replace_by_directory: "This is not a file. Name a file.",
}


@pytest.mark.parametrize("change", WRONG_FILES)
def test_verify_reports_each_wrong_file(
    path: Path, tmp_path: Path, change: Callable[[Path], object] | str
) -> None:
    wrong = Path(shutil.copy(path, tmp_path / "wrong.db"))
    if isinstance(change, str):
        _execute(wrong, change)
    else:
        change(wrong)
    failed = run(tmp_path, "verify", "wrong.db", "timeline.db")
    assert failed.returncode == 1
    assert failed.stdout == "timeline.db: 6 events of 1 timeline, no errors.\n"
    assert failed.stderr.startswith(f"wrong.db: {WRONG_FILES[change]}")
    assert failed.stderr.count("\n") == 1
    assert "Restore a" not in failed.stderr


def test_verify_checks_database_by_default(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    verified = run(tmp_path, "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert verified.stdout == f"{path}: 6 events of 1 timeline, no errors.\n"
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]
    _execute(path, "DELETE FROM revision")
    assert run(tmp_path, "verify").returncode == 1


def test_verify_compares_stored_records_as_json(path: Path, tmp_path: Path) -> None:
    """Another version of SQLite could write the same record with other bytes."""
    _execute(path, "UPDATE event_record SET content = replace(content, '\":', '\" : ')")
    assert run(tmp_path, "verify").returncode == 0


# ---- export -o

_PART = "The name is that of a part of a database. Name another file."
_DATABASE = "This is a database. Name another file."
# Targets of an export, with the message.
INVALID_TARGETS = {
    "timeline.db": "This is the database itself. Name another file.",
    "hard-link.yaml": "This is the database itself. Name another file.",
    "link.yaml": "This is the database itself. Name another file.",
    "timeline.db-wal": _PART,
    "timeline.db-shm": _PART,
    "timeline.db-journal": _PART,
    "TIMELINE.DB-WAL": _PART,
    "new.db-wal": _PART,
    "link-to-part.yaml": _PART,
    "hard-link-to-part.yaml": "This is the database itself. Name another file.",
    "backup.db": _DATABASE,
    "link-to-backup.yaml": _DATABASE,
}


@pytest.mark.parametrize("target", INVALID_TARGETS)
def test_export_over_database_is_refused(path: Path, tmp_path: Path, target: str) -> None:
    shutil.copy(path, tmp_path / "backup.db")
    (tmp_path / "hard-link.yaml").hardlink_to(path)
    (tmp_path / "link.yaml").symlink_to("timeline.db")
    (tmp_path / "link-to-part.yaml").symlink_to("timeline.db-wal")
    (tmp_path / "link-to-backup.yaml").symlink_to("backup.db")
    backup = (tmp_path / "backup.db").read_bytes()
    with closing(sqlite3.connect(path)) as used:
        used.execute("UPDATE revision SET number = 7")
        used.commit()
        (tmp_path / "hard-link-to-part.yaml").hardlink_to(f"{path}-wal")
        files = {*tmp_path.iterdir()}
        failed = run(tmp_path, "export", "--format", "yaml", "-o", target)
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr == f"{target}: {INVALID_TARGETS[target]}\n"
        assert {*tmp_path.iterdir()} == files
        assert run(tmp_path, "verify").returncode == 0
        assert used.execute("SELECT number FROM revision").fetchone() == (7,)
    assert (tmp_path / "backup.db").read_bytes() == backup


@pytest.mark.parametrize("target", ["timeline.db", "backup.db"])
def test_export_appended_to_database_is_refused(path: Path, tmp_path: Path, target: str) -> None:
    backup = Path(shutil.copy(path, tmp_path / "backup.db"))
    before = backup.read_bytes()
    failed = run(tmp_path, "export", within=["sh", "-c", f'exec "$@" >> {target}', "sh"])
    assert failed.returncode == 1
    assert failed.stderr.startswith("/dev/stdout: This is ")
    assert run(tmp_path, "verify").returncode == 0
    assert backup.read_bytes() == before == path.read_bytes()
