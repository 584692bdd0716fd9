"""The servers of one database: connections to each, and which of them can be reached."""

import time
from contextlib import closing, suppress
from math import inf
from random import shuffle
from threading import Event, Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo, TransactionStatus
from rapidfuzz import process
from sqlalchemy import Connection, ExceptionContext, QueuePool, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import PoolProxiedConnection

from app.db.database import POOL_SIZE, POOL_TIMEOUT
from app.db.postgresql.errors import READ_ONLY, describe_error, error_code, is_lost, is_unreachable
from app.errors import DatabaseError
from app.settings import Settings

NO_REVISION = -1
"""The revision of a database without tables: older than any other."""
PROBE_INTERVAL = 0.2
"""Seconds between two attempts to reach a server again. Meanwhile, no read waits for it."""
AVOIDED_SECONDS = 1.0
"""Seconds in which a server that lags is the last to be read from."""
QUICK_FAILURE = 0.5
"""Seconds in which a server that runs reports that it has closed a connection."""

DriverConnection = psycopg.Connection[tuple[Any, ...]]
Params = dict[str, Any]

# A host that is cut off sends no error. With the defaults, a read would wait for minutes.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_DEFAULTS: Params = {
    "application_name": "timeline",
    "client_encoding": "UTF8",
    "connect_timeout": 2,  # psycopg's minimum
    "keepalives_count": 2,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "tcp_user_timeout": 2_000,
}
_REVISION = b"SELECT number, pg_is_in_recovery() FROM revision"
_NO_REVISION = b"SELECT -1, pg_is_in_recovery()"


class Snapshot(NamedTuple):
    """What is known of the state of the data that a transaction reads."""

    revision: int
    is_standby: bool


