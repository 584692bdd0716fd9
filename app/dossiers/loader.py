"""Dossier files into the database: all of them in one transaction, or nothing."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from app.db import tables
from app.db.revision import advance_revision
from app.db.sqlite.bulk import LOAD_BATCH, indexes_dropped, update_statistics
from app.dossiers.diagnostics import Diagnostics, DossierError, ProgressCallback
from app.dossiers.lint import Linter
from app.dossiers.pruning import Pruner
from app.dossiers.reader import InvalidRecord, ParsedRecord, RecordT, open_dossiers
from app.dossiers.references import ReferenceChecker, references
from app.gc import relaxed_gc
from app.schemas.entries import ActorEntry, EventEntry, Record, SourceEntry, TimelineEntry
from app.store.upsert import (
    UpsertResult,
    add_to_timelines,
    ids_of,
    last_id,
    refresh_event_records,
    set_updated_at,
    upsert_actors,
    upsert_events,
    upsert_parents,
    upsert_sources,
    upsert_timelines,
)


class ChangeCounts(NamedTuple):
    """How many records of a kind a load added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0


class LoadReport(NamedTuple):
    """What a load did to each kind of record, and what it warns of."""

    counts: dict[str, ChangeCounts]
    warnings: list[str]


@relaxed_gc()
def load(
    connection: Connection,
    paths: Iterable[Path],
    now: datetime,
    *,
    prune: bool = False,
    tell: ProgressCallback = lambda _done, _total: None,
) -> LoadReport:
    """Write dossiers, each record replacing that of the same id whole.

    An unchanged record keeps its `updated_at`, and the revision advances only if something
    changed. `prune` removes what the timelines of these files held before and the files do not.
    Raises DossierError with all that is wrong in the files; what is written by then is not to be
    committed.
    """
    findings = Diagnostics()
    pruner = Pruner(connection) if prune else None
    loading = _Loader(connection, paths, findings, now)
    loading.load_timelines()
    loading.load_actors()
    loading.load_sources()
    with loading.indexing():
        loading.load_events(tell)
    if findings:
        raise DossierError(findings)
    if pruner:
        loading.prune(pruner)
    loading.check_orphans()
    if loading.changed:
        advance_revision(connection)
        update_statistics(connection, tables.event)
    return LoadReport(loading.counts, findings.warnings)


def is_empty(connection: Connection) -> bool:
    """Tell whether nothing has been loaded yet."""
    return connection.scalar(select(tables.timeline.c.id).limit(1)) is None


