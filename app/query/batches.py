"""Batches of events: what a format writes, read in one or in several transactions."""

import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from pydantic import TypeAdapter
from sqlalchemy import Connection

from app.db import tables
from app.db.database import Database
from app.db.records import read_records
from app.domain.edtf import DateRange
from app.query.heading import PageHeading, read_heading
from app.query.names import build_filter
from app.query.pagination import CursorPosition, PagedList, decode_position, paged_events
from app.scheduling import checkpoint
from app.schemas.params import FormatQuery
from app.schemas.records import Event, or_none
from app.schemas.responses import Total
from app.urls import UrlBuilder

STREAM_BATCH = 500
"""Events of a batch where all of them are returned. Larger batches take more memory."""
LARGE_BATCH = 2_000
"""A batch with more events waits for its turn before it is in memory, because it is slow anyway."""
PARSE_CHUNK = 200_000
"""Characters of the records, about a hundred, that are parsed at once. That takes some milliseconds
without a pause for other threads."""

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
    is_for_excel: bool = False
    """Whether a table is opened in Excel."""
    is_first: bool = True
    """Whether this is the first batch."""

    @property
    def events(self) -> Iterator[Event]:
        """The parsed records. Parsed events take ten times as much memory, so iterate once."""
        chunk: list[str] = []
        length = 0
        for record in self.records:
            chunk.append(record)
            length += len(record)
            if length >= PARSE_CHUNK:
                yield from _parse(chunk)
                chunk, length = [], 0
        yield from _parse(chunk)

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
            f"Only {self.limit:,} of {total} events {'is' if self.limit == 1 else 'are'} shown. "
            "Narrow the selection to see others."
        )


def _parse(records: Sequence[str]) -> list[Event]:
    checkpoint()
    return _EVENTS.validate_json(f"[{','.join(records)}]")


def iter_batches(
    database: Database, query: FormatQuery, urls: UrlBuilder, cap: int | None
) -> Generator[EventBatch]:
    """Yield the matching events in one batch of at most `cap`, or without a cap in batches of 500.

    A batch has fewer events if their records would be larger than the settings allow. Each has its
    own transaction, so that a slow client keeps none open. An event that moves between two batches
    is yielded once. Raises a 422 as `build_filter` does.
    """
    limit = min(filter(None, (or_none(query.limit), cap)), default=None)
    settings = database.settings
    kilobytes = settings.max_format_size if cap else settings.max_page_size
    # The total and the first batch are read in one transaction, so that they do not contradict.
    with database.read() as connection:
        listing = paged_events(build_filter(query, connection), query)
        total = listing.read_total(connection)
        if cap and min(total.value, limit or cap) > LARGE_BATCH:
            checkpoint(is_slow=True)
        heading = read_heading(connection, query)
        days, is_for_excel = query.visible_days, query.is_for_excel
        empty = EventBatch((), total, urls, heading, limit, days, is_for_excel)
        reader = _BatchReader(listing, empty, cap, kilobytes * 1024)
        batch = reader.next_batch(connection)
    yield batch
    while reader.has_more:
        with database.read() as connection:
            batch = reader.next_batch(connection)
        yield batch


def _number_fitting(records: Sequence[str], max_size: int) -> int:
    """Return how many records fit into a size after they are rendered, but at least one."""
    for number, size in enumerate(accumulate(map(_rendered_size, records))):
        if size > max_size and number:
            return number
    return len(records)


def _rendered_size(record: str) -> int:
    # HTML escapes these with five characters, and a feed escapes its HTML again: `&amp;#39;`.
    return len(record) + 8 * sum(map(record.count, "&<>'"))


class _BatchReader:
    """Reads a list batch by batch, and leaves out events that it has read before."""

    def __init__(
        self, listing: PagedList, empty: EventBatch, cap: int | None, max_bytes: int
    ) -> None:
        self.has_more = True
        self._listing = listing
        self._empty = empty
        self._cap = cap
        self._max_bytes = max_bytes
        self._left = empty.limit or sys.maxsize
        self._after: CursorPosition = {}
        self._seen = bytearray()
        """One byte for each id: a set of a million integers takes fifty times as much."""

    def next_batch(self, connection: Connection) -> EventBatch:
        """Read the next events."""
        total, after = self._empty.total, self._after
        size = min(self._cap or STREAM_BATCH, self._left)
        rows, more_match = self._listing.read_rows(connection, total, size, after)
        new = [row for row in rows if not self._is_seen(row[0])]
        ids = [id_ for id_, *_ in new]
        records: list[str] = []
        # JSON escapes a line break, so that no record contains one.
        for lines, _ in read_records(connection, tables.event, ids, self._max_bytes, "\n"):
            records += lines.split("\n")
        if self._cap:
            del records[_number_fitting(records, self._max_bytes) :]
        batch = replace(self._empty, records=records, is_first=not after)
        if len(records) < len(new):  # the others are too large together
            if self._cap:
                self.has_more = False
                return replace(batch, limit=len(records))
            rows, more_match = rows[: rows.index(new[len(records)])], True
        for id_, *_ in rows:
            self._seen[id_] = 1
        self._left -= len(rows)
        self.has_more = more_match and self._left > 0
        if self.has_more:
            self._after = decode_position(self._listing.order, rows[-1][1:])
        return batch

    def _is_seen(self, id_: int) -> bool:
        # An event that gets a later date between two batches is read again at its new position.
        self._seen.extend(bytes(max(0, id_ + 1 - len(self._seen))))
        return bool(self._seen[id_])
