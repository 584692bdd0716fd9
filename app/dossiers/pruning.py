"""Pruning: deleting the records that the loaded files no longer contain."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from app.db import tables
from app.db.expressions import Selection
from app.dossiers.references import TimelineIds
from app.dossiers.seen_records import SeenRecords
from app.store.event_changes import EventChanges
from app.store.orphans import ORPHAN_CONDITIONS
from app.store.removal import Remover

_membership, _event = tables.event_timeline.c, tables.event.c


class Pruner:
    """Deletes what a load leaves over. Create it before the load, call its methods afterwards."""

    def __init__(self, connection: Connection, seen: SeenRecords) -> None:
        self._seen = seen
        self._remover = Remover(connection)

    def remove_missing_events(self, timelines: TimelineIds, changes: EventChanges) -> set[int]:
        """Remove events from the timelines whose dossiers no longer contain them; return them.

        An event that no other timeline contains is deleted.
        """
        removed = set[int]()
        for timeline in {*timelines.values()}:
            dossiers = [dossier for dossier, id_ in timelines.items() if id_ == timeline]
            missing = self._missing_events(timeline, dossiers)
            removed = removed.union(*self._remover.remove_events(timeline, missing, changes))
        return removed

    def _missing_events(self, timeline: int, dossiers: Iterable[tuple[int, int]]) -> Selection:
        present = select(_event.id).where(_event.slug.in_(self._seen.ids("event", dossiers)))
        return select(_membership.event_id).where(
            _membership.timeline_id == timeline, _membership.event_id.not_in(present)
        )

    def remove_orphans(self, kind: str) -> int:
        """Delete the actors or sources that the load has made orphans; return their number.

        Records in the files stay, even as orphans.
        """
        table, _ = ORPHAN_CONDITIONS[kind]
        is_missing = table.c.slug.not_in(self._seen.ids(kind))
        return self._remover.remove_orphans(kind, is_missing & self._remover.was_referenced(kind))
