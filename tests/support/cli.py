"""The `timeline` command, run as people run it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

TIMELINE = Path(sys.executable).with_name("timeline")


def run(
    tmp_path: Path, *arguments: str, within: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, over a database of its own; perhaps within another command."""
    return subprocess.run(
        [*within, TIMELINE, *arguments],
        env=environment_of(tmp_path, environment),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def environment_of(tmp_path: Path, more: dict[str, str]) -> dict[str, str]:
    """Give the environment of a command over a database of its own."""
    url = f"sqlite:///{tmp_path / 'timeline.db'}"
    return {**os.environ, "TIMELINE_DATABASE_URL": url, "NO_COLOR": "1", "COLUMNS": "100", **more}


def unmeasured(environment: dict[str, str]) -> dict[str, str]:
    """Leave out coverage, which an interrupt can leave waiting for a lock of its own."""
    return {name: value for name, value in environment.items() if not name.startswith("COV")}


@contextmanager
def serving(
    tmp_path: Path,
    *arguments: str,
    within: Sequence[str] = (),
    stderr: int = subprocess.STDOUT,
    **environment: str,
) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Run `timeline serve` on a free port until it answers, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*within, TIMELINE, "serve", "--port", str(port), *arguments],
        env=environment_of(tmp_path, environment),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            _wait_until_it_answers(client, process)
            yield client, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert process.stdout
        process.stdout.close()


def _wait_until_it_answers(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        try:
            client.get("/livez").raise_for_status()
        except httpx.TransportError:
            assert process.poll() is None, process.stdout and process.stdout.read()
            time.sleep(0.05)
        else:
            return
    raise TimeoutError
