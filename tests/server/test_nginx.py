"""The nginx configuration of the README in front of the server: what it passes on and rejects."""

import json
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.cli import run, serving
from tests.support.corpus import SEED
from tests.support.problem import check_problem
from tests.support.readme import README, blocks_in
from tests.support.requirements import require_program
from tests.support.sample_events import load_sample_events

(SAMPLE,) = (block for language, block in blocks_in(README) if language == "nginx")
EVENTS = 2_000
FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
VARYING_HEADERS = {"date", "server", "x-request-id", "connection", "transfer-encoding"}


class Nginx(NamedTuple):
    """A running nginx."""

    pid: int
    address: tuple[str, int]
    """Its address for HTTPS."""
    plain_address: tuple[str, int]
    """Its address for HTTP."""
    certificate: Path

    def connect(self, host: str = "localhost", source: str = "127.0.0.1") -> ssl.SSLSocket:
        """Open a TLS connection for a host from an address."""
        context = ssl.create_default_context(cafile=self.certificate)
        connection = socket.socket()
        # The kernel would take megabytes for a client that does not read.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        connection.settimeout(30)
        connection.bind((source, 0))
        connection.connect(self.address)
        return context.wrap_socket(connection, server_hostname=host)

    def temporary_bytes(self) -> int:
        """Return the size of the temporary files, which nginx deletes while they are open."""
        total = 0
        for file in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                if "/proxy/" in str(file.readlink()):
                    total += file.stat().st_size
        return total


