"""PostgreSQL's error codes, and what an operator can do about each.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from typing import Literal

from app.domain.text import printable

CONNECTION_LOST = "08006"
NOT_READY = "57P03"
TOO_MANY_CONNECTIONS = "53300"
READ_ONLY = "25006"
_ACCESS_DENIED = "28000"
_NO_SUCH_DATABASE = "3D000"
_CONNECTION_TEXTS = {
    "session is read-only": READ_ONLY,
    "server is in hot standby mode": READ_ONLY,
    "too many clients": TOO_MANY_CONNECTIONS,
    "too many connections": TOO_MANY_CONNECTIONS,
    "remaining connection slots": TOO_MANY_CONNECTIONS,
    "authentication failed": _ACCESS_DENIED,
    "no password supplied": _ACCESS_DENIED,
    "no pg_hba.conf entry": _ACCESS_DENIED,
    "FATAL:  role ": _ACCESS_DENIED,
    "FATAL:  database ": _NO_SUCH_DATABASE,
    "starting up": NOT_READY,
    "shutting down": NOT_READY,
    "not accepting connections": NOT_READY,
}
"""Texts in errors of connecting, which have no code: libpq does not pass it on. In a server of
another language they are not found, and the message is that of a lost connection."""
_RETRY = "Try again."
_POOLER = (
    "A prepared statement is not on this connection of PgBouncer. Use version 1.22 or newer, with "
    "max_prepared_statements of at least 200."
)
_MESSAGES = {
    "08": "The connection to the server was lost, or cannot be established. Check that the server "
    "runs, and its host and port in TIMELINE_DATABASE_URL.",
    "25006": "No server accepts changes: they are standbys, or set to read-only. Check that the "
    "primary runs, and that TIMELINE_DATABASE_URL contains it.",
    "26000": _POOLER,
    "28": "The server denies access. Check the user in TIMELINE_DATABASE_URL, pg_hba.conf, and the "
    "password: in the URL, PGPASSWORD, or ~/.pgpass, which only its owner may read (mode 0600).",
    "3D": "There is no such database. Create it with createdb, or name another one in "
    "TIMELINE_DATABASE_URL.",
    "3F": "The search_path of the user contains no schema that exists. Create the schema.",
    "40": f"The server cancelled the transaction because of another one. {_RETRY}",
    "42P05": _POOLER,
    "42501": "The user of TIMELINE_DATABASE_URL may not do this. Grant the missing privilege, or "
    "make the user the owner of the database.",
    "53": f"The server lacks memory or another resource. Increase its limits. {_RETRY}",
    "53100": f"The disk of the server is full. Free some space. {_RETRY}",
    "53300": "The server has too many connections. Increase its max_connections, decrease "
    "TIMELINE_WORKERS, or use PgBouncer.",
    "55P03": f"Another process is using the database. {_RETRY}",
    "57P": f"The server is starting or stopping. {_RETRY}",
    "57014": "The query took too long. Increase TIMELINE_QUERY_TIMEOUT.",
    "58": "The server failed to read or write a file. Read its log.",
    "XX001": "The database is damaged. Restore a backup.",
    "XX002": "An index of the database is damaged. Run REINDEX, or restore a backup.",
}
"""The problem and its fix, by code or by the beginning of codes, for errors that an operator can
meet. Any other is a bug."""


def error_code(error: BaseException | None) -> str | None:
    """Return the SQLSTATE of an error, or None if it has none or is not one of PostgreSQL's.

    If connecting failed, there is none; then return the nearest one.
    """
    # psycopg is not imported, since it is only installed where it is needed.
    ours = [cls.__name__ for cls in type(error).__mro__ if cls.__module__.startswith("psycopg")]
    if "Error" not in ours:
        return None
    code: str | None = getattr(error, "sqlstate", None)
    if code or not {"OperationalError", "InterfaceError"} & {*ours}:
        return code
    text = str(error)
    return next((c for part, c in _CONNECTION_TEXTS.items() if part in text), CONNECTION_LOST)


def failure_kind(
    error: BaseException | None,
) -> Literal["timeout", "corrupt", "unavailable", "bug"]:
    """Return what kind of failure an error is."""
    code = error_code(error)
    if code == "57014":
        return "timeout"
    if code in ("XX001", "XX002"):
        return "corrupt"
    return "unavailable" if _message(code) else "bug"


def describe_error(error: BaseException | None) -> str:
    """Return our message for an error, or its own if we have none."""
    code = error_code(error)
    message = _message(code)
    if message and code == CONNECTION_LOST:  # the fix depends on the reason, which only libpq knows
        return f"{message} ({printable(' '.join(str(error).split()))})"
    return message or f"{printable(' '.join(str(error).split()))}."


def is_lost(error: BaseException | None) -> bool:
    """Return whether an error means that the connection has ended, or could not begin."""
    return (error_code(error) or "").startswith(("08", "57P"))


def is_unreachable(error: BaseException | None) -> bool:
    """Return whether an error of connecting means that the server cannot be used now."""
    return is_lost(error) or (error_code(error) or "").startswith((READ_ONLY, "28", "3D"))


def _message(code: str | None) -> str | None:
    return code and next((_MESSAGES[k] for k in (code, code[:3], code[:2]) if k in _MESSAGES), None)
