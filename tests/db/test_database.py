"""The database: schema, migrations, pragmas, transactions, damage, constraints."""

import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import SQLModel

import app.db.sqlite.fulltext  # noqa: F401 - adds the search index to what the models create
from app.db.revision import advance_revision, revision_of
from app.db.sqlite.database import POOL_SIZE, Database
from app.db.sqlite.errors import error_code
from app.db.sqlite.integrity import FULL_CHECK_MAX_BYTES, find_corruption
from app.db.sqlite.migrate import migrate_if_needed, require_current_schema
from app.errors import DatabaseError
from tests.support.corpus import FERRY, GENERATED, HARBOUR, SEED
from tests.support.databases import database_at, load_dossiers, load_into, new_database, run_alembic
from tests.support.problem import check_problem
from tests.support.server import serving
from tests.support.snapshot import read_tables


def _schema(path: Path) -> dict[str, str]:
    """Return the normalised SQL of each table and index."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        ).fetchall()
    connection.close()
    return {
        name: _sorted_clauses(sql)
        for name, sql in rows
        if name not in ("alembic_version", "sqlite_stat1")
    }


def _sorted_clauses(sql: str) -> str:
    """Sort columns and constraints: Alembic and SQLAlchemy write them in different orders."""
    plain = re.sub(r"\s+", " ", sql.replace('"', ""))
    return "\n".join(
        sorted(clause.strip(" ,)") for clause in re.split(r",(?= [a-z]|CON)| CON", plain))
    )


def test_migrated_schema_equals_models(tmp_path: Path) -> None:
    migrated = new_database(tmp_path / "migrated.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert _schema(migrated.path) == _schema(tmp_path / "created.db")
    with migrated.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, *_: not str(name).startswith("event_search")},
        )
        assert compare_metadata(context, SQLModel.metadata) == []
    migrated.close()


def test_downgrade_and_upgrade_restore_schema(tmp_path: Path) -> None:
    database = database_at(tmp_path / "timeline.db")
    run_alembic(database, "upgrade", "0001")
    first = _schema(database.path)
    with pytest.raises(DatabaseError, match="Run `timeline migrate`"):
        require_current_schema(database)
    run_alembic(database, "downgrade", "base")
    assert _schema(database.path) == {}
    run_alembic(database, "upgrade", "0001")
    assert _schema(database.path) == first
    run_alembic(database, "upgrade", "head")
    run_alembic(database, "check")
    assert _schema(database.path) == _schema(new_database(tmp_path / "new.db").path)


@pytest.mark.parametrize("revision", ["0001", "0003", "0004"])
def test_downgrade_and_upgrade_keep_records(database: Database, revision: str) -> None:
    load_into(database, HARBOUR, FERRY)
    load_dossiers(database, GENERATED)
    before = read_tables(database)
    run_alembic(database, "downgrade", revision)
    run_alembic(database, "upgrade", "head")
    assert read_tables(database) == before


def test_migration_of_old_records_equals_new_load(tmp_path: Path) -> None:
    loaded, old = (database_at(tmp_path / name) for name in ("new.db", "old.db"))
    migrate_if_needed(loaded)
    load_into(loaded, HARBOUR, FERRY)
    load_dossiers(loaded, GENERATED)
    run_alembic(old, "upgrade", "0001")
    with closing(sqlite3.connect(old.path)) as connection:
        connection.execute("ATTACH ? AS loaded", [str(loaded.path)])
        for (table,) in connection.execute(
            "SELECT name FROM main.sqlite_master WHERE sql LIKE 'CREATE TABLE%' "
            "AND name NOT LIKE 'event_search%' AND name <> 'alembic_version'"
        ).fetchall():
            connection.execute(f"DELETE FROM {table}")
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
            connection.execute(
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM loaded.{table}"
            )
        connection.execute(
            "INSERT INTO event_search (rowid, content) "
            "SELECT rowid, content FROM loaded.event_search"
        )
        connection.commit()
    migrate_if_needed(old)
    assert read_tables(old) == read_tables(loaded)
    assert _analyzed(old) == _analyzed(loaded) > 240


def _analyzed(database: Database) -> int:
    """Return the number of events in the statistics of the query planner."""
    with closing(sqlite3.connect(database.path)) as connection:
        (stat,) = connection.execute(
            "SELECT stat FROM sqlite_stat1 WHERE idx = 'ix_event_in_order'"
        ).fetchone()
    return int(stat.split()[0])


def test_statistics_are_updated_when_table_doubles(database: Database) -> None:
    load_into(database, SEED)
    assert _analyzed(database) == 22
    load_into(database, HARBOUR)
    assert _analyzed(database) == 22  # not twice as many yet
    load_dossiers(database, GENERATED)
    assert _analyzed(database) == 22 + 6 + 240


def test_second_migration_keeps_records(database: Database) -> None:
    load_into(database, HARBOUR)
    migrate_if_needed(database)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM event")).scalar() == 6


@pytest.mark.parametrize("round_", range(8))
def test_concurrent_migrations_succeed(tmp_path: Path, round_: int) -> None:
    databases = [database_at(tmp_path / f"{round_}.db") for _ in range(4)]
    failures: list[Exception] = []

    def migrate(database: Database) -> None:
        try:
            migrate_if_needed(database)
        except Exception as error:  # noqa: BLE001 - the assertion below reports it
            failures.append(error)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    require_current_schema(databases[0])
    databases[0].close()


def test_migration_in_missing_directory_is_refused(tmp_path: Path) -> None:
    database = database_at(tmp_path / "nowhere" / "timeline.db")
    with pytest.raises(DatabaseError, match="There is no directory"):
        migrate_if_needed(database)


def test_reading_missing_file_creates_none(tmp_path: Path) -> None:
    database = database_at(tmp_path / "timeline.db")
    with pytest.raises(DatabaseError, match="There is no such file"):
        require_current_schema(database)
    assert not database.path.exists()


# Each pragma with its values for readers and for writers.
PRAGMAS: dict[str, tuple[Any, Any]] = {
    "journal_mode": ("wal", "wal"),
    "synchronous": (2, 2),
    "foreign_keys": (0, 1),
    "busy_timeout": (2000, 100),
    "query_only": (1, 0),
    "trusted_schema": (0, 0),
}


@pytest.mark.parametrize("pragma", PRAGMAS)
def test_pragmas_of_readers_and_writers(database: Database, pragma: str) -> None:
    with database.read() as connection, database.write() as writer:
        readers = connection.execute(text(f"PRAGMA {pragma}")).scalar()
        writers = writer.execute(text(f"PRAGMA {pragma}")).scalar()
    assert (readers, writers) == PRAGMAS[pragma]


def test_reader_cannot_write(database: Database) -> None:
    with database.read() as connection, pytest.raises(OperationalError) as refused:
        connection.execute(text("UPDATE revision SET number = 7"))
    assert error_code(refused.value.orig) == sqlite3.SQLITE_READONLY


def test_reader_sees_one_state_during_write(database: Database) -> None:
    with database.read() as connection:
        assert revision_of(connection) == 0
        with database.write() as writer:
            advance_revision(writer)
        assert revision_of(connection) == 0
    with database.read() as connection:
        assert revision_of(connection) == 1


def test_failed_write_is_rolled_back(database: Database) -> None:
    def fail_after_writing() -> None:
        with database.write() as writer:
            advance_revision(writer)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()
    with database.read() as connection:
        assert revision_of(connection) == 0


def test_concurrent_writers_lose_no_update(database: Database) -> None:
    """Each reads before it writes. Without BEGIN IMMEDIATE most of these updates are lost."""

    def advance() -> None:
        for _ in range(10):
            with database.write() as connection:
                number = connection.execute(text("SELECT number FROM revision")).scalar_one()
                connection.execute(text("UPDATE revision SET number = :n"), {"n": number + 1})

    threads = [threading.Thread(target=advance) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert revision_of(connection) == 40


def test_pool_has_connection_for_every_thread(database: Database) -> None:
    connections = [database.read() for _ in range(POOL_SIZE)]
    assert [revision_of(connection) for connection in connections] == [0] * POOL_SIZE
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("max_bytes", [0, FULL_CHECK_MAX_BYTES])
def test_damaged_page_is_found(database: Database, max_bytes: int) -> None:
    load_into(database, HARBOUR)
    with database.read() as connection:
        assert find_corruption(connection, max_bytes) is None
        query = text("SELECT rootpage FROM sqlite_master WHERE name = 'event'")
        page = connection.execute(query).scalar_one()
    database.close()
    with database.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 40)
    with database.read() as connection:
        assert find_corruption(connection, max_bytes)
    with serving(database.path) as client:
        assert "damaged" in check_problem(client.get("/readyz"), 503).detail
        assert client.get("/livez").status_code == 200


EVENT = """
    INSERT INTO event (slug, title, kind, status, edtf, form, precision, earliest, latest,
        open_start, open_end, sort_day, date_key, span, approximate, uncertain, display, sources,
        created_at, updated_at)
    VALUES (:slug, :title, 'x', :status, :edtf, 'date', 'day', :earliest, :latest,
        0, 0, :sort_day, 0, 9, 0, 0, 'x', :sources, '2022', :updated_at)
