"""What SQLite says when it cannot go on: whether that passes, and what to do about it.

https://www.sqlite.org/rescode.html
"""

import sqlite3

BUSY = sqlite3.SQLITE_BUSY
"""Another process writes, or reads what is to be written."""
INTERRUPTED = sqlite3.SQLITE_INTERRUPT
"""The query took longer than it may."""
CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""The file is broken."""
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
"""It passes, or is for the operator to mend; but for damage, what is left is a mistake of ours."""
HINTS = {
    sqlite3.SQLITE_BUSY: "another process is using it; try again",
    sqlite3.SQLITE_CANTOPEN: "look at its permissions, and those of its directory",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a backup",
    sqlite3.SQLITE_FULL: "make room, or name a larger disk in SQLITE_TMPDIR, and try again",
    sqlite3.SQLITE_INTERRUPT: "it took too long; set TIMELINE_QUERY_TIMEOUT",
    sqlite3.SQLITE_IOERR: "look whether its disk is full or failing, and try again",
    sqlite3.SQLITE_NOTADB: "it is damaged, or no database; restore a backup or name another file",
    sqlite3.SQLITE_READONLY: "look at its permissions, and those of its directory",
}
"""What an operator can do about what SQLite says."""


def error_code(error: BaseException | None) -> int | None:
    """Give SQLite's primary code of an error."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def describe_error(error: BaseException | None) -> str:
    """Say what SQLite says, and what to do about it."""
    cure = HINTS.get(error_code(error) or 0)
    return f"{error}; {cure}" if cure else str(error)
