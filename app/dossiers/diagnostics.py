"""Diagnostics of dossier files: errors prevent a load, warnings do not."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from app.domain.text import escape, printable
from app.dossiers.parsing import KeyPath

MAX_DIAGNOSTICS = 10_000
"""The number of errors, and of warnings, that are kept. The rest is only counted, so that memory
stays bounded."""

ProgressCallback = Callable[[int, int], None]
"""A function that is called now and then with the number of items done and their total."""


class Location(NamedTuple):
    """The place of a record or a value in a file."""

    dossier: tuple[int, int]
    """The positions of the file among all files, and of the dossier in the file."""
    path: Path
    line_at: Callable[[KeyPath], int] = lambda _: 0
    loc: KeyPath = ()
    may_be_truncated: Callable[[KeyPath], bool] = lambda _: False
    """Whether YAML may have taken the end of a text for a comment."""

    @property
    def file(self) -> int:
        """The position of the file among all files."""
        return self.dossier[0]

    @property
    def line(self) -> int:
        """The first line; 0 for a whole file."""
        return self.line_at(self.loc)

    def at_line(self, line: int) -> "Location":
        """Return the location of a line of the same file."""
        return self._replace(line_at=lambda _: line)


class Diagnostic(NamedTuple):
    """An error or a warning, with its place. Diagnostics sort by file and line."""

    file: int
    """The position of the file among the files of the load."""
    line: int
    """0 if the diagnostic concerns the whole file."""
    path: Path
    place: str
    """A value, such as `events[3].date`; empty for a whole line or file."""
    message: str

    def format(self, kind: str = "") -> str:
        """Format like a compiler message: `seed/x.yaml:41: events[3].date: …`."""
        line = f":{self.line}" if self.line else ""
        place = f"{printable(self.path)}{line}"
        return ": ".join(part for part in (place, kind, self.place, self.message) if part)


class Diagnostics:
    """The errors and warnings of one load, without duplicates."""

    def __init__(self) -> None:
        self._errors = _BoundedSet()
        self._warnings = _BoundedSet()

    def add_error(self, location: Location, message: str, *loc: str | int) -> None:
        """Add a mistake that prevents the load, at a location or at a value in it."""
        self._errors.add(_diagnostic(location, message, loc))

    def add_warning(self, location: Location, message: str, *loc: str | int) -> None:
        """Add a likely mistake, at a location or at a value in it."""
        self._warnings.add(_diagnostic(location, message, loc))

    @property
    def errors(self) -> list[str]:
        """The errors as lines of text, in the order of the files."""
        return self._errors.lines("")

    @property
    def warnings(self) -> list[str]:
        """The warnings as lines of text, in the order of the files."""
        return self._warnings.lines("warning")

    @property
    def error_count(self) -> int:
        """The number of errors, including those that are not kept."""
        return len(self._errors.kept) + self._errors.dropped

    def __bool__(self) -> bool:
        return bool(self._errors.kept)


def _diagnostic(location: Location, message: str, loc: KeyPath) -> Diagnostic:
    whole = (*location.loc, *loc)
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{escape(key)}" for key in whole)
    line = location.line_at(whole)
    return Diagnostic(location.file, line, location.path, place.removeprefix("."), message)


class _BoundedSet:
    def __init__(self) -> None:
        self.kept: set[Diagnostic] = set()
        self.dropped = 0

    def add(self, diagnostic: Diagnostic) -> None:
        # JSON Lines are read once for each kind of record, and each pass finds the same unreadable
        # line.
        if diagnostic not in self.kept:
            if len(self.kept) < MAX_DIAGNOSTICS:
                self.kept.add(diagnostic)
            else:
                self.dropped += 1

    def lines(self, kind: str) -> list[str]:
        lines = [diagnostic.format(kind) for diagnostic in sorted(self.kept)]
        return lines + [f"There are {self.dropped:,} more."] * bool(self.dropped)


class DossierError(Exception):
    """Dossiers cannot be loaded; `diagnostics` contains the reasons."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n".join(diagnostics.errors))
