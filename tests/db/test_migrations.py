"""The schema and its migrations, on both engines, and versions that run side by side."""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, delete, inspect, text, update
from sqlmodel import SQLModel

from app.db import tables
from app.db.database import Database
from app.db.fulltext import SEARCH_INDEX
from app.db.revision import revision_of
from app.db.schema import require_current_schema
from app.errors import DatabaseError
from tests.support.corpus import DATA, FERRY, GENERATED, HARBOUR
from tests.support.databases import (
    database_at,
    empty_database,
    load_dossiers,
    load_into,
    new_database,
    run_alembic,
)
from tests.support.migrations import alembic_config, downgrade, newer_version, upgrade
from tests.support.problem import check_problem
from tests.support.server import serving
from tests.support.snapshot import read_tables

BASE = "0005"
"""The revision of the first migration."""
SCHEMA_0005 = DATA / "schema-0005.sql"
"""An SQLite file with HARBOUR and FERRY, as the last version with that schema wrote it."""


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """Yield a database without tables."""
    database = empty_database(tmp_path / "empty.db")
    yield database
    database.close()


# ---- the schema


@pytest.mark.sqlite
def test_migrated_schema_equals_models(tmp_path: Path) -> None:
    import_module("app.db.fulltext")  # adds the search index to what the models create
    new_database(tmp_path / "migrated.db").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert _schema(tmp_path / "migrated.db") == _schema(tmp_path / "created.db")


def _schema(path: Path) -> dict[str, str]:
    """Return the normalised SQL of each table and index."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: _sorted_clauses(sql) for name, sql in rows if name != "alembic_version"}


def _sorted_clauses(sql: str) -> str:
    """Sort columns and constraints: Alembic and SQLAlchemy write them in different orders."""
    plain = re.sub(r"\s+", " ", sql.replace('"', ""))
    return "\n".join(
        sorted(clause.strip(" ,)") for clause in re.split(r",(?= [a-z]|CON)| CON", plain))
    )


def test_downgrade_and_upgrade_restore_schema(empty: Database) -> None:
    run_alembic(empty, "upgrade", "head")
    run_alembic(empty, "check")
    schema = _describe(empty)
    downgrade(empty, BASE)
    with pytest.raises(DatabaseError, match="Run `timeline migrate`"):
        require_current_schema(empty)
    downgrade(empty, "base")
    assert _describe(empty).keys() == {"alembic_version"}
    upgrade(empty)
    assert _describe(empty) == schema


def _describe(database: Database) -> dict[str, list[Any]]:
    """Return the columns and indexes of each table."""
    with database.read() as connection:
        found = inspect(connection)
        return {
            name: [str(column) for column in found.get_columns(name)]
            + [str(index) for index in found.get_indexes(name)]
            for name in found.get_table_names()
        }


# ---- migrations


def test_downgrade_and_upgrade_keep_records(database: Database) -> None:
    load_into(database, HARBOUR, FERRY)
    load_dossiers(database, GENERATED)
    before = read_tables(database)
    downgrade(database, BASE)
    database.migrate_if_needed()
    assert read_tables(database) == before
    database.verify(completely=True)


def _old_file(path: Path, script: str = "") -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA_0005.read_text("utf-8") + script)
    return path


@pytest.mark.sqlite
def test_file_of_schema_0005_is_upgraded_without_loss(tmp_path: Path) -> None:
    with closing(database_at(_old_file(tmp_path / "old.db"))) as old:
        old.verify(completely=True)  # each object is what the migration creates
        old.migrate_if_needed()
        old.verify(completely=True)
        loaded = new_database(tmp_path / "new.db")
        load_into(loaded, HARBOUR, FERRY)
        assert read_tables(old) == read_tables(loaded)
        assert _statistics(tmp_path / "old.db") == _statistics(tmp_path / "new.db")


def _statistics(path: Path) -> set[tuple[str, ...]]:
    """Return what the query planner knows of our tables."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT * FROM sqlite_stat1 WHERE tbl NOT LIKE 'event_search%'"
        return {*connection.execute(query)}


