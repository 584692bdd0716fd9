"""Malformed and slow requests over a socket: each gets a 4xx or is closed; the server survives."""

import subprocess
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.api.headers import DEFAULT_HEADERS
from tests.support.cli import serving
from tests.support.malformed_requests import CHUNKED, CORPUS, KEEP_ALIVE, get, keep_alive, post
from tests.support.problem import check_problem
from tests.support.raw_http import address_of, exchange, parse_responses, send_slowly

POLICY = "Content-Security-Policy"


def _open_sockets(process: subprocess.Popen[str]) -> int:
    links = [path.readlink() for path in Path(f"/proc/{process.pid}/fd").iterdir()]
    return sum(str(link).startswith("socket:") for link in links)


def test_malformed_request_gets_4xx_and_server_survives(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-access-log") as (client, process):
        before = _open_sockets(process)
        received = {
            name: exchange(address_of(client), request) for name, (request, _) in CORPUS.items()
        }
        assert client.get("/readyz").status_code == 200
        for _ in range(100):
            if _open_sockets(process) <= before:
                break
            time.sleep(0.05)
        assert _open_sockets(process) <= before
        process.terminate()
        assert process.stdout
        assert "Traceback" not in process.stdout.read()
    assert _statuses(received) == {name: [*expected] for name, (_, expected) in CORPUS.items()}
    for response in (response for responses in received.values() for response in responses):
        is_page = response.headers.get("content-type", "").startswith("text/html")
        for name, value in DEFAULT_HEADERS.items():
            expected = "default-src 'self'" if is_page and name == POLICY else value
            assert response.headers[name].startswith(expected)
        if response.is_error:
            check_problem(response, response.status_code)


def _statuses(received: Mapping[str, Iterable[httpx.Response]]) -> dict[str, list[int]]:
    return {
        name: [response.status_code for response in responses]
        for name, responses in received.items()
    }


# A rejected request: its status, and a part of the message.
MESSAGES = [
    (get("/events?q=שלום"), 400, "--data-urlencode"),
    (b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "with one Host header"),
    (b"GET /" + b"x" * 1_000_000, 414, "more than 8,192 bytes"),
    (get("/livez", b"X: " + b"y" * 33_000), 431, "more than 32,768 bytes"),
    (get("/livez").replace(b"timeline.example", b"a b"), 400, "is not a host name"),
]


@pytest.mark.parametrize(("request_bytes", "status", "message"), MESSAGES)
def test_message_names_the_limit_or_the_fix(
    seed: httpx.Client, request_bytes: bytes, status: int, message: str
) -> None:
    (response,) = exchange(address_of(seed), request_bytes)
    assert message in check_problem(response, status).detail


# What a client sends first, and then again and again: the statuses until the server closes.
SLOW = {
    "nothing": (b"", b"", []),
    "half a line": (b"GET /liv", b"", [408]),
    "half a head": (get("/livez")[:-2], b"", [408]),
    "an endless header": (get("/livez")[:-2] + b"X: ", b"y", [408]),
    "an endless URL": (b"GET /", b"x", [408]),
    "blank lines": (b"\r\n", b"\r\n", []),
    "one request and no other": (KEEP_ALIVE, b"", [200]),
    "one request and half of another": (KEEP_ALIVE + b"GET", b"", [200, 408]),
    "a missing body": (keep_alive(post(b"", b"Content-Length: 9")), b"", [405]),
    "an endless body": (keep_alive(post(b"", b"Content-Length: 99999")), b"x", [405]),
    "an endless body before the close": (post(b"", b"Content-Length: 99999"), b"x", [405]),
    "an endless invalid body": (post(b"zz\r\n", CHUNKED), b"x", [400]),
    "endless garbage": (b"nonsense\r\n", b"x", [400]),
}


def test_slow_client_gets_408_or_is_closed(
    seed: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.server.protocol.HEADER_TIMEOUT", 0.2)
    with ThreadPoolExecutor(len(SLOW)) as pool:
        sending = {
            name: pool.submit(send_slowly, address_of(seed), first, repeated)
            for name, (first, repeated, _) in SLOW.items()
        }
    received = {name: [*parse_responses(future.result())] for name, future in sending.items()}
    assert _statuses(received) == {name: expected for name, (*_, expected) in SLOW.items()}
    for response in (response for responses in received.values() for response in responses):
        if response.is_error:
            check_problem(response, response.status_code)
