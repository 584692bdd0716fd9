"""What the commands share: settings, progress bars, messages and exit codes."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from app.db import tables
from app.db.sqlite.errors import describe_error
from app.dossiers.diagnostics import DossierError, ProgressCallback
from app.dossiers.exporter import ExportError
from app.dossiers.links import LinksError
from app.errors import DatabaseError
from app.schemas.validation import validation_message
from app.settings import PREFIX, Settings


class UsageError(Exception):
    """The command cannot run with these arguments; the message says what to change."""


def pluralize(number: int, noun: str) -> str:
    """Format a number with its noun: `1 event`, `2,000 events`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def database_summary(connection: Connection) -> str:
    """Describe the contents of a database: `22 events of 1 timeline`."""
    events = connection.scalar(select(func.count(tables.event.c.id))) or 0
    timelines = connection.scalar(select(func.count(tables.timeline.c.id))) or 0
    return f"{pluralize(events, 'event')} of {pluralize(timelines, 'timeline')}"


@contextmanager
def progress_bar(unit: str) -> Iterator[ProgressCallback]:
    """Yield a callback that shows progress in these units. Nothing is shown outside a terminal."""
    # Rich's own detection can be overridden by the environment, for example by FORCE_COLOR.
    console = Console(stderr=True, force_terminal=sys.stderr.isatty())
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TextColumn(unit))
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def echo_lines(lines: Iterable[str], *, err: bool = True) -> None:
    """Write lines to standard error, or to standard output."""
    for line in lines:
        typer.echo(line, err=err)


def read_settings(**options: str | int) -> Settings:
    """Read the settings. Options take precedence over the environment."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    # Only near misses are reported: Kubernetes also sets variables with this prefix, for a
    # service that is named `timeline`.
    for name in os.environ.keys() - known:
        if similar := process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=85):
            typer.echo(f"Warning: {name} is not a setting. Did you mean {similar[0]}?", err=True)
    return Settings(**options)  # type: ignore[arg-type]


@contextmanager
def exit_on_error(*, report_to_stdout: bool = False) -> Iterator[None]:
    """Convert expected errors into lines on standard error and exit code 1.

    With `report_to_stdout`, the errors of dossiers go to standard output: they are the result of
    `check`. SIGTERM is handled like Ctrl-C, so that transactions are rolled back.
    """
    previous_handler = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except (UsageError, DatabaseError, ExportError, LinksError) as error:
        _exit_with(str(error))
    except DossierError as error:
        errors, warnings = error.diagnostics.errors, error.diagnostics.warnings
        outcome = "" if report_to_stdout else " Nothing was loaded."
        last = f"{pluralize(error.diagnostics.error_count, 'error')}.{outcome}"
        _exit_with(*warnings, *errors, last, err=not report_to_stdout)
    except ValidationError as error:
        _exit_with(
            *(
                f"{PREFIX}{str(details['loc'][0]).upper()}: {validation_message(details)}"
                for details in error.errors()
            )
        )
    except KeyboardInterrupt as interrupt:
        echo_lines(["Interrupted. No partial changes were kept."])
        number, *_ = (*interrupt.args, signal.SIGINT)
        # The exit code by which a shell reports a signal.
        raise typer.Exit(128 + number) from None
    except DBAPIError as error:
        _exit_with(f"database: {describe_error(error.orig)}")
    except BrokenPipeError:
        raise  # Click exits silently: the reader, such as `head`, has read enough
    except OSError as error:
        _exit_with(f"{error.filename or 'standard output'}: {error.strerror}.")
    finally:
        signal.signal(signal.SIGTERM, previous_handler)


def _interrupt(number: int, _: object) -> None:
    """Raise the exception of Ctrl-C, with the number of the signal."""
    raise KeyboardInterrupt(number)


def _exit_with(*lines: str, err: bool = True) -> None:
    echo_lines(lines, err=err)
    raise typer.Exit(1)
