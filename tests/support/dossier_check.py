"""Writes dossiers, and checks them as `timeline check` does."""

import json
from datetime import UTC, datetime
from pathlib import Path

import yaml

from app.db.sqlite.connections import temporary_database
from app.dossiers.diagnostics import DossierError
from app.dossiers.loader import load
from tests.support.corpus import edited


def check_dossiers(*paths: Path) -> tuple[list[str], list[str]]:
    """Return the errors and the warnings of dossiers, without the directory in file names."""
    with temporary_database() as connection:
        try:
            report = load(connection, paths, datetime.now(UTC), max_record_size=1_024)
            errors, warnings = [], report.warnings
        except DossierError as error:
            errors, warnings = error.diagnostics.errors, error.diagnostics.warnings
    return _without_folders(errors, paths), _without_folders(warnings, paths)


def _without_folders(lines: list[str], paths: tuple[Path, ...]) -> list[str]:
    for folder in {f"{path.parent}/" for path in paths}:
        lines = [line.replace(folder, "") for line in lines]
    return lines


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file, and return its path."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_as_json(path: Path, target: Path, *edits: tuple[str, str]) -> Path:
    """Convert a dossier to JSON, with edits as in `edited`."""
    data = yaml.safe_load(path.read_text("utf-8"))
    content = json.dumps(data, indent=1, default=str, ensure_ascii=False)
    target.write_text(content, "utf-8")
    return edited(target, target, *edits)


def write_as_json_lines(path: Path, target: Path, *edits: tuple[str, str]) -> Path:
    """Convert a dossier to JSON Lines, with edits as in `edited`."""
    data = yaml.safe_load(path.read_text("utf-8"))
    records = [("timeline", data["timeline"])]
    records += [
        (key.removesuffix("s"), record)
        for key in ("sources", "actors", "events")
        for record in data[key]
    ]
    lines = [
        json.dumps({kind: record}, default=str, ensure_ascii=False) for kind, record in records
    ]
    target.write_text("\n".join(lines) + "\n", "utf-8")
    return edited(target, target, *edits)