class _Loader:
    """One load. The files are read once for each kind of record, so that any may name any other."""

    def __init__(
        self, connection: Connection, paths: Iterable[Path], findings: Diagnostics, now: datetime
    ) -> None:
        self._connection = connection
        self._now = now
        self._files = open_dossiers(paths, findings)
        self._checker = ReferenceChecker(connection, self._files, findings)
        self._doubter = Linter(connection, self._files, findings)
        self._timelines: dict[tuple[int, int], int] = {}
        self.counts = dict.fromkeys(("event", "actor", "source", "timeline"), ChangeCounts())
        self.changed = False
        self._last_event = last_id(connection, tables.event)

    def load_timelines(self) -> None:
        for new, again in self._registered(TimelineEntry):
            self._count("timeline", upsert_timelines(self._connection, _records(new)))
            ids = ids_of(self._connection, tables.timeline, (one.id for one in new + again))
            for one in new + again:
                self._timelines[one.location.dossier] = ids[one.id]

    def load_actors(self) -> None:
        counted = set[int]()
        for new, _ in self._registered(ActorEntry):
            self._doubter.check_actors(new)
            saved = upsert_actors(self._connection, _records(new))
            self._count("actor", saved)
            counted |= saved.new | saved.changed
        # A parent may stand behind its child, so it is linked once all are there.
        for batch in self._batches(ActorEntry):
            self._checker.check_invalid_entries(ActorEntry, batch)
            saved_ids = ids_of(self._connection, tables.actor, (one.id for one in batch))
            written = [
                one for one in batch if isinstance(one, ParsedRecord) and one.id in saved_ids
            ]
            known, _ = self._named(written)
            children = self._checker.drop_dangling(written, {ActorEntry: known})
            linked = upsert_parents(self._connection, _records(children), known)
            self._count("actor", linked._replace(changed=linked.changed - counted))
        self._checker.reject_parent_cycles()

    def load_sources(self) -> None:
        for new, _ in self._registered(SourceEntry):
            known, _ = self._named(new)
            sources = self._checker.drop_dangling(new, {ActorEntry: known})
            self._count("source", upsert_sources(self._connection, _records(sources), known))

    def indexing(self) -> AbstractContextManager[None]:
        """Give a context in which events are added as fast as may be."""
        more = sum(file.events for file in self._files)
        stored = self._connection.scalar(select(func.count()).select_from(tables.event)) or 0
        listed = (
            tables.event,
            tables.participation,
            tables.citation,
            tables.event_topic,
            tables.event_timeline,
        )
        return indexes_dropped(self._connection, *listed) if more > stored else nullcontext()

    def load_events(self, tell: ProgressCallback) -> None:
        done, total = 0, sum(file.events for file in self._files)
        for new, again in self._registered(EventEntry):
            actors, sources = self._named(new)
            events = self._checker.drop_dangling(new, {ActorEntry: actors, SourceEntry: sources})
            self._doubter.check_events(events)
            saved = upsert_events(self._connection, _records(events), actors, sources, self._now)
            changed = {
                saved.ids[one.id]: one for one in events if saved.ids[one.id] in saved.changed
            }
            self._doubter.check_shared_changes(changed, self._timelines.values())
            ids = {**ids_of(self._connection, tables.event, (one.id for one in again)), **saved.ids}
            joined = add_to_timelines(self._connection, self._members(events + again, ids))
            touched = (saved.changed | joined) - saved.new
            set_updated_at(self._connection, touched, self._now)
            refresh_event_records(self._connection, saved.new | touched)
            self.changed |= bool(touched)
            # What this load added is not changed by standing in a second of its dossiers.
            older = {event for event in touched if event <= self._last_event}
            self._count("event", saved._replace(changed=older))
            done += len(new) + len(again)
            tell(done, total)

    def prune(self, pruner: Pruner) -> None:
        """Remove what the files no longer hold."""
        self._remove("event", len(pruner.remove_missing_events(self._timelines, self._now)))
        for kind in ("source", "actor"):
            self._remove(kind, pruner.remove_orphans(kind))

    def check_orphans(self) -> None:
        """Warn of what can be told only once all is saved."""
        self._doubter.check_orphans()

    def _members(
        self, events: Iterable[ParsedRecord[EventEntry]], ids: Mapping[str, int]
    ) -> set[tuple[int, int]]:
        """Pair events with the timelines in whose dossiers they stand."""
        return {
            (ids[one.id], self._timelines[one.location.dossier])
            for one in events
            if one.id in ids and one.location.dossier in self._timelines
        }

    def _named(
        self, batch: Iterable[ParsedRecord[RecordT]]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Look up the actors and the sources that records name."""
        named: dict[type[Record], set[str]] = {ActorEntry: set(), SourceEntry: set()}
        for one in batch:
            for kind, id_, _ in references(one.record):
                named[kind].add(id_)
        return (
            ids_of(self._connection, tables.actor, named[ActorEntry]),
            ids_of(self._connection, tables.source, named[SourceEntry]),
        )

    def _registered(
        self, model: type[RecordT]
    ) -> Iterator[tuple[list[ParsedRecord[RecordT]], list[ParsedRecord[RecordT]]]]:
        """Give the records of a kind in batches: the new ones, and those that came before."""
        for batch in self._batches(model):
            yield self._checker.record_definitions(model, batch)
            if model is not ActorEntry:  # whose parents come later
                self._checker.check_invalid_entries(model, batch)

    def _batches(
        self, model: type[RecordT]
    ) -> Iterator[list[ParsedRecord[RecordT] | InvalidRecord]]:
        entries = chain.from_iterable(file.entries(model) for file in self._files)
        while batch := list(islice(entries, LOAD_BATCH)):
            yield batch

    def _count(self, kind: str, saved: UpsertResult) -> None:
        added, changed, removed = self.counts[kind]
        self.counts[kind] = ChangeCounts(
            added + len(saved.new), changed + len(saved.changed), removed
        )
        self.changed |= bool(saved.new or saved.changed)

    def _remove(self, kind: str, removed: int) -> None:
        self.counts[kind] = self.counts[kind]._replace(removed=removed)
        self.changed |= removed > 0


def _records(batch: Iterable[ParsedRecord[RecordT]]) -> list[RecordT]:
    return [one.record for one in batch]
