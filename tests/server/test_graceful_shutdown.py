"""The end: what is asked is answered whole, and who stalls does not hold it up."""

import json
import signal
import socket
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.support.cli import serving
from tests.support.sample_events import load_almanac

EXPORT = "/events.jsonl"
EVENTS = 1_200
CANCELLED = "Cancel 1 running task(s), timeout graceful shutdown exceeded"
# the signal, and how many processes answer
ENDINGS = [(signal.SIGTERM, 1), (signal.SIGTERM, 2), (signal.SIGINT, 1)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database of which an export is more than sockets hold."""
    events = [{"summary": "x" * 8_000}] * EVENTS
    return load_almanac(tmp_path_factory.mktemp("large"), *events)


def _connect(port: int) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", port))
    return connection


def _ask(stack: ExitStack, port: int, path: str) -> HTTPResponse:
    """Ask, and read no more than the head of the answer."""
    connection = stack.enter_context(closing(HTTPConnection("127.0.0.1", port)))
    connection.sock = _connect(port)
    connection.request("GET", path)
    return connection.getresponse()


def test_it_ends_by_itself_when_what_is_asked_is_answered(large: Path, tmp_path: Path) -> None:
    """All endings at once, since each takes as long as who stalls is given."""
    url = f"sqlite:///{large}"
    with ExitStack() as stack:
        serving_all = [
            stack.enter_context(
                serving(tmp_path, "--workers", str(workers), TIMELINE_DATABASE_URL=url)
            )
            for _, workers in ENDINGS
        ]
        ending = []
        for (client, process), (ending_signal, _) in zip(serving_all, ENDINGS, strict=True):
            port = client.base_url.port or 0
            half = stack.enter_context(_connect(port))
            half.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n")
            # Connections are accepted in their order: the half is read when these are answered.
            asked, _stalled = (_ask(stack, port, EXPORT) for _ in range(2))
            process.send_signal(ending_signal)
            ending.append((process, asked, half))
        for _, asked, half in ending:
            assert half.recv(1) == b""  # by which it says that it ends
            assert asked.read().count(b"\n") == EVENTS
        for process, _, _ in ending:
            assert process.wait(30) == 0
            assert process.stdout
            told = [json.loads(line) for line in process.stdout.read().splitlines()[1:]]
            errors = [line for line in told if line["level"] != "INFO" or "exception" in line]
            assert [line["message"] for line in errors] == [CANCELLED]
