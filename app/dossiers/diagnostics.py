"""Diagnostics of dossier files: errors prevent a load, warnings do not."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

MAX_DIAGNOSTICS = 10_000
"""The number of errors, and of warnings, that are kept. The rest is only counted, so that memory
stays bounded."""

ProgressCallback = Callable[[int, int], None]
"""A function that is called now and then with the number of items done and their total."""


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
        return ": ".join(
            part for part in (f"{self.path}{line}", kind, self.place, self.message) if part
        )


class Diagnostics:
    """The errors and warnings of one load, without duplicates."""

    def __init__(self) -> None:
        self._errors = _BoundedSet()
        self._warnings = _BoundedSet()

    def add_error(self, diagnostic: Diagnostic) -> None:
        """Add a mistake that prevents the load."""
        self._errors.add(diagnostic)

    def add_warning(self, diagnostic: Diagnostic) -> None:
        """Add a likely mistake."""
        self._warnings.add(diagnostic)

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


class _BoundedSet:
    def __init__(self) -> None:
        self.kept: set[Diagnostic] = set()
        self.dropped = 0

    def add(self, diagnostic: Diagnostic) -> None:
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
