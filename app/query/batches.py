"""Batches of events: what a format writes, read in one or in several transactions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pydantic import MISSING, TypeAdapter
from sqlalchemy import Connection

from app.db import tables
from app.db.ordering import event_order
from app.db.records import read_record_list
from app.db.sqlite.database import Database
from app.domain.edtf import DateRange
from app.query.heading import PageHeading, read_heading
from app.query.names import build_filter
from app.query.pagination import (
    CursorPosition,
    PagedList,
    decode_position,
    make_total,
    paged_events,
    read_rows,
)
from app.schemas.params import FormatQuery
from app.schemas.records import Event as EventRecord
from app.schemas.responses import Total
from app.urls import UrlBuilder

STREAM_BATCH = 500
"""Events of a batch where all of them are returned. Larger batches take more memory."""
PARSE_CHUNK = 100
"""Records that are parsed without a pause for other threads, which takes some milliseconds."""

_EVENTS = TypeAdapter(list[EventRecord])


@dataclass(frozen=True)
class EventBatch:
    """Events of a selection, and what a format says about the whole selection."""

    records: Sequence[str]
    """Each event as its public JSON."""
    total: Total
    urls: UrlBuilder
    heading: PageHeading
    limit: int | None = None
    """How many events are returned at most, in all batches."""
    visible_days: DateRange = (None, None)
    """The days that a calendar shows."""
    is_first: bool = True
    """Whether this is the first batch."""

    @cached_property
    def events(self) -> list[EventRecord]:
        """The parsed records."""
        chunks = (
            self.records[at : at + PARSE_CHUNK] for at in range(0, len(self.records), PARSE_CHUNK)
        )
        return [
            event for chunk in chunks for event in _EVENTS.validate_json(f"[{','.join(chunk)}]")
        ]

    @property
    def is_truncated(self) -> bool:
        """Whether more events match than are returned."""
        is_more = self.total.relation == "gte"
        return self.limit is not None and (is_more or self.total.value > self.limit)

    @property
    def headers(self) -> dict[str, str]:
        """The header of a truncated response, a structured field (RFC 9651)."""
        if not self.is_truncated:
            return {}
        more = ";relation=gte" if self.total.relation == "gte" else ""
        return {"Timeline-Truncated": f"shown={self.limit}, total={self.total.value}{more}"}

    @property
    def truncation_notice(self) -> str:
        """A sentence for readers of a truncated response; empty for any other."""
        if not self.is_truncated:
            return ""
        total = f"{'more than ' if self.total.relation == 'gte' else ''}{self.total.value:,}"
        return (
            f"Only {self.limit:,} of {total} events are shown. Narrow the selection to see others."
        )


def iter_batches(
    database: Database, query: FormatQuery, urls: UrlBuilder, cap: int | None
) -> Iterator[EventBatch]:
    """Yield the matching events in one batch of at most `cap`, or without a cap in batches of 500.

    Each batch has its own transaction, so that a slow client keeps none open. An event that moves
    between two batches is yielded once. Raises a 422 as `build_filter` does.
    """
    limits = [one for one in (None if query.limit is MISSING else query.limit, cap) if one]
    limit = min(limits, default=None)
    order = event_order(query.sort, descending=query.order == "desc")
    sizes = _batch_sizes(limit, cap or STREAM_BATCH)
    with database.read() as connection:
        listing = paged_events(build_filter(query, connection), order)
        total = make_total(listing.count(connection))
        heading = read_heading(connection, query)
        empty = EventBatch((), total, urls, heading, limit, query.visible_days)
        reader = _BatchReader(listing, empty)
        batch = reader.next_batch(connection, next(sizes))
    yield batch
    for size in sizes:
        if not reader.has_more:
            return
        with database.read() as connection:
            batch = reader.next_batch(connection, size)
        yield batch


class _BatchReader:
    """Reads a list batch by batch, and leaves out events that it has read before."""

    def __init__(self, listing: PagedList, empty: EventBatch) -> None:
        self.has_more = True
        self._listing = listing
        self._empty = empty
        self._after: CursorPosition = {}
        self._seen = bytearray()
        """One byte for each id: a set of a million integers takes fifty times as much."""

    def next_batch(self, connection: Connection, size: int) -> EventBatch:
        """Read the next `size` events."""
        rows = read_rows(connection, self._listing, self._empty.total, size + 1, self._after)
        self.has_more, rows = len(rows) > size, rows[:size]
        ids = [id_ for id_, *_ in rows if self._is_new(id_)]
        records = read_record_list(connection, tables.event, ids)
        batch = replace(self._empty, records=records, is_first=not self._after)
        if self.has_more:
            self._after = decode_position(self._listing.order, rows[-1][1:])
        return batch

    def _is_new(self, id_: int) -> bool:
        self._seen.extend(bytes(max(0, id_ + 1 - len(self._seen))))
        is_new = not self._seen[id_]
        self._seen[id_] = 1
        return is_new


def _batch_sizes(limit: int | None, batch: int) -> Iterator[int]:
    """Yield the sizes of batches of `limit` events together, or without an end."""
    while limit is None or limit > 0:
        yield batch if limit is None else min(batch, limit)
        limit = limit and limit - batch
