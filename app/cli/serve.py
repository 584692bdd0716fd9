"""The command `timeline serve`."""

import os
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from app.cli.output import UsageError, database_summary, exit_on_error, read_settings
from app.db.sqlite.database import Database
from app.db.sqlite.migrate import migrate_if_needed
from app.dossiers.loader import is_empty, load
from app.server.logging import logging_config
from app.server.protocol import Protocol
from app.settings import PREFIX, Settings, resource_dir

SHUTDOWN_TIMEOUT = 5
"""Seconds that requests in flight may still take when the server is stopped."""


def _option(name: str) -> Any:  # noqa: ANN401 - Typer's own type is not public
    """Build the option of a setting, with the description in `app.settings` as its help."""
    return typer.Option(
        envvar=f"{PREFIX}{name.upper()}", help=Settings.model_fields[name].description
    )


def _default(name: str) -> Any:  # noqa: ANN401 - of the setting's own type
    return Settings.model_fields[name].default


def serve(
    host: Annotated[str, _option("host")] = _default("host"),
    port: Annotated[int, _option("port")] = _default("port"),
    workers: Annotated[int, _option("workers")] = _default("workers"),
    root_path: Annotated[str, _option("root_path")] = _default("root_path"),
    *,
    access_log: Annotated[bool, _option("access_log")] = _default("access_log"),
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart when the code changes.")
    ] = False,
) -> None:
    """Serve the API. Migrate the database first; load the bundled dossiers if it is empty."""
    with exit_on_error():
        settings = read_settings(
            host=host, port=port, workers=workers, root_path=root_path, access_log=access_log
        )
        port = _free_port(host, port)
        database = Database(settings)
        migrate_if_needed(database)
        _seed(database)
        with database.read() as connection:
            summary = database_summary(connection)
    typer.echo(f"Serving {summary} from {database.path} at http://{host}:{port}{root_path}/")
    database.close()
    # Uvicorn raises the signal again after its shutdown. A requested stop is no failure: exit 0.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Workers do not see the options: they read the settings from the environment.
    os.environ[f"{PREFIX}ROOT_PATH"] = root_path
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        reload=reload,
        reload_dirs=[str(Path(__file__).parents[1])] if reload else None,
        http=Protocol,
        ws="none",
        log_config=logging_config(plain=sys.stderr.isatty(), access_log=access_log),
        access_log=False,  # our own middleware logs requests
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
    )


def _free_port(host: str, port: int) -> int:
    """Return the port, or a free one for 0.

    Raises UsageError if it is taken. This runs before the database is created, so that a mistyped
    port changes nothing.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as listening:
            # As uvicorn does; otherwise a restart fails while old connections are in TIME_WAIT.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            chosen: int = listening.getsockname()[1]
            return chosen
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {host}, port {port} ({error.strerror}). "
            "Choose another address with --host or --port."
        ) from None


def _seed(database: Database) -> None:
    """Load the bundled dossiers into an empty database."""
    with database.read() as connection:
        if database.read_only or not is_empty(connection):
            return
    with database.write() as connection:
        # Check again under the write lock: several servers may start at once.
        if is_empty(connection):
            load(connection, sorted(resource_dir("seed").glob("*.yaml")), datetime.now(UTC))
