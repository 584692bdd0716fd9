"""A site on another origin than the API, whose pages contain widgets. A newsroom has one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent


class WidgetSite(ThreadingHTTPServer):
    """A server of the npm packages, and of pages that tests add."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        # Browsers request the icon by themselves; a 404 would be an error in the console.
        self._pages = {"/favicon.ico": ("image/x-icon", b"")}

    @property
    def origin(self) -> str:
        """The scheme, host and port."""
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, path: str, content: str, media_type: str = "text/html") -> str:
        """Add a page, and return its URL."""
        self._pages[path] = (f"{media_type}; charset=utf-8", content.encode())
        return self.origin + path

    def page(self, path: str) -> tuple[str, bytes] | None:
        """Return the media type and the body of a page."""
        return self._pages.get(path.partition("?")[0])


class _Handler(SimpleHTTPRequestHandler):
    server: WidgetSite

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments, directory=HERE)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        page = self.server.page(self.path)
        if page:
            media_type, body = page
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        elif self.path.startswith("/node_modules/"):
            super().do_GET()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def run_site() -> Iterator[WidgetSite]:
    """Run a site in a thread."""
    with WidgetSite() as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()
