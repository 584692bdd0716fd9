"""The `timeline` command."""

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

import typer
import uvicorn
from sqlalchemy import Connection, func, select

from app.cli.output import UsageError, counted, progress, read_settings, tell_lines, told_plainly
from app.db import tables
from app.db.sqlite.backup import back_up, copy_at, restore
from app.db.sqlite.database import Database, scratch
from app.db.sqlite.migrate import look_over, prepare, require_current
from app.dossiers.diagnostics import DossierError, Findings
from app.dossiers.document import schema
from app.dossiers.exporter import Format, export, format_of
from app.dossiers.links import check_links
from app.dossiers.loader import Counts, is_empty, load
from app.dossiers.reader import Written, open_dossiers
from app.files import written_whole
from app.main import create_app
from app.schemas.entries import SourceEntry
from app.server.logging import logging_config
from app.server.protocol import Protocol
from app.settings import PREFIX, Settings, bundled

GRACE = 5
"""Seconds that requests in flight are given when the server is told to stop."""


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
    with told_plainly():
        settings = read_settings(
            host=host, port=port, workers=workers, root_path=root_path, access_log=access_log
        )
        port = _free_port(host, port)
        database = Database(settings)
        prepare(database)
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
        ws="none",
        log_config=logging_config(plain=sys.stderr.isatty(), access_log=access_log),
        access_log=False,
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
        if database.read_only or not is_empty(connection):
            return
    with database.write() as connection:
        if is_empty(connection):
            load(connection, sorted(bundled("seed").glob("*.yaml")), datetime.now(UTC))


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    with told_plainly():
        database = Database(read_settings())
        prepare(database)
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
    with told_plainly():
        database = Database(read_settings())
        prepare(database)
        with database.write(_waiting(database)) as connection, progress("events") as tell:
            report = load(connection, files, datetime.now(UTC), prune=prune, tell=tell)
        tell_lines(report.warnings)
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
    with told_plainly(asked=True):
        with scratch() as connection, progress("events") as tell:
            report = load(connection, files, datetime.now(UTC), tell=tell)
        tell_lines(report.warnings, err=False)
        held = {kind: counts.added for kind, counts in report.counts.items() if counts.added}
        warnings = len(report.warnings)
        if links:
            findings = Findings()
            with progress("links") as tell:
                held["link"] = check_links(_sources(files), findings, tell)
            if findings:
                raise DossierError(findings)
            tell_lines(findings.warnings, err=False)
            warnings += len(findings.warnings)
        listed = ", ".join(counted(number, kind) for kind, number in held.items())
        typer.echo(f"{listed}: no problems, {counted(warnings, 'warning')}.")


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
    with told_plainly():
        database = Database(read_settings(), limit=inf)
        look_over(database)
        require_current(database)
        with TemporaryFile() as spool:
            # No transaction stays open while somebody reads.
            with database.read() as connection:
                pieces = export(connection, timeline, format_of(output, format_))
                spool.writelines(piece.encode() for piece in pieces)
            spool.seek(0)
            _write(spool, output)


def _write(spool: IO[bytes], path: Path | None) -> None:
    if path is None:
        shutil.copyfileobj(spool, sys.stdout.buffer)
        sys.stdout.flush()
        return
    try:
        if path.exists() and not path.is_file():  # a device or a pipe
            with path.open("wb") as file:
                shutil.copyfileobj(spool, file)
        else:
            with written_whole(path) as part, part.open("wb") as file:
                shutil.copyfileobj(spool, file)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: it cannot be written: {error.strerror}") from None


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to; an older backup is replaced.")],
) -> None:
    """Copy the database to a file, as it is at this moment, while others read and write."""
    with told_plainly():
        database = Database(read_settings(), limit=inf)
        with progress("pages") as tell:
            back_up(database, file, tell)
        with closing(copy_at(file, database)) as copy, copy.read() as connection:
            typer.echo(f"{file}: {_described(connection)}.")


@app.command(name="restore")
def restore_backup(
    file: Annotated[Path, typer.Argument(help="What `timeline backup` has written.")],
) -> None:
    """Put a backup in place of all that is stored; servers go on."""
    with told_plainly():
        database = Database(read_settings(), limit=inf)
        with progress("pages") as tell:
            restore(database, file, _waiting(database), tell)
        with database.read() as connection:
            typer.echo(f"{database.path}: {_described(connection)}.")


@app.command(name="schema")
def dossier_schema() -> None:
    """Print the JSON Schema of a dossier, for editors."""
    with told_plainly():
        typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    with told_plainly():
        typer.echo(json.dumps(create_app().openapi(), indent=2, ensure_ascii=False))


def _waiting(database: Database) -> Callable[[], None]:
    """Make what says that a command waits for another."""
    told = f"{database.path}: another process is writing; waiting for it…"
    return lambda: typer.echo(told, err=True)


def _described(connection: Connection) -> str:
    events = connection.scalar(select(func.count(tables.event.c.id))) or 0
    timelines = connection.scalar(select(func.count(tables.timeline.c.id))) or 0
    return f"{counted(events, 'event')} of {counted(timelines, 'timeline')}"


def _summary(counts: Mapping[str, Counts]) -> str:
    return ", ".join(
        f"{counted(number, kind)} {done}"
        for kind, one in counts.items()
        for done, number in one._asdict().items()
        if number
    )
