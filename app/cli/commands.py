"""The commands of `timeline`."""

import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated

import typer

from app.cli.output import (
    UsageError,
    checked_output,
    database_summary,
    echo,
    echo_json,
    echo_lines,
    exit_on_error,
    naming_urls,
    pluralize,
    progress_bar,
    read_settings,
    settings_with,
)
from app.cli.serve import serve
from app.db.backups import count_records, require_no_database, rotate_backups
from app.db.database import Database
from app.db.engines import open_database, verify_backup
from app.db.revision import revision_of
from app.db.schema import require_current_schema, schema_revision
from app.db.sqlite.connections import temporary_database
from app.domain.text import quote
from app.dossiers.diagnostics import Diagnostics, DossierError
from app.dossiers.document import dossier_json_schema
from app.dossiers.exporter import ExportFormat, export, export_format
from app.dossiers.links import DEFAULT_DEADLINE, check_links
from app.dossiers.loader import ChangeCounts, load
from app.dossiers.reader import ParsedRecord, open_dossiers
from app.dossiers.template import write_template
from app.dossiers.timelines import find_timeline
from app.errors import DatabaseError
from app.files import atomic_write
from app.main import create_app
from app.schemas.entries import SourceEntry
from app.store.copying import copy_records
from app.store.removal import remove_timeline

app = typer.Typer(
    help="Serve dated, sourced, attributed event records from SQLite or PostgreSQL.",
    epilog="Settings are environment variables, listed in app/server/README.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)


@app.command()
def migrate() -> None:
    """Migrate the database to the schema of this version."""
    with exit_on_error():
        database = open_database(read_settings())
        database.migrate_if_needed()
        echo(f"{database.name}: The schema is up to date.")


Files = Annotated[
    list[Path], typer.Argument(help="Dossiers in YAML, JSON or JSON Lines.", metavar="FILE")
]


@app.command(name="load")
def load_files(
    files: Files,
    *,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Remove from each timeline the events that its file does not contain."
        ),
    ] = False,
) -> None:
    """Load dossiers, all or none. A record replaces the stored one with the same id."""
    with exit_on_error():
        database = open_database(read_settings())
        database.migrate_if_needed()
        on_wait = _lock_notice(database)
        with database.write(on_wait) as connection, progress_bar("events") as on_progress:
            report = load(
                connection,
                files,
                datetime.now(UTC),
                max_record_size=database.settings.max_record_size,
                prune=prune,
                on_progress=on_progress,
            )
            revision = revision_of(connection)
        echo_lines(report.warnings)
        summary = _load_summary(report.counts)
        outcome = f"{summary}. The revision is {revision}." if summary else "nothing changed."
        echo(f"{database.name}: {outcome}")


@app.command()
def check(
    files: Files,
    *,
    links: Annotated[
        bool,
        typer.Option("--links", help="Also request the links of sources, if there is no error."),
    ] = False,
    private: Annotated[
        bool,
        typer.Option("--private", help="With --links: also request addresses that are not public."),
    ] = False,
    deadline: Annotated[
        int, typer.Option("--deadline", min=1, help="With --links: seconds for all links together.")
    ] = DEFAULT_DEADLINE,
) -> None:
    """Validate dossiers without a database. The exit code is 1 if there are errors."""
    with exit_on_error(report_to_stdout=True):
        max_record_size = read_settings().max_record_size
        # A load into a temporary database runs every check of a real one.
        with temporary_database() as connection, progress_bar("events") as on_progress:
            report = load(
                connection,
                files,
                datetime.now(UTC),
                max_record_size=max_record_size,
                on_progress=on_progress,
            )
        echo_lines(report.warnings, err=False)
        checked = {kind: counts.added for kind, counts in report.counts.items() if counts.added}
        warnings = len(report.warnings)
        if links:
            diagnostics = Diagnostics()
            with progress_bar("links") as on_progress:
                checked["link"] = check_links(
                    _sources(files), diagnostics, on_progress, private=private, deadline=deadline
                )
            if diagnostics:
                raise DossierError(diagnostics)
            echo_lines(diagnostics.warnings, err=False)
            warnings += len(diagnostics.warnings)
        numbers = ", ".join(pluralize(number, kind) for kind, number in checked.items())
        echo(f"{numbers}: no errors, {pluralize(warnings, 'warning')}.")


