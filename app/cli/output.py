"""What commands read of their surroundings, and how they tell what came of it."""

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
from sqlalchemy.exc import DBAPIError

from app.db.sqlite.errors import describe_error
from app.dossiers.diagnostics import DossierError, ProgressCallback
from app.dossiers.exporter import ExportError
from app.dossiers.links import LinksError
from app.errors import DatabaseError
from app.schemas.validation import validation_message
from app.settings import PREFIX, Settings


class UsageError(Exception):
    """The command cannot do what it is asked; the message says what to change."""


def pluralize(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@contextmanager
def progress_bar(what: str) -> Iterator[ProgressCallback]:
    """Show how far a long work has come, on a terminal alone."""
    # Not rich's own judgement, which the environment may sway.
    console = Console(stderr=True, force_terminal=sys.stderr.isatty())
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TextColumn(what))
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
    """Read the settings; options win over the environment."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    # Others may set variables of this prefix too, as Kubernetes does for a service of this name.
    for name in os.environ.keys() - known:
        if similar := process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=85):
            typer.echo(f"Warning: {name} is not a setting; did you mean {similar[0]}?", err=True)
    return Settings(**options)  # type: ignore[arg-type]


@contextmanager
def exit_on_error(*, report_to_stdout: bool = False) -> Iterator[None]:
    """End with the message alone and exit code 1.

    It goes to standard error; what is wrong with dossiers to standard output, if that is what was
    asked for. Told to stop, it ends what was begun before.
    """
    former = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except (UsageError, DatabaseError, ExportError, LinksError) as error:
        _exit_with(str(error))
    except DossierError as error:
        problems, warnings = error.diagnostics.errors, error.diagnostics.warnings
        outcome = "" if report_to_stdout else "; nothing was loaded"
        last = f"{pluralize(error.diagnostics.error_count, 'problem')}{outcome}."
        _exit_with(*warnings, *problems, last, err=not report_to_stdout)
    except ValidationError as error:
        _exit_with(
            *(
                f"TIMELINE_{str(e['loc'][0]).upper()}: {validation_message(e)}"
                for e in error.errors()
            )
        )
    except KeyboardInterrupt as interrupt:
        echo_lines(["Interrupted; nothing is left half-done."])
        number, *_ = (*interrupt.args, signal.SIGINT)
        raise typer.Exit(128 + number) from None
    except DBAPIError as error:
        _exit_with(f"the database cannot be read: {describe_error(error.orig)}")
    except BrokenPipeError:
        raise  # who read has what was wanted
    except OSError as error:
        _exit_with(f"{error.filename or 'standard output'}: {error.strerror}")
    finally:
        signal.signal(signal.SIGTERM, former)


def _interrupt(number: int, _: object) -> None:
    """Have who stops a command treated as who interrupts it."""
    raise KeyboardInterrupt(number)


def _exit_with(*lines: str, err: bool = True) -> None:
    echo_lines(lines, err=err)
    raise typer.Exit(1)
