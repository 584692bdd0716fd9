"""SQLite's error codes, and what an operator can do about each.

https://www.sqlite.org/rescode.html
"""

import sqlite3

BUSY = sqlite3.SQLITE_BUSY
"""Another process is writing, or is reading what this one needs to overwrite."""
INTERRUPTED = sqlite3.SQLITE_INTERRUPT
"""The progress handler stopped a query that took too long."""
CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
"""Errors that are temporary, or that the operator can fix. Any other, except CORRUPT, is a bug."""
_PERMISSIONS = "Check its permissions and those of its directory."
MESSAGES = {
    sqlite3.SQLITE_BUSY: "Another process is using the database. Try again.",
    sqlite3.SQLITE_CANTOPEN: f"The file cannot be opened. {_PERMISSIONS}",
    sqlite3.SQLITE_CORRUPT: "The file is damaged. Restore a backup.",
    # A statement needs temporary files too: https://www.sqlite.org/tempfiles.html
    sqlite3.SQLITE_FULL: "The disk is full. Free some space, or set SQLITE_TMPDIR to a larger "
    "disk, and try again.",
    sqlite3.SQLITE_INTERRUPT: "The query took too long. Increase TIMELINE_QUERY_TIMEOUT.",
    sqlite3.SQLITE_IOERR: "The disk failed to read or write. Check it, and try again.",
    sqlite3.SQLITE_NOTADB: "The file is damaged, or not a database. Restore a backup, or name "
    "another file.",
    sqlite3.SQLITE_READONLY: f"The file is read-only. {_PERMISSIONS}",
}
"""The problem and its fix, for errors that an operator can meet."""


def error_code(error: BaseException | None) -> int | None:
    """Return SQLite's primary code of an error, or None if it is not one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def describe_error(error: BaseException | None) -> str:
    """Return our message for an error of SQLite, or its own or the system's if we have none."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return MESSAGES.get(error_code(error) or 0, f"{error}.")