"""
VALID = {
    "slug": "x",
    "title": "x",
    "status": "reported",
    "edtf": "2021",
    "earliest": "2021-01-01",
    "latest": "2021-12-31",
    "sort_day": "2021-01-01",
    "sources": 1,
    "updated_at": "2022",
}
INVALID = {
    "slug": "X",
    "title": "x" * 121,
    "status": "rumoured",
    "edtf": "2" * 33,
    "earliest": "2022-01-01",
    "latest": "2020-12-31",
    "sort_day": "2020-12-31",
    "sources": 0,
    "updated_at": "2021",
}


@pytest.mark.parametrize("column", INVALID)
def test_check_constraint_refuses_invalid_value(database: Database, column: str) -> None:
    with database.write() as connection:
        connection.execute(text(EVENT), VALID | {"slug": "valid"})
    with pytest.raises(IntegrityError, match="CHECK"), database.write() as connection:
        connection.execute(text(EVENT), VALID | {column: INVALID[column]})


ORPHANS = {
    "participation": "(event_id, position, actor_id, role, first, date_key)"
    " VALUES (99, 0, 99, 'agent', 1, 0)",
    "citation": "(event_id, position, source_id, quote, supports, stance, first, date_key)"
    " VALUES (99, 0, 99, 'x', 'event', 'asserts', 1, 0)",
    "source": "(slug, title, publisher_id) VALUES ('x', 'x', 99)",
    "event_timeline": "(event_id, timeline_id, date_key) VALUES (99, 99, 0)",
    "event_topic": "(event_id, topic, date_key) VALUES (99, 'x', 0)",
    "actor_alias": "(actor_id, name, key, kind) VALUES (99, 'x', 'x', 'alias')",
}


@pytest.mark.parametrize("table", ORPHANS)
def test_foreign_key_refuses_orphan(database: Database, table: str) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), database.write() as connection:
        connection.execute(text(f"INSERT INTO {table} {ORPHANS[table]}"))
