"""What a check of dossiers tells."""

from datetime import UTC, datetime
from pathlib import Path

from app.database import scratch
from app.findings import DossierError
from app.load import load


def told(*paths: Path) -> tuple[list[str], list[str]]:
    """Give the problems and the warnings of dossiers, without their directory."""
    with scratch() as connection:
        try:
            problems, warnings = [], load(connection, paths, datetime.now(UTC)).warnings
        except DossierError as error:
            problems, warnings = error.findings.problems, error.findings.warnings
    return _bare(problems, paths), _bare(warnings, paths)


def _bare(lines: list[str], paths: tuple[Path, ...]) -> list[str]:
    for folder in {f"{path.parent}/" for path in paths}:
        lines = [line.replace(folder, "") for line in lines]
    return lines


def written(path: Path, content: str | bytes) -> Path:
    """Write a file."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
