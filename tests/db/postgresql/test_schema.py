"""The schema in PostgreSQL, and migrations while others read and write."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, NullPool, create_engine, func, select, text
from sqlmodel import SQLModel

from app.db import tables
from app.db.database import Database
from app.db.engines import open_database
from app.db.revision import advance_revision, revision_of
from app.errors import DatabaseError
from app.settings import Settings
from tests.support import postgresql
from tests.support.corpus import HARBOUR
from tests.support.databases import load_into
from tests.support.migrations import newer_version, upgrade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Yield a migrated database without records."""
    database = open_database(Settings(database_url=postgresql.url_for(tmp_path / "database")))
    yield database
    database.close()


COLUMNS = text(
    "SELECT table_name, column_name, data_type, character_maximum_length, collation_name, "
    "is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public'"
)
CONSTRAINTS = text(
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 'n' "
    "AND connamespace = 'public'::regnamespace"
)
INDEXES = text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
# The models do not describe this table, nor the index that replaces a primary key.
NOT_MODELLED = ("alembic_version", "pk_actor_alias")


def _describe(connection: Connection) -> set[tuple[object, ...]]:
    """Return the columns, constraints and indexes of our tables."""
    rows = (row for query in (COLUMNS, CONSTRAINTS, INDEXES) for row in connection.execute(query))
    return {tuple(row) for row in rows if not row[0].startswith(NOT_MODELLED)}


def test_migrated_schema_equals_models(database: Database, tmp_path: Path) -> None:
    url = postgresql.url_for(tmp_path / "created", postgresql.EMPTY)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.begin() as created, database.read() as migrated:
        SQLModel.metadata.create_all(created)
        assert _describe(migrated) ^ _describe(created) == set()


def test_every_text_is_ordered_by_code_points(database: Database) -> None:
    query = text(
        "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
        "AND attcollation NOT IN (0, 'pg_catalog.\"C\"'::regcollation)"
    )
    with database.read() as connection:
        assert connection.execute(query).all() == [("alembic_version", "version_num")]


def test_ids_have_no_sequence(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(text("SELECT * FROM pg_sequences")).all() == []


def test_write_of_running_process_needs_compatible_schema(
    database: Database, tmp_path: Path
) -> None:
    upgrade(database, newer_version(tmp_path / "compatible", compatible_since="0006"))
    with database.write() as connection:
        advance_revision(connection)
    with database.migration() as connection:
        connection.execute(tables.revision.update().values(compatible_since="0007"))
    with pytest.raises(DatabaseError) as refused, database.write() as connection:
        advance_revision(connection)
    assert str(refused.value) == (
        f"{database.name}: The schema is 0007, of a newer version. Install that version, or name "
        "another database."
    )
    with database.read() as connection:
        assert revision_of(connection) == 1


def test_migration_does_not_block_readers_for_long(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    newer = newer_version(tmp_path / "newer")
    with closing(database.read()) as reader:
        events = select(func.count()).select_from(tables.event)
        assert reader.scalar(events) == 6
        with pytest.raises(DatabaseError) as refused:
            upgrade(database, newer)
        assert str(refused.value) == (
            f"{database.name}: Another process is using the database. Try again. "
            "Nothing was changed."
        )
        with database.read() as other:
            assert other.scalar(events) == 6
    upgrade(database, newer)
