"""Atomic file writing: a file is complete, or not there at all. Removes what killed processes left.

https://www.man7.org/linux/man-pages/man2/flock.2.html
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE
from tempfile import mkdtemp

_PREFIX, _SUFFIX = ".timeline-", ".tmp"
_LEFTOVERS = f"{_PREFIX}????????{_SUFFIX}"
"""The names that `mkdtemp` chooses. No other program uses them, so each can be removed."""


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Create a folder that only its owner can read, and remove it at the end.

    A process that is killed leaves its folder; the next one that calls this removes it. Raises
    OSError.
    """
    remove_leftovers(parent)
    folder, lock = _create_locked(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_leftovers(parent: Path) -> None:
    """Remove the temporary folders of killed processes. Those of running ones are locked."""
    for folder in parent.glob(_LEFTOVERS):
        # Without the permission, or on a file system that has no locks, it stays.
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                # In a directory that everybody can write, another user could have created it.
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
            finally:
                os.close(lock)


def _create_locked(parent: Path) -> tuple[Path, int]:
    """Create a folder, and return it with the descriptor that holds its lock."""
    while True:
        folder = Path(mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=parent))
        # Before it is locked, another process may take it for a leftover.
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            with suppress(OSError):  # no locks here, so nobody removes it either
                fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


@contextmanager
def atomic_write(
    target: Path, access_of: Path | None = None, *, private: bool = False
) -> Iterator[Path]:
    """Yield a temporary file to write, which replaces the target unless an exception is raised.

    It gets the owner, group and mode of `access_of`, by default those of the file it replaces. If
    it is `private`, only its owner can read it. Each call has its own file, so several processes
    may write the same target. Raises OSError.
    """
    # The file that a symbolic link names, not the link. `Path.resolve` fails for a link to itself.
    target = Path(os.path.realpath(target))
    # In the same directory, since a rename is atomic only within one file system.
    with temporary_folder(target.parent) as folder:
        part = folder / "part"
        part.touch(0o600)
        yield part
        # Otherwise a power cut could leave an empty file, after an older one was deleted for it.
        _sync(part)
        if not private:
            _copy_access(access_of or target, part)
        part.replace(target)
        with suppress(OSError):  # not every file system can; the file itself is complete
            _sync(target.parent)


def _copy_access(model: Path, path: Path) -> None:
    """Set the owner, group and mode of a file to those of another, or to those of any new file."""
    try:
        stat = model.stat()
    except FileNotFoundError:
        mask = os.umask(0)  # the only way to read it is to set it
        os.umask(mask)
        path.chmod(0o666 & ~mask)
        return
    mode = S_IMODE(stat.st_mode) & 0o777
    try:
        os.chown(path, stat.st_uid, stat.st_gid)
    except OSError:  # only root can change the owner; without it, the group is worth a try
        try:
            os.chown(path, -1, stat.st_gid)
        except OSError:
            mode &= 0o700  # what the group of the other file may do is not for this one
    path.chmod(mode)


def _sync(path: Path) -> None:
    """Wait until the file, or the names in the directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
