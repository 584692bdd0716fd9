"""Databases for tests: created, migrated and loaded in this process."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from app.db.database import Database
from app.db.engines import open_database
from app.db.sqlite.connections import temporary_database
from app.dossiers.document import Dossier
from app.dossiers.loader import LoadReport, load
from app.settings import Settings
from tests.support import postgresql
from tests.support.corpus import LOADED_AT, TESTS, write_dossiers

engine = "sqlite"
"""The engine of the databases of paths; `tests/conftest.py` sets it."""


_opened: list[tuple[Path, Database]] = []


def url_of(database: Path | Database) -> str:
    """Return the URL of a database, or of the database of a path.

    In PostgreSQL, it exists already: it is created with our schema, and removed with `tmp_path`.
    """
    if isinstance(database, Database):
        return database.settings.database_url
    if engine == "sqlite":
        return f"sqlite:///{database}"
    return postgresql.url_for(database)


def database_at(path: Path, **settings: float) -> Database:
    """Return the database of a path, without creating a file or migrating it."""
    database = open_database(Settings(database_url=url_of(path), **settings))  # type: ignore[arg-type]
    _opened.append((path, database))
    return database


def close_databases(folder: Path) -> None:
    """Close the databases of the paths in a folder. Remove those in PostgreSQL."""
    for path, database in [*_opened]:
        if path.is_relative_to(folder):
            database.close()
            _opened.remove((path, database))
    postgresql.drop_databases_in(folder)


def new_database(path: Path) -> Database:
    """Create a migrated database without records, or migrate the one that exists."""
    database = database_at(path)
    database.migrate_if_needed()
    return database


def empty_database(path: Path) -> Database:
    """Return the database of a path, without tables."""
    if engine == "postgresql":
        postgresql.url_for(path, postgresql.EMPTY)
    return database_at(path)


@contextmanager
def scratch_database() -> Iterator[Connection]:
    """Yield the transaction of an empty database. Nothing of it is kept."""
    if engine == "sqlite":
        with temporary_database() as connection:
            yield connection
        return
    # One database, and a transaction of it each time: to create a database takes longer.
    settings = Settings(database_url=url_of(Path("scratch")))
    with closing(open_database(settings)) as database, database.write() as connection:
        yield connection
        connection.rollback()


def run_alembic(database: Database, *arguments: str) -> None:
    """Run `alembic` as developers do, with the configuration in `pyproject.toml`."""
    subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        env={**os.environ, "TIMELINE_DATABASE_URL": url_of(database)},
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
