"""Files that are there whole, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """Give a file to write, which takes the place of the target if all goes well.

    It stands beside the target and is nobody else's, so several may write at once. Raises OSError.
    """
    target = target.resolve()
    handle, name = mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)  # as any new file; a temporary one is its owner's alone
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