class ReaderDialect(PGDialect_psycopg):
    """PostgreSQL for read transactions: one round trip begins them and reads the revision.

    That tests the connection, too. The settings are those of the transaction, because PgBouncer
    passes the connection to another client after it.
    https://www.pgbouncer.org/features.html
    """

    supports_statement_cache = True

    def __init__(self, query_timeout: float = inf, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._query_timeout = query_timeout
        milliseconds = 0 if query_timeout == inf else int(query_timeout * 1_000)
        # To compile a query, or to start processes for it, takes longer than to run one of ours.
        # Random reads are as cheap as sequential ones in memory and on solid-state disks, which the
        # planner does not expect.
        self._begin = (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            f"SET LOCAL statement_timeout = {milliseconds};"
            "SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC';"
            "SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0;"
            "SET LOCAL random_page_cost = 1.1;"
        ).encode()

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Begin a transaction, and store its snapshot in the `info` of the connection."""
        driver: DriverConnection = dbapi_connection.driver_connection  # type: ignore[assignment]
        dbapi_connection.info["deadline"] = time.monotonic() + self._query_timeout
        with suppress(psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            # Several statements cannot be prepared.
            cursor = driver.execute(self._begin + _REVISION, prepare=False).set_result(-1)
            if rows := cursor.fetchall():
                dbapi_connection.info["snapshot"] = Snapshot(*max(rows))
                return
        # The database is empty, or of another program.
        driver.rollback()
        cursor = driver.execute(self._begin + _NO_REVISION, prepare=False).set_result(-1)
        dbapi_connection.info["snapshot"] = Snapshot(*cursor.fetchall()[0])

    def is_disconnect(self, e: Exception, connection: Any, cursor: Any) -> bool:  # noqa: ANN401
        """Return whether an error has ended the connection, also if the driver has not seen it.

        The server sends a reason before it closes the connection.
        """
        return is_lost(e) or super().is_disconnect(e, connection, cursor)  # type: ignore[no-untyped-call]

    def do_rollback(self, dbapi_connection: PoolProxiedConnection) -> None:
        """End a transaction. At ROLLBACK, psycopg would discard its prepared statements."""
        driver: DriverConnection = dbapi_connection.driver_connection  # type: ignore[assignment]
        with suppress(psycopg.OperationalError):  # nothing is lost, and the next BEGIN fails
            if driver.info.transaction_status == TransactionStatus.INTRANS:
                driver.commit()
            else:  # a prepared statement may be the cause of an error
                driver.rollback()


registry.register("postgresql.reader", __name__, "ReaderDialect")


def _check_deadline(connection: Connection, *_: object) -> None:
    """Raise the error of the query timeout if it is over before a statement begins.

    PostgreSQL limits each statement only. So all of them together take at most twice as long.
    """
    if time.monotonic() > connection.info["deadline"]:
        raise OperationalError(None, None, psycopg.errors.QueryCanceled())


def lift_query_timeout(connection: Connection) -> None:
    """Remove the time limit of a read transaction."""
    connection.info["deadline"] = inf
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def read_revision(connection: DriverConnection) -> Snapshot:
    """Return the current state, without a transaction."""
    return Snapshot(*max(connection.execute(_REVISION), default=(NO_REVISION, True)))


class Host:
    """One server."""

    def __init__(self, params: Params, query_timeout: float) -> None:
        self._params = params
        self.failure = ""
        """Why it cannot be reached, as long as it cannot."""
        self.avoided_at = -inf
        """When it was last found to lag, or to have lost a connection."""
        self._probing = Lock()
        self._closed = Event()
        self._engine = create_engine(
            "postgresql+reader://",
            creator=self.connect,
            poolclass=QueuePool,
            hide_parameters=True,  # errors are logged; what clients search for is not
            query_timeout=query_timeout,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT,
            pool_use_lifo=True,  # the last used connection has the most in the server's caches
        )

        event.listen(self._engine, "before_cursor_execute", _check_deadline)
        event.listen(self._engine, "handle_error", self._notice_loss)

    def connect(self, **params: str) -> DriverConnection:
        """Open a connection outside of the pool, which begins no transactions of its own."""
        try:
            return psycopg.connect(**self._params | params, autocommit=True)
        except psycopg.Error as error:
            # The variables of psycopg's functions contain the password. Some tools log those of
            # each function in a traceback.
            raise error.with_traceback(None) from None

    def begin(self) -> Connection:
        """Begin a read transaction; its snapshot is in the `info` of the connection.

        Raises DBAPIError if that is not possible.
        """
        started_at = time.monotonic()
        try:
            return self._begin()
        except DBAPIError as error:
            # A server that was restarted has closed our idle connections. SQLAlchemy replaces all
            # of them when one fails.
            if not is_unreachable(error.orig) or time.monotonic() > started_at + QUICK_FAILURE:
                raise
        return self._begin()

    def _begin(self) -> Connection:
        connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    def _notice_loss(self, context: ExceptionContext) -> None:
        """Avoid the server if a connection was lost within a transaction, which is repeated.

        It may run: an operator can end a single session.
        """
        if context.is_disconnect and context.statement:
            self.avoid()

    def avoid(self) -> None:
        """Record that reads should try the other servers first, for a moment."""
        self.avoided_at = time.monotonic()

    def mark_down(self, error: BaseException | None) -> None:
        """Record that the server cannot be reached; a thread finds out when it can."""
        self.failure = describe_error(error)
        if self._probing.acquire(blocking=False):
            Thread(
                target=self._probe, args=[self._closed], name="timeline-probe", daemon=True
            ).start()

    def _probe(self, closed: Event) -> None:
        while not closed.wait(PROBE_INTERVAL):
            try:
                # Through PgBouncer, one can connect to a server that is down.
                with closing(self.connect()) as connection:
                    connection.execute("SELECT 1")
                    break
            except psycopg.Error as error:
                self.failure = describe_error(error)
        self._probing.release()
        self.failure = ""

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._closed.set()
        self._closed = Event()
        self._engine.dispose()


class Hosts:
    """The servers of one database, in the order of its URL."""

    def __init__(self, settings: Settings, query_timeout: float) -> None:
        each = _split(_parse_url(settings))
        self.database_name = str(each[0].get("dbname", ""))
        self.name = f"postgresql://{','.join(map(_host_name, each))}/{self.database_name}"
        self._hosts = [Host(params, query_timeout) for params in each]

    @property
    def up(self) -> list[Host]:
        """The servers that can be reached, in the order to read from them."""
        since = time.monotonic() - AVOIDED_SECONDS
        up = [host for host in self._hosts if not host.failure]
        return sorted(up, key=lambda host: host.avoided_at > since)

    @property
    def failure(self) -> str:
        """Why the first server that is down cannot be reached."""
        return next((host.failure for host in self._hosts if host.failure), "")

    def connect_to_primary(self) -> DriverConnection:
        """Open a connection to the first server that accepts changes."""
        errors = []
        for host in self.up or self._hosts:
            try:
                return host.connect(target_session_attrs="read-write")
            except psycopg.Error as error:
                errors.append(error)
                if is_unreachable(error) and error_code(error) != READ_ONLY:
                    host.mark_down(error)  # so that the next write does not wait for it
        # If a standby can be reached, the others are not the problem.
        raise next((error for error in errors if error_code(error) == READ_ONLY), errors[0])

    def close(self) -> None:
        """Close all connections that are not in use."""
        for host in self._hosts:
            host.close()


def _parse_url(settings: Settings) -> Params:
    """Return the parameters of the URL. Raises DatabaseError, without quoting any of them."""
    try:
        return _DEFAULTS | conninfo_to_dict(settings.database_url)
    except psycopg.ProgrammingError:
        known = [option.keyword.decode() for option in Conninfo.get_defaults()]
        names = [name for name, _ in parse_qsl(urlsplit(settings.database_url).query)]
        hint = ""
        for name in names:
            if name not in known and (nearest := process.extractOne(name, known)):
                hint = f" The nearest is {nearest[0]}."
        raise DatabaseError(
            f"TIMELINE_DATABASE_URL: One of its parameters is unknown or malformed.{hint} The "
            "parameters are in https://www.postgresql.org/docs/current/libpq-connect.html."
        ) from None


def _split(params: Params) -> list[Params]:
    """Return the parameters of each host. A single port is that of all, as in libpq."""
    lists = {
        key: str(params[key]).split(",") for key in ("host", "hostaddr", "port") if params.get(key)
    }
    number = max(len(lists.get(key, [""])) for key in ("host", "hostaddr"))
    if any(len(values) not in (1, number) for values in lists.values()):
        raise DatabaseError(
            "TIMELINE_DATABASE_URL: It does not have as many ports as hosts. Write a port after "
            "each host, or one port for all of them."
        )
    each = [
        params | {key: values[i % len(values)] for key, values in lists.items()}
        for i in range(number)
    ]
    if params.get("load_balance_hosts") == "random":
        shuffle(each)
    return each


def _host_name(params: Params) -> str:
    """Return a host as in a URL. That of a local socket is empty."""
    host, port = params.get("host") or params.get("hostaddr") or "", params.get("port")
    if host.startswith(("/", "@")):
        return ""
    return (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
