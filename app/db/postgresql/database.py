"""A database in PostgreSQL, on one server or on a primary and its standbys."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from math import inf
from pathlib import Path
from threading import Event, Lock, Thread

import psycopg
from sqlalchemy import Connection, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from app.db.backups import require_no_companion
from app.db.database import Counts, Database, OnWait, Progress, State, Version
from app.db.integrity import find_contradiction, find_stale_record
from app.db.postgresql import backup
from app.db.postgresql.errors import describe_error, failure_kind, is_lost, is_unreachable
from app.db.postgresql.hosts import (
    NO_REVISION,
    DriverConnection,
    Host,
    Hosts,
    Snapshot,
    lift_query_timeout,
    read_revision,
)
from app.db.postgresql.schema import find_missing_object
from app.db.revision import request_revision
from app.db.schema import (
    current_revision,
    find_unknown_revision,
    is_current,
    require_compatible_schema,
    stored_revision,
    upgrade,
)
from app.db.statements import KEPT_COUNTS
from app.errors import DatabaseError
from app.scheduling import resume
from app.settings import Settings

WRITE_LOCK = 7_166_181
"""The advisory lock of the process that writes. Any number that others do not use would do."""
LOCK_RETRY_INTERVAL = 0.1
"""Seconds between two attempts of a writer, so that Ctrl-C and its own timeout are noticed."""
POLL_INTERVAL = 0.05
"""Seconds after which a cached response is no longer used if another process has written."""
POLL_EXPIRY = 1.0
"""Seconds after which the newest known revision may be too old for cached responses."""
LAG_TIMEOUT = 2.0
"""Seconds to wait for a server to catch up with what was already served."""
LAG_RETRY_INTERVAL = 0.05
HANG_LIMIT = 2.5
"""Seconds after which a read that two servers have failed tries no third one: each that hangs takes
2 s."""

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)").bindparams(key=WRITE_LOCK)
# A load may take long, and pauses while it reads files, so the limits of the server do not hold.
# READ COMMITTED, because another isolation level takes its snapshot before the lock is acquired.
_BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
    "SET LOCAL idle_in_transaction_session_timeout = 0;"
    "SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC'; SET LOCAL jit = off"
)
_HAS_TABLES = text(
    "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = "
    "(SELECT oid FROM pg_namespace WHERE nspname = current_schema()) "
    "AND relkind IN ('r', 'p', 'v', 'm', 'f') AND oid NOT IN "
    # Extensions may add tables of their own.
    "(SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e'))"
)
_ENCODING = text("SHOW server_encoding")
_STATE = text(
    # A standby that has applied all it got, and still gets more, has missed nothing. The time of
    # the last change says nothing then: there may have been none since.
    "SELECT pg_is_in_recovery(), CASE WHEN NOT pg_is_in_recovery() THEN NULL "
    "WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() "
    "AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0 "
    "ELSE greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp()))::float END, "
    "current_setting('server_version')"
)
_UNKNOWN = (
    "That was during the commit, so it is unknown whether the changes are stored. Run the command "
    "again: it changes only what differs."
)
_IDENTITY = text("SELECT system_identifier, current_database() FROM pg_control_system()")


class PostgresqlDatabase(Database):
    """One database of PostgreSQL. Reads come from any of its servers, writes go to the primary."""

    read_only = False
    backup_suffix = ".dump"
    backup_unit = "kB"

    def __init__(self, settings: Settings, *, query_timeout: float | None = None) -> None:
        """Set the servers without connecting. `query_timeout` overrides that of the settings."""
        self.settings = settings
        timeout = settings.query_timeout if query_timeout is None else query_timeout
        self._hosts = Hosts(settings, timeout)
        self.name = self._hosts.name
        self._newest = _Newest()
        self._counts: tuple[Version, dict[object, int]] = NO_REVISION, {}
        self._polling: Thread | None = None
        self._closed = Event()

    def read(self) -> Connection:
        """Open a read transaction; see `Database`.

        Its state is never older than one that this process has read before, and includes the
        revision that the current request requires.
        """
        resume()
        request = request_revision.get()
        required = request.required if request else NO_REVISION
        started_at = time.monotonic()
        while True:
            is_last = time.monotonic() > started_at + LAG_TIMEOUT
            if connection := self._begin(required, started_at, is_last=is_last):
                revision = connection.info["snapshot"].revision
                connection.info[KEPT_COUNTS] = self._counts_at((revision, self._newest.resets))
                if request:
                    request.record(revision)
                return connection
            if is_last:
                raise DatabaseError(
                    f"{self.name}: No server has the revision {max(required, self._newest.number)} "
                    "yet, which was already read from another. Check the replication, and that the "
                    "primary is among the hosts of TIMELINE_DATABASE_URL."
                )
            time.sleep(LAG_RETRY_INTERVAL)

    def _counts_at(self, version: Version) -> dict[object, int]:
        """Return the counts of a version of the data; see `app.db.statements.read_count`."""
        if self._counts[0] != version:
            self._counts = version, {}
        return self._counts[1]

    def _begin(self, required: int, started_at: float, *, is_last: bool) -> Connection | None:
        """Begin a read transaction on the first server that is recent enough.

        Returns None if those that can be reached are not. Raises DatabaseError if there is none.
        """
        lags, failures = False, list[str]()
        for host in self._hosts.up:
            if len(failures) > 1 and time.monotonic() > started_at + HANG_LIMIT:
                break
            try:
                connection = host.begin()
            except DBAPIError as error:
                if failure_kind(error.orig) != "unavailable":
                    raise
                failures.append(describe_error(error.orig))
                if is_unreachable(error.orig):
                    host.mark_down(error.orig)
                continue
            snapshot = connection.info["snapshot"]
            if self._newest.accept(host, snapshot, required, is_last=is_last):
                return connection
            connection.close()
            lags = True
        if lags:
            return None
        raise DatabaseError(f"{self.name}: {[*failures, self._hosts.failure][0]}")

    @contextmanager
    def write(self, on_wait: OnWait = lambda: None) -> Iterator[Connection]:
        """Open the write transaction on the primary; see `Database`."""
        with self.migration(on_wait) as connection:
            require_compatible_schema(connection, self.name)
            yield connection

    @contextmanager
    def migration(self, on_wait: OnWait = lambda: None) -> Iterator[Connection]:
        """Open the write transaction, whatever the schema is; see `Database`."""
        # Writes are rare, so their connections are not pooled.
        engine = create_engine(
            "postgresql+psycopg://",
            creator=self._hosts.connect_to_primary,
            poolclass=NullPool,
            hide_parameters=True,
        )

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(_BEGIN)
            lock_wait = self.lock_wait(on_wait)
            while not connection.scalar(_TRY_LOCK):
                lock_wait.wait_or_raise()
                time.sleep(LOCK_RETRY_INTERVAL)

        is_committing = False
        try:
            with engine.connect() as connection, connection.begin() as transaction:
                yield connection
                is_committing = True
                if transaction.is_active:  # not rolled back already
                    transaction.commit()
                self._advance(connection)
        except (DBAPIError, psycopg.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if failure_kind(cause) == "bug":
                raise
            outcome = _UNKNOWN if is_committing and is_lost(cause) else "Nothing was changed."
            raise DatabaseError(f"{self.name}: {describe_error(cause)} {outcome}") from None

    def _advance(self, connection: Connection) -> None:
        """Record the revision after a commit, so that the next read includes it."""
        driver: DriverConnection = connection.connection.driver_connection  # type: ignore[assignment]
        with suppress(psycopg.Error):  # the commit has succeeded anyway
            self._newest.advance(read_revision(driver).revision)

    def data_version(self) -> Version | None:
        """Return the newest known revision; see `Database`."""
        if not self._polling:
            self._polling = Thread(target=self._poll, name="timeline-poll", daemon=True)
            self._polling.start()
        return self._newest.version()

    def close(self) -> None:
        """Close every connection, and end the threads."""
        self._closed.set()
        if self._polling:
            self._polling.join()
        self._polling, self._closed = None, Event()
        self._hosts.close()

    def _poll(self) -> None:
        """Read new revisions, on the server that is read from."""
        while not self._closed.wait(POLL_INTERVAL):
            for host in self._hosts.up[:1]:
                try:
                    connection = host.connect()
                except psycopg.Error as error:
                    if is_unreachable(error):
                        host.mark_down(error)
                    continue
                with closing(connection), suppress(psycopg.Error):
                    self._follow(host, connection)

    def _follow(self, host: Host, connection: DriverConnection) -> None:
        while self._hosts.up[:1] == [host]:
            self._newest.accept(host, read_revision(connection))
            if self._closed.wait(POLL_INTERVAL):
                break

    def migrate_if_needed(self) -> None:
        """Verify the database, and migrate it on the primary; see `Database`."""
        with self.read() as connection:  # which needs no primary, nor waits for a writer
            if self._require_ours(connection) == current_revision():
                return
        with self.migration() as connection:  # a standby may lag, and another may have migrated it
            if self._require_ours(connection) != current_revision():
                upgrade(connection)
        # The processes of the server that are started now may read from a standby.
        deadline = time.monotonic() + self.settings.busy_timeout
        while not self._is_migrated_everywhere() and time.monotonic() < deadline:
            time.sleep(LAG_RETRY_INTERVAL)

    def _is_migrated_everywhere(self) -> bool:
        """Return whether every server that can be reached shows the current schema."""
        for host in self._hosts.up:
            with suppress(DBAPIError), host.begin() as connection:
                if not is_current(connection):
                    return False
        return True

    def verify(self, *, completely: bool = False) -> None:
        """Raise DatabaseError unless the database is intact and ours; see `Database`."""
        with self.read() as connection:
            self._require_ours(connection)
            if completely:
                lift_query_timeout(connection)
                problem = find_contradiction(connection) or find_stale_record(connection)
                if problem:
                    raise DatabaseError(f"{self.name}: {problem}")

    def _require_ours(self, connection: Connection) -> str | None:
        """Return the revision of the schema, or None if there are no tables."""
        revision = stored_revision(connection)
        problem = None
        if revision is not None:
            problem = find_unknown_revision(revision) or find_missing_object(connection, revision)
        elif connection.scalar(_HAS_TABLES):
            problem = "The database belongs to another program. Name another database."
        elif (encoding := connection.scalar(_ENCODING)) != "UTF8":
            problem = (
                f"Its texts would be in {encoding}. Only UTF8 is supported. Create the database "
                "with `createdb --template=template0 --encoding=UTF8`."
            )
        if problem:
            raise DatabaseError(f"{self.name}: {problem}")
        return revision

    def find_damage(self) -> str | None:
        """Return None: PostgreSQL has no quick check. `pg_amcheck` is a tool for operators."""
        return None

    def damage_version(self) -> Version:
        """Return a constant, so that nothing is checked again."""
        return 0

    def state(self) -> State:
        """Return the version of the server that is read from, its role and its delay."""
        with self.read() as connection:
            is_standby, delay, version = connection.execute(_STATE).one()
        return State(
            f"postgresql {version.split()[0]}", "standby" if is_standby else "primary", delay
        )

    def is_same(self, other: Database) -> bool:
        """Return whether both are one database of one cluster, by whichever names of its hosts."""
        return isinstance(other, PostgresqlDatabase) and _identify(self) == _identify(other)

    @property
    def backup_name(self) -> str:
        """The name of the database."""
        return self._hosts.database_name

    def require_other_file(self, target: Path) -> None:
        """Raise DatabaseError for a part of a file of SQLite; see `Database`."""
        require_no_companion(target)

    def back_up(self, target: Path, progress: Progress) -> Counts:
        """Write an archive of pg_dump; see `Database`."""
        return backup.back_up(self, target, progress)

    def restore(self, source: Path, on_wait: OnWait, progress: Progress) -> None:
        """Replace all records with those of an archive; see `Database`."""
        backup.restore(self, source, on_wait, progress)


def _identify(database: Database) -> tuple[object, ...]:
    with database.read() as connection:
        return tuple(connection.execute(_IDENTITY).one())


class _Newest:
    """The newest state of the data that this process has read."""

    def __init__(self) -> None:
        self.number = NO_REVISION
        self.resets = 0
        """How often the primary had lost revisions, which others may reuse."""
        self._seen_at = -inf
        self._lock = Lock()

    def accept(
        self, host: Host, snapshot: Snapshot, required: int = NO_REVISION, *, is_last: bool = False
    ) -> bool:
        """Return whether a snapshot may be read, because it is not older than others before it.

        The primary decides about a required revision: if it is newer than its own, there is none.
        It also decides which revision is the newest, but only if no server has a newer one at the
        `is_last` attempt: it could be a former primary, which does not know that it was replaced.
        """
        number, is_standby = snapshot
        with self._lock:
            is_recent = number >= self.number
            if not is_recent:
                host.avoid()
            is_decisive = not is_standby and (is_recent or is_last)
            if not is_decisive and not (is_recent and number >= required):
                return False
            self.resets += not is_recent
            self.number, self._seen_at = number, time.monotonic()
            return True

    def advance(self, number: int) -> None:
        """Record a revision that this process has written."""
        with self._lock:
            self.number = max(self.number, number)

    def version(self) -> Version | None:
        """Return a version of the data, or None if it may have changed long since."""
        if time.monotonic() > self._seen_at + POLL_EXPIRY:
            return None
        return self.number, self.resets
