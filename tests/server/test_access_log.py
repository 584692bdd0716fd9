"""The log: an id for every request, a line for every answer, and no secret or forged line in it."""

import json
import logging
import os
import pty
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from app.server.access_log import MAX_TARGET, AccessLogMiddleware, request_id
from app.server.logging import JsonFormatter, PlainFormatter
from tests.support.cli import serving
from tests.support.openapi import OPERATIONS, parameters_of
from tests.support.problem import check_problem
from tests.support.readme import README, blocks_in

MADE = "[0-9a-f]{16}"

# X-Request-ID: the id of the answer
IDS = {
    "": MADE,
    "from-a.proxy_01": "from-a.proxy_01",
    "x" * 64: "x" * 64,
    "x" * 65: MADE,
    "a b": MADE,
    'a"b': MADE,
    "<b>": MADE,
    "é": MADE,
}


@pytest.mark.parametrize("given", IDS)
def test_a_well_formed_id_is_kept(seed: httpx.Client, given: str) -> None:
    headers = {b"X-Request-ID": given.encode()} if given else {}
    answer = seed.get("/livez", headers=headers)
    assert re.fullmatch(IDS[given], answer.headers["x-request-id"])


# what is asked: the status
ANSWERS = {
    ("GET", "/events"): 200,
    ("HEAD", "/events"): 200,
    ("OPTIONS", "/events"): 204,
    ("GET", "/events.csv"): 200,
    ("GET", "/"): 200,
    ("GET", "/events?limit=0"): 422,
    ("GET", "/events?q=%FF"): 400,
    ("GET", f"/events?q={'x' * 9_000}"): 414,
    ("GET", "/nothing"): 404,
    ("POST", "/events"): 405,
}


@pytest.mark.parametrize(("method", "path"), ANSWERS)
def test_every_answer_has_an_id_of_its_own(seed: httpx.Client, method: str, path: str) -> None:
    answers = [seed.request(method, path) for _ in ("made", "kept")]
    if tag := answers[0].headers.get("etag"):
        answers.append(seed.request(method, path, headers={"If-None-Match": tag}))
        assert answers[-1].status_code == 304
    assert {one.status_code for one in answers[:2]} == {ANSWERS[method, path]}
    ids = [one.headers.get_list("x-request-id") for one in answers]
    assert all(len(one) == 1 and re.fullmatch(MADE, one[0]) for one in ids)
    assert len({one for (one,) in ids}) == len(answers)


