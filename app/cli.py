"""The `timeline` command."""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import ValidationError
from rapidfuzz import fuzz, process
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from app.database import Database, DatabaseError
from app.dossier import Dossier, DossierError, read_dossier
from app.errors import worded
from app.load import Loaded, is_empty, load
from app.main import create_app
from app.models import Event, Timeline
from app.protocol import Protocol
from app.settings import PREFIX, Settings, bundled

GRACE = 5
"""Seconds that requests in flight are given when the server is told to stop."""


class UsageError(Exception):
    """The command cannot do what it is asked; the message says what to change."""


app = typer.Typer(
    help="Serve dated, sourced, attributed event records from SQLite.",
    epilog="Settings come from the environment: TIMELINE_DATABASE_URL and so on; see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _option(name: str) -> Any:  # noqa: ANN401 - Typer's own type is not public
    """Make an option of a setting; what it says stands in `app.settings` alone."""
    return typer.Option(
        envvar=f"{PREFIX}{name.upper()}", help=Settings.model_fields[name].description
    )


def _default(name: str) -> Any:  # noqa: ANN401 - of the setting's own type
    return Settings.model_fields[name].default


@app.command()
def serve(
    host: Annotated[str, _option("host")] = _default("host"),
    port: Annotated[int, _option("port")] = _default("port"),
    workers: Annotated[int, _option("workers")] = _default("workers"),
    root_path: Annotated[str, _option("root_path")] = _default("root_path"),
    *,
    reload: Annotated[
        bool, typer.Option("--reload", help="Start anew when the code changes.")
    ] = False,
) -> None:
    """Serve the API: migrate the database, and load the bundled dossiers if it is empty."""
    with _told_plainly():
        settings = _settings(host=host, port=port, workers=workers, root_path=root_path)
        port = _free_port(host, port)
        database = _open(settings)
        database.migrate()
        _seed(database)
        with database.read() as session:
            served = _described(session.connection())
    typer.echo(f"Serving {served} from {database.path} at http://{host}:{port}{root_path}/events")
    database.close()
    # Uvicorn hands the signal on when it has ended; to be told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # The processes that answer read the same settings from the environment.
    os.environ[f"{PREFIX}ROOT_PATH"] = root_path
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        reload=reload,
        reload_dirs=[str(Path(__file__).parent)] if reload else None,
        http=Protocol,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


def _free_port(host: str, port: int) -> int:
    """Check that the address can be had before anything is made; choose a port for 0."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            chosen: int = listening.getsockname()[1]
            return chosen
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}, port {port}: {error.strerror}; "
            "choose another with --host or --port"
        ) from None


def _seed(database: Database) -> None:
    """Load the bundled dossiers if there is none, once however many servers start."""
    with database.read() as session:
        if not is_empty(session.connection()):
            return
    dossiers = _read(sorted(bundled("seed").glob("*.yaml")))
    with database.write() as connection:
        if is_empty(connection):
            load(connection, dossiers, datetime.now(UTC))


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    with _told_plainly():
        database = _open(_settings())
        database.migrate()
        typer.echo(f"{database.path} has the tables of this version.")


@app.command(name="load")
def load_files(
    files: Annotated[list[Path], typer.Argument(help="Dossiers, in YAML.", metavar="FILE")],
) -> None:
    """Load dossiers, all or none; a record replaces that of the same id."""
    with _told_plainly():
        dossiers = _read(files)
        database = _open(_settings())
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


def _summary(loaded: Mapping[str, Loaded], path: Path) -> str:
    counts = [
        f"{count:,} {kind if count > 1 else kind[:-1]} {done}"
        for kind, one in loaded.items()
        for done, count in (("added", one.added), ("changed", one.changed))
        if count
    ]
    return f"{path}: {', '.join(counts) or 'nothing changed'}."


def _settings(**options: str | int) -> Settings:
    """Read the settings; options win over the environment."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    # Others may set variables of this prefix too, as Kubernetes does for a service of this name.
    for name in os.environ.keys() - known:
        if similar := process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=85):
            typer.echo(f"Warning: {name} is not a setting; did you mean {similar[0]}?", err=True)
    return Settings(**options)  # type: ignore[arg-type]


@contextmanager
def _told_plainly() -> Iterator[None]:
    """End with the message alone, on standard error, and exit code 1."""
    try:
        yield
    except (UsageError, DatabaseError, DossierError) as error:
        _fail(str(error))
    except ValidationError as error:
        _fail(*(f"TIMELINE_{str(e['loc'][0]).upper()}: {worded(e)}" for e in error.errors()))
    except DBAPIError as error:
        _fail(f"{_settings().database_url}: the database cannot be used: {error.orig}")


def _fail(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)