@pytest.mark.sqlite
@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004"])
def test_file_before_first_release_is_refused_and_unchanged(tmp_path: Path, revision: str) -> None:
    script = f"UPDATE alembic_version SET version_num = '{revision}'"
    path = _old_file(tmp_path / "old.db", script)
    content = path.read_bytes()
    database = database_at(path)
    for start in (database.migrate_if_needed, lambda: require_current_schema(database)):
        with pytest.raises(DatabaseError) as refused:
            start()
        assert str(refused.value) == (
            f"{path}: The schema is {revision}, of a version before the first release. Export the "
            "timelines with that version, and load them into another database."
        )
    assert path.read_bytes() == content


def test_second_migration_keeps_records(database: Database) -> None:
    load_into(database, HARBOUR)
    database.migrate_if_needed()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM event")).scalar() == 6


@pytest.mark.parametrize("round_", range(8))
def test_concurrent_migrations_succeed(tmp_path: Path, round_: int) -> None:
    path = tmp_path / f"{round_}.db"
    databases = [empty_database(path) for _ in range(4)]
    failures: list[Exception] = []

    def migrate(database: Database) -> None:
        try:
            database.migrate_if_needed()
        except Exception as error:  # noqa: BLE001 - the assertion below reports it
            failures.append(error)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for database in databases:
        require_current_schema(database)
        database.close()


@pytest.mark.sqlite
def test_migration_in_missing_directory_is_refused(tmp_path: Path) -> None:
    database = database_at(tmp_path / "nowhere" / "timeline.db")
    with pytest.raises(DatabaseError, match="There is no directory"):
        database.migrate_if_needed()


# ---- versions that run side by side


def test_each_migration_states_its_compatibility() -> None:
    scripts = [*ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]
    revisions = [script.revision for script in scripts]
    # They are compared as texts.
    assert revisions == [f"{number:04}" for number in range(5, 5 + len(scripts))]
    for script in scripts[1:]:
        assert BASE <= script.module.compatible_since <= script.revision
        assert script.module.changes_records in (True, False)


NEWER_SCHEMA = (
    "The schema is 0007, of a newer version. Install that version, or name another database."
)


def test_running_server_accepts_newer_schema_that_is_compatible(
    database: Database, tmp_path: Path
) -> None:
    load_into(database, HARBOUR)
    newer = newer_version(tmp_path / "newer", compatible_since="0006")
    with serving(database) as client:
        before = client.get("/events?limit=3").json()["items"]
        upgrade(database, newer)
        assert client.get("/readyz").status_code == 200
        assert client.get("/events?limit=3&order=asc").json()["items"] == before
        # A process that starts must be of the new version.
        for start in (database.migrate_if_needed, lambda: require_current_schema(database)):
            with pytest.raises(DatabaseError) as refused:
                start()
            assert str(refused.value) == f"{database.name}: {NEWER_SCHEMA}"


def test_running_server_is_not_ready_if_newer_schema_is_incompatible(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newer = newer_version(tmp_path / "newer", compatible_since="0007")
    with serving(database) as client:
        assert client.get("/readyz").status_code == 200
        upgrade(database, newer)
        check_problem(client.get("/readyz"), 503)
        assert NEWER_SCHEMA in caplog.messages[-1]
        downgrade(database, "0006", newer)
        assert client.get("/readyz").status_code == 200


def test_running_server_is_not_ready_if_schema_is_older(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(database) as client:
        downgrade(database, BASE)
        check_problem(client.get("/readyz"), 503)
        expected = "The schema is 0005, but this version needs 0006. Run `timeline migrate`."
        assert expected in caplog.messages[-1]


@pytest.mark.parametrize("changes_records", [True, False])
def test_migration_rewrites_records_only_if_it_changes_them(
    database: Database, tmp_path: Path, changes_records: bool
) -> None:
    load_into(database, HARBOUR)
    before = read_tables(database)
    with database.write() as connection:
        connection.execute(update(tables.event_record).values(content="{}"))
        connection.execute(delete(SEARCH_INDEX))
    newer = newer_version(tmp_path / "newer", changes_records=changes_records)
    upgrade(database, newer)
    downgrade(database, "0006", newer)
    with database.read() as connection:
        records = {*connection.scalars(text("SELECT content FROM event_record"))}
        # A cache of another process must not return the old records.
        assert revision_of(connection) == (2 if changes_records else 1)
    if changes_records:
        assert {**read_tables(database), "revision": []} == {**before, "revision": []}
    else:
        assert records == {"{}"}
