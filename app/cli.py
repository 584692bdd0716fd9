"""The `timeline` command."""

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

import typer
import uvicorn
from pydantic import ValidationError
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from app.database import Database, DatabaseError, scratch
from app.dossier import SourceEntry, schema
from app.entries import Written, open_dossiers
from app.errors import worded
from app.export import ExportError, Format, export, format_of
from app.findings import DossierError, Findings, Tell
from app.links import LinksError, check_links
from app.load import Counts, is_empty, load
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
    access_log: Annotated[bool, _option("access_log")] = _default("access_log"),
    reload: Annotated[
        bool, typer.Option("--reload", help="Start anew when the code changes.")
    ] = False,
) -> None:
    """Serve the API: migrate the database, and load the bundled dossiers if it is empty."""
    with _told_plainly():
        settings = _settings(
            host=host, port=port, workers=workers, root_path=root_path, access_log=access_log
        )
        port = _free_port(host, port)
        database = _open(settings)
        database.migrate()
        _seed(database)
        with database.read() as connection:
            served = _described(connection)
    typer.echo(f"Serving {served} from {database.path} at http://{host}:{port}{root_path}/")
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
        access_log=access_log,
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
    with database.read() as connection:
        if not is_empty(connection):
            return
    with database.write() as connection:
        if is_empty(connection):
            load(connection, sorted(bundled("seed").glob("*.yaml")), datetime.now(UTC))


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    with _told_plainly():
        database = _open(_settings())
        database.migrate()
        typer.echo(f"{database.path} has the tables of this version.")


Files = Annotated[
    list[Path], typer.Argument(help="Dossiers, in YAML, JSON or JSON Lines.", metavar="FILE")
]


@app.command(name="load")
def load_files(
    files: Files,
    *,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Withdraw from their timelines the events that the files do not hold."
        ),
    ] = False,
) -> None:
    """Load dossiers, all or none; a record replaces that of the same id."""
    with _told_plainly():
        database = _open(_settings())
        database.migrate()
        with database.write() as connection, _progress("events") as tell:
            report = load(connection, files, datetime.now(UTC), prune=prune, tell=tell)
        _tell(report.warnings)
        typer.echo(f"{database.path}: {_summary(report.counts) or 'nothing changed'}.")


@app.command()
def check(
    files: Files,
    *,
    links: Annotated[
        bool, typer.Option("--links", help="Ask every link of their sources, once all is right.")
    ] = False,
) -> None:
    """Tell all that is wrong with dossiers, without a database; 1 is the exit code of problems."""
    with _told_plainly(asked=True):
        with scratch() as connection, _progress("events") as tell:
            report = load(connection, files, datetime.now(UTC), tell=tell)
        _tell(report.warnings, err=False)
        counted = {kind: counts.added for kind, counts in report.counts.items() if counts.added}
        warnings = len(report.warnings)
        if links:
            findings = Findings()
            with _progress("links") as tell:
                counted["link"] = check_links(_sources(files), findings, tell)
            if findings:
                raise DossierError(findings)
            _tell(findings.warnings, err=False)
            warnings += len(findings.warnings)
        held = ", ".join(_counted(number, kind) for kind, number in counted.items())
        typer.echo(f"{held}: no problems, {_counted(warnings, 'warning')}.")


def _sources(files: list[Path]) -> Iterator[Written[SourceEntry]]:
    for file in open_dossiers(files, Findings()):
        yield from (one for one in file.entries(SourceEntry) if isinstance(one, Written))


@app.command(name="export")
def export_dossiers(
    timeline: Annotated[
        str | None, typer.Argument(help="The id of a timeline; without one, all of them.")
    ] = None,
    *,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="As the name of the file says; YAML without one."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write.")
    ] = None,
) -> None:
    """Write what is stored as a dossier, which loads to the same records."""
    with _told_plainly():
        database = _open(_settings())
        database.require_current()
        with TemporaryFile() as spool:
            # No transaction stays open while somebody reads.
            with database.read() as connection:
                pieces = export(connection, timeline, format_of(output, format_))
                spool.writelines(piece.encode() for piece in pieces)
            spool.seek(0)
            _write(spool, output)


def _write(spool: IO[bytes], path: Path | None) -> None:
    try:
        if path is None:
            shutil.copyfileobj(spool, sys.stdout.buffer)
            sys.stdout.flush()
        else:
            with path.open("wb") as file:
                shutil.copyfileobj(spool, file)
    except BrokenPipeError:
        raise
    except OSError as error:
        name = path or "standard output"
        raise UsageError(f"{name}: it cannot be written: {error.strerror}") from None


@app.command(name="schema")
def dossier_schema() -> None:
    """Print the JSON Schema of a dossier, for editors."""
    with _told_plainly():
        typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    with _told_plainly():
        typer.echo(json.dumps(create_app().openapi(), indent=2, ensure_ascii=False))


def _open(settings: Settings) -> Database:
    return Database(settings.database_url, settings.busy_timeout)


def _described(connection: Connection) -> str:
    events = connection.scalar(select(func.count(col(Event.id)))) or 0
    timelines = connection.scalar(select(func.count(col(Timeline.id)))) or 0
    return f"{_counted(events, 'event')} of {_counted(timelines, 'timeline')}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _summary(counts: Mapping[str, Counts]) -> str:
    return ", ".join(
        f"{_counted(number, kind)} {done}"
        for kind, one in counts.items()
        for done, number in one._asdict().items()
        if number
    )


@contextmanager
def _progress(what: str) -> Iterator[Tell]:
    """Show how far a long work has come, on a terminal alone."""
    # Not rich's own judgement, which the environment may sway.
    console = Console(stderr=True, force_terminal=sys.stderr.isatty())
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TextColumn(what))
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(lines: Iterable[str], *, err: bool = True) -> None:
    for line in lines:
        typer.echo(line, err=err)


def _settings(**options: str | int) -> Settings:
    """Read the settings; options win over the environment."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    # Others may set variables of this prefix too, as Kubernetes does for a service of this name.
    for name in os.environ.keys() - known:
        if similar := process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=85):
            typer.echo(f"Warning: {name} is not a setting; did you mean {similar[0]}?", err=True)
    return Settings(**options)  # type: ignore[arg-type]


@contextmanager
def _told_plainly(*, asked: bool = False) -> Iterator[None]:
    """End with the message alone and exit code 1.

    It goes to standard error; what is wrong with dossiers to standard output, if that is what was
    asked for.
    """
    try:
        yield
    except (UsageError, DatabaseError, ExportError, LinksError) as error:
        _fail(str(error))
    except DossierError as error:
        problems, warnings = error.findings.problems, error.findings.warnings
        outcome = "" if asked else "; nothing was loaded"
        last = f"{_counted(error.findings.number, 'problem')}{outcome}."
        _fail(*warnings, *problems, last, err=not asked)
    except ValidationError as error:
        _fail(*(f"TIMELINE_{str(e['loc'][0]).upper()}: {worded(e)}" for e in error.errors()))
    except KeyboardInterrupt:
        _tell(["Interrupted; nothing is left half-done."])
        raise typer.Exit(130) from None
    except DBAPIError as error:
        busy = "; another process is writing, try again" if "locked" in str(error.orig) else ""
        url = _settings().database_url
        _fail(f"{url}: the database cannot be used: {error.orig}{busy}")


def _fail(*lines: str, err: bool = True) -> None:
    _tell(lines, err=err)
    raise typer.Exit(1)
