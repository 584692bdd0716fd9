"""Graceful shutdown: responses in progress are completed; stalled clients do not delay it."""

import json
import signal
import socket
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.support.cli import serving
from tests.support.databases import url_of
from tests.support.sample_events import load_sample_events

EXPORT = "/events.jsonl"
EVENTS = 1_200
# The signal, and the number of worker processes.
SHUTDOWNS = [(signal.SIGTERM, 1), (signal.SIGTERM, 2), (signal.SIGINT, 1)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load a database whose export is larger than socket buffers, so that it takes a while."""
    events = [{"summary": "x" * 8_000}] * EVENTS
    return load_sample_events(tmp_path_factory.mktemp("large"), *events)


def _connect(port: int) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", port))
    return connection


def _begin_get(stack: ExitStack, port: int, path: str) -> HTTPResponse:
    """Send a request, and read only the headers of the response."""
    connection = stack.enter_context(closing(HTTPConnection("127.0.0.1", port)))
    connection.sock = _connect(port)
    connection.request("GET", path)
    return connection.getresponse()


def test_signal_completes_responses_and_exits_with_0(large: Path, tmp_path: Path) -> None:
    """All servers stop at once, since each takes as long as the shutdown timeout."""
    url = url_of(large)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                serving(tmp_path, "--workers", str(workers), TIMELINE_DATABASE_URL=url)
            )
            for _, workers in SHUTDOWNS
        ]
        stopping = []
        for (client, process), (shutdown_signal, _) in zip(servers, SHUTDOWNS, strict=True):
            port = client.base_url.port or 0
            incomplete = stack.enter_context(_connect(port))
            incomplete.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n")
            # Connections are accepted in order: after these responses, the server has read the
            # incomplete request.
            export, _stalled = (_begin_get(stack, port, EXPORT) for _ in range(2))
            process.send_signal(shutdown_signal)
            stopping.append((process, export, incomplete))
        for _, export, incomplete in stopping:
            assert incomplete.recv(1) == b""  # closed at once
            assert export.read().count(b"\n") == EVENTS
        for process, _, _ in stopping:
            assert process.wait(30) == 0
            assert process.stdout
            lines = [json.loads(line) for line in process.stdout.read().splitlines()[1:]]
            errors = [line for line in lines if line["level"] != "INFO" or "exception" in line]
            # Uvicorn logs that it cancels the stalled response, without a traceback.
            assert [(line["logger"], "exception" in line) for line in errors] == [
                ("uvicorn.error", False)
            ]


@pytest.mark.parametrize("option", [("--workers", "2"), ("--reload",)])
def test_worker_of_killed_parent_completes_response(
    large: Path, tmp_path: Path, option: tuple[str, ...]
) -> None:
    url = url_of(large)
    with ExitStack() as stack:
        client, process = stack.enter_context(serving(tmp_path, *option, TIMELINE_DATABASE_URL=url))
        export = _begin_get(stack, client.base_url.port or 0, EXPORT)
        process.kill()
        process.wait(30)
        assert export.read().count(b"\n") == EVENTS
