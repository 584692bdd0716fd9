"""Dossiers into the tables: all of them in one transaction, or nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, delete, insert, literal, select, update
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from app import search
from app.check import merge
from app.database import advance_revision
from app.dates import EventDate
from app.dossier import ActorEntry, Dossier, EventEntry, SourceEntry, TimelineEntry
from app.models import (
    Actor,
    ActorAlias,
    Citation,
    Event,
    EventTimeline,
    EventTopic,
    Participation,
    Source,
    Timeline,
    Timestamp,
    date_columns,
)
from app.queries import Selection
from app.text import fold

CHUNK = 1_000
"""So many values at most in one IN, of the 32,766 that SQLite takes."""

Ids = Mapping[str, int]
Row = dict[str, Any]


class Loaded(NamedTuple):
    """How many records of a kind a load added and changed."""

    added: int
    changed: int


def load(
    connection: Connection, dossiers: Mapping[Path, Dossier], now: datetime
) -> dict[str, Loaded]:
    """Write dossiers, each record replacing that of the same id whole; give counts by kind.

    An unchanged record keeps its `updated_at`, and the revision advances only if something
    changed. Raises DossierError, with nothing written, if the records do not fit together.
    """
    stored_actors, stored_sources = _ids(connection, Actor), _ids(connection, Source)
    records = merge(dossiers, _parents(connection), stored_sources)
    actors = _save_actors(connection, records.actors.values(), stored_actors)
    actor_ids = {**stored_actors, **actors.ids}
    sources = _save_sources(connection, records.sources.values(), actor_ids)
    source_ids = {**stored_sources, **sources.ids}
    timelines = _save(connection, Timeline, map(_timeline_row, records.timelines.values()))
    members = {(event, timelines.ids[timeline]) for event, timeline in records.members}
    events = _save_events(
        connection, list(records.events.values()), actor_ids, source_ids, members, now
    )
    _index(connection, events.new | events.changed | _events_with(connection, actors.changed))
    saved = {"events": events, "actors": actors, "sources": sources, "timelines": timelines}
    loaded = {kind: Loaded(len(rows.new), len(rows.changed)) for kind, rows in saved.items()}
    if any(any(counts) for counts in loaded.values()):
        advance_revision(connection)
    return loaded


def is_empty(connection: Connection) -> bool:
    """Tell whether nothing has been loaded yet."""
    return connection.scalar(select(col(Timeline.id)).limit(1)) is None


class _Saved(NamedTuple):
    """The ids of the rows that were saved, by slug, and which of them are new or changed."""

    ids: Ids
    new: set[int]
    changed: set[int]


def _save(
    connection: Connection,
    table: type[Actor | Source | Timeline | Event],
    rows: Iterable[Row],
    **stamps: datetime,
) -> _Saved:
    """Insert the rows whose slug is new, stamped, and update those that differ."""
    wanted = {row["slug"]: row for row in rows}
    stored = {
        row.slug: row._asdict()
        for chunk in _chunks(wanted)
        for row in connection.execute(
            select(table.__table__).where(col(table.slug).in_(chunk))  # type: ignore[union-attr]
        )
    }
    new = [{**row, **stamps} for slug, row in wanted.items() if slug not in stored]
    changed = [slug for slug, row in stored.items() if not wanted[slug].items() <= row.items()]
    ids = {slug: row["id"] for slug, row in stored.items()}
    if new:
        added = connection.execute(insert(table).returning(col(table.slug), col(table.id)), new)
        ids.update((slug, id_) for slug, id_ in added)
    for slug in changed:
        connection.execute(update(table).where(col(table.slug) == slug).values(wanted[slug]))
    return _Saved(ids, {ids[row["slug"]] for row in new}, {ids[slug] for slug in changed})


def _save_lists(
    connection: Connection, table: type[SQLModel], wanted: Mapping[int, list[Row]]
) -> set[int]:
    """Replace the rows of each owner where they differ; give the owners of those that did.

    The owner is the first column of the table's primary key, and rows come in the order of the key.
    """
    rows = table.__table__  # type: ignore[attr-defined]
    owner, *_ = rows.primary_key
    stored = defaultdict(list)
    for chunk in _chunks(wanted):
        found = select(rows).where(owner.in_(chunk)).order_by(*rows.primary_key)
        for row in connection.execute(found):
            stored[row[0]].append(row._asdict())
    changed = {id_ for id_, list_ in wanted.items() if stored[id_] != list_}
    for chunk in _chunks(changed):
        connection.execute(delete(table).where(owner.in_(chunk)))
    if added := [row for id_ in changed for row in wanted[id_]]:
        connection.execute(insert(table), added)
    return changed


def _save_actors(connection: Connection, actors: Collection[ActorEntry], stored: Ids) -> _Saved:
    rows = [
        {
            "slug": actor.id,
            "name": actor.name,
            "key": fold(actor.name),
            "kind": actor.kind,
            "note": actor.note,
        }
        for actor in actors
    ]
    saved = _save(connection, Actor, rows)
    # A parent may stand below its child, so it is linked once all have their ids.
    known = {**stored, **saved.ids}
    linked = _save(
        connection,
        Actor,
        (
            {"slug": actor.id, "parent_id": known[actor.parent] if actor.parent else None}
            for actor in actors
        ),
    )
    aliases = {
        known[actor.id]: sorted(
            (
                {
                    "actor_id": known[actor.id],
                    "name": alias.name,
                    "key": fold(alias.name),
                    "kind": alias.kind,
                }
                for alias in actor.aliases
            ),
            key=lambda row: row["name"],
        )
        for actor in actors
    }
    changed = saved.changed | linked.changed | _save_lists(connection, ActorAlias, aliases)
    return _Saved(saved.ids, saved.new, changed - saved.new)


def _save_sources(connection: Connection, sources: Iterable[SourceEntry], actor_ids: Ids) -> _Saved:
    rows = (
        {
            **source.model_dump(exclude={"id", "publisher"}),
            "slug": source.id,
            "publisher_id": actor_ids[source.publisher],
        }
        for source in sources
    )
    return _save(connection, Source, rows)


def _timeline_row(timeline: TimelineEntry) -> Row:
    return {**timeline.model_dump(exclude={"id"}), "slug": timeline.id}


def _save_events(
    connection: Connection,
    events: Collection[EventEntry],
    actor_ids: Ids,
    source_ids: Ids,
    members: Iterable[tuple[str, int]],
    now: datetime,
) -> _Saved:
    saved = _save(connection, Event, map(_event_row, events), created_at=now, updated_at=now)
    participations, citations, topics = {}, {}, {}
    for event in events:
        id_ = saved.ids[event.id]
        participations[id_] = [
            {
                "event_id": id_,
                "position": position,
                "actor_id": actor_ids[participant.actor],
                "role": participant.role,
                "capacity": participant.capacity,
            }
            for position, participant in enumerate(event.participants)
        ]
        citations[id_] = [
            {
                **citation.model_dump(exclude={"source"}),
                "event_id": id_,
                "position": position,
                "source_id": source_ids[citation.source],
            }
            for position, citation in enumerate(event.citations)
        ]
        topics[id_] = [{"event_id": id_, "topic": topic} for topic in sorted(set(event.topics))]
    changed = (
        saved.changed
        | _save_lists(connection, Participation, participations)
        | _save_lists(connection, Citation, citations)
        | _save_lists(connection, EventTopic, topics)
        | _save_members(connection, {(saved.ids[event], timeline) for event, timeline in members})
    ) - saved.new
    # A clock may have been set back since; no record is changed before it was made.
    made = col(Event.created_at)
    stamp = case((made > now, made), else_=literal(now, Timestamp))
    for chunk in _chunks(changed):
        connection.execute(update(Event).where(col(Event.id).in_(chunk)).values(updated_at=stamp))
    return _Saved(saved.ids, saved.new, changed)


def _event_row(event: EventEntry) -> Row:
    amount = event.amount
    return {
        "slug": event.id,
        **event.model_dump(include={"title", "summary", "kind", "status", "place"}),
        **event.model_dump(include={"date_text", "date_note"}),
        **date_columns(EventDate.parse(event.date)),
        "amount_text": amount and amount.text,
        "amount_min": amount and amount.min,
        "amount_max": amount and amount.max,
        "amount_unit": amount and amount.unit,
    }


def _save_members(connection: Connection, members: set[tuple[int, int]]) -> set[int]:
    """Put events into their timelines; those they are in already keep them."""
    stored = {
        (event, timeline)
        for chunk in _chunks({event for event, _ in members})
        for event, timeline in connection.execute(
            select(col(EventTimeline.event_id), col(EventTimeline.timeline_id)).where(
                col(EventTimeline.event_id).in_(chunk)
            )
        )
    }
    if new := members - stored:
        rows = [{"event_id": event, "timeline_id": timeline} for event, timeline in new]
        connection.execute(insert(EventTimeline), rows)
    return {event for event, _ in new}


def _events_with(connection: Connection, actor_ids: Iterable[int]) -> set[int]:
    """Find the events in which one of the actors takes part."""
    return {
        id_
        for chunk in _chunks(actor_ids)
        for id_ in connection.scalars(
            select(col(Participation.event_id)).where(col(Participation.actor_id).in_(chunk))
        )
    }


def _index(connection: Connection, event_ids: Iterable[int]) -> None:
    """Bring the search index of these events in step with their records."""
    taking_part = select(col(Participation.event_id))
    texts_of: tuple[Selection, ...] = (
        select(col(Event.id), col(Event.title)),
        select(col(Event.id), col(Event.summary)),
        select(col(Event.id), col(Event.place)),
        select(col(Citation.event_id), col(Citation.quote)),
        taking_part.add_columns(col(Actor.name)).join(Actor),
        taking_part.add_columns(col(ActorAlias.name)).join(
            ActorAlias, col(ActorAlias.actor_id) == col(Participation.actor_id)
        ),
    )
    for chunk in _chunks(event_ids):
        texts: dict[int, list[str]] = {id_: [] for id_ in chunk}
        for query in texts_of:
            found = query.where(query.selected_columns[0].in_(chunk))
            for id_, text in connection.execute(found):
                texts[id_].append(text or "")
        connection.execute(search.DELETE, [{"rowid": id_} for id_ in chunk])
        connection.execute(
            search.INSERT,
            [{"rowid": id_, "content": search.searchable(found)} for id_, found in texts.items()],
        )


def _parents(connection: Connection) -> dict[str, str | None]:
    """Give the parent of each actor that is stored."""
    parent = aliased(Actor)
    rows = connection.execute(
        select(col(Actor.slug), col(parent.slug)).outerjoin(
            parent, col(parent.id) == col(Actor.parent_id)
        )
    )
    return {row[0]: row[1] for row in rows}


def _ids(connection: Connection, table: type[Actor | Source]) -> Ids:
    return {row.slug: row.id for row in connection.execute(select(col(table.slug), col(table.id)))}


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(values)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
