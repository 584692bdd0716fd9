"""Copying all records into another database, whichever engines the two have."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, literal, select, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from app.db import tables
from app.db.backups import count_records
from app.db.bulk import indexes_dropped, insert_rows, update_statistics
from app.db.database import Counts, Database, OnWait, Progress
from app.db.errors import describe_failure
from app.db.revision import revision_of
from app.db.schema import require_current_schema
from app.domain.text import escape, quote
from app.errors import DatabaseError
from app.store.search_index import index_all

BATCH = 1_000
"""Rows that are read, written and compared at a time, so that memory stays bounded."""
COPIED = [table for table in SQLModel.metadata.sorted_tables if table is not tables.revision]
"""The tables of records, each after those that it refers to."""

Rows = Sequence[Row[Any]]
OnRows = Callable[[int], None]


def copy_records(
    source: Database, target: Database, on_wait: OnWait, on_progress: Progress
) -> Counts:
    """Copy all records of a database into one without records, in one transaction.

    Row ids, timestamps, stored records and the revision stay the same. At the end, everything is
    read again and compared. Waits for other writers as `Database.write` does. Raises DatabaseError,
    leaving the target without records, if that is not possible.
    """
    source.verify()
    require_current_schema(source)
    target.migrate_if_needed()
    if source.is_same(target):
        raise DatabaseError(f"{target.name}: Both are the same database. Name another one.")
    with source.read() as reader, target.write(on_wait) as writer:
        _require_empty(writer, target.name)
        counts = count_records(reader)
        rows = sum(reader.scalar(select(func.count()).select_from(one)) or 0 for one in COPIED)
        done, total = 0, 2 * rows + counts.events

        def on_rows(number: int) -> None:
            nonlocal done
            done += number
            on_progress(done, total)

        digests = {}
        with indexes_dropped(writer, *COPIED):
            for table in COPIED:
                with _reporting_invalid_rows(writer, source.name, table.name):
                    digests[table] = _digest(_copy_rows(reader, writer, table), on_rows)
        _fill_index(writer, target.name, on_rows)
        for table, copied in digests.items():
            if _digest(_read_rows(writer, table), on_rows) != copied:
                raise DatabaseError(
                    f"{target.name}: The rows of {table.name!r} are not those of {source.name}. "
                    "Nothing was copied. Check that with `timeline verify`."
                )
        _copy_revision(reader, writer)
        update_statistics(writer, tables.event)
    return counts


def _require_empty(writer: Connection, name: str) -> None:
    for table in COPIED:
        if writer.scalar(select(literal(1)).select_from(table).limit(1)):
            raise DatabaseError(
                f"{name}: The database already has records. Nothing was changed. Name one without "
                "records."
            )


@contextmanager
def _reporting_invalid_rows(writer: Connection, source: str, table: str) -> Iterator[None]:
    """Convert the error for a row that the schema forbids. SQLite can have one after damage."""
    driver_error: type[Exception] = writer.dialect.loaded_dbapi.Error
    try:
        yield
    except (DBAPIError, driver_error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if describe_failure(cause).kind != "bug":
            raise
        raise DatabaseError(
            f"{source}: The rows of {table!r} cannot be copied: {escape(cause)}. Nothing was "
            "copied. Check the database with `timeline verify`."
        ) from None


def _copy_rows(reader: Connection, writer: Connection, table: Table) -> Iterator[Rows]:
    """Insert the rows of a table, and yield them in batches."""
    # A row may refer to a later one of its table, so these references are set at the end.
    own = [one for one in table.c if any(key.column.table is table for key in one.foreign_keys)]
    references: dict[str, list[dict[str, int]]] = {column.name: [] for column in own}
    for rows in _read_rows(reader, table):
        values = [row._asdict() for row in rows]
        for name in references:
            references[name] += (
                {"row": one["id"], "to": one[name]} for one in values if one[name] is not None
            )
            values = [{**one, name: None} for one in values]
        insert_rows(writer, table, values)
        yield rows
    for name, found in references.items():
        if found:
            changed = update(table).where(table.c.id == bindparam("row"))
            writer.execute(changed.values({name: bindparam("to")}), found)


def _read_rows(connection: Connection, table: Table) -> Iterator[Rows]:
    """Yield all rows of a table in batches; in PostgreSQL, from a cursor of the server."""
    result = connection.execute(select(table), execution_options={"yield_per": BATCH})
    yield from result.partitions()


def _digest(batches: Iterator[Rows], on_rows: OnRows) -> tuple[int, int]:
    """Return what differs if any value of any row does, whatever the order of the rows.

    Python's hashes are equal for equal values: a column of SQLite may have 2, where one of
    PostgreSQL has 2.0.
    """
    number, digest = 0, 0
    for rows in batches:
        number += len(rows)
        digest += sum(hash(tuple(row)) for row in rows)
        on_rows(len(rows))
    return number, digest


def _fill_index(writer: Connection, name: str, on_rows: OnRows) -> None:
    """Add the events to the full-text index, which each engine stores in its own way."""
    event = tables.event.c
    for number, too_large in index_all(writer):
        for id_, size in too_large.items():
            slug = writer.execute(select(event.slug).where(event.id == id_)).scalar_one()
            raise DatabaseError(
                f"{name}: The event {quote(slug)} has {size:,} characters of text, too many for "
                "the full-text index. Nothing was copied. Shorten its texts in the other database."
            )
        on_rows(number)


def _copy_revision(reader: Connection, writer: Connection) -> None:
    """Set the revision to that of the source, but never back, which caches would not notice."""
    used = revision_of(writer)
    number = max(revision_of(reader), used + 1 if used else 0)
    writer.execute(update(tables.revision).values(number=number))
