"""What files no longer hold: withdrawn, when asked, from the timelines that they tell."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    delete,
    insert,
    literal,
    select,
    tuple_,
)

from app.db import tables
from app.db.expressions import in_values
from app.db.sqlite.bulk import LOAD_BATCH, temporary_table
from app.dossiers.references import TimelineIds, seen_records
from app.store.orphans import ORPHAN_CONDITIONS
from app.store.upsert import refresh_event_records, remove_events, set_updated_at

_referenced_before = temporary_table(
    "named_before",
    Column("kind", String, primary_key=True),
    Column("id", Integer, primary_key=True),
)


class Pruner:
    """Removes what a load has left behind; made before the load, asked after it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        _referenced_before.create(connection)
        for kind, (table, unnamed) in ORPHAN_CONDITIONS.items():
            named = select(literal(kind), table.c.id).where(~unnamed)
            connection.execute(insert(_referenced_before).from_select(["kind", "id"], named))

    def remove_missing_events(self, timelines: TimelineIds, now: datetime) -> set[int]:
        """Take from each timeline the events that none of its dossiers holds; give them.

        An event that is then in no timeline is deleted.
        """
        withdrawn = set[int]()
        for timeline in {*timelines.values()}:
            dossiers = [dossier for dossier, row in timelines.items() if row == timeline]
            while events := self._missing_events(timeline, dossiers):
                leaving = in_values(tables.event_timeline.c.event_id, events)
                self._connection.execute(
                    delete(tables.event_timeline).where(
                        leaving, tables.event_timeline.c.timeline_id == timeline
                    )
                )
                elsewhere = {
                    *self._connection.scalars(
                        select(tables.event_timeline.c.event_id).where(leaving)
                    )
                }
                set_updated_at(self._connection, elsewhere, now)
                refresh_event_records(self._connection, elsewhere)
                remove_events(self._connection, events - elsewhere)
                withdrawn |= events
        return withdrawn

    def _missing_events(self, timeline: int, dossiers: Iterable[tuple[int, int]]) -> set[int]:
        held = (
            select(tables.event.c.id)
            .join(seen_records, seen_records.c.id == tables.event.c.slug)
            .where(seen_records.c.kind == "event")
            .where(tuple_(seen_records.c.file, seen_records.c.dossier).in_(dossiers))
        )
        found = select(tables.event_timeline.c.event_id).where(
            tables.event_timeline.c.timeline_id == timeline,
            tables.event_timeline.c.event_id.not_in(held),
        )
        return {*self._connection.scalars(found.limit(LOAD_BATCH))}

    def remove_orphans(self, kind: str) -> int:
        """Delete the actors or sources that were named before and are not any more; tell how many.

        What the files hold stays, named or not.
        """
        table, unnamed = ORPHAN_CONDITIONS[kind]
        before = select(_referenced_before.c.id).where(_referenced_before.c.kind == kind)
        held = select(seen_records.c.id).where(seen_records.c.kind == kind)
        removed = delete(table).where(table.c.id.in_(before), table.c.slug.not_in(held), unnamed)
        total = 0
        # Without a child, its parent may be named no more.
        while count := self._connection.execute(removed).rowcount:
            total += count
        return total
