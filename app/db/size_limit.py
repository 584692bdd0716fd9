"""A limit on the size of texts, so that SQLite refuses one before it is built and stored.

To compare sizes instead costs time on every read and write: before version 3.43, SQLite must load a
text to know its size in bytes. https://www.sqlite.org/limits.html#max_length
PostgreSQL has no such limit, and knows the size of a stored text without loading it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.db.sqlite.errors import error_code

MAX_SIZE = 1_000_000_000
"""The limit of both engines, about."""
_ROW_HEADER = 16
"""Bytes that a row needs besides one large text: the limit also applies to whole rows."""


class TooLargeError(Exception):
    """A text is larger than allowed."""


def has_size_limit(connection: Connection) -> bool:
    """Return whether the engine has a limit to set. Otherwise the caller compares sizes."""
    return connection.dialect.name == "sqlite"


@contextmanager
def size_limit(connection: Connection, size: int) -> Iterator[None]:
    """Set the largest size in bytes of the texts that the statements inside build.

    Raise TooLargeError for a larger one. The limit also applies to the parameters.
    """
    if not has_size_limit(connection):
        yield
        return
    driver = connection.connection.driver_connection
    assert driver  # noqa: S101 - an open connection has one
    before = driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(size, 0) + _ROW_HEADER)
    try:
        yield
    except DBAPIError as error:
        if error_code(error.orig) == sqlite3.SQLITE_TOOBIG:
            raise TooLargeError from None
        raise
    finally:
        driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, before)
