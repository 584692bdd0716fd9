"""The proxy of the README in front of the server: what clients meet, and what it keeps off."""

import json
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.cli import run, serving
from tests.support.corpus import SEED
from tests.support.problem import check_problem
from tests.support.readme import README, blocks_in
from tests.support.requirements import required
from tests.support.sample_events import load_almanac

(SAMPLE,) = (block for language, block in blocks_in(README) if language == "nginx")
EVENTS = 2_000
FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
OF_EACH = {"date", "server", "x-request-id", "connection", "transfer-encoding"}


class Proxied(NamedTuple):
    """A server behind its proxy."""

    client: httpx.Client
    """A client of the proxy."""
    direct: httpx.Client
    """A client of the server, which says what the proxy says."""
    address: tuple[str, int]
    """Where the proxy listens."""
    certificate: Path
    log: Path
    """What the server logs."""

    def logged(self, request_id: str) -> dict[str, object]:
        """Wait for the line of an answer."""
        for _ in range(600):
            for line in self.log.read_text("utf-8").splitlines():
                if f'"request_id": "{request_id}"' in line:
                    found: dict[str, object] = json.loads(line)
                    return found
            time.sleep(0.05)
        raise TimeoutError(request_id)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of its own signature."""
    made, key = folder / "localhost.pem", folder / "localhost.key"
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(made)]
    subprocess.run(
        ["openssl", "req", "-x509", *options, *names, *files], check=True, capture_output=True
    )
    return made, key


@contextmanager
def _nginx(folder: Path, upstream: int) -> Iterator[tuple[int, Path]]:
    """Run the sample in front of a port until it listens; give its port and certificate."""
    port = _free_port()
    certificate, key = _certificate(folder)
    sample = SAMPLE
    for old, new in (
        ("server 127.0.0.1:8000", f"server 127.0.0.1:{upstream}"),
        ("listen 80", f"listen 127.0.0.1:{_free_port()}"),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/ssl/timeline.example.pem", f"{certificate}"),
        ("/etc/ssl/timeline.example.key", f"{key}"),
        ("timeline.example", "localhost"),
        ("client_header_timeout 10s", "client_header_timeout 1s"),
    ):
        assert old in sample
        sample = sample.replace(old, new)
    paths = " ".join(f"{name}_temp_path {folder / name};" for name in FOLDERS)
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}} http {{ access_log off; {paths}\n{sample}}}\n"
    )
    process = subprocess.Popen(["nginx", "-p", folder, "-c", file, "-e", folder / "error.log"])
    try:
        for _ in range(600):
            assert process.poll() is None, (folder / "error.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=10).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        yield port, certificate
    finally:
        process.terminate()
        process.wait(30)


def _client(port: int, certificate: Path, **options: Any) -> httpx.Client:  # noqa: ANN401
    """Give a client of the proxy, with options of its transport."""
    context = ssl.create_default_context(cafile=certificate)
    transport = httpx.HTTPTransport(verify=context, **options)
    url = f"https://localhost:{port}/timeline/"
    return httpx.Client(transport=transport, base_url=url, timeout=30)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    required("nginx")
    required("openssl")
    folder = tmp_path_factory.mktemp("proxied")
    load_almanac(folder, *[{"summary": "x" * 8_000}] * EVENTS)  # more than sockets hold
    assert run(folder, "load", str(SEED)).returncode == 0
    log = folder / "log.jsonl"
    with ExitStack() as stack:
        stderr = stack.enter_context(log.open("wb")).fileno()
        direct, _ = stack.enter_context(serving(folder, "--root-path", "/timeline", stderr=stderr))
        port, certificate = stack.enter_context(_nginx(folder, direct.base_url.port or 0))
        direct.headers.update({"Host": f"localhost:{port}", "X-Forwarded-Proto": "https"})
        client = stack.enter_context(_client(port, certificate))
        yield Proxied(client, direct, ("127.0.0.1", port), certificate, log)


# a selection of which the URL, and so the header Link, is long
LONG = "&".join(
    ["source=shomrim-2022-07-19-nso-blacklist", "kind=lobbying", "status=reported", "actor=NSO"]
    * 50
)
# path: accepted codings
ASKED = [
    ("events?actor=NSO&limit=3", "identity"),
    ("events?q=%22entity%20list%22", "gzip, br"),
    ("events/nso-blacklisted", "gzip"),
    ("events.ics?kind=sanction", "br"),
    ("events.csv?actor=NSO", "identity"),
    ("", "br"),
    ("openapi.json", "gzip"),
    (f"events?limit=1&{LONG}", "identity"),
    ("events?limit=0", "identity"),
    ("events?q=%FF", "identity"),
    ("nothing%2Fhere", "identity"),
    (f"events?q={'x' * 8_192}", "identity"),
    (f"events?q={'x' * 15_000}", "identity"),
]


@pytest.mark.parametrize(("path", "coding"), ASKED)
def test_an_answer_is_that_of_the_server(proxied: Proxied, path: str, coding: str) -> None:
    headers = {"Accept-Encoding": coding}
    answer = proxied.client.get(path, headers=headers)
    directly = proxied.direct.get(f"/timeline/{path}", headers=headers)
    assert (answer.status_code, answer.content) == (directly.status_code, directly.content)
    given, expected = (
        {name: value for name, value in one.headers.items() if name not in OF_EACH}
        for one in (answer, directly)
    )
    assert given == expected
    if tag := answer.headers.get("etag"):
        unchanged = proxied.client.get(path, headers={**headers, "If-None-Match": tag})
        assert (unchanged.status_code, unchanged.headers["etag"]) == (304, tag)


def test_links_lead_through_the_proxy(proxied: Proxied) -> None:
    answer = proxied.client.get("events?limit=1")
    links = [httpx.URL(link["url"]) for link in answer.links.values()]
    assert len(links) > 1
    for link in links:
        assert str(link).startswith(str(proxied.client.base_url))
        assert proxied.client.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/timeline", "/timeline/"])
def test_the_page_and_what_it_loads(proxied: Proxied, path: str) -> None:
    page = proxied.client.get(proxied.client.base_url.copy_with(path=path), follow_redirects=True)
    assert page.status_code == 200
    loaded = {*re.findall(r'(?:href|src)="(/[^"#?]*/web/[^"#]*)"', page.text)}
    assert len(loaded) > 1
    for asset in loaded:
        assert proxied.client.get(page.url.join(asset)).status_code == 200


def test_http_2_is_spoken(proxied: Proxied) -> None:
    required("curl")
    told = ("--output", os.devnull, "--write-out", "%{http_version} %{http_code}")
    url = f"{proxied.client.base_url}livez"
    asked = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", str(proxied.certificate), *told, url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout == "2 200", asked.stderr


def test_what_a_client_forges_is_not_believed(proxied: Proxied) -> None:
    forged = {
        "X-Request-ID": "forged",
        "X-Forwarded-For": "192.0.2.66",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=192.0.2.66;host=evil.example",
    }
    answer = proxied.client.get("events?limit=1", headers=forged)
    assert answer.links["next"]["url"].startswith(str(proxied.client.base_url))
    request_id = answer.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    line = proxied.logged(request_id)
    assert (line["client"], line["path"]) == ("127.0.0.1", "/timeline/events?limit=1")


def test_exports_are_compressed(proxied: Proxied) -> None:
    answer = proxied.client.get("events.jsonl", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == proxied.direct.get("/events.jsonl").content


def test_who_stalls_does_not_hold_the_server(proxied: Proxied) -> None:
    headers = {"Accept-Encoding": "identity"}
    with proxied.client.stream("GET", "events.jsonl?timeline=almanac", headers=headers) as answer:
        line = proxied.logged(answer.headers["x-request-id"])  # though nothing has been read yet
        assert (line["status"], line.get("aborted")) == (200, None)
        assert answer.read().count(b"\n") == EVENTS


def test_slow_and_silent_clients_hinder_nobody(proxied: Proxied) -> None:
    with ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(socket.create_connection(proxied.address, timeout=10))
        context = ssl.create_default_context(cafile=proxied.certificate)
        slow = stack.enter_context(
            context.wrap_socket(
                socket.create_connection(proxied.address, timeout=10), server_hostname="localhost"
            )
        )
        slow.sendall(b"GET /timeline/events HTTP/1.1\r\nHost: local")
        assert proxied.client.get("events").status_code == 200
        assert slow.recv(1) == b""  # closed, and nothing said


def _check_own(answer: httpx.Response, status: int) -> None:
    """Check a problem that the proxy tells itself."""
    check_problem(answer, status)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_an_address_that_asks_too_much_is_told_so(proxied: Proxied) -> None:
    another = _client(proxied.address[1], proxied.certificate, local_address="127.0.0.2")
    with another as greedy:
        asked = (greedy.get("livez") for _ in range(2_000))
        _check_own(next(one for one in asked if one.status_code != 200), 429)
    assert proxied.client.get("livez").status_code == 200


# what nginx refuses by itself: the status
REFUSED = [
    ("GET", f"events?q={'x' * 20_000}", {}, 414),
    ("GET", "events", {"X": "x" * 20_000}, 400),
    ("POST", "events", {"Content-Length": "100000"}, 413),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), REFUSED)
def test_what_nginx_refuses_is_a_problem_too(
    proxied: Proxied, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    content = b"x" * int(headers.get("Content-Length", 0))
    with _client(proxied.address[1], proxied.certificate) as client:
        _check_own(client.request(method, path, headers=headers, content=content), status)


def test_a_server_that_is_down_is_a_problem(tmp_path: Path) -> None:
    required("nginx")
    required("openssl")
    with (
        _nginx(tmp_path, _free_port()) as (port, certificate),
        _client(port, certificate) as client,
    ):
        _check_own(client.get("events"), 502)
