"""The stored JSON of events, their `updated_at`, and their documents in the full-text index.

The JSON of an event shows other records: actors, sources, topics and timelines. Code that writes
one of these marks the events that show it. At the end of the transaction, `EventChanges.refresh`
compares the JSON of the marked events with what is stored. So `updated_at` moves exactly when the
public JSON has changed, whatever the reason.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    case,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy import literal as value_of

from app.db import tables
from app.db.bulk import LOAD_BATCH, temporary_table
from app.db.dialects import InsertMissing, Joined, NextSecond
from app.db.expressions import Rows, in_values, integer_rows, text_rows
from app.db.fulltext import merge_additions
from app.db.models import Timestamp
from app.db.records import find_changed_records, find_large_records, refresh_records
from app.db.size_limit import TooLargeError
from app.store.search_index import SearchDocument, add_documents, update_documents

_event, _record = tables.event.c, tables.event_record.c
_actor, _source, _topic = tables.actor.c, tables.source.c, tables.event_topic.c
_part, _citation = tables.participation.c, tables.citation.c

Reason = Literal["event", "timeline", "removal", "topic", "actor", "source"]
"""What has changed: the event itself, its timelines, or a record that it shows."""
_OWN = {"event", "timeline", "topic"}
"""Changes of what a dossier says about an event itself."""
_SEARCHED = {"event", "topic", "actor"}
"""Changes of texts in the full-text index."""

# Temporary tables, so that memory stays bounded: every event can show an actor that changes.
_marked_event = temporary_table(
    "marked_event",
    Column("event_id", Integer, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("shown", String),
)
_marked_topic = temporary_table(
    "marked_topic", Column("slug", String, primary_key=True), Column("last_event", Integer)
)
_mark, _topic_mark = _marked_event.c, _marked_topic.c


class LargeEvent(NamedTuple):
    """An event that is too large to be stored."""

    slug: str
    size: int
    shown: dict[str, str]
    """By its kind, the slug of a changed record that the event shows."""


class Refreshed(NamedTuple):
    """The result of a refresh."""

    changed: int
    """The older events whose JSON has changed, without those that only show an actor or a source
    that has changed, or that only left a timeline."""
    too_large: list[LargeEvent]


def moment_of_change(connection: Connection, now: datetime) -> datetime:
    """Return the `updated_at` of the changes of a transaction that begins now.

    It does not precede the latest one, also if the clock was set back: a copy of the events
    requests those that have changed since the latest `updated_at` that it has seen.
    """
    latest = connection.scalar(select(func.max(_event.updated_at)))
    return max(now, latest) if latest else now


class EventChanges:
    """The events whose JSON or document one transaction may change.

    Neither may have more than `max_size` bytes: a short event can cite many long sources.
    """

    def __init__(self, connection: Connection, max_size: int) -> None:
        self._connection = connection
        self._max_size = max_size
        self._last_older_event = self._last_event()
        _marked_event.create(connection)
        _marked_topic.create(connection)

    def _last_event(self) -> int:
        return self._connection.scalar(select(func.max(_event.id))) or 0

    def mark(self, events: Collection[int], reason: Reason) -> None:
        """Record that events have changed. Those without stored JSON need no mark."""
        if events:
            stored = select(_record.event_id, value_of(None))
            self._mark(stored.where(in_values(_record.event_id, events)), reason)

    def mark_actors(self, actors: Collection[int]) -> None:
        """Record that actors have changed, which events also show as publishers of sources."""
        if actors:
            changed = in_values(_actor.id, actors)
            parts = select(_part.event_id, _actor.slug).join(
                tables.actor, _actor.id == _part.actor_id
            )
            self._mark(parts.where(changed), "actor")
            published = (
                select(_citation.event_id, _actor.slug)
                .join(tables.source, _source.id == _citation.source_id)
                .join(tables.actor, _actor.id == _source.publisher_id)
            )
            self._mark(published.where(changed), "actor")

    def mark_sources(self, sources: Collection[int]) -> None:
        """Record that sources have changed."""
        if sources:
            cited = select(_citation.event_id, _source.slug)
            cited = cited.join(tables.source, _source.id == _citation.source_id)
            self._mark(cited.where(in_values(_source.id, sources)), "source")

    def mark_topics(self, topics: Iterable[str]) -> None:
        """Record that topics have got other labels, which the events stored so far do not show."""
        # They are looked up at the end, when the indexes that a large load drops are back.
        last = value_of(self._last_event())
        slugs = select(text_rows(topics).c.value, last)
        self._connection.execute(
            InsertMissing(_marked_topic).from_select([*_topic_mark.keys()], slugs)
        )

    def _mark(self, events: Rows, reason: Reason) -> None:
        """Add marks of events, each with the slug of a changed record that it shows, or NULL."""
        event, shown = events.subquery().c
        rows = select(event, value_of(reason), shown)
        self._connection.execute(InsertMissing(_marked_event).from_select([*_mark.keys()], rows))

    def add_documents(self, documents: Collection[SearchDocument]) -> None:
        """Add new events to the full-text index. `refresh` reports those that are too large."""
        if too_large := add_documents(self._connection, documents, self._max_size):
            self._mark(select(integer_rows(too_large).c.value, value_of(None)), "event")

    def add_records(self, events: Collection[int]) -> None:
        """Write the JSON of new events, after they are in their timelines.

        `refresh` reports those that are too large.
        """
        rows = select(integer_rows(events).c.value)
        try:
            refresh_records(self._connection, rows, self._max_size)
        except TooLargeError:
            self._mark(rows.add_columns(value_of(None)), "event")

    def refresh(self, now: datetime) -> Refreshed:
        """Update the marked events whose JSON or document has changed.

        An older event whose JSON has changed gets a later `updated_at` and the next `sequence`.
        """
        self._mark(
            select(_topic.event_id, _topic.topic)
            .join(_marked_topic, _topic_mark.slug == _topic.topic)
            .where(_topic.event_id <= _topic_mark.last_event),
            "topic",
        )
        changed = 0
        too_large: list[LargeEvent] = []
        for batch in self._batches():
            searched = [event for event, reasons in batch.items() if reasons & _SEARCHED]
            sizes = update_documents(self._connection, searched, self._max_size)
            try:
                moved = self._update_records(batch, now)
            except TooLargeError:
                moved = []
                sizes |= find_large_records(self._connection, _rows(batch), self._max_size)
            changed += sum(bool(batch[event] & _OWN) for event in moved)
            too_large += self._describe(sizes)
        merge_additions(self._connection)
        return Refreshed(changed, too_large)

    def _batches(self) -> Iterator[dict[int, set[str]]]:
        """Yield the marked events, with the reasons of each."""
        reasons = Joined(_mark.reason, literal_column("','"))
        found = select(_mark.event_id, reasons).group_by(_mark.event_id).order_by(_mark.event_id)
        last = 0
        # The next batch begins after the last event. An offset would read all previous ones again.
        while rows := self._connection.execute(
            found.where(_mark.event_id > last).limit(LOAD_BATCH)
        ).all():
            yield {event: {*reasons.split(",")} for event, reasons in rows}
            last = rows[-1][0]

    def _update_records(self, events: Iterable[int], now: datetime) -> list[int]:
        """Write the JSON of the events that have changed; return the older ones of them."""
        changed = find_changed_records(self._connection, _rows(events))
        moved = [event for event in changed if event <= self._last_older_event]
        # Strictly later, also if the clock was set back or this is the second load in a second.
        moment = value_of(now, Timestamp)
        updated_at = case((_event.updated_at < moment, moment), else_=NextSecond(_event.updated_at))
        self._connection.execute(
            update(tables.event)
            .where(in_values(_event.id, moved))
            .values(updated_at=updated_at, sequence=_event.sequence + 1)
        )
        refresh_records(self._connection, _rows(changed), self._max_size)
        return moved

    def _describe(self, sizes: dict[int, int]) -> Iterator[LargeEvent]:
        """Yield events that are too large, with the records that may be the reason."""
        slugs = select(_event.id, _event.slug).where(in_values(_event.id, sizes))
        for event, slug in self._connection.execute(slugs).all():
            shown = select(_mark.reason, _mark.shown)
            shown = shown.where(_mark.event_id == event, _mark.shown.is_not(None))
            yield LargeEvent(slug, sizes[event], dict(self._connection.execute(shown).all()))


def _rows(events: Iterable[int]) -> Rows:
    return select(integer_rows(events).c.value)
