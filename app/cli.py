"""The `timeline` command."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import ValidationError
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from app.database import Database, DatabaseError
from app.dossier import Dossier, DossierError, read_dossier
from app.errors import worded
from app.load import Loaded, is_empty, load
from app.main import create_app
from app.models import Event, Timeline
from app.settings import Settings, bundled

GRACE = 5
"""Seconds that requests in flight are given when the server is told to stop."""

app = typer.Typer(
    help="Serve dated, sourced, attributed event records from SQLite.",
    epilog="Settings come from the environment: TIMELINE_DATABASE_URL and so on; see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _default(name: str) -> Any:  # noqa: ANN401 - of the setting's own type
    return Settings.model_fields[name].default


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(envvar="TIMELINE_HOST", help="The address to listen on.")
    ] = _default("host"),
    port: Annotated[
        int, typer.Option(envvar="TIMELINE_PORT", help="The port to listen on.")
    ] = _default("port"),
    workers: Annotated[
        int, typer.Option(envvar="TIMELINE_WORKERS", help="How many processes answer.")
    ] = _default("workers"),
    root_path: Annotated[
        str,
        typer.Option(
            envvar="TIMELINE_ROOT_PATH", help="The prefix under which a proxy serves it: /timeline."
        ),
    ] = _default("root_path"),
    *,
    reload: Annotated[
        bool, typer.Option("--reload", help="Start anew when the code changes.")
    ] = False,
) -> None:
    """Serve the API: migrate the database, and load the bundled dossiers if it is empty."""
    with _told_plainly():
        settings = Settings(host=host, port=port, workers=workers, root_path=root_path)
        database = _open(settings)
        database.migrate()
        with database.write() as connection:
            if is_empty(connection):
                seed = sorted(bundled("seed").glob("*.yaml"))
                load(connection, _read(seed), datetime.now(UTC))
            served = _described(connection)
    typer.echo(f"Serving {served} from {database.path} at http://{host}:{port}{root_path}/events")
    # Uvicorn hands the signal on when it has ended; to be told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # The processes that answer read the same settings from the environment.
    os.environ["TIMELINE_ROOT_PATH"] = root_path
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        reload=reload,
        reload_dirs=[str(Path(__file__).parent)] if reload else None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    with _told_plainly():
        database = _open(Settings())
        database.migrate()
        typer.echo(f"{database.path} is up to date.")


@app.command(name="load")
def load_files(
    files: Annotated[list[Path], typer.Argument(help="Dossiers, in YAML.", metavar="FILE…")],
) -> None:
    """Load dossiers, all or none; a record replaces that of the same id."""
    with _told_plainly():
        dossiers = _read(files)
        database = _open(Settings())
        database.migrate()
        with database.write() as connection:
            loaded = load(connection, dossiers, datetime.now(UTC))
        typer.echo(_summary(loaded, database.path))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    with _told_plainly():
        typer.echo(json.dumps(create_app().openapi(), indent=2, ensure_ascii=False))


def _open(settings: Settings) -> Database:
    return Database(settings.database_url, settings.busy_timeout)


def _read(files: list[Path]) -> dict[Path, Dossier]:
    """Read all files before any is loaded, so that every problem is told at once."""
    dossiers: dict[Path, Dossier] = {}
    problems: list[str] = []
    for path in files:
        try:
            dossiers[path] = read_dossier(path)
        except DossierError as error:
            problems += error.problems
    if problems:
        raise DossierError(problems)
    return dossiers


def _described(connection: Connection) -> str:
    events = connection.scalar(select(func.count(col(Event.id))))
    timelines = connection.scalar(select(func.count(col(Timeline.id))))
    return f"{events:,} events of {timelines:,} {'timeline' if timelines == 1 else 'timelines'}"


def _summary(loaded: Loaded, path: Path) -> str:
    return (
        f"{path}: {loaded.added:,} events added, {loaded.changed:,} changed, "
        f"{loaded.unchanged:,} as they were."
    )


@contextmanager
def _told_plainly() -> Iterator[None]:
    """End with the message alone, on standard error, and exit code 1."""
    try:
        yield
    except (DatabaseError, DossierError) as error:
        _fail(str(error))
    except ValidationError as error:
        _fail(*(f"TIMELINE_{str(e['loc'][0]).upper()}: {worded(e)}" for e in error.errors()))
    except DBAPIError as error:
        _fail(f"{Settings().database_url}: the database cannot be used: {error.orig}")


def _fail(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)
