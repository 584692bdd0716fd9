"""The command `timeline serve`."""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from app.cli.listening import listening, serving_metrics
from app.cli.output import database_summary, echo, exit_on_error, read_settings
from app.cli.processes import WORKER_TIMEOUT, run_processes
from app.db.backups import count_records
from app.db.database import Database
from app.db.engines import open_database
from app.db.revision import revision_of
from app.dossiers.loader import load
from app.dossiers.timelines import timeline_ids
from app.server.logging import logging_config
from app.server.protocol import Protocol
from app.settings import PREFIX, Settings, resource_dir

SHUTDOWN_TIMEOUT = 5
"""Seconds that requests in flight may still take when the server is stopped."""


def _option(name: str, *names: str) -> Any:  # noqa: ANN401 - Typer's own type is not public
    """Build the option of a setting, with the description in `app.settings` as its help.

    The settings read the variable and validate both, so that the messages are ours.
    """
    field = Settings.model_fields[name]
    default = f"{field.default}" if field.default != "" else "none"
    return typer.Option(
        *names, help=f"{field.description} Setting: {PREFIX}{name.upper()}. Default: {default}."
    )


def serve(
    host: Annotated[str | None, _option("host")] = None,
    port: Annotated[str | None, _option("port")] = None,
    uds: Annotated[str | None, _option("uds")] = None,
    workers: Annotated[str | None, _option("workers")] = None,
    root_path: Annotated[str | None, _option("root_path")] = None,
    metrics_port: Annotated[str | None, _option("metrics_port")] = None,
    *,
    seed: Annotated[bool | None, _option("seed", "--seed/--no-seed")] = None,
    access_log: Annotated[
        bool | None, _option("access_log", "--access-log/--no-access-log")
    ] = None,
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart when the code changes.")
    ] = False,
) -> None:
    """Serve the API. Migrate the database first; a new one gets the bundled timeline."""
    options = {"host": host, "port": port, "uds": uds, "workers": workers, "root_path": root_path}
    more = {"metrics_port": metrics_port, "seed": seed, "access_log": access_log}
    for name, value in (options | more).items():
        if value is not None:
            # Workers do not see the options: they read the settings from the environment.
            os.environ[f"{PREFIX}{name.upper()}"] = str(value)
    with exit_on_error():
        settings = read_settings()
        # Before the database is created, so that a mistyped port changes nothing.
        with listening(settings) as (sockets, place), serving_metrics(settings):
            database = open_database(settings)
            database.migrate_if_needed()
            demonstration = _seed(database) if settings.seed else []
            with database.read() as connection:
                summary = database_summary(count_records(connection))
            # Uvicorn raises the signal again after its shutdown. A requested stop is no failure.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            echo(f"Serving {summary} from {database.name} at {place}")
            if demonstration:
                commands = " and ".join(f"`timeline remove {slug}`" for slug in demonstration)
                echo(
                    f"{database.name}: The database was new and got the bundled timeline, as a "
                    f"demonstration. {commands} removes it. `timeline serve --no-seed` leaves a "
                    "new database empty."
                )
            database.close()
            run_processes(_config(settings, reload=reload), sockets)


def _config(settings: Settings, *, reload: bool) -> uvicorn.Config:
    return uvicorn.Config(
        "app.cli.processes:create_served_app",
        factory=True,
        workers=settings.workers,
        reload=reload,
        reload_dirs=[str(Path(__file__).parents[1])] if reload else None,
        http=Protocol,
        ws="none",
        log_config=logging_config(
            plain=sys.stderr.isatty(),
            access_log=settings.access_log,
            metrics=settings.metrics_port > 0,
        ),
        access_log=False,  # our own middleware logs requests
        server_header=False,
        # Only those can connect to a Unix socket whom its permissions trust: the proxy.
        forwarded_allow_ips="*" if settings.uds else None,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        timeout_worker_healthcheck=WORKER_TIMEOUT,
    )


def _seed(database: Database) -> list[str]:
    """Load the bundled dossiers, as a demonstration, into a database that has never had records.

    Not into one that is empty again: a demonstration that was removed would come back. Return the
    ids of the timelines that were loaded.
    """
    with database.read() as connection:
        if database.read_only or revision_of(connection):
            return []
    with database.write() as connection:
        # Check again under the write lock: several servers may start at once.
        if revision_of(connection):
            return []
        load(
            connection,
            sorted(resource_dir("seed").glob("*.yaml")),
            datetime.now(UTC),
            max_record_size=database.settings.max_record_size,
        )
        return [*timeline_ids(connection)]
