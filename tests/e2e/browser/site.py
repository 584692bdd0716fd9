"""A site of its own that shows widgets, as a newsroom's does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent


class Site(ThreadingHTTPServer):
    """Serves the npm packages, and the pages that it is given."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._pages = {"/favicon.ico": ("image/x-icon", b"")}

    @property
    def origin(self) -> str:
        """Give where it is."""
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, path: str, content: str, media_type: str = "text/html") -> str:
        """Add a page, and give its URL."""
        self._pages[path] = (f"{media_type}; charset=utf-8", content.encode())
        return self.origin + path

    def page(self, path: str) -> tuple[str, bytes] | None:
        """Give the media type of a page, and the page."""
        return self._pages.get(path.partition("?")[0])


class _Handler(SimpleHTTPRequestHandler):
    server: Site

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments, directory=HERE)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        page = self.server.page(self.path)
        if page:
            media_type, content = page
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        elif self.path.startswith("/node_modules/"):
            super().do_GET()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def showing() -> Iterator[Site]:
    """Serve a site."""
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()
