"""Checks of the records: rows that contradict each other where no constraint forbids it."""

import json

from sqlalchemy import Connection, except_, func, select

from app.db import tables
from app.db.event_lists import EVENT_LISTS
from app.db.expressions import Selection
from app.db.fulltext import SEARCH_INDEX
from app.db.records import EVENT
from app.db.schema import is_current
from app.domain.text import quote

_event, _record = tables.event.c, tables.event_record.c
_ONE_ROW_PER_EVENT: dict[str, Selection] = {
    "event_record": select(_record.event_id),
    SEARCH_INDEX.name: select(SEARCH_INDEX.c.rowid),
}
_FIX = "Restore a backup."


def find_contradiction(connection: Connection) -> str | None:
    """Return which row repeats or summarises others wrongly, and the fix, or None.

    Reads every table. Of an older schema, nothing is checked: a migration computes these rows.
    """
    if not is_current(connection):
        return None
    if connection.scalar(select(func.count()).select_from(tables.revision)) != 1:
        return f"The table 'revision' must have one row. {_FIX}"
    events = select(_event.id)
    for name, ids in _ONE_ROW_PER_EVENT.items():
        for pair in ((events, ids), (ids, events)):
            if connection.execute(except_(*pair).limit(1)).first():
                return f"The table {name!r} must have one row for each event. {_FIX}"
    for table_, *_ in EVENT_LISTS.values():
        moved = select(_event.slug).join(table_, table_.c.event_id == _event.id)
        slug = connection.scalar(moved.where(table_.c.date_key != _event.date_key).limit(1))
        if slug:
            return f"The table {table_.name!r} has another date of {quote(slug)}. {_FIX}"
    return None


def find_stale_record(connection: Connection) -> str | None:
    """Return which event has stored JSON that is not what its rows say, and the fix, or None.

    An older schema has none.
    """
    if not is_current(connection):
        return None
    rows = select(_event.slug, _record.content, EVENT.label("current"))
    joined = rows.join(tables.event_record, _record.event_id == _event.id)
    for slug, stored, current in connection.execute(joined.where(_record.content != EVENT)):
        if not _equal_json(stored, current):
            return f"The stored record of {quote(slug)} is not what its rows say. {_FIX}"
    return None


def _equal_json(stored: str, current: str) -> bool:
    """Compare values: two versions of SQLite may write the same number or text differently."""
    try:
        return bool(json.loads(stored) == json.loads(current))
    except ValueError:
        return False
