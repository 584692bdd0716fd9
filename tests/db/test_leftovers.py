"""Temporary files: of killed processes they are removed, of running ones they stay."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.files import atomic_write, remove_leftovers
from tests.support.cli import TIMELINE, command_env, run, without_coverage
from tests.support.corpus import FERRY, HARBOUR
from tests.support.databases import new_database

pytestmark = pytest.mark.sqlite

_WRITE = """
import sys
from pathlib import Path
from app.files import atomic_write
with atomic_write(Path(sys.argv[1])) as part:
    part.write_text("half")
    print("writing", flush=True)
    sys.stdin.readline()
    part.write_text("all")
"""


@contextmanager
def _writing(target: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that is in the middle of `atomic_write`; a line of input ends it."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITE, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        yield process


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _back_up(folder: Path) -> None:
    with closing(new_database(folder.parent / "other.db")) as database:
        database.back_up(folder / "backup.db", lambda *_: None)


def _migrate(folder: Path) -> None:
    new_database(folder / "new.db").close()


def _write(folder: Path) -> None:
    with atomic_write(folder / "x.yaml") as part:
        part.write_text("x")


# What begins to use the directory, and what it creates there.
USES: dict[Callable[[Path], None], str] = {
    _write: "x.yaml",
    _back_up: "backup.db",
    _migrate: "new.db",
}


@pytest.mark.parametrize("use", USES)
def test_leftovers_of_killed_process_are_removed_by_next(
    tmp_path: Path, use: Callable[[Path], None]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with _writing(folder / "out.yaml") as running, _writing(folder / "killed.yaml") as killed:
        assert len(_names(folder)) == 2
        killed.kill()
        killed.wait()
        use(folder)
        # That of the running process is still there, and it can end its work.
        assert len(_names(folder)) == 2
        running.communicate("\n", timeout=30)
        assert running.returncode == 0
    assert _names(folder) == sorted(["out.yaml", USES[use]])
    assert (folder / "out.yaml").read_text() == "all"


def test_killed_restore_is_cleaned_up_and_can_be_repeated(loaded: Path, tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    shutil.copy(loaded, tmp_path / "backup.db")
    assert run(tmp_path, "load", str(HARBOUR)).returncode == 0
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        # It waits for the other writer when the temporary copy is complete.
        with subprocess.Popen(
            [TIMELINE, "restore", "backup.db"],
            env=without_coverage(command_env(tmp_path, {})),
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr
            assert "Waiting" in process.stderr.readline()
            assert [*tmp_path.glob(".timeline-*.tmp/copy.db")] != []
            process.kill()
        writer.rollback()
    assert [*tmp_path.glob(".timeline-*")] != []
    assert run(tmp_path, "load", str(FERRY)).returncode == 0
    assert _names(tmp_path) == ["backup.db", "timeline.db"]
    assert run(tmp_path, "restore", "backup.db").stdout.endswith(": 28 events of 2 timelines.\n")


def test_files_of_others_are_no_leftovers(tmp_path: Path) -> None:
    (tmp_path / ".timeline-notes.tmp").touch()
    (tmp_path / ".timeline-abcdefgh.tmp").touch()  # a file, not a folder
    (tmp_path / "folder").mkdir()
    (tmp_path / ".timeline-aaaaaaaa.tmp").symlink_to("folder")
    (tmp_path / ".timeline-bbbbbbbb.tmp").mkdir()
    if os.geteuid() == 0:
        os.chown(tmp_path / ".timeline-bbbbbbbb.tmp", 1_234, 1_234)
    before = _names(tmp_path)
    remove_leftovers(tmp_path)
    if os.geteuid() != 0:
        before.remove(".timeline-bbbbbbbb.tmp")
    assert _names(tmp_path) == before
    remove_leftovers(tmp_path / "nowhere")


@pytest.mark.parametrize("mode", [0o600, 0o664, None])
def test_written_file_keeps_mode_of_replaced_one(tmp_path: Path, mode: int | None) -> None:
    target = tmp_path / ("x" * 250 + ".yaml")  # as long as a name can be
    if mode is not None:
        target.touch()
        target.chmod(mode)
    previous_mask = os.umask(0o027)
    try:
        with atomic_write(target) as part:
            assert part.stat().st_mode & 0o777 == 0o600
            part.write_text("x")
    finally:
        os.umask(previous_mask)
    assert target.stat().st_mode & 0o777 == (0o640 if mode is None else mode)
    assert _names(tmp_path) == [target.name]


def test_failed_write_leaves_old_file(tmp_path: Path) -> None:
    target = tmp_path / "x.yaml"
    target.write_text("old")

    def fail() -> None:
        with atomic_write(target) as part:
            part.write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "old"
    assert _names(tmp_path) == ["x.yaml"]


def test_link_to_itself_cannot_be_written(tmp_path: Path) -> None:
    target = tmp_path / "x.yaml"
    target.symlink_to(target)

    def write() -> None:
        with atomic_write(target) as part:
            part.write_text("x")

    with pytest.raises(OSError):
        write()
    assert _names(tmp_path) == ["x.yaml"]


def test_leftover_is_not_taken_from_process_that_creates_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process removes the new folder before it is locked: then a second one is created."""
    lock = os.open

    def open_after_cleanup(path: Path, *arguments: int) -> int:
        monkeypatch.setattr("os.open", lock)
        remove_leftovers(tmp_path)
        return lock(path, *arguments)

    monkeypatch.setattr("os.open", open_after_cleanup)
    with atomic_write(tmp_path / "x.yaml") as part:
        part.write_text("x")
    assert _names(tmp_path) == ["x.yaml"]