def _sources(files: list[Path]) -> Iterator[ParsedRecord[SourceEntry]]:
    for file in open_dossiers(files, Diagnostics()):
        yield from (entry for entry in file.entries(SourceEntry) if isinstance(entry, ParsedRecord))


@app.command(name="export")
def export_dossiers(
    timeline: Annotated[
        str | None, typer.Argument(help="The id of a timeline. Default: all timelines.")
    ] = None,
    *,
    format_: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="The format. Default: by the suffix of the file, or YAML."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file to write or replace. Default: standard output."
        ),
    ] = None,
) -> None:
    """Export stored records as a dossier, which can be loaded to get the same records."""
    with exit_on_error():
        database = open_database(read_settings(), query_timeout=inf)
        database.verify()
        require_current_schema(database)
        target = output or Path("/dev/stdout")  # which `>>` may append to a file
        database.require_other_file(target)
        require_no_database(target)
        with TemporaryFile() as spool:
            # Spooled, since a slow reader of standard output would hold the transaction open, and
            # the WAL cannot shrink meanwhile.
            with database.read() as connection:
                pieces = export(connection, timeline, export_format(output, format_))
                spool.writelines(piece.encode() for piece in pieces)
            spool.seek(0)
            _write(spool, output)


def _write(spool: IO[bytes], path: Path | None) -> None:
    """Copy the export to a file, or to standard output."""
    if path is None:
        with checked_output():
            shutil.copyfileobj(spool, sys.stdout.buffer)
            sys.stdout.flush()
        return
    try:
        if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced
            with path.open("wb") as file:
                shutil.copyfileobj(spool, file)
        else:
            with atomic_write(path) as part, part.open("wb") as file:
                shutil.copyfileobj(spool, file)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: The file cannot be written ({error.strerror}).") from None


@app.command()
def remove(
    timeline: Annotated[str, typer.Argument(help="The id of the timeline.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it without a confirmation.")] = False,
) -> None:
    """Remove a timeline, and the events, actors and sources that only it holds."""
    with exit_on_error():
        database = open_database(read_settings(), query_timeout=inf)
        database.verify()
        require_current_schema(database)
        if not yes:
            _confirm_removal(database, timeline)
        removed = _removal(database, timeline)
        echo(f"{database.name}: Removed the timeline {quote(timeline)} with {removed}")


def _confirm_removal(database: Database, timeline: str) -> None:
    """Report what a removal deletes, and wait for a confirmation; raise UsageError without one."""
    with database.read() as connection:
        find_timeline(connection, timeline)  # before this waits for another writer
    planned = _removal(database, timeline, keep=True)
    echo(f"{database.name}: This removes the timeline {quote(timeline)} with {planned}", err=True)
    if not (sys.stdin and sys.stdin.isatty()):  # None if it is closed
        raise UsageError(
            "This needs a confirmation, and there is no terminal for it. Nothing was removed. Pass "
            "--yes to remove it."
        )
    # Not `typer.confirm`, which writes a space to standard output.
    typer.echo("Remove it? [y/N] ", err=True, nl=False)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was removed.")


