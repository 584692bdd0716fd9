"""Insert and update records.

Every function runs in the transaction of the caller and never commits, so that a writer can undo
everything. A record replaces the whole stored record of the same id; the result says which rows are
new and which have changed.

Each function marks the events that show what it changes in an `EventChanges`. The caller does the
rest:

- After `upsert_events` and `add_to_timelines`, it calls `add_records` for the new events. The JSON
  of an event contains its timelines, so it can only be built after both.
- At the end, it calls `refresh`, and, if anything has changed,
  `app.db.revision.advance_revision` once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, func, insert, literal, select, update

from app.db import tables
from app.db.bulk import insert_rows
from app.db.expressions import in_values
from app.db.models import date_columns
from app.domain.analyzer import casefold_text
from app.schemas.entries import (
    ActorEntry,
    AmountEntry,
    Entry,
    EventEntry,
    Record,
    SourceEntry,
    TimelineEntry,
)
from app.store.event_changes import EventChanges
from app.store.search_index import SearchDocument, delete_documents

_event, _membership = tables.event.c, tables.event_timeline.c

Ids = Mapping[str, int]
Row = dict[str, Any]


class UpsertResult(NamedTuple):
    """The ids of the written rows by slug, and which of these rows are new or changed."""

    ids: Ids
    new: set[int]
    changed: set[int]
    """Rows that existed before, with different content."""


def ids_of(connection: Connection, table: Table, slugs: Iterable[str]) -> dict[str, int]:
    """Return the ids of at most a few thousand slugs, without those that are not stored."""
    found = select(table.c.slug, table.c.id).where(in_values(table.c.slug, {*slugs}))
    return {row.slug: row.id for row in connection.execute(found)}


def last_id(connection: Connection, table: Table) -> int:
    """Return the highest id of a table; 0 if it is empty."""
    return connection.scalar(select(func.max(table.c.id))) or 0


def upsert_timelines(connection: Connection, timelines: Iterable[TimelineEntry]) -> UpsertResult:
    """Insert or update timelines."""
    rows = [_record_row(timeline, tables.timeline) for timeline in timelines]
    return _upsert(connection, tables.timeline, rows)


def upsert_actors(
    connection: Connection, actors: Collection[ActorEntry], changes: EventChanges
) -> UpsertResult:
    """Insert or update actors with their aliases, without their parents: see `upsert_parents`."""
    rows = [
        {**_record_row(actor, tables.actor), "key": casefold_text(actor.name)} for actor in actors
    ]
    saved = _upsert(connection, tables.actor, rows)
    aliases = {}
    for actor in actors:
        owner = {"actor_id": saved.ids[actor.id]}
        aliases[saved.ids[actor.id]] = [
            {**owner, **_columns(alias, tables.actor_alias), "key": casefold_text(alias.name)}
            for alias in sorted(actor.aliases, key=lambda alias: alias.name)
        ]
    renamed = _replace_lists(connection, tables.actor_alias, aliases, saved.new)
    changed = (saved.changed | renamed) - saved.new
    changes.mark_actors(changed)
    return UpsertResult(saved.ids, saved.new, changed)


def upsert_parents(connection: Connection, actors: Iterable[ActorEntry], ids: Ids) -> UpsertResult:
    """Set or clear the parent of each actor; `ids` contains the ids of all parents.

    A parent can come after its child, so call this after all actors are stored.
    """
    rows = (
        {"slug": actor.id, "parent_id": ids[actor.parent] if actor.parent else None}
        for actor in actors
    )
    return _upsert(connection, tables.actor, rows)


def upsert_sources(
    connection: Connection, sources: Iterable[SourceEntry], actors: Ids, changes: EventChanges
) -> UpsertResult:
    """Insert or update sources; `actors` contains the ids of their publishers."""
    rows = [
        {**_record_row(source, tables.source), "publisher_id": actors[source.publisher]}
        for source in sources
    ]
    saved = _upsert(connection, tables.source, rows)
    changes.mark_sources(saved.changed)
    return saved


def upsert_topics(connection: Connection, labels: Mapping[str, str], changes: EventChanges) -> None:
    """Set the labels of topics. A label that equals the id is not stored."""
    stored = _labels_of(connection, labels)
    changed = [slug for slug, label in labels.items() if label != stored.get(slug, slug)]
    if not changed:
        return
    connection.execute(delete(tables.topic).where(in_values(tables.topic.c.slug, changed)))
    rows = [
        {"slug": slug, "label": labels[slug], "key": casefold_text(labels[slug])}
        for slug in changed
        if labels[slug] != slug
    ]
    insert_rows(connection, tables.topic, rows)
    changes.mark_topics(changed)


def _labels_of(connection: Connection, topics: Iterable[str]) -> dict[str, str]:
    topic = tables.topic.c
    found = select(topic.slug, topic.label).where(in_values(topic.slug, topics))
    return dict(connection.execute(found).all())


def upsert_events(
    connection: Connection,
    events: Collection[EventEntry],
    actors: Ids,
    sources: Ids,
    now: datetime,
    changes: EventChanges,
) -> UpsertResult:
    """Insert or update events with their participants, citations and topics.

    `actors` and `sources` contain the ids of all records that they refer to. Call `upsert_topics`
    before.
    """
    saved = _upsert(
        connection, tables.event, map(_event_row, events), created_at=now, updated_at=now
    )
    by_id = {saved.ids[event.id]: event for event in events}
    participations, citations, topics = {}, {}, {}
    for id_, event in by_id.items():
        # A copy of the sort key, so that the index of each list is in the order of dates.
        owner = {"event_id": id_, "date_key": event.date.sort_key}
        # Sorted by the primary key, as `_replace_lists` compares them with the stored rows.
        parts = _items(tables.participation, owner, event.participants, "actor", actors)
        participations[id_] = sorted(parts, key=itemgetter("actor_id", "role"))
        citations[id_] = _items(tables.citation, owner, event.citations, "source", sources)
        slugs = sorted({topic.id for topic in event.topics})
        topics[id_] = [{**owner, "topic": slug} for slug in slugs]
    changed = saved.changed.union(
        _replace_lists(connection, tables.participation, participations, saved.new),
        _replace_lists(connection, tables.citation, citations, saved.new),
        _replace_lists(connection, tables.event_topic, topics, saved.new),
    ).difference(saved.new)
    # New events are indexed as they were read, without a query for what has just been inserted.
    labels = _labels_of(connection, {topic.id for event in events for topic in event.topics})
    new = [_search_document(id_, by_id[id_], actors, labels) for id_ in saved.new]
    changes.add_documents(new)
    changes.mark(changed, "event")
    _update_timeline_keys(connection, saved.changed)
    return UpsertResult(saved.ids, saved.new, changed)


def _items(table: Table, owner: Row, items: Iterable[Entry], key: str, ids: Ids) -> list[Row]:
    """Return the rows of the participants or citations of an event, in their order.

    `key` is the property of an item that names an actor or a source, and `ids` has their ids.
    """
    first_at: dict[str, int] = {}
    rows = []
    for position, item in enumerate(items):
        name = getattr(item, key)
        # `first` marks one row for each actor or source of an event, so that lists count events
        # without DISTINCT, which takes twenty times as long at a million events.
        is_first = first_at.setdefault(name, position) == position
        row = {f"{key}_id": ids[name], "position": position, "first": is_first}
        rows.append({**owner, **_columns(item, table), **row})
    return rows


def _search_document(
    id_: int, event: EventEntry, actors: Ids, labels: Mapping[str, str]
) -> SearchDocument:
    quotes = [citation.quote for citation in event.citations]
    topics = sorted({topic.id for topic in event.topics})
    labelled = [labels[topic] for topic in topics if topic in labels]
    own = (event.title, event.summary, event.place, event.kind)
    texts = (*own, *topics, *labelled, *quotes)
    return SearchDocument(id_, texts, [actors[part.actor] for part in event.participants])


def _update_timeline_keys(connection: Connection, events: Collection[int]) -> None:
    """Copy the sort key of events, whose dates may have changed, to their timelines."""
    key = select(_event.date_key).where(_event.id == _membership.event_id)
    members = update(tables.event_timeline).where(in_values(_membership.event_id, events))
    if events:
        connection.execute(members.values(date_key=key.scalar_subquery()))


def _event_row(event: EventEntry) -> Row:
    return {
        **_record_row(event, tables.event),
        **date_columns(event.date),
        **{f"amount_{key}": getattr(event.amount, key, None) for key in AmountEntry.model_fields},
        # Stored, because `min_sources` would otherwise count the citations of each event.
        "sources": len({citation.source for citation in event.citations}),
    }


def _record_row(record: Record, table: Table) -> Row:
    return {"slug": record.id, **_columns(record, table)}


def _columns(entry: Entry, table: Table) -> Row:
    """Return the properties of an entry that its table has as columns of the same name."""
    return {name: getattr(entry, name) for name in _shared_names(type(entry), table)}


@cache
def _shared_names(model: type[Entry], table: Table) -> list[str]:
    # The `id` of an entry is the slug of a row.
    return [name for name in model.model_fields if name in table.c and name != "id"]


def add_to_timelines(
    connection: Connection, members: set[tuple[int, int]], changes: EventChanges
) -> None:
    """Add events to timelines, as pairs of ids. An event never leaves a timeline here."""
    events = {event for event, _ in members}
    stored = select(_membership.event_id, _membership.timeline_id).where(
        in_values(_membership.event_id, events)
    )
    new = members - {(event, timeline) for event, timeline in connection.execute(stored)}
    by_timeline = defaultdict(list)
    for event, timeline in new:
        by_timeline[timeline].append(event)
    for timeline, joined in by_timeline.items():
        rows = select(_event.id, literal(timeline), _event.date_key)
        rows = rows.where(in_values(_event.id, joined))
        columns = ["event_id", "timeline_id", "date_key"]
        connection.execute(insert(tables.event_timeline).from_select(columns, rows))
    changes.mark({event for event, _ in new}, "timeline")


def remove_from_timeline(
    connection: Connection, events: Collection[int], timeline: int, changes: EventChanges
) -> None:
    """Remove events from a timeline, and delete those that are in no other one."""
    members = in_values(_membership.event_id, events)
    connection.execute(
        delete(tables.event_timeline).where(members, _membership.timeline_id == timeline)
    )
    elsewhere = {*connection.scalars(select(_membership.event_id).where(members))}
    changes.mark(elsewhere, "removal")
    delete_events(connection, {*events} - elsewhere)


def delete_events(connection: Connection, events: Collection[int]) -> None:
    """Delete events with everything that belongs to them."""
    # No foreign key can refer from a full-text index, so its rows are deleted explicitly.
    delete_documents(connection, events)
    # Foreign keys cascade to the participants, citations, topics and stored JSON.
    connection.execute(delete(tables.event).where(in_values(_event.id, events)))


def _upsert(
    connection: Connection, table: Table, rows: Iterable[Row], **timestamps: datetime
) -> UpsertResult:
    """Insert the rows whose slug is new, with the timestamps, and update those that differ."""
    wanted = {row["slug"]: row for row in rows}
    found = select(table).where(in_values(table.c.slug, wanted))
    stored = {row.slug: row._asdict() for row in connection.execute(found)}
    ids = {slug: row["id"] for slug, row in stored.items()}
    # Ids are assigned here: SQLite allows only one writer, and RETURNING is slower.
    first = last_id(connection, table) + 1
    new = [
        {**row, **timestamps, "id": id_}
        for id_, row in enumerate((wanted[slug] for slug in wanted if slug not in stored), first)
    ]
    insert_rows(connection, table, new)
    # Columns that a row does not have are kept: timestamps, and the parents of actors.
    changed = [slug for slug, row in stored.items() if not wanted[slug].items() <= row.items()]
    for slug in changed:
        connection.execute(update(table).where(table.c.slug == slug).values(wanted[slug]))
    ids.update((row["slug"], row["id"]) for row in new)
    return UpsertResult(ids, {row["id"] for row in new}, {ids[slug] for slug in changed})


def _replace_lists(
    connection: Connection, table: Table, wanted: Mapping[int, list[Row]], new: Collection[int]
) -> set[int]:
    """Replace the rows of each owner whose rows differ; return these owners.

    The owner is the first column of the primary key, and `wanted` has its rows in the order of that
    key. New owners have no rows yet, so none are read for them.
    """
    owner, *_ = table.primary_key
    stored = defaultdict(list)
    for row in connection.execute(
        select(table).where(in_values(owner, wanted.keys() - new)).order_by(*table.primary_key)
    ):
        stored[row[0]].append(row._asdict())
    changed = {id_ for id_, rows in wanted.items() if stored[id_] != rows}
    if replaced := changed & stored.keys():
        connection.execute(delete(table).where(in_values(owner, replaced)))
    insert_rows(connection, table, [row for id_ in changed for row in wanted[id_]])
    return changed