class Proxied(NamedTuple):
    """A server and its proxy."""

    client: httpx.Client
    """A client of the proxy."""
    direct: httpx.Client
    """A client of the server that sends the headers of the proxy."""
    nginx: Nginx
    log: Path
    """The log of the server."""

    def wait_for_log_line(self, request_id: str) -> dict[str, object]:
        """Wait until the response to a request is logged, and return the line."""
        for _ in range(600):
            for line in self.log.read_text("utf-8").splitlines():
                fields: dict[str, object] = json.loads(line)
                if (fields["logger"], fields.get("request_id")) == ("timeline.access", request_id):
                    return fields
            time.sleep(0.05)
        raise TimeoutError(request_id)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Create a self-signed certificate; return its file and that of its key."""
    certificate, key = folder / "localhost.pem", folder / "localhost.key"
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", *options, *names, *files], check=True, capture_output=True
    )
    return certificate, key


@contextmanager
def _nginx(folder: Path, upstream: int, changes: Mapping[str, str] = {}) -> Iterator[Nginx]:
    """Run nginx with the sample configuration and some changes; yield it once it listens."""
    port, plain_port = _free_port(), _free_port()
    certificate, key = _certificate(folder)
    configuration = SAMPLE
    for old, new in {
        "server 127.0.0.1:8000": f"server 127.0.0.1:{upstream}",
        "listen 80": f"listen 127.0.0.1:{plain_port}",
        "listen 443": f"listen 127.0.0.1:{port}",
        "/etc/ssl/timeline.example.pem": f"{certificate}",
        "/etc/ssl/timeline.example.key": f"{key}",
        "timeline.example": "localhost",
        "Host $server_name": "Host $server_name:$server_port",  # not the port of HTTPS
        "client_header_timeout 10s": "client_header_timeout 1s",
        **changes,
    }.items():
        assert old in configuration
        configuration = configuration.replace(old, new)
    paths = " ".join(f"{name}_temp_path {folder / name};" for name in FOLDERS)
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}} http {{ access_log off; {paths}\n{configuration}}}\n"
    )
    process = subprocess.Popen(["nginx", "-p", folder, "-c", file, "-e", folder / "error.log"])
    address, plain_address = ("127.0.0.1", port), ("127.0.0.1", plain_port)
    try:
        for _ in range(600):
            assert process.poll() is None, (folder / "error.log").read_text()
            try:
                socket.create_connection(address, timeout=10).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        yield Nginx(process.pid, address, plain_address, certificate)
    finally:
        process.terminate()
        process.wait(30)


def _client(nginx: Nginx, **options: Any) -> httpx.Client:  # noqa: ANN401
    """Create a client of the proxy. `options` are those of its transport."""
    context = ssl.create_default_context(cafile=nginx.certificate)
    transport = httpx.HTTPTransport(verify=context, **options)
    url = f"https://localhost:{nginx.address[1]}/timeline/"
    return httpx.Client(transport=transport, base_url=url, timeout=30)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    require_program("nginx")
    require_program("openssl")
    folder = tmp_path_factory.mktemp("proxied")
    load_sample_events(folder, *[{"summary": "x" * 8_000}] * EVENTS)  # larger than socket buffers
    assert run(folder, "load", str(SEED)).returncode == 0
    with _proxied(folder) as proxied:
        yield proxied


@contextmanager
def _proxied(folder: Path, changes: Mapping[str, str] = {}) -> Iterator[Proxied]:
    """Serve the database in a folder through nginx."""
    log = folder / "log.jsonl"
    with ExitStack() as stack:
        stderr = stack.enter_context(log.open("wb")).fileno()
        direct, _ = stack.enter_context(serving(folder, "--root-path", "/timeline", stderr=stderr))
        nginx = stack.enter_context(_nginx(folder, direct.base_url.port or 0, changes))
        direct.headers.update(
            {"Host": f"localhost:{nginx.address[1]}", "X-Forwarded-Proto": "https"}
        )
        client = stack.enter_context(_client(nginx))
        yield Proxied(client, direct, nginx, log)


# A selection with a long URL, and so with a long `Link` header.
LONG = "&".join(
    ["source=shomrim-2022-07-19-nso-blacklist", "kind=lobbying", "status=reported", "actor=NSO"]
    * 50
)
# Path and Accept-Encoding.
REQUESTS = [
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


@pytest.mark.parametrize(("path", "coding"), REQUESTS)
def test_proxy_returns_the_response_of_the_server(proxied: Proxied, path: str, coding: str) -> None:
    headers = {"Accept-Encoding": coding}
    response = proxied.client.get(path, headers=headers)
    direct = proxied.direct.get(f"/timeline/{path}", headers=headers)
    assert (response.status_code, response.content) == (direct.status_code, direct.content)
    received, expected = (
        {name: value for name, value in one.headers.items() if name not in VARYING_HEADERS}
        for one in (response, direct)
    )
    assert received == expected
    if etag := response.headers.get("etag"):
        unchanged = proxied.client.get(path, headers={**headers, "If-None-Match": etag})
        assert (unchanged.status_code, unchanged.headers["etag"]) == (304, etag)


def test_links_point_to_the_proxy(proxied: Proxied) -> None:
    response = proxied.client.get("events?limit=1")
    links = [httpx.URL(link["url"]) for link in response.links.values()]
    assert len(links) > 1
    for link in links:
        assert str(link).startswith(str(proxied.client.base_url))
        assert proxied.client.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/timeline", "/timeline/"])
def test_page_and_its_assets_load(proxied: Proxied, path: str) -> None:
    page = proxied.client.get(proxied.client.base_url.copy_with(path=path), follow_redirects=True)
    assert page.status_code == 200
    assets = {*re.findall(r'(?:href|src)="(/[^"#?]*/web/[^"#]*)"', page.text)}
    assert len(assets) > 1
    for asset in assets:
        assert proxied.client.get(page.url.join(asset)).status_code == 200


def test_http_2_is_supported(proxied: Proxied) -> None:
    require_program("curl")
    output = ("--output", os.devnull, "--write-out", "%{http_version} %{http_code}")
    url = f"{proxied.client.base_url}livez"
    curl = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", str(proxied.nginx.certificate), *output, url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert curl.stdout == "2 200", curl.stderr


# Requests for another host: the scheme, the request line and the headers.
OTHER_HOSTS = [
    ("http", "GET /timeline/ HTTP/1.1", "Host: evil.example"),
    ("http", "GET http://evil.example/timeline/ HTTP/1.1", "Host: localhost"),
    ("http", "GET /timeline/ HTTP/1.0", ""),
    ("https", "GET /timeline/events HTTP/1.1", "Host: evil.example"),
    ("https", "GET /timeline/events HTTP/1.1", "Host: evil.example:443"),
    ("https", "GET https://evil.example/timeline/events HTTP/1.1", "Host: localhost"),
    ("https", "GET /timeline/events HTTP/1.0", ""),
]
# The same for requests for our host, in every spelling that nginx accepts.
OUR_HOST = [
    ("GET /timeline/events?limit=1 HTTP/1.1", "Host: localhost"),
    ("GET /timeline/events?limit=1 HTTP/1.1", "Host: LOCALHOST."),
    ("GET /timeline/events?limit=1 HTTP/1.1", "Host: localhost:1"),
    ("GET {scheme}://localhost/timeline/events?limit=1 HTTP/1.1", "Host: evil.example"),
]


def _exchange(nginx: Nginx, scheme: str, line: str, headers: str) -> str:
    """Send a request; return the response, which is empty if nginx disconnects."""
    plain = scheme == "http"
    with (
        socket.create_connection(nginx.plain_address, 30) if plain else nginx.connect()
    ) as connection:
        lines = [line.format(scheme=scheme), *filter(None, [headers]), "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        received = b""
        with suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                received += part
        return received.decode()


@pytest.mark.parametrize(("scheme", "line", "headers"), OTHER_HOSTS)
def test_request_for_another_host_gets_no_response(
    proxied: Proxied, scheme: str, line: str, headers: str
) -> None:
    assert _exchange(proxied.nginx, scheme, line, headers) == ""


def test_tls_for_another_host_is_rejected(proxied: Proxied) -> None:
    with pytest.raises(ssl.SSLError, match="unrecognized"):
        proxied.nginx.connect("evil.example")


@pytest.mark.parametrize(("line", "headers"), OUR_HOST)
def test_redirect_and_links_have_the_configured_host(
    proxied: Proxied, line: str, headers: str
) -> None:
    redirect = _exchange(proxied.nginx, "http", line, headers)
    assert "\r\nLocation: https://localhost/timeline/events?limit=1\r\n" in redirect
    response = _exchange(proxied.nginx, "https", line, headers)
    links = re.findall(r"<(\w+://[^/>]+)", response)
    assert len(links) > 1
    assert {*links} == {f"https://localhost:{proxied.nginx.address[1]}"}


def test_tls_session_is_resumed(proxied: Proxied) -> None:
    context = ssl.create_default_context(cafile=proxied.nginx.certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # a session exists after the handshake
    session = None
    for resumed in (False, True):
        with (
            socket.create_connection(proxied.nginx.address, 30) as plain,
            context.wrap_socket(plain, server_hostname="localhost", session=session) as connection,
        ):
            assert connection.session_reused == resumed
            session = connection.session


def test_forged_forwarding_headers_are_replaced(proxied: Proxied) -> None:
    forged = {
        "X-Request-ID": "forged",
        "X-Forwarded-For": "192.0.2.66",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=192.0.2.66;host=evil.example",
    }
    response = proxied.client.get("events?limit=1", headers=forged)
    assert response.links["next"]["url"].startswith(str(proxied.client.base_url))
    request_id = response.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    line = proxied.wait_for_log_line(request_id)
    assert (line["client"], line["path"]) == ("127.0.0.1", "/timeline/events?limit=1")


def test_exports_are_compressed(proxied: Proxied) -> None:
    response = proxied.client.get("events.jsonl", headers={"Accept-Encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert response.content == proxied.direct.get("/events.jsonl").content


def test_clients_that_stop_reading_occupy_little_disk(proxied: Proxied, tmp_path: Path) -> None:
    head = b"GET /timeline/events.jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n"
    changes = {"send_timeout 30s": "send_timeout 1s"}
    port = proxied.direct.base_url.port or 0
    with _nginx(tmp_path, port, changes) as nginx, ExitStack() as stack:
        connections = [
            stack.enter_context(nginx.connect(source=source))
            for source in [*["127.0.0.2"] * 10, *["127.0.0.3"] * 10]
        ]
        for connection in connections:
            connection.sendall(head)
        responses = [connection.recv(4_096).decode("latin-1") for connection in connections]
        served = [response for response in responses if response.startswith("HTTP/1.1 200 ")]
        rejected = [response for response in responses if response.startswith("HTTP/1.1 429 ")]
        assert (len(served), len(rejected)) == (2 * 8, 2 * 2)
        assert proxied.client.get("events").status_code == 200
        ids = re.findall(r"X-Request-ID: (\w+)\r\n", "".join(served), re.IGNORECASE)
        largest = 0
        # Until the server has sent all of each export, or nginx has disconnected its client.
        while not all(f'"request_id": "{id_}"' in proxied.log.read_text("utf-8") for id_ in ids):
            largest = max(largest, nginx.temporary_bytes())
            time.sleep(0.02)
        assert 0 < largest <= 2 * 8 * 2**20


def test_silent_and_slow_clients_do_not_block_others(proxied: Proxied) -> None:
    with ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(socket.create_connection(proxied.nginx.address, timeout=10))
        slow = stack.enter_context(proxied.nginx.connect())
        slow.sendall(b"GET /timeline/events HTTP/1.1\r\nHost: local")
        assert proxied.client.get("events").status_code == 200
        assert slow.recv(1) == b""  # closed without a response


def test_head_of_an_export_reads_only_its_beginning(tmp_path: Path) -> None:
    require_program("nginx")
    require_program("openssl")
    file = load_sample_events(tmp_path, *[{}] * 5_000)
    with closing(sqlite3.connect(file)) as connection, connection:
        # A request that reads the last event fails.
        last = "(SELECT max(event_id) FROM event_record)"
        connection.execute(f"UPDATE event_record SET content = '{{}}' WHERE event_id = {last}")
    with _proxied(tmp_path) as proxied:
        head = proxied.client.head("events.csv")
        line = proxied.wait_for_log_line(head.headers["x-request-id"])
        assert (line["method"], line["status"], line.get("aborted")) == ("HEAD", 200, None)
        # On the same connection of nginx to the server, which keeps one open.
        assert proxied.client.get("livez").status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            proxied.client.get("events.csv")


def _check_proxy_problem(response: httpx.Response, status: int) -> None:
    """Check a problem of the proxy itself."""
    check_problem(response, status)
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == "no-store"
    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


def test_too_many_requests_of_one_address_return_429(proxied: Proxied) -> None:
    other_address = _client(proxied.nginx, local_address="127.0.0.2")
    with other_address as client:
        responses = (client.get("livez") for _ in range(2_000))
        _check_proxy_problem(next(one for one in responses if one.status_code != 200), 429)
    assert proxied.client.get("livez").status_code == 200


# A request that nginx rejects, and the status.
REJECTED = [
    ("GET", f"events?q={'x' * 20_000}", {}, 414),
    ("GET", "events", {"X": "x" * 20_000}, 400),
    ("POST", "events", {"Content-Length": "100000"}, 413),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), REJECTED)
def test_request_that_nginx_rejects_returns_a_problem(
    proxied: Proxied, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    content = b"x" * int(headers.get("Content-Length", 0))
    with _client(proxied.nginx) as client:
        _check_proxy_problem(client.request(method, path, headers=headers, content=content), status)


def test_stopped_server_returns_502(tmp_path: Path) -> None:
    require_program("nginx")
    require_program("openssl")
    with _nginx(tmp_path, _free_port()) as nginx, _client(nginx) as client:
        _check_proxy_problem(client.get("events"), 502)
