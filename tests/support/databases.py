"""Databases for tests: created, migrated and loaded in this process."""

import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app.db.sqlite.database import Database
from app.db.sqlite.migrate import migrate_if_needed
from app.dossiers.document import Dossier
from app.dossiers.loader import LoadReport, load
from app.settings import Settings
from tests.support.corpus import LOADED_AT, TESTS, write_dossiers


def database_at(path: Path, **settings: float) -> Database:
    """Return a file as a database, without creating or migrating it."""
    return Database(Settings(database_url=f"sqlite:///{path}", **settings))  # type: ignore[arg-type]


def new_database(path: Path) -> Database:
    """Create a migrated database without records, or migrate the one that exists."""
    database = database_at(path)
    migrate_if_needed(database)
    return database


def run_alembic(database: Database, *arguments: str) -> None:
    """Run `alembic` as developers do, with the configuration in `pyproject.toml`."""
    subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        env={**os.environ, "TIMELINE_DATABASE_URL": f"sqlite:///{database.path}"},
        cwd=TESTS.parent,
        capture_output=True,
        check=True,
    )


def load_into(
    database: Database, *files: Path, now: datetime = LOADED_AT, prune: bool = False
) -> LoadReport:
    """Load dossier files."""
    with database.write() as connection:
        return load(
            connection, files, now, max_record_size=database.settings.max_record_size, prune=prune
        )


def load_dossiers(
    database: Database, dossiers: Iterable[Dossier], now: datetime = LOADED_AT
) -> None:
    """Load dossiers from memory. They are written to files first: `load` reads only files."""
    with TemporaryDirectory() as folder:
        load_into(database, *write_dossiers(Path(folder), dossiers), now=now)
