"""The `timeline` command in a process of its own, as users run it."""

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

from tests.support.databases import database_at, url_of
from tests.support.postgresql import programs

TIMELINE = Path(sys.executable).with_name("timeline")


def run(
    tmp_path: Path, *arguments: str, within: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with the database of `timeline.db` in `tmp_path`.

    `within` is a command that runs it, such as `unshare`.
    """
    return subprocess.run(
        [*within, TIMELINE, *arguments],
        env=command_env(tmp_path, environment),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def command_env(tmp_path: Path, more: dict[str, str]) -> dict[str, str]:
    """Return the environment of a command whose database is in `tmp_path`."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    environment["TIMELINE_DATABASE_URL"] = url = url_of(tmp_path / "timeline.db")
    if url.startswith("postgresql:"):
        # The programs of Debian, for backups, may be older than the server.
        environment["TIMELINE_POSTGRESQL_PROGRAMS"] = str(programs())
    return {**environment, **more}


def database_name(tmp_path: Path) -> str:
    """Return how messages name the database of commands in `tmp_path`."""
    return database_at(tmp_path / "timeline.db").name


def without_coverage(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment in which coverage is not measured.

    A signal can leave coverage waiting for a lock of its own.
    """
    return {name: value for name, value in environment.items() if not name.startswith("COV")}


@contextmanager
def serving(
    tmp_path: Path,
    *arguments: str,
    within: Sequence[str] = (),
    stderr: int = subprocess.STDOUT,
    **environment: str,
) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Run `timeline serve`, yield a client of it and the process, and terminate it."""
    with socket.socket() as reserved:
        # Stays bound, so that no other test gets the port before the server listens on it, which
        # SO_REUSEADDR allows: https://www.man7.org/linux/man-pages/man7/socket.7.html
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        process = subprocess.Popen(
            [*within, TIMELINE, "serve", "--port", str(port), *arguments],
            env=command_env(tmp_path, environment),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                _wait_until_ready(client, process)
                yield client, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            assert process.stdout
            process.stdout.close()


def _wait_until_ready(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    for _ in range(1_200):  # a minute: with coverage on a busy machine, starts took over 30 s
        try:
            client.get("/livez").raise_for_status()
        except httpx.TransportError:
            assert process.poll() is None, process.stdout and process.stdout.read()
            time.sleep(0.05)
        else:
            return
    raise TimeoutError
