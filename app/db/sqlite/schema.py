"""The schema of a file, compared with that of its revision, as the migrations create it."""

import re
import sqlite3
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, NullPool, create_engine, text

from app.db.schema import find_unknown_revision, stored_revision, upgrade
from app.domain.text import quote

_SEARCH_TABLES = "event_search_"
"""How the names of the tables begin in which FTS5 stores the index. Their SQL is its own affair."""
_FOREIGN = "The database belongs to another program. Name another file."


class _Object(NamedTuple):
    """A table, index, trigger or view."""

    kind: str
    name: str
    table: str
    sql: str
    """Without case, quotes and spaces, which SQLite and SQLAlchemy may write differently."""

    def __str__(self) -> str:
        return f"The {self.kind} {quote(self.name)}"


def find_schema_problem(connection: Connection) -> str | None:
    """Return what is wrong with the schema of a file, and the fix, or None.

    A file without tables is in order. Tables of others are ignored, because tools that replicate
    databases add some; any other object can make our own statements fail.
    """
    found = _read_objects(connection)
    revision = stored_revision(connection)
    if revision is None:
        return _FOREIGN if found.keys() - {("table", "alembic_version")} else None
    if problem := find_unknown_revision(revision):
        return problem
    encoding = connection.execute(text("PRAGMA encoding")).scalar_one()
    if encoding != "UTF-8":  # processes that have the file open could not read it after a restore
        return f"The texts are in {encoding}. Only UTF-8 is supported. Restore another backup."
    return _compare(found, _expected_objects(revision), revision)


_Objects = dict[tuple[str, str], _Object]


def _compare(found: _Objects, expected: _Objects, revision: str) -> str | None:
    for key, one in expected.items():
        if key not in found:
            return f"{one} of schema {revision} is missing. Restore a backup."
        if found[key].sql != one.sql:
            return f"{found[key]} differs from that of schema {revision}. Restore a backup."
    for key, one in found.items():
        is_on_ours = ("table", one.table) in expected
        if key not in expected and one.kind != "table" and (is_on_ours or one.kind != "index"):
            return f"{one} is not part of schema {revision}. Drop it."
    return None


def _read_objects(connection: Connection) -> _Objects:
    """Read all objects, tables first. SQLite's own have reserved names."""
    rows = connection.execute(
        text(
            "SELECT type, name, lower(tbl_name), sql FROM sqlite_master "
            "WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY type <> 'table', name"
        )
    )
    return {
        (kind, name.lower()): _Object(kind, name, table, _normalised(name, sql or ""))
        for kind, name, table, sql in rows
    }


def _normalised(name: str, sql: str) -> str:
    if name.lower().startswith(_SEARCH_TABLES):
        return ""
    return re.sub(r'[\s"`\[\]]+', "", sql).lower()


@cache
def _expected_objects(revision: str) -> _Objects:
    """Return the objects of a new database of a revision. Takes some hundredths of a second."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(":memory:", isolation_level=None),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        upgrade(connection, revision)
        return _read_objects(connection)
