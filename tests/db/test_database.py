"""The database: pragmas, transactions, statistics, damage, constraints."""

import random
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import SQLModel

from app.db import tables
from app.db.database import POOL_SIZE, Database
from app.db.revision import advance_revision, revision_of
from app.db.schema import require_current_schema
from app.db.sqlite.integrity import FULL_CHECK_MAX_BYTES, find_corruption
from app.dossiers.document import Dossier
from app.errors import DatabaseError
from tests.support.corpus import GENERATED, HARBOUR, SEED
from tests.support.databases import database_at, load_dossiers, load_into
from tests.support.problem import check_problem
from tests.support.server import serving

# The number of events in the statistics of the query planner.
ANALYZED = {
    "sqlite": "SELECT stat + 0 FROM sqlite_stat1 WHERE idx = 'ix_event_in_order'",
    "postgresql": "SELECT reltuples FROM pg_class WHERE relname = 'event'",
}


def _analyzed(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text(ANALYZED[connection.dialect.name])).scalar_one())


def test_statistics_are_updated_when_table_doubles(database: Database) -> None:
    load_into(database, SEED)
    assert _analyzed(database) == 22
    load_into(database, HARBOUR)
    assert _analyzed(database) == 22  # not twice as many yet
    load_dossiers(database, GENERATED)
    assert _analyzed(database) == 22 + 6 + 240


@pytest.mark.sqlite
def test_reading_missing_file_creates_none(tmp_path: Path) -> None:
    path = tmp_path / "timeline.db"
    with pytest.raises(DatabaseError, match="There is no such file"):
        require_current_schema(database_at(path))
    assert not path.exists()


