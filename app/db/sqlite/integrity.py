"""Checks of the contents of a file: damage that SQLite finds, and rows that contradict each other.

https://www.sqlite.org/pragma.html#pragma_integrity_check
"""

import json

from sqlalchemy import Connection, except_, func, select, table, text
from sqlalchemy.exc import DBAPIError

from app.db import tables
from app.db.event_lists import EVENT_LISTS
from app.db.expressions import Selection
from app.db.records import EVENT
from app.db.sqlite import fulltext
from app.db.sqlite.errors import CORRUPT, INTERRUPTED, error_code
from app.db.sqlite.schema import is_current
from app.domain.text import escape, quote

FULL_CHECK_MAX_BYTES = 16 * 2**20
"""Larger files are only sampled by a probe. To check this many bytes takes a tenth of a second."""

_event, _record = tables.event.c, tables.event_record.c
_ONE_ROW_PER_EVENT: dict[str, Selection] = {
    "event_record": select(_record.event_id),
    fulltext.SEARCH_INDEX.name: select(fulltext.SEARCH_INDEX.c.rowid),
}
_FIX = "Restore a backup."


def find_corruption(
    connection: Connection, full_check_max_bytes: float = FULL_CHECK_MAX_BYTES
) -> str | None:
    """Return SQLite's description of the damage to the file, or None.

    Checks the whole file if it is small. Otherwise, or if that exceeds the query timeout, reads the
    first page of each table, so that a probe stays cheap.
    """
    try:
        small = _file_size(connection) <= full_check_max_bytes
        result = _integrity_check(connection) if small else None
        if result is None:
            names = text("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
            for name in connection.execute(names).scalars().all():
                rows = select(text("*")).select_from(table(name))
                connection.execute(rows.limit(1))
    except DBAPIError as error:
        if error_code(error.orig) not in CORRUPT:
            raise
        return str(error.orig)
    return None if result in (None, "ok") else escape(result.splitlines()[-1])


def _file_size(connection: Connection) -> int:
    pages, page_size = (
        connection.execute(text(f"PRAGMA {name}")).scalar_one()
        for name in ("page_count", "page_size")
    )
    return int(pages * page_size)


def _integrity_check(connection: Connection) -> str | None:
    """Return "ok" or the first problem; None if the check exceeds the query timeout."""
    try:
        return str(connection.execute(text("PRAGMA integrity_check(1)")).scalar_one())
    except DBAPIError as error:
        if error_code(error.orig) == INTERRUPTED:
            return None
        raise


def find_wrong_row(connection: Connection) -> str | None:
    """Return which row contradicts another, and the fix, or None. Reads every table.

    Of an older schema, only references are checked: a migration computes the rest. The whole file
    must be intact.
    """
    problem = _find_orphan(connection)
    return problem if problem or not is_current(connection) else _find_contradiction(connection)


def _find_orphan(connection: Connection) -> str | None:
    # https://www.sqlite.org/pragma.html#pragma_foreign_key_check
    for child, _, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
        return f"A row of {quote(child)} refers to a missing one of {quote(parent)}. {_FIX}"
    return None


def _find_contradiction(connection: Connection) -> str | None:
    """Compare what no constraint does: one row repeats or summarises others."""
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
