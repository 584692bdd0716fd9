"""Atomic file writing: a file is complete, or not there at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """Yield a temporary file to write, which replaces the target unless an exception is raised.

    Each call has its own file, so several processes may write the same target. Raises OSError.
    """
    target = target.resolve()  # the file that a symbolic link names, not the link
    # In the same directory, since a rename is atomic only within one file system.
    handle, name = mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        mask = os.umask(0)  # the only way to read it is to set it
        os.umask(mask)
        part.chmod(0o666 & ~mask)  # like any new file; mkstemp lets only its owner read it
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