# Each pragma with its values for readers and for writers.
PRAGMAS: dict[str, tuple[Any, Any]] = {
    "journal_mode": ("wal", "wal"),
    "synchronous": (2, 2),
    "foreign_keys": (0, 1),
    "busy_timeout": (2000, 100),
    "query_only": (1, 0),
    "trusted_schema": (0, 0),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("pragma", PRAGMAS)
def test_pragmas_of_readers_and_writers(database: Database, pragma: str) -> None:
    with database.read() as connection, database.write() as writer:
        readers = connection.execute(text(f"PRAGMA {pragma}")).scalar()
        writers = writer.execute(text(f"PRAGMA {pragma}")).scalar()
    assert (readers, writers) == PRAGMAS[pragma]


def test_reader_cannot_write(database: Database) -> None:
    with database.read() as connection, pytest.raises(DBAPIError):
        connection.execute(text("UPDATE revision SET number = 7"))
    with database.read() as connection:
        assert revision_of(connection) == 0


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


@pytest.mark.sqlite
@pytest.mark.parametrize("max_bytes", [0, FULL_CHECK_MAX_BYTES])
def test_damaged_page_is_found(database: Database, tmp_path: Path, max_bytes: int) -> None:
    load_into(database, HARBOUR)
    with database.read() as connection:
        assert find_corruption(connection, max_bytes) is None
        query = text("SELECT rootpage FROM sqlite_master WHERE name = 'event'")
        page = connection.execute(query).scalar_one()
    database.close()
    with (tmp_path / "timeline.db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 40)
    with database.read() as connection:
        assert find_corruption(connection, max_bytes)
    with serving(database) as client:
        assert "damaged" in check_problem(client.get("/readyz"), 503).detail
        assert client.get("/livez").status_code == 200


EVENT = {
    "id": 1,
    "slug": "x",
    "title": "x",
    "kind": "x",
    "status": "reported",
    "edtf": "2021",
    "form": "date",
    "precision": "year",
    "earliest": date(2021, 1, 1),
    "latest": date(2021, 12, 31),
    "open_start": False,
    "open_end": False,
    "sort_day": date(2021, 1, 1),
    "date_key": 0,
    "span": 9,
    "approximate": False,
    "uncertain": False,
    "display": "x",
    "sources": 1,
    "created_at": datetime(2022, 1, 1, tzinfo=UTC),
    "updated_at": datetime(2022, 1, 1, tzinfo=UTC),
}
# An invalid value of each column, and the constraint that forbids it.
INVALID: dict[str, tuple[Any, str]] = {
    "slug": ("X", "slug"),
    "title": ("x" * 121, "title_length"),
    "kind": ("", "kind_length"),
    "status": ("rumoured", "status"),
    "edtf": ("2" * 33, "edtf_length"),
    "form": ("x", "form"),
    "precision": ("x", "precision"),
    "latest": (date(2020, 12, 31), "bounds"),
    "sort_day": (date(2020, 12, 31), "sort_day"),
    "amount_min": (2, "amount"),
    "sources": (0, "sources"),
    "updated_at": (datetime(2021, 1, 1, tzinfo=UTC), "timestamps"),
    "sequence": (-1, "sequence"),
}


@pytest.mark.parametrize("column", INVALID)
def test_check_constraint_refuses_invalid_value(database: Database, column: str) -> None:
    value, constraint = INVALID[column]
    with database.write() as connection:
        connection.execute(insert(tables.event).values(**EVENT))
    invalid = EVENT | {"id": 2, "slug": "y", "amount_max": 1} | {column: value}
    with (
        pytest.raises(IntegrityError, match=f"ck_event_{constraint}"),
        database.write() as connection,
    ):
        connection.execute(insert(tables.event).values(**invalid))


ORPHANS: dict[str, dict[str, Any]] = {
    "participation": {
        "event_id": 99,
        "actor_id": 99,
        "role": "agent",
        "position": 0,
        "first": True,
        "date_key": 0,
    },
    "citation": {
        "event_id": 99,
        "source_id": 99,
        "position": 0,
        "quote": "x",
        "supports": "event",
        "stance": "asserts",
        "first": True,
        "date_key": 0,
    },
    "source": {"id": 1, "slug": "x", "title": "x", "publisher_id": 99},
    "event_timeline": {"event_id": 99, "timeline_id": 99, "date_key": 0},
    "event_topic": {"event_id": 99, "topic": "x", "date_key": 0},
    "event_record": {"event_id": 99, "content": "{}"},
    "actor": {"id": 1, "slug": "x", "name": "x", "key": "x", "kind": "person", "parent_id": 99},
    "actor_alias": {"actor_id": 99, "name": "x", "key": "x", "kind": "alias"},
}


@pytest.mark.parametrize("table", ORPHANS)
def test_foreign_key_refuses_orphan(database: Database, table: str) -> None:
    statement = insert(SQLModel.metadata.tables[table]).values(**ORPHANS[table])
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.write() as connection:
        connection.execute(statement)


def test_alias_of_actor_is_unique(database: Database) -> None:
    aliases = insert(tables.actor_alias).values(key="x", kind="alias")
    with database.write() as connection:
        for id_ in (1, 2):
            actor = {"id": id_, "slug": f"x{id_}", "name": "x", "key": "x", "kind": "person"}
            connection.execute(insert(tables.actor).values(**actor))
            connection.execute(aliases.values(actor_id=id_, name="x"))
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(aliases.values(actor_id=1, name="x"))


def test_longest_names_are_stored(database: Database) -> None:
    # Four bytes each, in an order that no compression makes shorter.
    letters = [*map(chr, range(0x20000, 0x2A000))]
    name, alias = ("".join(random.Random(seed).sample(letters, 1_000)) for seed in (1, 2))
    load_dossiers(
        database,
        [
            Dossier.model_validate(
                {
                    "timeline": {"id": "x", "title": "x"},
                    "actors": [{"id": "x", "name": name, "kind": "person", "aliases": [alias]}],
                }
            )
        ],
    )
    with serving(database) as client:
        (actor,) = client.get("/actors").json()["items"]
    assert (actor["name"], actor["aliases"][0]["name"]) == (name, alias)
