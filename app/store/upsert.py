"""Records into the tables: each replaces that of the same id whole, and it is told what changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, case, delete, func, insert, literal, select, union, update

from app.db import tables
from app.db.expressions import Selection, in_values, json_values
from app.db.models import Timestamp, date_columns
from app.db.records import refresh_records
from app.db.sqlite.bulk import insert_rows
from app.domain.edtf import EventDate
from app.domain.text import casefold_text
from app.schemas.entries import ActorEntry, EventEntry, SourceEntry, TimelineEntry
from app.store.search_index import (
    SearchDocument,
    add_documents,
    delete_documents,
    update_documents,
    update_for_actors,
)

Ids = Mapping[str, int]
Row = dict[str, Any]


class UpsertResult(NamedTuple):
    """The rows that were saved, by slug, and which of them are new or changed."""

    ids: Ids
    new: set[int]
    changed: set[int]


def ids_of(connection: Connection, table: Table, slugs: Iterable[str]) -> dict[str, int]:
    """Look up the rows of at most a few thousand slugs; those that are not there are left out."""
    found = select(table.c.slug, table.c.id).where(in_values(table.c.slug, {*slugs}))
    return {row.slug: row.id for row in connection.execute(found)}


def last_id(connection: Connection, table: Table) -> int:
    """Give the number of the row that was added last; 0 if there is none."""
    return connection.scalar(select(func.max(table.c.id))) or 0


def upsert_timelines(connection: Connection, timelines: Iterable[TimelineEntry]) -> UpsertResult:
    """Save what dossiers are about."""
    rows = ({**one.model_dump(exclude={"id"}), "slug": one.id} for one in timelines)
    return _upsert(connection, tables.timeline, rows)


def upsert_actors(connection: Connection, actors: Collection[ActorEntry]) -> UpsertResult:
    """Save actors with their aliases, and what they are found by; their parents come later."""
    saved = _upsert(
        connection,
        tables.actor,
        (
            {
                "slug": actor.id,
                "name": actor.name,
                "key": casefold_text(actor.name),
                "kind": actor.kind,
                "note": actor.note,
            }
            for actor in actors
        ),
    )
    aliases: dict[int, list[Row]] = {}
    for actor in actors:
        id_ = saved.ids[actor.id]
        aliases[id_] = [
            {
                "actor_id": id_,
                "name": alias.name,
                "key": casefold_text(alias.name),
                "kind": alias.kind,
            }
            for alias in sorted(actor.aliases, key=lambda alias: alias.name)
        ]
    changed = (
        saved.changed | _replace_lists(connection, tables.actor_alias, aliases, saved.new)
    ) - saved.new
    if changed:
        taking_part = select(tables.participation.c.event_id).where(
            in_values(tables.participation.c.actor_id, changed)
        )
        publishes = select(tables.source.c.id).where(
            in_values(tables.source.c.publisher_id, changed)
        )
        update_for_actors(connection, changed)
        refresh_records(connection, union(taking_part, _citing(publishes)))
    return UpsertResult(saved.ids, saved.new, changed)


def upsert_parents(connection: Connection, actors: Iterable[ActorEntry], ids: Ids) -> UpsertResult:
    """Save whom each actor is a part of, once all are there."""
    rows = (
        {"slug": actor.id, "parent_id": ids[actor.parent] if actor.parent else None}
        for actor in actors
    )
    return _upsert(connection, tables.actor, rows)


def upsert_sources(
    connection: Connection, sources: Iterable[SourceEntry], actors: Ids
) -> UpsertResult:
    """Save sources; `actors` has the ids of their publishers."""
    rows = (
        {
            **source.model_dump(exclude={"id", "publisher"}),
            "published": source.published,
            "slug": source.id,
            "publisher_id": actors[source.publisher],
        }
        for source in sources
    )
    saved = _upsert(connection, tables.source, rows)
    if saved.changed:
        refresh_records(connection, _citing(select(json_values(saved.changed).c.value)))
    return saved


def _citing(sources: Selection) -> Selection:
    return select(tables.citation.c.event_id).where(tables.citation.c.source_id.in_(sources))


def upsert_events(
    connection: Connection,
    events: Collection[EventEntry],
    actors: Ids,
    sources: Ids,
    now: datetime,
) -> UpsertResult:
    """Save events with all that hangs on them, and what they are found by."""
    saved = _upsert(
        connection, tables.event, map(_event_row, events), created_at=now, updated_at=now
    )
    by_id = {saved.ids[event.id]: event for event in events}
    participations, citations, topics = {}, {}, {}
    for id_, event in by_id.items():
        listed = {"event_id": id_, "date_key": _date_columns(event.date.edtf)["date_key"]}
        participations[id_] = _participations(listed, event, actors)
        citations[id_] = _citations(listed, event, sources)
        topics[id_] = _topics(listed, event)
    changed = saved.changed | {
        id_
        for table, rows in (
            (tables.participation, participations),
            (tables.citation, citations),
            (tables.event_topic, topics),
        )
        for id_ in _replace_lists(connection, table, rows, saved.new)
    }
    add_documents(connection, [_search_document(id_, by_id[id_], actors) for id_ in saved.new])
    update_documents(connection, changed - saved.new)
    _update_timeline_keys(connection, saved.changed)
    return UpsertResult(saved.ids, saved.new, changed - saved.new)


def _participations(listed: Row, event: EventEntry, actors: Ids) -> list[Row]:
    ids = [actors[part.actor] for part in event.participants]
    rows = [
        {
            **listed,
            "actor_id": id_,
            "role": part.role,
            "position": position,
            "capacity": part.capacity,
            "first": first,
        }
        for position, (part, id_, first) in enumerate(
            zip(event.participants, ids, _is_first_occurrence(ids), strict=True)
        )
    ]
    return sorted(rows, key=lambda row: (row["actor_id"], row["role"]))


def _citations(listed: Row, event: EventEntry, sources: Ids) -> list[Row]:
    ids = [sources[citation.source] for citation in event.citations]
    return [
        {
            **listed,
            "position": position,
            "source_id": id_,
            "quote": citation.quote,
            "locator": citation.locator,
            "supports": citation.supports,
            "stance": citation.stance,
            "attributed_to": citation.attributed_to,
            "first": first,
        }
        for position, (citation, id_, first) in enumerate(
            zip(event.citations, ids, _is_first_occurrence(ids), strict=True)
        )
    ]


def _topics(listed: Row, event: EventEntry) -> list[Row]:
    return [{**listed, "topic": topic} for topic in sorted({*event.topics})]


def _is_first_occurrence(ids: Iterable[int]) -> Iterator[bool]:
    """Tell of each whether it stands there for the first time."""
    seen = set[int]()
    for id_ in ids:
        yield id_ not in seen
        seen.add(id_)


def _search_document(id_: int, event: EventEntry, actors: Ids) -> SearchDocument:
    quotes = [citation.quote for citation in event.citations]
    texts = (event.title, event.summary, event.place, *quotes)
    return SearchDocument(id_, texts, [actors[part.actor] for part in event.participants])


@lru_cache(maxsize=16_384)
def _date_columns(edtf: str) -> Row:
    # Many events share a day.
    return date_columns(EventDate.parse(edtf))


def _update_timeline_keys(connection: Connection, events: Collection[int]) -> None:
    """Put events whose date may have changed where they stand now in their timelines."""
    key = select(tables.event.c.date_key).where(
        tables.event.c.id == tables.event_timeline.c.event_id
    )
    listed = update(tables.event_timeline).where(
        in_values(tables.event_timeline.c.event_id, events)
    )
    if events:
        connection.execute(listed.values(date_key=key.scalar_subquery()))


def _event_row(event: EventEntry) -> Row:
    amount = event.amount
    return {
        "slug": event.id,
        "title": event.title,
        "summary": event.summary,
        "kind": event.kind,
        "status": event.status,
        **_date_columns(event.date.edtf),
        "date_text": event.date_text,
        "date_note": event.date_note,
        "place": event.place,
        "amount_text": amount and amount.text,
        "amount_min": amount and amount.min,
        "amount_max": amount and amount.max,
        "amount_unit": amount and amount.unit,
        "sources": len({citation.source for citation in event.citations}),
    }


def add_to_timelines(connection: Connection, members: set[tuple[int, int]]) -> set[int]:
    """Put events into timelines; give those that were not in theirs. No event leaves one."""
    events = {event for event, _ in members}
    stored = select(tables.event_timeline.c.event_id, tables.event_timeline.c.timeline_id).where(
        in_values(tables.event_timeline.c.event_id, events)
    )
    new = members - {(event, timeline) for event, timeline in connection.execute(stored)}
    joining = defaultdict(list)
    for event, timeline in new:
        joining[timeline].append(event)
    for timeline, joined in joining.items():
        rows = select(tables.event.c.id, literal(timeline), tables.event.c.date_key)
        found = rows.where(in_values(tables.event.c.id, joined))
        columns = ["event_id", "timeline_id", "date_key"]
        connection.execute(insert(tables.event_timeline).from_select(columns, found))
    return {event for event, _ in new}


def refresh_event_records(connection: Connection, events: Collection[int]) -> None:
    """Make it so that events are published as they are stored now."""
    if events:
        refresh_records(connection, select(json_values(events).c.value))


def set_updated_at(connection: Connection, events: Collection[int], now: datetime) -> None:
    """Say when events were changed."""
    # A clock may have been set back since; no record is changed before it was made.
    made = tables.event.c.created_at
    stamp = case((made > now, made), else_=literal(now, Timestamp))
    if events:
        connection.execute(
            update(tables.event)
            .where(in_values(tables.event.c.id, events))
            .values(updated_at=stamp)
        )


def remove_events(connection: Connection, events: Collection[int]) -> None:
    """Delete events, all that hangs on them and what they are found by."""
    delete_documents(connection, events)
    connection.execute(delete(tables.event).where(in_values(tables.event.c.id, events)))


def _upsert(
    connection: Connection,
    table: Table,
    rows: Iterable[Row],
    **stamps: datetime,
) -> UpsertResult:
    """Insert the rows whose slug is new, stamped, and update those that differ."""
    wanted = {row["slug"]: row for row in rows}
    found = select(table).where(in_values(table.c.slug, wanted))
    stored = {row.slug: row._asdict() for row in connection.execute(found)}
    ids = {slug: row["id"] for slug, row in stored.items()}
    # There is one writer, so the next free number can be told; to be given it costs more.
    first = last_id(connection, table) + 1
    new = [
        {**row, **stamps, "id": id_}
        for id_, row in enumerate((wanted[slug] for slug in wanted if slug not in stored), first)
    ]
    insert_rows(connection, table, new)
    changed = [slug for slug, row in stored.items() if not wanted[slug].items() <= row.items()]
    for slug in changed:
        connection.execute(update(table).where(table.c.slug == slug).values(wanted[slug]))
    ids.update((row["slug"], row["id"]) for row in new)
    return UpsertResult(ids, {row["id"] for row in new}, {ids[slug] for slug in changed})


def _replace_lists(
    connection: Connection,
    table: Table,
    wanted: Mapping[int, list[Row]],
    new: Collection[int],
) -> set[int]:
    """Replace the rows of each owner where they differ; give the owners of those that did.

    New owners have none yet. The owner is the first column of the table's primary key, and its rows
    come in the order of that key.
    """
    owner, *_ = table.primary_key
    stored = defaultdict(list)
    for row in connection.execute(
        select(table).where(in_values(owner, wanted.keys() - new)).order_by(*table.primary_key)
    ):
        stored[row[0]].append(row._asdict())
    changed = {id_ for id_, list_ in wanted.items() if stored[id_] != list_}
    if replaced := changed & stored.keys():
        connection.execute(delete(table).where(in_values(owner, replaced)))
    insert_rows(connection, table, [row for id_ in changed for row in wanted[id_]])
    return changed
