"""The SQLite file: its connections, their pragmas and limits, transactions and the revision."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from math import inf
from os import W_OK, access
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool
from sqlmodel import SQLModel

from app.db.sqlite.errors import BUSY, HINTS, describe_error, error_code
from app.errors import DatabaseError
from app.settings import Settings

POOL_SIZE = 8
"""Connections of one process; as many threads answer requests, so none waits for another."""
POOL_TIMEOUT = 2
PROGRESS_STEPS = 100_000
"""Steps of SQLite, some milliseconds of them, after which a reader looks at the clock."""
WRITER_CACHE_KB = 32 * 1024
"""Kilobytes of pages that a writer keeps in memory, so that a large load rereads few."""
LOCK_RETRY_INTERVAL = 0.1
"""Seconds that a writer waits before it looks whether it is to wait on."""
MAX_WAL_BYTES = 2**20
"""Bytes of the log of writes that stay on disk once they are in the file."""

Version = tuple[int, ...]
"""Tells one state of the data from another."""


class Database:
    """One SQLite file, opened for reading by many and for writing by one at a time.

    A file that may not be written, or whose directory may not, is read as it is.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        path: Path | None = None,
        read_only: bool = False,
        query_timeout: float | None = None,
    ) -> None:
        """Name a file; in place of what is set, another, and what a reader may take in seconds."""
        self.settings = settings
        self._query_timeout = settings.query_timeout if query_timeout is None else query_timeout
        self.path = path or Path(make_url(settings.database_url).database or "")
        self.read_only = read_only or not self._is_writable()
        self._readers = self._pool_of_readers()
        # Of one thread alone, that of the event loop.
        self._version_connection: sqlite3.Connection | None = None
        self._version_file: Version | None = None
        self._opened_file: Version | None = None
        self._opening = Lock()

    def read(self) -> Connection:
        """Open a connection that sees one state of the data from its first query to its last.

        What takes too long ends in an OperationalError. Raises DatabaseError if the file is not
        there, or another is.
        """
        self._check_identity()
        return self._readers.connect()

    @contextmanager
    def write(self, waiting: Callable[[], None] = lambda: None) -> Iterator[Connection]:
        """Open the one transaction that may write, committed at the end or not at all.

        While another process writes it waits, having called `waiting`, up to the busy timeout, and
        then raises DatabaseError; so it does where SQLite or the disk cannot go on.
        """
        if self.read_only:
            raise DatabaseError(f"{self.path} is read-only here; nothing was changed")
        # Writes are rare, so the connection is not kept: a reader's pool stays a reader's.
        engine = create_engine(
            "sqlite://",
            creator=partial(self._connect, LOCK_RETRY_INTERVAL),
            poolclass=NullPool,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _configure_writer)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            _begin_writing(connection, self.lock_wait(waiting))

        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            if error_code(error.orig) not in HINTS:
                raise
            raise DatabaseError(
                f"{self.path}: {describe_error(error.orig)}; nothing was changed"
            ) from None
        finally:
            self.truncate_wal()

    def create(self) -> None:
        """Make the file if there is none, and let readers read while one writes.

        The file remembers it, so connections need not say it. While others open a new file too,
        SQLite refuses instead of waiting, so it is tried again. Raises DatabaseError.
        https://www.sqlite.org/wal.html#activating_and_configuring_wal_mode
        """
        patience = self.lock_wait()
        while True:
            try:
                with closing(sqlite3.connect(self.path, timeout=0)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.DatabaseError as error:
                if error_code(error) != BUSY:
                    raise DatabaseError(f"{self.path}: {describe_error(error)}") from None
                patience.wait_or_raise()
                time.sleep(0.05)
            else:
                return

    def lock_wait(self, waiting: Callable[[], None] = lambda: None) -> "LockWait":
        """Wait for who writes, as long as the busy timeout; `waiting` is called once if need be."""
        return LockWait(self.path, self.settings.busy_timeout, waiting)

    def data_version(self) -> Version | None:
        """Tell one state of the data from another, whoever writes; None if it cannot be read.

        Takes microseconds. To be asked by one thread. https://www.sqlite.org/pragma.html#pragma_data_version
        """
        try:
            opened = self._check_identity()
            if self._version_connection is None or self._version_file != opened:
                self._close_version_connection()
                self._version_connection, self._version_file = self._connect(), opened
            (number,) = self._version_connection.execute("PRAGMA data_version").fetchone()
        except (sqlite3.Error, DatabaseError):
            return None
        return (number, *opened)

    def truncate_wal(self) -> None:
        """Give the disk back what a large transaction took, unless readers are in the way."""
        log = self._sidecar("wal")
        with suppress(OSError, sqlite3.Error):  # what was written is safe without it
            if log.stat().st_size > MAX_WAL_BYTES:
                with closing(self._connect()) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give every connection back to the system."""
        self._readers.dispose()
        self._close_version_connection()
        self._opened_file = None

    def _close_version_connection(self) -> None:
        if self._version_connection:
            self._version_connection.close()
        self._version_connection = None

    def _pool_of_readers(self) -> Engine:
        limit = self._query_timeout
        engine = create_engine(
            "sqlite://",
            creator=partial(self._connect, self.settings.query_timeout),
            poolclass=QueuePool,
            hide_parameters=True,  # they are nothing for the log
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT,
            pool_use_lifo=True,  # whichever was last used has the most pages in memory
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: sqlite3.Connection, pooled: ConnectionPoolEntry) -> None:
            info = pooled.info
            info["until"] = inf
            connection.execute("PRAGMA query_only = ON")
            connection.set_progress_handler(
                lambda: time.monotonic() > info["until"], PROGRESS_STEPS
            )

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.info["until"] = time.monotonic() + limit
            connection.exec_driver_sql("BEGIN")

        return engine

    def _connect(self, timeout: float = 0) -> sqlite3.Connection:
        # The driver begins no transaction of its own.
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={self._open_mode()}",
            uri=True,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
        )

    def _open_mode(self) -> str:
        """Tell SQLite how to open the file.

        https://www.sqlite.org/uri.html
        """
        if not self.read_only or self._sidecar("journal").exists():
            return "rw"  # where a journal is, a transaction that was cut off is undone first
        # Without a log of writes nobody writes now; then there need be no lock, which is a write.
        # Who begins to write meanwhile is seen by the next reader, not by this one.
        return "ro" if self._sidecar("wal").exists() else "ro&immutable=1"

    def _check_identity(self) -> Version:
        """Tell which file it is, and let go of one that was only read and is another now.

        One that may be written is not to be replaced: the log beside it belongs to the former,
        and SQLite would write that into the new one.
        https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
        """
        found = self._file_id()
        if found is None:
            raise DatabaseError(f"{self.path}: there is no such file; run `timeline migrate`")
        if found != self._opened_file:
            with self._opening:
                if self._opened_file and not self.read_only:
                    raise DatabaseError(
                        f"{self.path}: another file stands in its place; stop what uses it, remove "
                        f"{self.path}-wal and {self.path}-shm, and start it again"
                    )
                if found != self._opened_file:
                    self._readers.dispose()
                    self._opened_file = found
        return found

    def _file_id(self) -> Version | None:
        """Tell files apart; of a file that is only read also its states. None if there is none."""
        try:
            stat = self.path.stat()
        except OSError:
            return None
        if not self.read_only:
            return stat.st_dev, stat.st_ino
        written = self._sidecar("wal").exists()
        return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size, written

    def _is_writable(self) -> bool:
        folder = self.path.absolute().parent
        return access(folder, W_OK) and (not self.path.exists() or access(self.path, W_OK))

    def _sidecar(self, name: str) -> Path:
        return Path(f"{self.path}-{name}")


class LockWait:
    """How long one waits for another process that is writing."""

    def __init__(self, path: Path, seconds: float, waiting: Callable[[], None]) -> None:
        self._path = path
        self._seconds = seconds
        self._waiting = waiting
        self._until: float | None = None

    def wait_or_raise(self) -> None:
        """Be told that the other is still writing; raise DatabaseError once it took too long."""
        if self._until is None:
            self._waiting()
            self._until = time.monotonic() + self._seconds
        elif time.monotonic() > self._until:
            raise DatabaseError(
                f"{self._path}: another process has been writing for {self._seconds:g} s; nothing "
                "was changed; try again when it has ended, or set TIMELINE_BUSY_TIMEOUT"
            )


def _configure_writer(connection: sqlite3.Connection, _: Any) -> None:  # noqa: ANN401
    connection.execute("PRAGMA synchronous = FULL")  # NORMAL loses commits in a power cut
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KB}")


def _begin_writing(connection: Connection, patience: LockWait) -> None:
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            if error_code(error.orig) != BUSY:
                raise
            patience.wait_or_raise()
        else:
            return


@contextmanager
def temporary_database() -> Iterator[Connection]:
    """Open a database that is nowhere: empty, on disk only as it outgrows memory, then gone.

    https://www.sqlite.org/inmemorydb.html#temp_db
    """
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect("", isolation_level=None), poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        SQLModel.metadata.create_all(connection)
        yield connection
