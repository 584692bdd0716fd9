"""Excerpts: the events that a query selects, as far as a format takes them, read once."""

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
"""So many events are read at a time where all of them are given, so that memory stays flat."""
PARSE_CHUNK = 100
"""So many records are read without a pause for other threads, which is some milliseconds."""

_EVENTS = TypeAdapter(list[EventRecord])


@dataclass(frozen=True)
class EventBatch:
    """Events that a query selects, and what is worth telling beside them."""

    records: Sequence[str]
    """Each as its public JSON."""
    total: Total
    urls: UrlBuilder
    heading: PageHeading
    limit: int | None = None
    """So many are given at most."""
    visible_days: DateRange = (None, None)
    """The days that are shown, where a calendar asks for some."""
    is_first: bool = True
    """Whether these are the first."""

    @cached_property
    def events(self) -> list[EventRecord]:
        """The records, read; a few at once, so that others have their turn between them."""
        pieces = (
            self.records[at : at + PARSE_CHUNK] for at in range(0, len(self.records), PARSE_CHUNK)
        )
        return [
            event for piece in pieces for event in _EVENTS.validate_json(f"[{','.join(piece)}]")
        ]

    @property
    def is_truncated(self) -> bool:
        """Whether more match than are given."""
        more = self.total.relation == "gte"
        return self.limit is not None and (more or self.total.value > self.limit)

    @property
    def headers(self) -> dict[str, str]:
        """What programs are told of an excerpt that is cut, as a structured field (RFC 9651)."""
        if not self.is_truncated:
            return {}
        more = ";relation=gte" if self.total.relation == "gte" else ""
        return {"Timeline-Truncated": f"shown={self.limit}, total={self.total.value}{more}"}

    @property
    def truncation_notice(self) -> str:
        """What readers are told of an excerpt that is cut, and nothing of any other."""
        if not self.is_truncated:
            return ""
        all_ = f"{'more than ' if self.total.relation == 'gte' else ''}{self.total.value:,}"
        return (
            f"Only {self.limit:,} of {all_} events are shown. Narrow the selection to see others."
        )


def iter_batches(
    database: Database, query: FormatQuery, address: UrlBuilder, cap: int | None
) -> Iterator[EventBatch]:
    """Read the events that match: up to a cap at once or, without one, all of them in batches.

    Each batch is read in a transaction of its own, so that whoever takes them slowly keeps no
    transaction open; what is moved meanwhile is given once. Raises a 422 as `build_filter` does.
    """
    limit = None if query.limit is MISSING else query.limit
    most = min((one for one in (limit, cap) if one is not None), default=None)
    order = event_order(query.sort, descending=query.order == "desc")
    sizes = _batch_sizes(most, cap or STREAM_BATCH)
    with database.read() as connection:
        listing = paged_events(build_filter(query, connection), order)
        total = make_total(listing.count(connection))
        heading = read_heading(connection, query)
        head = EventBatch((), total, address, heading, most, query.visible_days)
        reading = _BatchReader(listing, head)
        excerpt = reading.next_batch(connection, next(sizes))
    yield excerpt
    for size in sizes:
        if not reading.more:
            return
        with database.read() as connection:
            excerpt = reading.next_batch(connection, size)
        yield excerpt


class _BatchReader:
    """How far a list has been read; what has moved since is not read again."""

    def __init__(self, listing: PagedList, head: EventBatch) -> None:
        self.more = True
        self._listing = listing
        self._head = head
        self._after: CursorPosition = {}
        self._seen = bytearray()
        """A byte for each id."""

    def next_batch(self, connection: Connection, size: int) -> EventBatch:
        """Read so many events from there on."""
        rows = read_rows(connection, self._listing, self._head.total, size + 1, self._after)
        self.more, rows = len(rows) > size, rows[:size]
        ids = [id_ for id_, *_ in rows if self._is_new(id_)]
        records = read_record_list(connection, tables.event, ids)
        excerpt = replace(self._head, records=records, is_first=not self._after)
        if self.more:
            self._after = decode_position(self._listing.order, rows[-1][1:])
        return excerpt

    def _is_new(self, id_: int) -> bool:
        self._seen.extend(bytes(max(0, id_ + 1 - len(self._seen))))
        new = not self._seen[id_]
        self._seen[id_] = 1
        return new


def _batch_sizes(most: int | None, batch: int) -> Iterator[int]:
    """Part so many events into batches; None for no end of them."""
    while most is None or most > 0:
        yield batch if most is None else min(batch, most)
        most = most and most - batch