def _removal(database: Database, timeline: str, *, keep: bool = False) -> str:
    """Remove a timeline, and describe what is removed with it. `keep` undoes that again."""
    with database.write(_lock_notice(database)) as connection:
        # What else nothing refers to is known only afterwards, so a preview does the same.
        removed = remove_timeline(
            connection, find_timeline(connection, timeline), datetime.now(UTC)
        )
        if keep:
            connection.rollback()
    shared = removed.shared
    kept = f" Kept in other timelines: {pluralize(shared, 'event')}." if shared else ""
    return (
        f"{pluralize(removed.events, 'event')}, {pluralize(removed.actors, 'actor')} and "
        f"{pluralize(removed.sources, 'source')} that only it holds.{kept}"
    )


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The file to create, such as harbour.yaml.")],
) -> None:
    """Write a template of a dossier, with comments."""
    with exit_on_error():
        write_template(file)
        echo(f"{file}: Replace the example, then run `timeline check {shlex.quote(str(file))}`.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write. It replaces an older backup.")],
    *,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            metavar="N",
            help="FILE is a directory: write a new file into it, and delete all but the newest N "
            "backups of this database.",
        ),
    ] = None,
) -> None:
    """Copy the database to a file, as of now, while other processes read and write."""
    with exit_on_error():
        if keep is not None and keep < 1:
            raise UsageError(f"--keep: {keep} is too small. Keep at least 1 backup.")
        database = open_database(read_settings(), query_timeout=inf)
        deleted = 0
        with progress_bar(database.backup_unit) as on_progress:
            if keep is None:
                counts = database.back_up(file, on_progress)
            else:
                file, counts, deleted = rotate_backups(database, file, keep, on_progress)
        older = f" Deleted {pluralize(deleted, 'older backup')}." if deleted else ""
        echo(f"{file}: {database_summary(counts)}.{older}")


@app.command()
def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Backups. Default: the database.", metavar="[FILE]..."),
    ] = None,
) -> None:
    """Check all of the database, or of backups. The exit code is 1 if anything is wrong."""
    with exit_on_error():
        settings = read_settings()
        if not files:
            _verify_database(open_database(settings, query_timeout=inf))
        failed = False
        for path in files or ():
            try:
                echo(f"{path}: {database_summary(verify_backup(settings, path))}, no errors.")
            except DatabaseError as error:
                failed = True
                echo(str(error), err=True)
        if failed:
            raise typer.Exit(1)


def _verify_database(database: Database) -> None:
    database.verify(completely=True)
    if schema_revision(database) is None:
        raise DatabaseError(f"{database.name}: The database is empty. Run `timeline migrate`.")
    with database.read() as connection:
        echo(f"{database.name}: {database_summary(count_records(connection))}, no errors.")


@app.command(name="restore")
def restore_backup(
    file: Annotated[Path, typer.Argument(help="A file that `timeline backup` wrote.")],
) -> None:
    """Replace all stored records with those of a backup, while servers keep running."""
    with exit_on_error():
        database = open_database(read_settings(), query_timeout=inf)
        with progress_bar(database.backup_unit) as on_progress:
            database.restore(file, _lock_notice(database), on_progress)
        with database.read() as connection:
            echo(f"{database.name}: {database_summary(count_records(connection))}.")


@app.command()
def copy(
    source: Annotated[
        str,
        typer.Argument(help="The URL of a database, as in TIMELINE_DATABASE_URL.", metavar="FROM"),
    ],
    target: Annotated[
        str, typer.Argument(help="The URL of a database without records.", metavar="TO")
    ],
) -> None:
    """Copy all records into another database, also from SQLite to PostgreSQL or back."""
    with exit_on_error():
        read_settings()  # so that only the URLs can be invalid below
        origin, destination = (
            open_database(settings_with(name, url), query_timeout=inf)
            for name, url in (("FROM", source), ("TO", target))
        )
        with naming_urls(), progress_bar("rows") as on_progress:
            counts = copy_records(origin, destination, _lock_notice(destination), on_progress)
        echo(f"{destination.name}: {database_summary(counts)}.")


@app.command(name="schema")
def dossier_schema() -> None:
    """Print the JSON Schema of dossiers, for editors."""
    with exit_on_error():
        echo_json(dossier_json_schema())


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    with exit_on_error():
        echo_json(create_app().openapi())


def _lock_notice(database: Database) -> Callable[[], None]:
    """Return a callback that reports that the command waits for another process."""
    notice = f"{database.name}: Another process is writing. Waiting…"
    return lambda: echo(notice, err=True)


def _load_summary(counts: Mapping[str, ChangeCounts]) -> str:
    """Describe what a load changed: `1 event added, 3 actors added`. Empty if nothing."""
    return ", ".join(
        f"{pluralize(number, kind)} {change}"
        for kind, changes in counts.items()
        for change, number in changes._asdict().items()
        if number
    )
