"""Batches of events: what a format writes, read in one or in several transactions."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pydantic import TypeAdapter
from sqlalchemy import Connection

from app.db import tables
from app.db.records import read_record_list
from app.db.sqlite.database import Database
from app.domain.edtf import DateRange
from app.query.heading import PageHeading, read_heading
from app.query.names import build_filter
from app.query.pagination import CursorPosition, PagedList, decode_position, paged_events
from app.schemas.params import FormatQuery
from app.schemas.records import Event, or_none
from app.schemas.responses import Total
from app.urls import UrlBuilder

STREAM_BATCH = 500
"""Events of a batch where all of them are returned. Larger batches take more memory."""
PARSE_CHUNK = 100
"""Records that are parsed without a pause for other threads, which takes some milliseconds."""

_EVENTS = TypeAdapter(list[Event])


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
    def events(self) -> list[Event]:
        """The parsed records."""
        # Not parsed for a format that only copies the records, such as JSON Lines.
        events: list[Event] = []
        for start in range(0, len(self.records), PARSE_CHUNK):
            chunk = ",".join(self.records[start : start + PARSE_CHUNK])
            events += _EVENTS.validate_json(f"[{chunk}]")
        return events

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
    limit = min(filter(None, (or_none(query.limit), cap)), default=None)
    # The total and the first batch are read in one transaction, so that they do not contradict.
    with database.read() as connection:
        listing = paged_events(build_filter(query, connection), query)
        total = listing.read_total(connection)
        heading = read_heading(connection, query)
        empty = EventBatch((), total, urls, heading, limit, query.visible_days)
        reader = _BatchReader(listing, empty, cap or STREAM_BATCH)
        batch = reader.next_batch(connection)
    yield batch
    while reader.has_more:
        with database.read() as connection:
            batch = reader.next_batch(connection)
        yield batch


class _BatchReader:
    """Reads a list batch by batch, and leaves out events that it has read before."""

    def __init__(self, listing: PagedList, empty: EventBatch, size: int) -> None:
        self.has_more = True
        self._listing = listing
        self._empty = empty
        self._size = size
        self._left = empty.limit or sys.maxsize
        self._after: CursorPosition = {}
        self._seen = bytearray()
        """One byte for each id: a set of a million integers takes fifty times as much."""

    def next_batch(self, connection: Connection) -> EventBatch:
        """Read the next events."""
        total, after, size = self._empty.total, self._after, min(self._size, self._left)
        rows, more_match = self._listing.read_rows(connection, total, size, after)
        self._left -= size
        self.has_more = more_match and self._left > 0
        ids = [id_ for id_, *_ in rows if self._is_new(id_)]
        records = read_record_list(connection, tables.event, ids)
        batch = replace(self._empty, records=records, is_first=not after)
        if self.has_more:
            self._after = decode_position(self._listing.order, rows[-1][1:])
        return batch

    def _is_new(self, id_: int) -> bool:
        # An event that gets a later date between two batches is read again at its new position.
        self._seen.extend(bytes(max(0, id_ + 1 - len(self._seen))))
        is_new = not self._seen[id_]
        self._seen[id_] = 1
        return is_new
