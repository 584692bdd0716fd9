"""A server with good and bad links: each path has its own behaviour."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from app.dossiers.links import MAX_REDIRECTS

# A path, with the status and the Location of its response.
REDIRECTS: dict[str, tuple[int, str]] = {
    "/moved": (301, "/fine"),
    "/moved-for-good": (308, "/fine"),
    "/moved-twice": (301, "/moved"),
    "/moved-far": (301, f"/fine?{'x' * 100}"),
    "/moved-then-found": (301, "/found"),
    "/moved-to-nothing": (301, "/404"),
    "/moved-to-refused": (308, "/403"),
    "/moved-to-trouble": (301, "/500"),
    "/found": (302, "/fine"),
    "/see-other": (303, "/fine"),
    "/for-now": (307, "/fine"),
    "/found-then-moved": (302, "/moved"),
    "/found-then-nothing": (302, "/410"),
    "/loop": (302, "/loop"),
    "/moved-loop": (301, "/moved-loop"),
    "/to-file": (302, "file:///etc/passwd"),
    "/to-javascript": (301, "javascript:alert(1)"),
    "/to-ftp": (301, "ftp://127.0.0.1/fine"),
    "/to-websocket": (301, "ws://127.0.0.1/fine"),
    "/to-internal": (302, "http://internal.example/fine"),
    "/to-metadata": (302, "http://169.254.169.254/"),
    "/to-mailto": (301, "mailto:nobody@127.0.0.1"),
    "/to-nonsense": (302, "http://[/"),
    "/to-no-port": (302, "http://127.0.0.1:99999/"),
    "/to-no-host": (302, "http://xn--/"),
    "/to-empty": (302, ""),
    "/away": (302, "http://c.example/fine"),
    **{f"/hop/{at}": (302, f"/hop/{at - 1}") for at in range(1, MAX_REDIRECTS + 2)},
}


class LinkServer(ThreadingHTTPServer):
    """Records which requests it receives, from which clients, when and how many at once."""

    daemon_threads = False  # so that closing waits for every response

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stopping = threading.Event()
        self.two_requests = threading.Barrier(2)
        self.requests: list[str] = []
        self.user_agents: set[str | None] = set()
        self.hosts: set[str] = set()
        self.pauses: dict[str, list[float]] = {}
        self.max_concurrent = Counter[str]()
        self._concurrent = Counter[str]()
        self._ended_at: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def root(self) -> str:
        """The URL of the server, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def recorded(self, host: str, path: str) -> Iterator[int]:
        """Record a request, and yield how often its path has been requested."""
        with self._lock:
            self.requests.append(path)
            if host in self._ended_at:
                self.pauses.setdefault(host, []).append(time.monotonic() - self._ended_at[host])
            for name in (host, "all"):
                self._concurrent[name] += 1
                self.max_concurrent[name] = max(self.max_concurrent[name], self._concurrent[name])
            times = self.requests.count(path)
        yield times
        with self._lock:
            self._concurrent.subtract((host, "all"))
            self._ended_at[host] = time.monotonic()


class _Handler(BaseHTTPRequestHandler):
    server: LinkServer

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.user_agents.add(self.headers["User-Agent"])
        self.server.hosts.add(self.headers["Host"])
        with self.server.recorded(self._host, path) as times:
            time.sleep(0.02)
            if path == "/meet":
                self.server.two_requests.wait(20)
        # The client disconnects when it has the head of the response.
        with suppress(ConnectionError):
            self._respond(path, times)

    @property
    def _host(self) -> str:
        return str(self.headers["Host"]).split(":")[0]

    def _respond(self, path: str, times: int) -> None:
        if path == "/silent":
            self.server.stopping.wait()
        elif path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            self._write_forever(b"X-Drip: 1\r\n", interval=0.05)
        elif path == "/garbled":
            self.wfile.write(b"220 mail.example ESMTP\r\n")
        elif path.startswith("/endless"):
            self._write_head(*((302, "/fine") if path == "/endless-found" else (200, None)))
            self._write_forever(b"x" * 65_536, interval=0)
        elif not (path == "/dropped" or (path == "/dropped-once" and times == 1)):
            self._write_head(*self._status(path, times))

    def _status(self, path: str, times: int) -> tuple[int, str | None]:
        if path.startswith("/cookie") and not self.headers["Cookie"]:
            return 302 if path == "/cookie" else 301, path
        if path == "/across":
            other = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}[self._host]
            return 302, f"http://{other}:{self.server.server_port}/fine"
        if path == "/trouble-twice" or (path == "/trouble-once" and times == 1):
            return 503, None
        return REDIRECTS.get(path) or (int(path[1:]) if path[1:].isdecimal() else 200, None)

    def _write_head(self, status: int, location: str | None) -> None:
        self.send_response(status)
        self.send_header("Set-Cookie", "been=here")
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()

    def _write_forever(self, data: bytes, interval: float) -> None:
        while not self.server.stopping.wait(interval):
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
        """Log nothing."""


@contextmanager
def run_link_server() -> Iterator[LinkServer]:
    """Run the server on a free port. Proxies of the environment are disabled."""
    with pytest.MonkeyPatch.context() as environment, LinkServer() as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            environment.delenv(name, raising=False)
            environment.delenv(name.upper(), raising=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            server.shutdown()
            thread.join()
