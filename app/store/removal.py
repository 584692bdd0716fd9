"""Removing events from timelines, and deleting what nothing refers to any more."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    true,
)

from app.db import tables
from app.db.bulk import LOAD_BATCH, temporary_table
from app.db.expressions import Condition, Selection
from app.db.revision import advance_revision
from app.db.size_limit import MAX_SIZE
from app.store.event_changes import EventChanges, moment_of_change
from app.store.orphans import ORPHAN_CONDITIONS, delete_unused_labels
from app.store.upsert import remove_from_timeline

_membership = tables.event_timeline.c

_referenced_before = temporary_table(
    "referenced_before",
    Column("kind", String, primary_key=True),
    Column("id", Integer, primary_key=True),
)


class Remover:
    """Removes events, and actors and sources that have lost their last reference.

    Create it before anything changes, because a record that is an orphan already can stay.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        _referenced_before.create(connection)
        for kind, (table, is_orphan) in ORPHAN_CONDITIONS.items():
            referenced = select(literal(kind), table.c.id).where(~is_orphan)
            connection.execute(insert(_referenced_before).from_select(["kind", "id"], referenced))

    def remove_events(
        self, timeline: int, events: Selection, changes: EventChanges
    ) -> Iterator[set[int]]:
        """Remove the selected events from a timeline that contains them all; yield batches of them.

        An event that no other timeline contains is deleted.
        """
        # In batches, so that memory stays bounded when a whole timeline is removed.
        while batch := {*self._connection.scalars(events.limit(LOAD_BATCH))}:
            remove_from_timeline(self._connection, batch, timeline, changes)
            yield batch

    def was_referenced(self, kind: str) -> Condition:
        """Build the condition that an actor or a source was no orphan before."""
        table, _ = ORPHAN_CONDITIONS[kind]
        before = select(_referenced_before.c.id).where(_referenced_before.c.kind == kind)
        return table.c.id.in_(before)

    def remove_orphans(self, kind: str, which: Condition) -> int:
        """Delete those actors or sources that are orphans; return their number."""
        table, is_orphan = ORPHAN_CONDITIONS[kind]
        orphans = delete(table).where(which, is_orphan)
        total = 0
        # Deleting an actor can make its parent an orphan.
        while count := self._connection.execute(orphans).rowcount:
            total += count
        return total


class Removal(NamedTuple):
    """The numbers of records that the removal of a timeline deletes, and of events that stay."""

    events: int
    actors: int
    sources: int
    shared: int
    """Events that stay, because another timeline contains them."""


def remove_timeline(connection: Connection, timeline: int, now: datetime) -> Removal:
    """Remove a timeline, with what only it holds.

    These are the events that no other timeline contains, and the actors and sources that nothing
    refers to any more. After the last timeline, nothing is left.
    """
    moment = moment_of_change(connection, now)
    remover, changes = Remover(connection), EventChanges(connection, MAX_SIZE)
    before = _count(connection, tables.event)
    members = select(_membership.event_id).where(_membership.timeline_id == timeline)
    left = sum(len(batch) for batch in remover.remove_events(timeline, members, changes))
    deleted = before - _count(connection, tables.event)
    connection.execute(delete(tables.timeline).where(tables.timeline.c.id == timeline))
    is_last = not _count(connection, tables.timeline)
    # Sources first: without a source, its publisher can become an orphan.
    sources, actors = (
        remover.remove_orphans(kind, true() if is_last else remover.was_referenced(kind))
        for kind in ("source", "actor")
    )
    delete_unused_labels(connection)
    changes.refresh(moment)
    advance_revision(connection)
    return Removal(events=deleted, actors=actors, sources=sources, shared=left - deleted)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