class _Lines(logging.Handler):
    """Keeps what is logged, as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.told: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(json.loads(self.format(record)))


@contextmanager
def _logged() -> Iterator[list[dict[str, Any]]]:
    """Give what is logged, also by servers that other tests share."""
    lines, root, access = _Lines(), logging.getLogger(), logging.getLogger("timeline.access")
    level = access.level
    root.addHandler(lines)
    access.setLevel(logging.INFO)
    try:
        yield lines.told
    finally:
        access.setLevel(level)
        root.removeHandler(lines)


def test_a_failure_is_found_by_the_id_that_is_told(
    harbour: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        logging.getLogger("app").error("about to fail, in a thread")
        raise RuntimeError("secret\n\x1b[2J")

    monkeypatch.setattr("app.api.routes.events.read_page", failing)
    with _logged() as lines:
        answer = harbour.get("/events?limit=4", headers={"X-Request-ID": "report-me"})
        harbour.get("/livez")  # which is answered once the line of the other is written
    problem = check_problem(answer, 500)
    assert problem.detail.endswith("name the request report-me")
    assert answer.headers["x-request-id"] == "report-me"
    thread, failed, answered = (line for line in lines if line.get("request_id") == "report-me")
    assert thread["message"] == "about to fail, in a thread"
    assert failed["message"] == "GET /events failed"
    assert failed["exception"].endswith("RuntimeError: secret\n\x1b[2J")
    assert (answered["logger"], answered["status"]) == ("timeline.access", 500)


async def _half(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError


@pytest.mark.anyio
async def test_an_answer_that_breaks_off_is_told_so() -> None:
    with _logged() as lines:
        transport = httpx.ASGITransport(AccessLogMiddleware(_half))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            with pytest.raises(RuntimeError):
                await client.get("/events", headers={"X-Request-ID": "half"})
    (line,) = (line for line in lines if line["request_id"] == "half")
    assert (line["status"], line["aborted"]) == (200, True)


LONG = "x" * (MAX_TARGET + 1)
# what is asked: what is logged of it
TARGETS = {
    "/events": "/events",
    "/events?actor=NSO&limit=2&q=a%20b": "/events?actor=NSO&limit=2&q=a%20b",
    "/events?token=SECRET&actor=x&api_key=SECRET": "/events?token=…&actor=x&api_key=…",
    "/events?SECRET": "/events?…",
    "/events?SECRET&=SECRET&actor": "/events?…&=…&actor",
    "/events?from=2021#SECRET": "/events?from=2021",
    "http://me:SECRET@x.example/events?limit=1": "/events?limit=1",
    '/a"b\\c<d>?q="}': "/a%22b%5Cc%3Cd%3E?q=%22%7D",
    "/%0d%0aforged%1b%5b2J?kind=%0d%0a%9b": "/%0d%0aforged%1b%5b2J?kind=%0d%0a%9b",
    f"/{LONG}": f"/{LONG[:-2]}…",
    f"/x?q={LONG}&token=SECRET": f"/x?q={LONG[: MAX_TARGET - 2]}…",
}
HEADERS = (
    "Host: x.example\r\nAuthorization: Bearer SECRET\r\nCookie: session=SECRET\r\n"
    "Referer: http://x.example/?SECRET\r\nX-Forwarded-For: 192.0.2.7 \x9b2J\r\nConnection: close"
)


def _ask(client: httpx.Client, target: str) -> None:
    address = (client.base_url.host, client.base_url.port)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\n{HEADERS}\r\n\r\n".encode("latin-1"))
        while connection.recv(65_536):
            pass


def _rest(process: subprocess.Popen[str]) -> list[str]:
    """End the server, and give what it wrote."""
    process.send_signal(signal.SIGTERM)
    assert process.stdout
    return process.stdout.read().splitlines()


def test_the_log_is_json_without_secrets(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, process):
        client.close()
        for target in TARGETS:
            _ask(client, target)
        first, *lines = _rest(process)
    assert first.startswith("Serving 22 events")
    told = [json.loads(line) for line in lines]
    assert {"uvicorn.error", "timeline.access"} == {one["logger"] for one in told}
    answers = [one for one in told if one.get("client", "").startswith("192")]
    assert [one["path"] for one in answers] == [*TARGETS.values()]
    (shown,) = (json.loads(block) for language, block in blocks_in(README) if language == "jsonl")
    for one in answers:
        assert [*one] == [*shown]
        assert one["client"] == "192.0.2.7%20%C2%9B2J"
    assert "SECRET" not in "".join(lines)
    assert all(line.isascii() and line.isprintable() for line in lines)


def test_the_log_is_plain_on_a_terminal(tmp_path: Path) -> None:
    ours, its = pty.openpty()
    with serving(tmp_path, stderr=its) as (client, process):
        os.close(its)
        client.close()
        for target in TARGETS:
            _ask(client, target)
        _rest(process)
        process.wait(30)
    told = b"".join(_all(ours)).decode()
    lines = told.replace("\r\n", "\n").splitlines()
    asked = [line for line in lines if " timeline.access " in line and " 192.0.2.7" in line]
    moment = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"
    pattern = (
        rf"{moment} INFO timeline\.access {MADE} 192\.0\.2\.7%20%C2%9B2J GET (\S+) \d+ [\d.]+ ms"
    )
    assert [re.sub(pattern, r"\1", line) for line in asked] == [*TARGETS.values()]
    assert all(re.match(rf"{moment} ", line) for line in lines)
    assert "SECRET" not in told


def _all(terminal: int) -> Iterator[bytes]:
    """Read what was written to a terminal; at its end there is nobody, which is an error."""
    with os.fdopen(terminal, "rb", 0) as reading:
        try:
            while read := reading.read(65_536):
                yield read
        except OSError:
            return


def test_the_log_of_answers_can_be_left_out(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-access-log") as (client, process):
        client.get("/events")
        _, *lines = _rest(process)
    assert {json.loads(line)["logger"] for line in lines} == {"uvicorn.error"}


# what a client may bring about that is logged: as people read it
MESSAGES = {
    "line\r\n2022-07-19 forged": "line\\r\n    2022-07-19 forged",
    "\x1b[2J\x9b2J\x08\x7f\t": r"\x1b[2J\x9b2J\x08\x7f\t",
    "\u202eturned\u2028": r"\u202eturned\u2028",
    "Łódź שלום": "Łódź שלום",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_cannot_forge_a_line(message: str) -> None:
    record = logging.makeLogRecord({"name": "app", "levelname": "ERROR", "msg": message})
    request_id.set("one")
    plain, written = PlainFormatter().format(record), JsonFormatter().format(record)
    assert plain.partition(" app one ")[2] == MESSAGES[message]
    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written)["message"] == message


def test_what_the_api_knows_is_logged(seed: httpx.Client) -> None:
    names = {one["name"] for path in OPERATIONS for one in parameters_of(path, "query")}
    with _logged() as lines:
        for name in names:
            seed.get("/livez", params={name: "1"}, headers={"X-Request-ID": "known"})
        seed.get("/livez")
    told = {one["path"] for one in lines if one["request_id"] == "known"}
    assert told == {f"/livez?{name}=1" for name in names}
