"""What the commands share: settings, progress bars, messages and exit codes."""

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.exc import DBAPIError

from app.db.database import Counts
from app.db.errors import describe_failure
from app.db.postgresql.urls import split_secrets
from app.domain.text import printable
from app.dossiers.diagnostics import DossierError, ProgressCallback
from app.dossiers.exporter import ExportError
from app.dossiers.links import LinksError
from app.dossiers.template import TemplateError
from app.dossiers.timelines import TimelineError
from app.errors import DatabaseError
from app.schemas.validation import validation_message
from app.settings import PREFIX, Settings


class UsageError(Exception):
    """The command cannot run with these arguments; the message says what to change."""


_EXPECTED_ERRORS = (
    *(UsageError, DatabaseError, ExportError, LinksError, TemplateError, TimelineError),
)
"""The errors whose message is all that a user needs."""


def pluralize(number: int, noun: str) -> str:
    """Format a number with its noun: `1 event`, `2,000 events`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def database_summary(counts: Counts) -> str:
    """Describe the contents of a database: `22 events of 1 timeline`."""
    return f"{pluralize(counts.events, 'event')} of {pluralize(counts.timelines, 'timeline')}"


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


def echo(line: str, *, err: bool = False) -> None:
    """Write a line to standard output or standard error, with control characters escaped.

    Raises UsageError if it cannot be written to standard output. A message that cannot be written
    to standard error is lost, since there is no other place for it.
    """
    if err:
        with suppress(OSError):
            typer.echo(printable(line), err=True)
    else:
        with checked_output():
            typer.echo(printable(line))


def echo_lines(lines: Iterable[str], *, err: bool = True) -> None:
    """Write lines to standard error, or to standard output."""
    for line in lines:
        echo(line, err=err)


def echo_json(document: Any) -> None:  # noqa: ANN401 - as json.dumps
    """Write a JSON document to standard output, in UTF-8 as a file would be."""
    text = f"{json.dumps(document, indent=2, ensure_ascii=False)}\n"
    with checked_output():
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()


@contextmanager
def checked_output() -> Iterator[None]:
    """Raise UsageError if standard output cannot be written, except to a pipe that is closed."""
    try:
        yield
    except BrokenPipeError:
        raise  # Click exits silently: the reader, such as `head`, has read enough
    except OSError as error:
        raise UsageError(
            f"standard output: {error.strerror}. Redirect it to another place."
        ) from None


def read_settings() -> Settings:
    """Read the settings, and warn about variables that are probably misspelled."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    # Only near misses are reported: Kubernetes also sets variables with this prefix, for a
    # service that is named `timeline`.
    for name in os.environ.keys() - known:
        if similar := process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=87):
            echo(f"Warning: {name} is not a setting. Did you mean {similar[0]}?", err=True)
    return Settings()


def settings_with(argument: str, url: str) -> Settings:
    """Return the settings with the database of an argument; raise UsageError if it is invalid."""
    try:
        settings = Settings(database_url=url)
    except ValidationError as error:
        raise UsageError(f"{argument}: {validation_message(error.errors()[0])}") from None
    if split_secrets(settings.database_url)[1]:
        raise UsageError(
            f"{argument}: The URL contains a password, which other users can read in the list of "
            "processes. Leave it out, and write it into ~/.pgpass or set PGPASSWORD."
        )
    return settings


@contextmanager
def naming_urls() -> Iterator[None]:
    """Replace the setting in messages, since the URLs of databases are arguments."""
    try:
        yield
    except DatabaseError as error:
        raise DatabaseError(str(error).replace("TIMELINE_DATABASE_URL", "its URL")) from None


@contextmanager
def exit_on_error(*, report_to_stdout: bool = False) -> Iterator[None]:
    """Convert expected errors into lines on standard error and exit code 1.

    With `report_to_stdout`, the errors of dossiers go to standard output: they are the result of
    `check`. SIGTERM and SIGHUP are handled like Ctrl-C, so that transactions are rolled back and
    temporary files are deleted.
    """
    try:
        with _handled_signals():
            yield
    except _EXPECTED_ERRORS as error:
        _exit_with(str(error))
    except DossierError as error:
        errors, warnings = error.diagnostics.errors, error.diagnostics.warnings
        outcome = "" if report_to_stdout else " Nothing was loaded."
        last = f"{pluralize(error.diagnostics.error_count, 'error')}.{outcome}"
        _exit_with(*warnings, *errors, last, err=not report_to_stdout)
    except ValidationError as error:
        _exit_with(*map(_describe_setting, error.errors()))
    except KeyboardInterrupt as interrupt:
        echo_lines(["Interrupted. No partial changes were kept."])
        number, *_ = (*interrupt.args, signal.SIGINT)
        # The exit code by which a shell reports a signal.
        raise typer.Exit(128 + number) from None
    except DBAPIError as error:
        _exit_with(f"database: {describe_failure(error.orig).message}")
    except BrokenPipeError:
        raise  # Click exits silently: the reader, such as `head`, has read enough
    except OSError as error:
        _exit_with(_describe_os_error(error))


@contextmanager
def _handled_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt for Ctrl-C, SIGTERM and SIGHUP, with the number of the signal."""

    def interrupt(number: int, _: object) -> NoReturn:
        raise KeyboardInterrupt(number)

    handlers = {
        signal.SIGINT: signal.default_int_handler,  # asyncio handles Ctrl-C only with this one
        signal.SIGTERM: interrupt,
        signal.SIGHUP: interrupt,
    }
    previous = {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        if signal.getsignal(number) is not signal.SIG_IGN  # set by nohup
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _describe_setting(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    message = validation_message(error, example=Settings.model_fields[name].default)
    return f"{PREFIX}{name.upper()}: {message}"


def _describe_os_error(error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and error.filename is None:  # os.getcwd
        return "The working directory was removed. Change to another one."
    if error.filename:
        return f"{error.filename}: {error.strerror}. Check the path and its permissions."
    return f"{error.strerror or error}. Check the disks, also that of TMPDIR."


def _exit_with(*lines: str, err: bool = True) -> NoReturn:
    try:
        echo_lines(lines, err=err)
    except UsageError as error:
        echo(str(error), err=True)
    raise typer.Exit(1)
