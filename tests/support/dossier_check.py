"""What a check of dossiers tells."""

import json
from datetime import UTC, datetime
from pathlib import Path

import yaml

from app.db.sqlite.database import temporary_database
from app.dossiers.diagnostics import DossierError
from app.dossiers.loader import load
from tests.support.corpus import edited


def told(*paths: Path) -> tuple[list[str], list[str]]:
    """Give the problems and the warnings of dossiers, without their directory."""
    with temporary_database() as connection:
        try:
            problems, warnings = [], load(connection, paths, datetime.now(UTC)).warnings
        except DossierError as error:
            problems, warnings = error.diagnostics.errors, error.diagnostics.warnings
    return _bare(problems, paths), _bare(warnings, paths)


def _bare(lines: list[str], paths: tuple[Path, ...]) -> list[str]:
    for folder in {f"{path.parent}/" for path in paths}:
        lines = [line.replace(folder, "") for line in lines]
    return lines


def written(path: Path, content: str | bytes) -> Path:
    """Write a file."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def as_json(path: Path, target: Path, *edits: tuple[str, str]) -> Path:
    """Write a dossier as JSON, with some of its text replaced."""
    data = yaml.safe_load(path.read_text("utf-8"))
    content = json.dumps(data, indent=1, default=str, ensure_ascii=False)
    target.write_text(content, "utf-8")
    return edited(target, target, *edits)


def as_lines(path: Path, target: Path, *edits: tuple[str, str]) -> Path:
    """Write a dossier as JSON Lines, with some of its text replaced."""
    data = yaml.safe_load(path.read_text("utf-8"))
    records = [("timeline", data["timeline"])]
    records += [
        (f"{key[:-1]}", one) for key in ("sources", "actors", "events") for one in data[key]
    ]
    lines = [json.dumps({kind: one}, default=str, ensure_ascii=False) for kind, one in records]
    target.write_text("\n".join(lines) + "\n", "utf-8")
    return edited(target, target, *edits)
