"""The SQLite file: engines and their pragmas, connections, migrations and the data revision."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    TableClause,
    create_engine,
    event,
    func,
    insert,
    inspect,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.exc import DatabaseError as SQLAlchemyDatabaseError
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel, col

from app.models import Revision, table_of
from app.settings import bundled

POOL_SIZE = 8
"""Connections of one process; as many threads answer requests, so none waits for another."""
POOL_TIMEOUT = 2
MIGRATION_TIMEOUT = 60
WRITER_CACHE = 32 * 1024
"""Kilobytes of pages that a writer keeps in memory, so that a large load rereads few."""
BATCH = 4_000
"""So many records are read, checked and written at a time, so that memory stays bounded."""
WHOLE_UP_TO = 16 * 2**20
"""Bytes of a file that a probe reads whole: a tenth of a second's work."""


class DatabaseError(Exception):
    """The database cannot be served; the message says why and what to do."""


class Database:
    """One SQLite file, opened for reading by many and for writing by one at a time."""

    def __init__(self, url: str, busy_timeout: float) -> None:
        self.path = Path(make_url(url).database or "")
        self._url = url
        self._busy_timeout = busy_timeout
        self._readers = self._engine("BEGIN", query_only=True)
        self._watcher: sqlite3.Connection | None = None

    def _engine(self, begin: str, *, query_only: bool, timeout: float | None = None) -> Engine:
        engine = create_engine(
            self._url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT,
            pool_use_lifo=True,  # whichever was last used has the most pages in memory
            # The driver begins no transaction of its own; the event below says which kind.
            connect_args={"isolation_level": None, "check_same_thread": False},
        )
        wait = self._busy_timeout if timeout is None else timeout

        @event.listens_for(engine, "connect")
        def _connect(connection: sqlite3.Connection, _: Any) -> None:  # noqa: ANN401
            connection.execute(f"PRAGMA busy_timeout = {round(wait * 1000)}")
            connection.execute("PRAGMA synchronous = FULL")  # NORMAL loses commits in a power cut
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA query_only = {int(query_only)}")
            if not query_only:
                connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def read(self) -> Connection:
        """Open a connection that sees one state of the data from its first query to its last."""
        return self._readers.connect()

    @contextmanager
    def write(self, timeout: float | None = None) -> Iterator[Connection]:
        """Open the one transaction that may write, committed at the end or not at all.

        Other writers wait for it, up to `timeout` seconds or, without one, the busy timeout.
        """
        # Writes are rare, so the connection is not kept: a reader's pool stays a reader's.
        engine = self._engine("BEGIN IMMEDIATE", query_only=False, timeout=timeout)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def version(self) -> int | None:
        """Tell one state of the data from another, whoever writes; None if the file cannot.

        Takes microseconds and never waits. https://www.sqlite.org/pragma.html#pragma_data_version
        """
        try:
            if self._watcher is None:
                uri = f"{self.path.absolute().as_uri()}?mode=rw"  # a missing file is not made
                self._watcher = sqlite3.connect(uri, uri=True, timeout=0, check_same_thread=False)
            (version,) = self._watcher.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
        return int(version)

    def close(self) -> None:
        """Give every connection back to the system."""
        self._readers.dispose()
        if self._watcher:
            self._watcher.close()
            self._watcher = None

    def migrate(self) -> None:
        """Bring the tables to this version, in one transaction, however many try at once."""
        if not self.path.absolute().parent.is_dir():
            raise DatabaseError(f"{self.path}: there is no directory {self.path.parent}")
        if self.path.exists():
            self._require_ours()
        self._use_wal()
        if self._schema() == _head():
            return  # and no writer is waited for
        with self.write(timeout=MIGRATION_TIMEOUT) as connection:
            command.upgrade(_alembic(connection), "head")

    def _require_ours(self) -> None:
        """Refuse, untouched, what another program or a newer version has made."""
        with self.read() as connection:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = connection.execute(text(query)).scalars().all()
        if tables and "alembic_version" not in tables:
            raise DatabaseError(f"{self.path} is a database of another program; name another file")
        known = {script.revision for script in _scripts().walk_revisions()}
        if tables and (found := self._schema()) and found not in known:
            raise DatabaseError(
                f"{self.path} has schema {found}, made by a newer version; install that version"
            )

    def _use_wal(self) -> None:
        """Let readers read while one writes. The file remembers it, so connections need not say it.

        While others open a new file too, SQLite refuses instead of waiting, so it is tried again.
        https://www.sqlite.org/wal.html#activating_and_configuring_wal_mode
        """
        deadline = time.monotonic() + MIGRATION_TIMEOUT
        while True:
            try:
                with closing(sqlite3.connect(self.path)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.DatabaseError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise DatabaseError(f"{self.path}: {error}") from None
                time.sleep(0.05)
            else:
                return

    def require_current(self) -> None:
        """Raise DatabaseError unless the tables are those that this version reads."""
        if not self.path.exists():
            raise DatabaseError(f"{self.path}: there is no such file; run `timeline migrate`")
        found = self._schema()
        if found != _head():
            raise DatabaseError(
                f"{self.path} has schema {found or 'none'}, this version reads {_head()}; "
                "run `timeline migrate`"
            )

    def _schema(self) -> str | None:
        """Read which schema the tables have."""
        with self.read() as connection:
            return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def scratch() -> Iterator[Connection]:
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


def temporary_table(name: str, *columns: Column[Any]) -> Table:
    """Describe a table of one connection, which SQLite keeps on disk as it outgrows memory."""
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=False)


