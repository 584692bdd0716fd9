"""The SQLite file: its connections with their pragmas and limits, and its transactions."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from math import inf
from os import W_OK, access
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool
from sqlmodel import SQLModel

from app.db.database import POOL_SIZE, POOL_TIMEOUT, LockWait, OnWait
from app.db.revision import request_revision
from app.db.sqlite.errors import BUSY, MESSAGES, describe_error, error_code
from app.errors import DatabaseError
from app.scheduling import OverloadedError, checkpoint, resume
from app.settings import Settings

PROGRESS_STEPS = 100_000
"""SQLite's virtual machine instructions, a few milliseconds, between two checks of the deadline."""
WRITER_CACHE_KB = 32 * 1024
"""Page cache of a writer. With SQLite's default of 2 MB, a large load reads many pages again."""
LOCK_RETRY_INTERVAL = 0.1
"""Seconds between two attempts of a writer, so that Ctrl-C and its own timeout are noticed."""
MAX_WAL_BYTES = 2**20
"""The write-ahead log is truncated after a transaction if it is larger than this."""

Version = tuple[int, ...]
"""A version of the data; see `app.db.database`."""
FileIdentity = tuple[int, ...]
"""Identifies the file at a path. That of a read-only file also changes with its content."""


class SqliteFile:
    """The connections and transactions of one SQLite file.

    It is opened read-only if the file or its directory is not writable.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        path: Path | None = None,
        read_only: bool = False,
        query_timeout: float | None = None,
    ) -> None:
        """Set the file without opening it. `path` and `query_timeout` override the settings."""
        self.settings = settings
        self._query_timeout = settings.query_timeout if query_timeout is None else query_timeout
        self.path = path or settings.database_path
        self.name = str(self.path)
        self.read_only = read_only or not self._is_writable()
        self._readers = self._create_reader_pool()
        # Used by one thread only, that of the event loop.
        self._version_connection: sqlite3.Connection | None = None
        self._version_file: FileIdentity | None = None
        self._opened_file: FileIdentity | None = None
        self._opening = Lock()

    def read(self) -> Connection:
        """Open a read transaction: every query in it sees the same state of the data.

        The query timeout begins with the transaction; a query that still runs at its end raises
        OperationalError. Raises DatabaseError if the file is missing or was replaced.
        """
        self._check_identity()
        connection = self._readers.connect()
        try:
            connection.begin()  # SQLAlchemy would begin with the first query, if there is one
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def write(self, on_wait: OnWait = lambda: None) -> Iterator[Connection]:
        """Open the write transaction; commit it at the end, or roll it back on an exception.

        While another process writes, calls `on_wait` once and waits, at most for the busy timeout.
        Raises DatabaseError after that, and for the errors in `MESSAGES`, such as a full disk.
        """
        if self.read_only:
            raise DatabaseError(
                f"{self.path}: The file or its directory is read-only. Nothing was changed."
            )
        # Writes are rare, so their connections are not pooled.
        engine = create_engine(
            "sqlite://",
            creator=partial(self._connect, LOCK_RETRY_INTERVAL),
            poolclass=NullPool,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _configure_writer)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            _begin_immediate(connection, self.lock_wait(on_wait))

        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            if error_code(error.orig) not in MESSAGES:
                raise
            raise DatabaseError(
                f"{self.path}: {describe_error(error.orig)} Nothing was changed."
            ) from None
        finally:
            self.truncate_wal()

    def create(self) -> None:
        """Create the file if it is missing, in WAL mode: readers can read while another writes.

        The mode is stored in the file, so connections need not set it. While several processes
        open a new file, SQLite fails instead of waiting, so this retries. Raises DatabaseError.
        https://www.sqlite.org/wal.html#activating_and_configuring_wal_mode
        """
        lock_wait = self.lock_wait()
        while True:
            try:
                with closing(sqlite3.connect(self.path, timeout=0)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.DatabaseError as error:
                if error_code(error) != BUSY:
                    raise DatabaseError(f"{self.path}: {describe_error(error)}") from None
                lock_wait.wait_or_raise()
                time.sleep(0.05)
            else:
                return

    def lock_wait(self, on_wait: OnWait = lambda: None) -> LockWait:
        """Return a wait for another writer, limited by the busy timeout."""
        return LockWait(self.name, self.settings.busy_timeout, on_wait)

    def data_version(self) -> Version | None:
        """Return the version of the data, whichever process wrote it; None if it is not readable.

        Takes microseconds. Must be called by one thread only, since it has a connection of its own.
        https://www.sqlite.org/pragma.html#pragma_data_version
        """
        try:
            identity = self._check_identity()
            if self._version_connection is None or self._version_file != identity:
                self._close_version_connection()
                self._version_connection, self._version_file = self._connect(), identity
            (number,) = self._version_connection.execute("PRAGMA data_version").fetchone()
        except (sqlite3.Error, DatabaseError):
            return None
        return (number, *identity)

    def truncate_wal(self) -> None:
        """Truncate the write-ahead log after a large transaction, unless readers still use it."""
        log = self._sidecar("wal")
        with suppress(OSError, sqlite3.Error):  # the data is committed anyway
            if log.stat().st_size > MAX_WAL_BYTES:
                with closing(self._connect()) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self._readers.dispose()
        self._close_version_connection()
        self._opened_file = None

    def _close_version_connection(self) -> None:
        if self._version_connection:
            self._version_connection.close()
        self._version_connection = None

    def _create_reader_pool(self) -> Engine:
        query_timeout = self._query_timeout
        engine = create_engine(
            "sqlite://",
            creator=partial(self._connect, self.settings.query_timeout),
            poolclass=QueuePool,
            hide_parameters=True,  # errors are logged; what clients search for is not
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT,
            pool_use_lifo=True,  # the last used connection has the most pages in its cache
        )

        @event.listens_for(engine, "connect")
        def _configure_reader(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
            info = entry.info
            info["deadline"] = inf
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")  # it may be that of any backup

            def must_stop() -> bool:
                before = time.monotonic()
                try:
                    checkpoint()
                except OverloadedError:
                    return True
                now = time.monotonic()
                info["deadline"] += now - before  # waiting does not count
                return bool(now > info["deadline"])

            # https://www.sqlite.org/c3ref/progress_handler.html
            connection.set_progress_handler(must_stop, PROGRESS_STEPS)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            resume()
            connection.info["deadline"] = time.monotonic() + query_timeout
            _begin_read(connection)

        return engine

    def _connect(self, timeout: float = 0) -> sqlite3.Connection:
        """Open a connection that waits for locks at most `timeout` seconds."""
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={self._open_mode()}",
            uri=True,
            timeout=timeout,
            isolation_level=None,  # the driver begins no transaction; `_begin` does
            check_same_thread=False,  # the pool passes connections between threads
        )

    def _open_mode(self) -> str:
        """Return the mode to open the file with, as parameters of its URI.

        https://www.sqlite.org/uri.html
        """
        if not self.read_only or self._sidecar("journal").exists():
            return "rw"  # a journal is left by a crash, and SQLite must write to roll it back
        # Without a log nobody is writing. Then locks, which need a writable directory, can be
        # omitted. If a writer starts meanwhile, the next reader sees its data.
        # https://www.sqlite.org/wal.html#read_only_databases
        return "ro" if self._sidecar("wal").exists() else "ro&immutable=1"

    def _check_identity(self) -> FileIdentity:
        """Return the identity of the file, and discard pooled connections if it was replaced.

        Raises DatabaseError if the file is missing, or if a writable one was replaced: its WAL
        belongs to the old file, and SQLite would write that into the new one.
        https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
        """
        identity = self._file_identity()
        if identity is None:
            raise DatabaseError(
                f"{self.path}: There is no such file. Check TIMELINE_DATABASE_URL, or run "
                "`timeline load` to create it."
            )
        if identity != self._opened_file:
            with self._opening:
                if self._opened_file and not self.read_only:
                    raise DatabaseError(
                        f"{self.path}: The file was replaced by another. Stop the processes that "
                        f"use it, remove {self.path}-wal and {self.path}-shm, and start them again."
                    )
                if identity != self._opened_file:
                    self._readers.dispose()
                    self._opened_file = identity
        return identity

    def _file_identity(self) -> FileIdentity | None:
        """Return what identifies the file, or None if it is missing.

        For a read-only file that includes its state: without locks, connections would not notice
        that another process writes it.
        """
        try:
            stat = self.path.stat()
        except OSError:
            return None
        if not self.read_only:
            return stat.st_dev, stat.st_ino
        has_wal = self._sidecar("wal").exists()
        return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size, has_wal

    def _is_writable(self) -> bool:
        folder = self.path.absolute().parent
        # `exists` before `access`: another process may create the file in between.
        return access(folder, W_OK) and (not self.path.exists() or access(self.path, W_OK))

    def _sidecar(self, suffix: str) -> Path:
        return Path(f"{self.path}-{suffix}")


def _configure_writer(connection: sqlite3.Connection, _: Any) -> None:  # noqa: ANN401
    connection.execute("PRAGMA synchronous = FULL")  # NORMAL loses commits in a power cut
    connection.execute("PRAGMA foreign_keys = ON")  # SQLite's default is not to check them
    connection.execute("PRAGMA trusted_schema = OFF")  # it may be that of any backup
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KB}")
    # With any limit, ANALYZE stores no samples of values (STAT4). With them, SQLite plans a
    # statement for the values of each run, which takes longer than to run it.
    # https://www.sqlite.org/lang_analyze.html#approximate_analyze_for_large_databases
    connection.execute(f"PRAGMA analysis_limit = {2**31 - 1}")


def _begin_read(connection: Connection) -> None:
    """Begin a read transaction, and record its revision for the current request."""
    connection.exec_driver_sql("BEGIN")
    revision = request_revision.get()
    if revision and revision.read is None:
        # SQLAlchemy's part would take four times as long as SQLite's. The first query of the
        # request reports the same error, a missing table for example.
        driver: Any = connection.connection.driver_connection
        with suppress(sqlite3.Error):
            for (number,) in driver.execute("SELECT number FROM revision"):
                revision.record(number)


def _begin_immediate(connection: Connection, lock_wait: LockWait) -> None:
    """Begin with the write lock.

    After a plain BEGIN, a transaction that reads first cannot write if another wrote meanwhile.
    https://www.sqlite.org/rescode.html#busy_snapshot
    """
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            if error_code(error.orig) != BUSY:
                raise
            lock_wait.wait_or_raise()
        else:
            return


@contextmanager
def temporary_database() -> Iterator[Connection]:
    """Open an empty database that is deleted at the end; on disk only if it outgrows memory.

    https://www.sqlite.org/inmemorydb.html#temp_db
    """
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect("", isolation_level=None), poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        SQLModel.metadata.create_all(connection)
        yield connection
