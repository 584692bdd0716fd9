"""What is found in dossiers: problems that stop a load, and warnings that do not."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

MAX_DIAGNOSTICS = 10_000
"""So many findings are kept; of the others only the number, so that memory stays bounded."""


ProgressCallback = Callable[[int, int], None]
"""Is told now and then how far the search for findings has come: how much of how much is done."""


class Diagnostic(NamedTuple):
    """One thing that is wrong, and its cure. Findings sort by file and line."""

    file: int
    """Where the file stands among those that are read."""
    line: int
    path: Path
    place: str
    """As `events[3].date`; empty if it is the file or the line as a whole."""
    message: str

    def format(self, kind: str = "") -> str:
        """Write it as compilers do: `seed/x.yaml:41: events[3].date: …`."""
        line = f":{self.line}" if self.line else ""
        return ": ".join(
            part for part in (f"{self.path}{line}", kind, self.place, self.message) if part
        )


class Diagnostics:
    """All that is found in the files of one load, each thing once."""

    def __init__(self) -> None:
        self._errors = _Bounded()
        self._warnings = _Bounded()

    def add_error(self, finding: Diagnostic) -> None:
        """Keep what must be mended before anything is loaded."""
        self._errors.add(finding)

    def add_warning(self, finding: Diagnostic) -> None:
        """Keep what is likely to be a mistake."""
        self._warnings.add(finding)

    @property
    def errors(self) -> list[str]:
        """Tell the problems, in the order of the files."""
        return self._errors.told("")

    @property
    def warnings(self) -> list[str]:
        """Tell the warnings, in the order of the files."""
        return self._warnings.told("warning")

    @property
    def error_count(self) -> int:
        """How many problems there are."""
        return len(self._errors.kept) + self._errors.left_out

    def __bool__(self) -> bool:
        return bool(self._errors.kept)


class _Bounded:
    def __init__(self) -> None:
        self.kept: set[Diagnostic] = set()
        self.left_out = 0

    def add(self, finding: Diagnostic) -> None:
        if finding not in self.kept:
            if len(self.kept) < MAX_DIAGNOSTICS:
                self.kept.add(finding)
            else:
                self.left_out += 1

    def told(self, kind: str) -> list[str]:
        lines = [finding.format(kind) for finding in sorted(self.kept)]
        return lines + [f"and {self.left_out:,} more"] * bool(self.left_out)


class DossierError(Exception):
    """Dossiers cannot be loaded; `findings` says why, each with its place and its cure."""

    def __init__(self, findings: Diagnostics) -> None:
        self.diagnostics = findings
        super().__init__("\n".join(findings.errors))
