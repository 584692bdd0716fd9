"""A server in a thread of this process, on a free port. See `tests.support.cli` for a process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from app.db.database import Database
from app.main import Application, create_app
from app.server.protocol import Protocol
from app.settings import Settings
from tests.support.databases import load_into, new_database, url_of


@contextmanager
def serving(
    database: Path | Database, root_path: str = "", **settings: int
) -> Iterator[httpx.Client]:
    """Serve a database, or that of a path, and yield a client of the server."""
    url = url_of(database)
    app = create_app(Settings(database_url=url, root_path=root_path, **settings))  # type: ignore[arg-type]
    with running(app) as client:
        yield client


@contextmanager
def running(app: Application) -> Iterator[httpx.Client]:
    """Run a server of an application, and yield a client of it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, http=Protocol, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        host, port = listening.getsockname()
        try:
            with httpx.Client(base_url=f"http://{host}:{port}", timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def serving_files(folder: Path, *files: Path) -> Iterator[httpx.Client]:
    """Load dossier files into a new database in a folder, and serve it."""
    load_into(new_database(folder / "timeline.db"), *files)
    with serving(folder / "timeline.db") as client:
        yield client
