"""A server that answers as servers do, well and badly."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from app.dossiers.links import MAX_REDIRECTS

# path: where it leads
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
    "/to-mailto": (301, "mailto:nobody@127.0.0.1"),
    "/to-nonsense": (302, "http://[/"),
    "/to-no-port": (302, "http://127.0.0.1:99999/"),
    "/to-no-host": (302, "http://xn--/"),
    "/to-empty": (302, ""),
    "/away": (302, "http://c.example/fine"),
    **{f"/hop/{at}": (302, f"/hop/{at - 1}") for at in range(1, MAX_REDIRECTS + 2)},
}


class LinkServer(ThreadingHTTPServer):
    """Answers as its paths say, and keeps what it was asked, by whom and when."""

    daemon_threads = False  # so that closing waits for every answer

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.over = threading.Event()
        self.meeting = threading.Barrier(2)
        self.asked: list[str] = []
        self.agents: set[str | None] = set()
        self.pauses: dict[str, list[float]] = {}
        self.most_at_once = Counter[str]()
        self._at_once = Counter[str]()
        self._left: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def root(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def visit(self, host: str, path: str) -> Iterator[int]:
        """Count a request until it is about to be answered; gives how often it was made."""
        with self._lock:
            self.asked.append(path)
            if host in self._left:
                self.pauses.setdefault(host, []).append(time.monotonic() - self._left[host])
            for name in (host, "all"):
                self._at_once[name] += 1
                self.most_at_once[name] = max(self.most_at_once[name], self._at_once[name])
            times = self.asked.count(path)
        yield times
        with self._lock:
            self._at_once.subtract((host, "all"))
            self._left[host] = time.monotonic()


class _Handler(BaseHTTPRequestHandler):
    server: LinkServer

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.agents.add(self.headers["User-Agent"])
        with self.server.visit(self._host, path) as times:
            time.sleep(0.02)
            if path == "/meet":
                self.server.meeting.wait(20)
        # A client that has seen enough goes away.
        with suppress(ConnectionError):
            self._answer(path, times)

    @property
    def _host(self) -> str:
        return str(self.headers["Host"]).split(":")[0]

    def _answer(self, path: str, times: int) -> None:
        if path == "/silent":
            self.server.over.wait()
        elif path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            self._pour(b"X-Drip: 1\r\n", every=0.05)
        elif path == "/garbled":
            self.wfile.write(b"220 mail.example ESMTP\r\n")
        elif path.startswith("/endless"):
            self._head(*((302, "/fine") if path == "/endless-found" else (200, None)))
            self._pour(b"x" * 65_536, every=0)
        elif not (path == "/dropped" or (path == "/dropped-once" and times == 1)):
            self._head(*self._status(path, times))

    def _status(self, path: str, times: int) -> tuple[int, str | None]:
        if path.startswith("/cookie") and not self.headers["Cookie"]:
            return 302 if path == "/cookie" else 301, path
        if path == "/across":
            other = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}[self._host]
            return 302, f"http://{other}:{self.server.server_port}/fine"
        if path == "/trouble-twice" or (path == "/trouble-once" and times == 1):
            return 503, None
        return REDIRECTS.get(path) or (int(path[1:]) if path[1:].isdecimal() else 200, None)

    def _head(self, status: int, location: str | None) -> None:
        self.send_response(status)
        self.send_header("Set-Cookie", "been=here")
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()

    def _pour(self, drop: bytes, every: float) -> None:
        while not self.server.over.wait(every):
            self.wfile.write(drop)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Keep quiet."""


@contextmanager
def answering() -> Iterator[LinkServer]:
    """Serve on a free port, with no proxy between."""
    with pytest.MonkeyPatch.context() as environment, LinkServer() as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            environment.delenv(name, raising=False)
            environment.delenv(name.upper(), raising=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
