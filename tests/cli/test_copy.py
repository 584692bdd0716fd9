"""`timeline copy`: every record arrives as it is, whichever engines the two databases have."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table

from app.db import fulltext, tables
from app.db.bulk import insert_rows
from app.db.database import Database
from app.db.engines import open_database
from app.db.revision import advance_revision, revision_of
from app.errors import DatabaseError
from app.settings import Settings
from app.store import copying
from app.store.copying import copy_records
from tests.support import postgresql
from tests.support.cli import run
from tests.support.corpus import (
    FERRY,
    GENERATED,
    HARBOUR,
    HOSTILE,
    LATER,
    SEED,
    edited,
    write_dossiers,
)
from tests.support.databases import load_into
from tests.support.snapshot import read_tables

SOURCE, TARGET = "source", "target"
CHILD_FIRST = """\
timeline: {id: firms, title: Firms}
actors:
  - {id: branch, name: Branch, kind: company, parent: head}
  - {id: head, name: Head office, kind: company}
"""


def _url(engine: str, folder: Path, name: str) -> str:
    """Return the URL of a database without tables."""
    if engine == "postgresql":
        return postgresql.create_database(f"copy_{name}", postgresql.EMPTY)
    return f"sqlite:///{folder / name}.db"


@pytest.fixture
def create(tmp_path: Path) -> Iterator[Callable[[str, str], Database]]:
    """Yield a function that creates a database without tables, by its engine and name."""
    opened: list[Database] = []

    def create(engine: str, name: str) -> Database:
        opened.append(open_database(Settings(database_url=_url(engine, tmp_path, name))))
        return opened[-1]

    yield create
    for database in opened:
        database.close()
        if database.name.startswith("postgresql:"):
            postgresql.drop_database(database.name.rpartition("/")[2])


Create = Callable[[str, str], Database]
PAIRS = [(one, other) for one in ("sqlite", "postgresql") for other in ("sqlite", "postgresql")]


def _copy(source: Database, target: Database) -> None:
    copy_records(source, target, lambda: None, lambda *_: None)


def _revision(database: Database) -> int:
    with database.read() as connection:
        return revision_of(connection)


@pytest.mark.parametrize("engines", PAIRS, ids="-".join)
def test_copy_equals_source(
    create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engines: tuple[str, str]
) -> None:
    monkeypatch.setattr(copying, "BATCH", 7)  # so that references reach into other batches
    source, target = create(engines[0], SOURCE), create(engines[1], TARGET)
    source.migrate_if_needed()
    (tmp_path / "firms.yaml").write_text(CHILD_FIRST)
    load_into(source, SEED, HARBOUR, FERRY, HOSTILE, tmp_path / "firms.yaml")
    load_into(source, *write_dossiers(tmp_path, GENERATED[:1]))
    load_into(
        source, edited(HARBOUR, tmp_path / "later.yaml", ("title: ", "title: New ")), now=LATER
    )
    before = read_tables(source)
    steps: list[tuple[int, int]] = []
    counts = copy_records(source, target, lambda: None, lambda *numbers: steps.append(numbers))
    assert counts.events == len(before["event"]) > 100
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]
    assert read_tables(source) == read_tables(target) == before
    target.verify(completely=True)
    # The copy can be written as its source: ids and indexes continue.
    for database in (source, target):
        load_into(database, *write_dossiers(tmp_path, GENERATED), now=LATER)
    assert read_tables(source) == read_tables(target)


def test_empty_database_is_copied(create: Create) -> None:
    source, target = create("sqlite", SOURCE), create("postgresql", TARGET)
    source.migrate_if_needed()
    _copy(source, target)
    # A server then loads its demonstration as into any new database.
    assert _revision(target) == 0


def test_copy_into_emptied_database_advances_its_revision(create: Create) -> None:
    """A server that has cached responses of the target must notice."""
    source, target = create("sqlite", SOURCE), create("postgresql", TARGET)
    for database in (source, target):
        database.migrate_if_needed()
    load_into(source, HARBOUR)
    with target.write() as connection:
        advance_revision(connection)
    _copy(source, target)
    assert _revision(target) == 2 > _revision(source)


# ---- copies that are refused


def _load_target(_: Database, target: Database) -> None:
    target.migrate_if_needed()
    load_into(target, FERRY.with_name("harbour.yaml"))


def _make_older(source: Database, _: Database) -> None:
    with source.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0005'")
        connection.exec_driver_sql("ALTER TABLE revision DROP COLUMN compatible_since")


def _damage(source: Database, _: Database) -> None:
    with source.write() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql("UPDATE event SET status = 'x' WHERE id = 3")


# Changes of the two databases, with the message of the copy.
REFUSED: dict[Callable[[Database, Database], None], str] = {
    _load_target: (
        "{target}: The database already has records. Nothing was changed. Name one without records."
    ),
    _make_older: "{source}: The schema is 0005, but this version needs ",
    _damage: "{source}: The rows of 'event' cannot be copied: ",
}


@pytest.mark.parametrize("target_engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("change", REFUSED)
def test_copy_is_refused_and_changes_nothing(
    create: Create, change: Callable[[Database, Database], None], target_engine: str
) -> None:
    source, target = create("sqlite", SOURCE), create(target_engine, TARGET)
    for database in (source, target):
        database.migrate_if_needed()
    load_into(source, HARBOUR)
    change(source, target)
    before = read_tables(target)
    with pytest.raises(DatabaseError) as refused:
        _copy(source, target)
    message = REFUSED[change].format(source=source.name, target=target.name)
    assert str(refused.value).startswith(message)
    assert read_tables(target) == before


def test_copy_with_other_rows_is_rolled_back(
    create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = create("sqlite", SOURCE), create("sqlite", TARGET)
    source.migrate_if_needed()
    load_into(source, HARBOUR)

    def insert_changed(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
        insert_rows(connection, table, [{**row, "slug": f"x{row['id']}"} for row in rows])

    monkeypatch.setattr(copying, "insert_rows", insert_changed)
    monkeypatch.setattr(copying, "COPIED", [tables.actor])
    refused = pytest.raises(
        DatabaseError, match=r"The rows of 'actor' are not those of .*\. Nothing"
    )
    with refused:
        _copy(source, target)
    assert read_tables(target)["actor"] == []


def test_event_that_is_too_large_for_the_index_is_named(
    create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = create("sqlite", SOURCE), create("postgresql", TARGET)
    source.migrate_if_needed()
    load_into(source, HARBOUR)
    monkeypatch.setattr(fulltext, "MAX_VECTOR_SIZE", 100)
    refused = pytest.raises(DatabaseError, match=r"The event '[a-z0-9-]+' has [0-9]+ characters")
    with refused:
        _copy(source, target)
    assert read_tables(target)["event"] == []


# ---- the command

_VISIBLE = (
    "The URL contains a password, which other users can read in the list of processes. Leave it "
    "out, and write it into ~/.pgpass or set PGPASSWORD."
)
_NAMES_NO_DATABASE = "It does not name a database. "
# Arguments, with the message.
INVALID_ARGUMENTS = {
    ("postgresql://me:secret@localhost/x", "sqlite:///new.db"): f"FROM: {_VISIBLE}",
    ("sqlite:///timeline.db", "postgres://me:secret@a,b/x"): f"TO: {_VISIBLE}",
    ("sqlite:///timeline.db", "postgresql:///x?pass%77ord=secret"): f"TO: {_VISIBLE}",
    ("sqlite:///timeline.db", "postgresql:///x?sslpassword=secret"): f"TO: {_VISIBLE}",
    ("timeline.db", "sqlite:///new.db"): f"FROM: {_NAMES_NO_DATABASE}",
    ("sqlite:///timeline.db", "mysql://me:secret@localhost/x"): f"TO: {_NAMES_NO_DATABASE}",
    ("sqlite:///timeline.db", "sqlite:///link.db"): "link.db: Both are the same database. ",
    ("sqlite:///nothing.db", "sqlite:///new.db"): "nothing.db: There is no such file. ",
}


@pytest.mark.sqlite
@pytest.mark.parametrize("arguments", INVALID_ARGUMENTS)
def test_invalid_argument_is_refused_in_one_line(
    database: Database, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    (tmp_path / "link.db").symlink_to("timeline.db")
    database.close()
    files = {*tmp_path.iterdir()}
    refused = run(tmp_path, "copy", *arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(INVALID_ARGUMENTS[arguments])
    assert "secret" not in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert {*tmp_path.iterdir()} == files


def test_command_copies_there_and_back(create: Create, tmp_path: Path) -> None:
    with closing(create("sqlite", SOURCE)) as source:
        source.migrate_if_needed()
        load_into(source, HARBOUR)
        expected = read_tables(source)
    user, _, place = _url("postgresql", tmp_path, "there").rpartition("@")
    password = user.rpartition(":")[2]
    there, back = f"postgresql://timeline@{place}", "sqlite:///back.db"
    for arguments, name in (
        ((f"sqlite:///{SOURCE}.db", there), f"postgresql://{place}"),
        ((there, back), "back.db"),
    ):
        done = run(tmp_path, "copy", *arguments, PGPASSWORD=password)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{name}: 6 events of 1 timeline.\n"
    postgresql.drop_database("copy_there")
    settings = Settings(database_url=f"sqlite:///{tmp_path}/back.db")
    with closing(open_database(settings)) as copied:
        assert read_tables(copied) == expected
