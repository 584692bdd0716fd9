"""The speed and memory of loading JSON Lines: `python -m tests.benchmark.loading`."""

import os
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.benchmark.synthetic import write_dossier
from tests.support.cli import TIMELINE

SIZES = (0, 25_000, 100_000)


class Run(NamedTuple):
    """The cost of one command."""

    seconds: float
    """CPU time, of the process and of the system for it."""
    megabytes: float
    """The maximum resident memory."""
    elapsed: float
    """Seconds from the start to the end, with the work of a database server."""


def load(folder: Path, events: int, url: str = "") -> Run:
    """Load a dossier with this number of events into the database of a URL.

    The default is the file `{events}.db` of a folder.
    """
    dossier = folder / f"{events}.jsonl"
    if not dossier.exists():
        write_dossier(dossier, events)
    url = url or f"sqlite:///{folder / f'{events}.db'}"
    start = time.perf_counter()
    process = subprocess.Popen(
        [TIMELINE, "load", dossier],
        env={**os.environ, "TIMELINE_DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    elapsed = time.perf_counter() - start
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, elapsed)


def main() -> None:
    """Run the benchmark."""
    with TemporaryDirectory() as folder:
        runs = {events: load(Path(folder), events) for events in SIZES}
    idle = runs.pop(0)
    print(f"an empty dossier: {idle.seconds:.1f} s, {idle.megabytes:.0f} MB")
    for events, run in runs.items():
        speed = events / (run.seconds - idle.seconds)
        more = run.megabytes - idle.megabytes
        print(f"{events:,} events: {speed:,.0f} events/s, {run.megabytes:.0f} MB (+{more:.0f})")


if __name__ == "__main__":
    main()
