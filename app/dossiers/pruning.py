"""Pruning: deleting the records that the loaded files no longer contain."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, delete, insert, literal, select

from app.db import tables
from app.db.expressions import in_values
from app.db.sqlite.bulk import LOAD_BATCH, temporary_table
from app.dossiers.references import TimelineIds
from app.dossiers.seen_records import SeenRecords
from app.store.orphans import ORPHAN_CONDITIONS
from app.store.upsert import delete_events, refresh_events

_membership, _event = tables.event_timeline.c, tables.event.c

_referenced_before = temporary_table(
    "referenced_before",
    Column("kind", String, primary_key=True),
    Column("id", Integer, primary_key=True),
)


class Pruner:
    """Deletes what a load leaves over. Create it before the load, call its methods afterwards."""

    def __init__(self, connection: Connection, seen: SeenRecords) -> None:
        self._connection = connection
        self._seen = seen
        # Only what loses its last reference is deleted: a record that is an orphan already stays.
        _referenced_before.create(connection)
        for kind, (table, is_orphan) in ORPHAN_CONDITIONS.items():
            referenced = select(literal(kind), table.c.id).where(~is_orphan)
            connection.execute(insert(_referenced_before).from_select(["kind", "id"], referenced))

    def remove_missing_events(self, timelines: TimelineIds, now: datetime) -> set[int]:
        """Remove events from the timelines whose dossiers no longer contain them; return them.

        An event that no other timeline contains is deleted.
        """
        removed = set[int]()
        for timeline in {*timelines.values()}:
            dossiers = [dossier for dossier, id_ in timelines.items() if id_ == timeline]
            # In batches, so that memory stays bounded when a whole timeline is removed.
            while events := self._missing_events(timeline, dossiers):
                members = in_values(_membership.event_id, events)
                self._connection.execute(
                    delete(tables.event_timeline).where(
                        members, _membership.timeline_id == timeline
                    )
                )
                elsewhere = {*self._connection.scalars(select(_membership.event_id).where(members))}
                # The JSON of an event lists its timelines.
                refresh_events(self._connection, elsewhere, now)
                delete_events(self._connection, events - elsewhere)
                removed |= events
        return removed

    def _missing_events(self, timeline: int, dossiers: Iterable[tuple[int, int]]) -> set[int]:
        present = select(_event.id).where(_event.slug.in_(self._seen.ids("event", dossiers)))
        missing = select(_membership.event_id).where(
            _membership.timeline_id == timeline, _membership.event_id.not_in(present)
        )
        return {*self._connection.scalars(missing.limit(LOAD_BATCH))}

    def remove_orphans(self, kind: str) -> int:
        """Delete the actors or sources that the load has made orphans; return their number.

        Records in the files stay, even as orphans.
        """
        table, is_orphan = ORPHAN_CONDITIONS[kind]
        before = select(_referenced_before.c.id).where(_referenced_before.c.kind == kind)
        orphans = delete(table).where(
            table.c.id.in_(before), table.c.slug.not_in(self._seen.ids(kind)), is_orphan
        )
        total = 0
        # Deleting an actor can make its parent an orphan.
        while count := self._connection.execute(orphans).rowcount:
            total += count
        return total
