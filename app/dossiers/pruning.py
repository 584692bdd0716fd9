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
from app.db.expressions import among
from app.db.sqlite.bulk import BATCH, temporary_table
from app.dossiers.references import Dossiers, written
from app.store.orphans import NAMEABLE
from app.store.upsert import publish, remove_events, touch

_named_before = temporary_table(
    "named_before",
    Column("kind", String, primary_key=True),
    Column("id", Integer, primary_key=True),
)


class Pruner:
    """Removes what a load has left behind; made before the load, asked after it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        _named_before.create(connection)
        for kind, (table, unnamed) in NAMEABLE.items():
            named = select(literal(kind), table.c.id).where(~unnamed)
            connection.execute(insert(_named_before).from_select(["kind", "id"], named))

    def withdraw_events(self, timelines: Dossiers, now: datetime) -> set[int]:
        """Take from each timeline the events that none of its dossiers holds; give them.

        An event that is then in no timeline is deleted.
        """
        withdrawn = set[int]()
        for timeline in {*timelines.values()}:
            dossiers = [dossier for dossier, row in timelines.items() if row == timeline]
            while events := self._left_behind(timeline, dossiers):
                leaving = among(tables.event_timeline.c.event_id, events)
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
                touch(self._connection, elsewhere, now)
                publish(self._connection, elsewhere)
                remove_events(self._connection, events - elsewhere)
                withdrawn |= events
        return withdrawn

    def _left_behind(self, timeline: int, dossiers: Iterable[tuple[int, int]]) -> set[int]:
        held = (
            select(tables.event.c.id)
            .join(written, written.c.id == tables.event.c.slug)
            .where(written.c.kind == "event")
            .where(tuple_(written.c.file, written.c.dossier).in_(dossiers))
        )
        found = select(tables.event_timeline.c.event_id).where(
            tables.event_timeline.c.timeline_id == timeline,
            tables.event_timeline.c.event_id.not_in(held),
        )
        return {*self._connection.scalars(found.limit(BATCH))}

    def remove_unnamed(self, kind: str) -> int:
        """Delete the actors or sources that were named before and are not any more; tell how many.

        What the files hold stays, named or not.
        """
        table, unnamed = NAMEABLE[kind]
        before = select(_named_before.c.id).where(_named_before.c.kind == kind)
        held = select(written.c.id).where(written.c.kind == kind)
        removed = delete(table).where(table.c.id.in_(before), table.c.slug.not_in(held), unnamed)
        total = 0
        # Without a child, its parent may be named no more.
        while count := self._connection.execute(removed).rowcount:
            total += count
        return total