@contextmanager
def without_indexes(connection: Connection, *models: type[SQLModel]) -> Iterator[None]:
    """Drop indexes that much is about to be added to, and make them anew from all there is.

    That is faster, leaves them packed, and is part of the transaction.
    """
    indexes = [index for model in models for index in sorted(table_of(model).indexes, key=str)]
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def insert_rows(connection: Connection, table: TableClause, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns.

    As SQLAlchemy would, but column by column, in a third of its time.
    """
    if not rows:
        return
    dialect = connection.dialect
    values = []
    columns = [column for column in table.c if column.name in rows[0]]
    for column in columns:
        bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        given = [row[column.name] for row in rows]
        # Days and moments come again and again.
        values.append(map(cache(bind), given) if bind else given)
    statement = insert(table).compile(dialect=dialect, column_keys=[*rows[0]])
    connection.exec_driver_sql(str(statement), list(zip(*values, strict=True)))


def revision_of(connection: Connection) -> int:
    """Read the number that every transaction that writes advances."""
    number: int = connection.execute(select(col(Revision.number))).scalar_one()
    return number


def advance_revision(connection: Connection) -> None:
    """Say that this transaction changes what is published."""
    connection.execute(update(Revision).values(number=col(Revision.number) + 1))


def analyze(connection: Connection, model: type[SQLModel]) -> None:
    """Tell SQLite what the tables are like once one has doubled since it was told.

    By that it chooses its ways. https://www.sqlite.org/lang_analyze.html
    """
    known = 0
    if inspect(connection).has_table("sqlite_stat1"):
        told = text("SELECT stat FROM sqlite_stat1 WHERE tbl = :table")
        stats = connection.scalars(told, {"table": model.__tablename__}).all()
        known = max((int(stat.split()[0]) for stat in stats), default=0)
    rows: int = connection.execute(select(func.count()).select_from(table_of(model))).scalar_one()
    if rows > 2 * known:
        connection.exec_driver_sql("ANALYZE")


def damage(connection: Connection, whole_up_to: int = WHOLE_UP_TO) -> str | None:
    """Describe what SQLite finds broken in the file, if anything.

    A small file is read whole; of a larger one the first page of each table, so that a probe
    stays cheap. https://www.sqlite.org/pragma.html#pragma_quick_check
    """
    pages, size = (
        connection.execute(text(f"PRAGMA {name}")).scalar_one()
        for name in ("page_count", "page_size")
    )
    try:
        if pages * size <= whole_up_to:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
            return None if found == "ok" else str(found)
        for table in SQLModel.metadata.sorted_tables:
            connection.execute(select(table).limit(1))
    except SQLAlchemyDatabaseError as error:
        return str(error.orig)
    return None


def _head() -> str | None:
    """Give the schema that this version reads."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic())


def _alembic(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(bundled("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
