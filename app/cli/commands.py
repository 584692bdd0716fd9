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

from app.cli.output import (
    UsageError,
    echo_lines,
    exit_on_error,
    pluralize,
    progress_bar,
    read_settings,
)
from app.db import tables
from app.db.sqlite.backup import back_up, open_copy, restore
from app.db.sqlite.database import Database, temporary_database
from app.db.sqlite.migrate import migrate_if_needed, require_current_schema, verify_file
from app.dossiers.diagnostics import Diagnostics, DossierError
from app.dossiers.document import dossier_json_schema
from app.dossiers.exporter import ExportFormat, export, export_format
from app.dossiers.links import check_links
from app.dossiers.loader import ChangeCounts, is_empty, load
from app.dossiers.reader import ParsedRecord, open_dossiers
from app.files import atomic_write
from app.main import create_app
from app.schemas.entries import SourceEntry
from app.server.logging import logging_config
from app.server.protocol import Protocol
from app.settings import PREFIX, Settings, resource_dir

SHUTDOWN_TIMEOUT = 5
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
    with exit_on_error():
        settings = read_settings(
            host=host, port=port, workers=workers, root_path=root_path, access_log=access_log
        )
        port = _free_port(host, port)
        database = Database(settings)
        migrate_if_needed(database)
        _seed(database)
        with database.read() as connection:
            served = _database_summary(connection)
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
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
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
            load(connection, sorted(resource_dir("seed").glob("*.yaml")), datetime.now(UTC))


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    with exit_on_error():
        database = Database(read_settings())
        migrate_if_needed(database)
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
    with exit_on_error():
        database = Database(read_settings())
        migrate_if_needed(database)
        with database.write(_lock_notice(database)) as connection, progress_bar("events") as tell:
            report = load(connection, files, datetime.now(UTC), prune=prune, tell=tell)
        echo_lines(report.warnings)
        typer.echo(f"{database.path}: {_load_summary(report.counts) or 'nothing changed'}.")


@app.command()
def check(
    files: Files,
    *,
    links: Annotated[
        bool, typer.Option("--links", help="Ask every link of their sources, once all is right.")
    ] = False,
) -> None:
    """Tell all that is wrong with dossiers, without a database; 1 is the exit code of problems."""
    with exit_on_error(report_to_stdout=True):
        with temporary_database() as connection, progress_bar("events") as tell:
            report = load(connection, files, datetime.now(UTC), tell=tell)
        echo_lines(report.warnings, err=False)
        held = {kind: counts.added for kind, counts in report.counts.items() if counts.added}
        warnings = len(report.warnings)
        if links:
            findings = Diagnostics()
            with progress_bar("links") as tell:
                held["link"] = check_links(_sources(files), findings, tell)
            if findings:
                raise DossierError(findings)
            echo_lines(findings.warnings, err=False)
            warnings += len(findings.warnings)
        listed = ", ".join(pluralize(number, kind) for kind, number in held.items())
        typer.echo(f"{listed}: no problems, {pluralize(warnings, 'warning')}.")


def _sources(files: list[Path]) -> Iterator[ParsedRecord[SourceEntry]]:
    for file in open_dossiers(files, Diagnostics()):
        yield from (one for one in file.entries(SourceEntry) if isinstance(one, ParsedRecord))


@app.command(name="export")
def export_dossiers(
    timeline: Annotated[
        str | None, typer.Argument(help="The id of a timeline; without one, all of them.")
    ] = None,
    *,
    format_: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="As the name of the file says; YAML without one."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write.")
    ] = None,
) -> None:
    """Write what is stored as a dossier, which loads to the same records."""
    with exit_on_error():
        database = Database(read_settings(), query_timeout=inf)
        verify_file(database)
        require_current_schema(database)
        with TemporaryFile() as spool:
            # No transaction stays open while somebody reads.
            with database.read() as connection:
                pieces = export(connection, timeline, export_format(output, format_))
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
            with atomic_write(path) as part, part.open("wb") as file:
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
    with exit_on_error():
        database = Database(read_settings(), query_timeout=inf)
        with progress_bar("pages") as tell:
            back_up(database, file, tell)
        with closing(open_copy(file, database)) as copy, copy.read() as connection:
            typer.echo(f"{file}: {_database_summary(connection)}.")


@app.command(name="restore")
def restore_backup(
    file: Annotated[Path, typer.Argument(help="What `timeline backup` has written.")],
) -> None:
    """Put a backup in place of all that is stored; servers go on."""
    with exit_on_error():
        database = Database(read_settings(), query_timeout=inf)
        with progress_bar("pages") as tell:
            restore(database, file, _lock_notice(database), tell)
        with database.read() as connection:
            typer.echo(f"{database.path}: {_database_summary(connection)}.")


@app.command(name="schema")
def dossier_schema() -> None:
    """Print the JSON Schema of a dossier, for editors."""
    with exit_on_error():
        typer.echo(json.dumps(dossier_json_schema(), indent=2, ensure_ascii=False))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    with exit_on_error():
        typer.echo(json.dumps(create_app().openapi(), indent=2, ensure_ascii=False))


def _lock_notice(database: Database) -> Callable[[], None]:
    """Make what says that a command waits for another."""
    told = f"{database.path}: another process is writing; waiting for it…"
    return lambda: typer.echo(told, err=True)


def _database_summary(connection: Connection) -> str:
    events = connection.scalar(select(func.count(tables.event.c.id))) or 0
    timelines = connection.scalar(select(func.count(tables.timeline.c.id))) or 0
    return f"{pluralize(events, 'event')} of {pluralize(timelines, 'timeline')}"


def _load_summary(counts: Mapping[str, ChangeCounts]) -> str:
    return ", ".join(
        f"{pluralize(number, kind)} {done}"
        for kind, one in counts.items()
        for done, number in one._asdict().items()
        if number
    )
