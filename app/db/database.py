"""The database as the rest of the code sees it, whichever engine stores it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, NamedTuple

from sqlalchemy import Connection

from app.errors import DatabaseError
from app.scheduling import MAX_WAITING
from app.settings import Settings

POOL_SIZE = MAX_WAITING + 4
"""Connections of one process. The server has as many threads, so no thread waits for another."""
POOL_TIMEOUT = 2
"""Seconds to wait for a connection, before a 503. SQLAlchemy's default is 30 s of silence."""

Version = Hashable
"""A version of the data. Two are equal only if nothing was written in between."""
OnWait = Callable[[], None]
Progress = Callable[[int, int], None]


class State(NamedTuple):
    """What operators want to know of a database in use."""

    engine: str
    """The engine, and its version: `postgresql 17.2`."""
    role: str
    """`primary`, or `standby` if it only follows another server."""
    replication_delay: float | None = None
    """Seconds since the last change that a standby has got, if it may have missed others."""


class Counts(NamedTuple):
    """The numbers of records that describe a database, or a backup of it."""

    events: int
    timelines: int


class Database(ABC):
    """One database, with many readers and one writer at a time, in any number of processes."""

    settings: Settings
    name: str
    """How messages name it. It never contains a password."""
    read_only: bool
    backup_suffix: ClassVar[str]
    backup_unit: ClassVar[str]
    """What the progress of a backup and a restore counts: `pages`."""

    @abstractmethod
    def read(self) -> Connection:
        """Open a read transaction: every query in it sees the same state of the data.

        A query that exceeds the query timeout raises a DBAPIError. Raises DatabaseError if the
        database cannot be read.
        """

    @abstractmethod
    def write(self, on_wait: OnWait = lambda: None) -> AbstractContextManager[Connection]:
        """Open the write transaction; commit it at the end, or roll it back on an exception.

        While another process writes, calls `on_wait` once and waits, at most for the busy timeout.
        Raises DatabaseError after that, and if the database cannot be written.
        """

    @abstractmethod
    def migration(self) -> AbstractContextManager[Connection]:
        """Open the write transaction as `write` does, whatever the schema of the database is."""

    @abstractmethod
    def data_version(self) -> Version | None:
        """Return the version of the data, whichever process wrote it; None if it is not readable.

        Takes microseconds. Must be called by one thread only.
        """

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""

    @abstractmethod
    def migrate_if_needed(self) -> None:
        """Verify the database, and migrate it to the current schema in one transaction.

        Several processes can call it at once. Raises DatabaseError, leaving the database untouched,
        if it is damaged, of another program, of a newer version, or read-only and of an older one.
        """

    @abstractmethod
    def verify(self, *, completely: bool = False) -> None:
        """Raise DatabaseError unless the database is intact and ours. Never writes to it.

        Takes about a second at most, or as long as needed to read all of it `completely`.
        """

    @abstractmethod
    def find_damage(self) -> str | None:
        """Return the engine's description of damage that a quick look finds, or None."""

    def damage_version(self) -> Version:
        """Return a version that changes when `find_damage` may find something else.

        Must be called by the thread that calls `data_version`.
        """
        return self.data_version()

    @abstractmethod
    def state(self) -> State:
        """Return the state of the server that reads come from."""

    @abstractmethod
    def is_same(self, other: "Database") -> bool:
        """Return whether this and another are surely one database, which may have two names."""

    @property
    @abstractmethod
    def backup_name(self) -> str:
        """The beginning of the names of rotated backups."""

    @abstractmethod
    def require_other_file(self, target: Path) -> None:
        """Raise DatabaseError if writing a file would overwrite a part of this database.

        Every command that writes a file calls this before it does any work.
        """

    @abstractmethod
    def back_up(self, target: Path, progress: Progress) -> Counts:
        """Write the current state of the database to one file; return what that contains.

        The target appears, or replaces an older backup, only when it is complete and verified.
        Raises DatabaseError if that is not possible.
        """

    @abstractmethod
    def restore(self, source: Path, on_wait: OnWait, progress: Progress) -> None:
        """Replace all records with those of a backup, in one transaction.

        Servers keep running, with the old records until the end. Waits for other writers as `write`
        does. Raises DatabaseError if the backup is damaged or not one of ours.
        """

    def lock_wait(self, on_wait: OnWait = lambda: None) -> "LockWait":
        """Return a wait for another writer, limited by the busy timeout."""
        return LockWait(self.name, self.settings.busy_timeout, on_wait)


class LockWait:
    """A wait for a process that is writing, with a notice at its start and a time limit."""

    def __init__(self, name: str, seconds: float, on_wait: OnWait) -> None:
        self._name = name
        self._seconds = seconds
        self._on_wait = on_wait
        self._deadline: float | None = None

    def wait_or_raise(self) -> None:
        """Record that the lock is still taken; raise DatabaseError after the time limit."""
        if self._deadline is None:
            self._on_wait()
            self._deadline = time.monotonic() + self._seconds
        elif time.monotonic() > self._deadline:
            raise DatabaseError(
                f"{self._name}: Another process has been writing for {self._seconds:g} s. Nothing "
                "was changed. Try again later, or increase TIMELINE_BUSY_TIMEOUT."
            )
