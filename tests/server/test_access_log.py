"""The log: an id for each request, a line for each response, no secrets and no forged lines."""

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

from app.server.access_log import MAX_TARGET, request_id
from app.server.logging import JsonFormatter, PlainFormatter
from app.server.response import ResponseMiddleware
from tests.support.cli import serving
from tests.support.openapi import OPERATIONS, parameters_of
from tests.support.problem import check_problem
from tests.support.readme import README, blocks_in

GENERATED_ID = "[0-9a-f]{16}"

# The X-Request-ID of the request: that of the response.
REQUEST_IDS = {
    "": GENERATED_ID,
    "from-a.proxy_01": "from-a.proxy_01",
    "x" * 64: "x" * 64,
    "x" * 65: GENERATED_ID,
    "a b": GENERATED_ID,
    'a"b': GENERATED_ID,
    "<b>": GENERATED_ID,
    "é": GENERATED_ID,
}


@pytest.mark.parametrize("sent", REQUEST_IDS)
def test_well_formed_request_id_is_kept(seed: httpx.Client, sent: str) -> None:
    headers = {b"X-Request-ID": sent.encode()} if sent else {}
    response = seed.get("/livez", headers=headers)
    assert re.fullmatch(REQUEST_IDS[sent], response.headers["x-request-id"])


