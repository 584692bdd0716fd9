"""Reads the contents of a database, so that tests compare it as a whole."""

import re
from datetime import date
from typing import Any

from sqlalchemy import Connection, inspect, select, text

from app.db import tables
from app.db.database import Database
from app.db.records import EVENT

Tables = dict[str, list[tuple[Any, ...]]]


def read_tables(database: Database) -> Tables:
    """Return all rows of all tables, after a check that no stored record is stale."""
    with database.read() as connection:
        stored = select(tables.event_record.c.event_id, tables.event_record.c.content)
        current = select(tables.event.c.id, EVENT)
        assert {*connection.execute(stored)} == {*connection.execute(current)}
        names = inspect(connection).get_table_names()
        # FTS5's own tables depend on the history of the index.
        listed = [name for name in names if not name.startswith("event_search")]
        return {
            **{name: _read_rows(connection, f"SELECT * FROM {name}") for name in listed},
            "event_search": _read_documents(connection, "SELECT rowid, content FROM event_search"),
        }


def _read_rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    rows = connection.execute(text(query))
    return sorted((tuple(map(_plain, row)) for row in rows), key=str)


def _plain(value: object) -> object:
    """Return a value as SQLite stores it, so that databases of two engines can be compared."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | float) and value == int(value):
        return int(value)
    return value


def _read_documents(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of the full-text index: the id of an event, and its words in order."""
    rows = _read_rows(connection, query)
    return [(id_, *_words(content, connection.dialect.name)) for id_, content in rows]


def _words(content: str, engine: str) -> list[str]:
    if engine == "sqlite":
        return content.split()
    lexemes = re.findall(r"'([^']+)':([\d,]+)", content)
    positions = ((int(at), word) for word, listed in lexemes for at in listed.split(","))
    return [word for _, word in sorted(positions)]


def without_timestamps(rows: Tables) -> Tables:
    """Remove `created_at`, `updated_at` and `sequence` of events, and the revision."""
    return {
        **rows,
        "event": [row[:-3] for row in rows["event"]],
        "event_record": [(id_, text.split(',"sequence"')[0]) for id_, text in rows["event_record"]],
        "revision": [],
    }


# Each table without row ids, which depend on the order of loading, and without timestamps.
_CONTENT = {
    "actor": """
        SELECT a.slug, a.name, a.key, a.kind, a.note, parent.slug
        FROM actor a LEFT JOIN actor parent ON parent.id = a.parent_id""",
    "actor_alias": """
        SELECT a.slug, x.name, x.key, x.kind
        FROM actor_alias x JOIN actor a ON a.id = x.actor_id""",
    "source": """
        SELECT s.slug, s.title, a.slug, s.author, s.published, s.url, s.archived_url, s.language,
            s.sha256, s.note
        FROM source s JOIN actor a ON a.id = s.publisher_id""",
    "timeline": "SELECT slug, title, description, language FROM timeline",
    "event": """
        SELECT slug, title, summary, kind, status, edtf, form, precision, earliest, latest,
            open_start, open_end, sort_day, approximate, uncertain, display, date_text, date_note,
            place, amount_text, amount_min, amount_max, amount_unit
        FROM event""",
    "participation": """
        SELECT e.slug, p.position, a.slug, p.role, p.capacity
        FROM participation p JOIN event e ON e.id = p.event_id JOIN actor a ON a.id = p.actor_id""",
    "citation": """
        SELECT e.slug, c.position, s.slug, c.quote, c.locator, c.supports, c.stance,
            c.attributed_to
        FROM citation c JOIN event e ON e.id = c.event_id JOIN source s ON s.id = c.source_id""",
    "topic": "SELECT slug, label, key FROM topic",
    "event_topic": "SELECT e.slug, t.topic FROM event_topic t JOIN event e ON e.id = t.event_id",
    "event_timeline": """
        SELECT e.slug, t.slug FROM event_timeline x
        JOIN event e ON e.id = x.event_id JOIN timeline t ON t.id = x.timeline_id""",
}
_DOCUMENTS = "SELECT e.slug, x.content FROM event_search x JOIN event e ON e.id = x.rowid"


def read_content(connection: Connection) -> Tables:
    """Return the contents by slugs instead of row ids, to compare two databases."""
    return {
        **{table: _read_rows(connection, query) for table, query in _CONTENT.items()},
        "event_search": _read_documents(connection, _DOCUMENTS),
    }
