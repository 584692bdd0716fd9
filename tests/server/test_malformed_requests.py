"""Nothing that comes over a socket breaks the server, or keeps it."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.api.headers import DEFAULT_HEADERS
from tests.support.cli import serving
from tests.support.malformed_requests import CHUNKED, CORPUS, KEPT, ask, kept, post
from tests.support.problem import check_problem
from tests.support.raw_http import address_of, answers, drip, exchange

POLICY = "Content-Security-Policy"
# request: what its problem must tell
TOLD = {
    "a target in Hebrew": "--data-urlencode",
    "no Host": "has one Host header",
    "a URL that never ends": "more than 8,192 bytes",
    "a header that never ends": "more than 32,768 bytes",
    "a Host with a script": "is not a host name",
}


def _sockets(process: subprocess.Popen[str]) -> int:
    links = [path.readlink() for path in Path(f"/proc/{process.pid}/fd").iterdir()]
    return sum(str(link).startswith("socket:") for link in links)


def test_each_is_answered_and_the_server_is_well(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-access-log") as (client, process):
        before = _sockets(process)
        received = {
            name: exchange(address_of(client), request) for name, (request, _) in CORPUS.items()
        }
        assert client.get("/readyz").status_code == 200
        for _ in range(100):
            if _sockets(process) <= before:
                break
            time.sleep(0.05)
        assert _sockets(process) <= before
        process.terminate()
        assert process.stdout
        assert "Traceback" not in process.stdout.read()
    statuses = {name: tuple(one.status_code for one in got) for name, got in received.items()}
    assert statuses == {name: expected for name, (_, expected) in CORPUS.items()}
    for answer in (one for got in received.values() for one in got):
        for name, value in DEFAULT_HEADERS.items():
            page = name == POLICY and answer.headers["content-type"].startswith("text/html")
            assert answer.headers[name].startswith("default-src 'self'" if page else value)
        if answer.is_error:
            check_problem(answer, answer.status_code)
    for name, told in TOLD.items():
        assert told in check_problem(received[name][0], CORPUS[name][1][0]).detail


# what a client sends at once, and again and again behind it: the statuses that answer it
SLOW = {
    "nothing": (b"", b"", []),
    "half a line": (b"GET /liv", b"", [408]),
    "half a head": (ask("/livez")[:-2], b"", [408]),
    "a header that never ends": (ask("/livez")[:-2] + b"X: ", b"y", [408]),
    "a URL that never ends": (b"GET /", b"x", [408]),
    "blank lines": (b"\r\n", b"\r\n", []),
    "one request and no other": (KEPT, b"", [200]),
    "one request and half another": (KEPT + b"GET", b"", [200, 408]),
    "a body that never comes": (kept(post(b"", b"Content-Length: 9")), b"", [405]),
    "a body that never ends": (kept(post(b"", b"Content-Length: 99999")), b"x", [405]),
    "a last body that never ends": (post(b"", b"Content-Length: 99999"), b"x", [405]),
    "a body that breaks and goes on": (post(b"zz\r\n", CHUNKED), b"x", [400]),
    "nonsense that goes on": (b"nonsense\r\n", b"x", [400]),
}


def test_who_is_slow_is_not_waited_for(seed: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.server.protocol.PATIENCE", 0.2)
    with ThreadPoolExecutor(len(SLOW)) as pool:
        waiting = {
            name: pool.submit(drip, address_of(seed), begun, dripping)
            for name, (begun, dripping, _) in SLOW.items()
        }
    received = {name: [*answers(one.result())] for name, one in waiting.items()}
    statuses = {name: [one.status_code for one in got] for name, got in received.items()}
    assert statuses == {name: expected for name, (*_, expected) in SLOW.items()}
    for answer in (one for got in received.values() for one in got if one.is_error):
        check_problem(answer, answer.status_code)