# Method and path: the status.
STATUSES = {
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


@pytest.mark.parametrize(("method", "path"), STATUSES)
def test_every_response_has_a_unique_id(seed: httpx.Client, method: str, path: str) -> None:
    responses = [seed.request(method, path) for _ in ("created", "cached")]
    if etag := responses[0].headers.get("etag"):
        responses.append(seed.request(method, path, headers={"If-None-Match": etag}))
        assert responses[-1].status_code == 304
    assert {response.status_code for response in responses[:2]} == {STATUSES[method, path]}
    ids = [response.headers.get_list("x-request-id") for response in responses]
    assert all(len(values) == 1 and re.fullmatch(GENERATED_ID, values[0]) for values in ids)
    assert len({value for (value,) in ids}) == len(responses)


class _LogCapture(logging.Handler):
    """Collects the JSON of what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@contextmanager
def _captured_log() -> Iterator[list[dict[str, Any]]]:
    """Yield the lines that are logged, also by servers that other tests share."""
    capture, root, access = _LogCapture(), logging.getLogger(), logging.getLogger("timeline.access")
    level = access.level
    root.addHandler(capture)
    access.setLevel(logging.INFO)
    try:
        yield capture.lines
    finally:
        access.setLevel(level)
        root.removeHandler(capture)


def test_traceback_of_a_500_is_logged_with_the_request_id(
    harbour: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        logging.getLogger("app").error("about to fail, in a thread")
        raise RuntimeError("secret\n\x1b[2J")

    monkeypatch.setattr("app.api.routes.events.read_page", failing)
    with _captured_log() as lines:
        response = harbour.get("/events?limit=4", headers={"X-Request-ID": "report-me"})
        harbour.get("/livez")  # responds only after the line of the first request is written
    problem = check_problem(response, 500)
    assert "request id report-me" in problem.detail
    assert response.headers["x-request-id"] == "report-me"
    thread, failed, access = (line for line in lines if line.get("request_id") == "report-me")
    assert thread["message"] == "about to fail, in a thread"
    assert failed["message"] == "GET /events failed"
    assert failed["exception"].endswith("RuntimeError: secret\n\x1b[2J")
    assert (access["logger"], access["status"]) == ("timeline.access", 500)


async def _half_response(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError


@pytest.mark.anyio
async def test_response_that_breaks_off_is_logged_as_aborted() -> None:
    with _captured_log() as lines:
        transport = httpx.ASGITransport(ResponseMiddleware(_half_response, "", lambda: 1, 2**20))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            with pytest.raises(RuntimeError):
                await client.get("/events", headers={"X-Request-ID": "half"})
    (line,) = (line for line in lines if line["request_id"] == "half" and "status" in line)
    assert (line["status"], line["aborted"]) == (200, True)


LONG = "x" * (MAX_TARGET + 1)
# The target of the request: the path in the log.
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


def _get_raw(client: httpx.Client, target: str) -> None:
    address = (client.base_url.host, client.base_url.port)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\n{HEADERS}\r\n\r\n".encode("latin-1"))
        while connection.recv(65_536):
            pass


def _stop(process: subprocess.Popen[str]) -> list[str]:
    """Stop the server, and return the lines that it wrote."""
    process.send_signal(signal.SIGTERM)
    assert process.stdout
    return process.stdout.read().splitlines()


def test_log_is_json_without_secrets(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, process):
        client.close()
        for target in TARGETS:
            _get_raw(client, target)
        first, notice, *lines = _stop(process)
    assert first.startswith("Serving 22 events")
    assert "demonstration" in notice
    records = [json.loads(line) for line in lines]
    assert {"uvicorn.error", "timeline.access"} == {record["logger"] for record in records}
    requests = [record for record in records if record.get("client", "").startswith("192")]
    assert [record["path"] for record in requests] == [*TARGETS.values()]
    (sample,) = (json.loads(block) for language, block in blocks_in(README) if language == "jsonl")
    for record in requests:
        assert [*record] == [*sample]
        assert record["client"] == "192.0.2.7%20%C2%9B2J"
    assert "SECRET" not in "".join(lines)
    assert all(line.isascii() and line.isprintable() for line in lines)


def test_log_is_plain_text_on_a_terminal(tmp_path: Path) -> None:
    reading_end, terminal = pty.openpty()
    with serving(tmp_path, stderr=terminal) as (client, process):
        os.close(terminal)
        client.close()
        for target in TARGETS:
            _get_raw(client, target)
        _stop(process)
        process.wait(30)
    text = b"".join(_read_terminal(reading_end)).decode()
    lines = text.replace("\r\n", "\n").splitlines()
    requests = [line for line in lines if " timeline.access " in line and " 192.0.2.7" in line]
    timestamp = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"
    client_ip = r"192\.0\.2\.7%20%C2%9B2J"
    pattern = (
        rf"{timestamp} INFO timeline\.access {GENERATED_ID} {client_ip} GET (\S+) \d+ [\d.]+ ms"
    )
    assert [re.sub(pattern, r"\1", line) for line in requests] == [*TARGETS.values()]
    assert all(re.match(rf"{timestamp} ", line) for line in lines)
    assert "SECRET" not in text


def _read_terminal(reading_end: int) -> Iterator[bytes]:
    """Read what was written to a terminal. Linux ends it with EIO once the writer has closed it."""
    with os.fdopen(reading_end, "rb", 0) as file:
        try:
            while chunk := file.read(65_536):
                yield chunk
        except OSError:
            return


def test_access_log_can_be_turned_off(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-access-log", "--no-seed") as (client, process):
        client.get("/events")
        _, *lines = _stop(process)
    assert {json.loads(line)["logger"] for line in lines} == {"uvicorn.error"}


# A message that contains what a client sent: the plain text of it.
MESSAGES = {
    "line\r\n2022-07-19 forged": "line\\r\n    2022-07-19 forged",
    "\x1b[2J\x9b2J\x08\x7f\t": r"\x1b[2J\x9b2J\x08\x7f\t",
    "\u202eturned\u2028": r"\u202eturned\u2028",
    "Łódź שלום": "Łódź שלום",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_message_cannot_forge_a_line(message: str) -> None:
    record = logging.makeLogRecord({"name": "app", "levelname": "ERROR", "msg": message})
    request_id.set("one")
    plain, json_line = PlainFormatter().format(record), JsonFormatter().format(record)
    assert plain.partition(" app one ")[2] == MESSAGES[message]
    assert json_line.isascii()
    assert json_line.isprintable()
    assert json.loads(json_line)["message"] == message


def test_values_of_known_parameters_are_logged(seed: httpx.Client) -> None:
    names = {parameter["name"] for path in OPERATIONS for parameter in parameters_of(path, "query")}
    with _captured_log() as lines:
        for name in names:
            seed.get("/livez", params={name: "1"}, headers={"X-Request-ID": "known"})
        seed.get("/livez")
    paths = {line["path"] for line in lines if line["request_id"] == "known"}
    assert paths == {f"/livez?{name}=1" for name in names}
