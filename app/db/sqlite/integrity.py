"""Checks of the contents of a file: damage, and references to missing rows.

https://www.sqlite.org/pragma.html#pragma_integrity_check
"""

from sqlalchemy import Connection, select, table, text
from sqlalchemy.exc import DBAPIError

from app.db.sqlite.errors import CORRUPT, INTERRUPTED, error_code
from app.domain.text import escape, quote

FULL_CHECK_MAX_BYTES = 16 * 2**20
"""Larger files are only sampled by a probe. To check this many bytes takes a tenth of a second."""


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


def find_orphan(connection: Connection) -> str | None:
    """Return which row refers to a missing one, and the fix, or None. The file must be intact."""
    # https://www.sqlite.org/pragma.html#pragma_foreign_key_check
    for child, _, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
        problem = f"A row of {quote(child)} refers to a missing one of {quote(parent)}."
        return f"{problem} Restore a backup."
    return None
