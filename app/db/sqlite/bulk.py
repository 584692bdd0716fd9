"""Large writes: batches of rows, indexes that are rebuilt, temporary tables, statistics."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Table,
    TableClause,
    func,
    insert,
    inspect,
    select,
    text,
)

LOAD_BATCH = 4_000
"""Records that are read, validated and written at a time, so that memory stays bounded."""


def temporary_table(name: str, *columns: Column[Any]) -> Table:
    """Return a table of one connection. SQLite moves it to disk when it outgrows memory."""
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=False)


@contextmanager
def indexes_dropped(connection: Connection, *tables: Table) -> Iterator[None]:
    """Drop the indexes of tables before a large load, and rebuild them after it.

    That is faster than inserting into each index, and leaves the indexes compact. It is part of the
    transaction.
    """
    indexes = [index for table in tables for index in sorted(table.indexes, key=str)]
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def insert_rows(connection: Connection, table: TableClause, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns.

    Converts values column by column, which takes a third of the time of SQLAlchemy's own insert.
    """
    if not rows:
        return
    dialect = connection.dialect
    columns = []
    for column in table.c:
        if column.name in rows[0]:
            bind = column.type.dialect_impl(dialect).bind_processor(dialect)
            values = [row[column.name] for row in rows]
            # Cached, because the same dates and timestamps occur in many rows.
            columns.append(map(cache(bind), values) if bind else values)
    statement = insert(table).compile(dialect=dialect, column_keys=[*rows[0]])
    connection.exec_driver_sql(str(statement), list(zip(*columns, strict=True)))


def update_statistics(connection: Connection, table: Table) -> None:
    """Update the statistics of the query planner, if a table has doubled since they were taken.

    https://www.sqlite.org/lang_analyze.html
    """
    known_rows = 0
    if inspect(connection).has_table("sqlite_stat1"):
        query = text("SELECT stat FROM sqlite_stat1 WHERE tbl = :table")
        stats = connection.scalars(query, {"table": table.name}).all()
        known_rows = max((int(stat.split()[0]) for stat in stats), default=0)
    rows: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    if rows > 2 * known_rows:
        connection.exec_driver_sql("ANALYZE")
