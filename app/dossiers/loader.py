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
from app.db.sqlite.bulk import BATCH, analyze, without_indexes
from app.dossiers.diagnostics import DossierError, Findings, Tell
from app.dossiers.lint import Doubter
from app.dossiers.pruning import Pruner
from app.dossiers.reader import ARecord, Unsound, Written, open_dossiers
from app.dossiers.references import Checker, references
from app.gc import rare_collections
from app.schemas.entries import ActorEntry, EventEntry, Record, SourceEntry, TimelineEntry
from app.store.upsert import (
    Saved,
    ids_of,
    last_id,
    publish,
    save_actors,
    save_events,
    save_members,
    save_parents,
    save_sources,
    save_timelines,
    touch,
)


class Counts(NamedTuple):
    """How many records of a kind a load added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0


class Report(NamedTuple):
    """What a load did to each kind of record, and what it warns of."""

    counts: dict[str, Counts]
    warnings: list[str]


@rare_collections()
def load(
    connection: Connection,
    paths: Iterable[Path],
    now: datetime,
    *,
    prune: bool = False,
    tell: Tell = lambda _done, _total: None,
) -> Report:
    """Write dossiers, each record replacing that of the same id whole.

    An unchanged record keeps its `updated_at`, and the revision advances only if something
    changed. `prune` removes what the timelines of these files held before and the files do not.
    Raises DossierError with all that is wrong in the files; what is written by then is not to be
    committed.
    """
    findings = Findings()
    pruner = Pruner(connection) if prune else None
    loading = _Loading(connection, paths, findings, now)
    loading.load_timelines()
    loading.load_actors()
    loading.load_sources()
    with loading.indexing():
        loading.load_events(tell)
    if findings:
        raise DossierError(findings)
    if pruner:
        loading.prune(pruner)
    loading.look_back()
    if loading.changed:
        advance_revision(connection)
        analyze(connection, tables.event)
    return Report(loading.counts, findings.warnings)


def is_empty(connection: Connection) -> bool:
    """Tell whether nothing has been loaded yet."""
    return connection.scalar(select(tables.timeline.c.id).limit(1)) is None


class _Loading:
    """One load. The files are read once for each kind of record, so that any may name any other."""

    def __init__(
        self, connection: Connection, paths: Iterable[Path], findings: Findings, now: datetime
    ) -> None:
        self._connection = connection
        self._now = now
        self._files = open_dossiers(paths, findings)
        self._checker = Checker(connection, self._files, findings)
        self._doubter = Doubter(connection, self._files, findings)
        self._timelines: dict[tuple[int, int], int] = {}
        self.counts = dict.fromkeys(("event", "actor", "source", "timeline"), Counts())
        self.changed = False
        self._last_event = last_id(connection, tables.event)

    def load_timelines(self) -> None:
        for new, again in self._registered(TimelineEntry):
            self._count("timeline", save_timelines(self._connection, _records(new)))
            ids = ids_of(self._connection, tables.timeline, (one.id for one in new + again))
            for one in new + again:
                self._timelines[one.place.dossier] = ids[one.id]

    def load_actors(self) -> None:
        counted = set[int]()
        for new, _ in self._registered(ActorEntry):
            self._doubter.look_at_actors(new)
            saved = save_actors(self._connection, _records(new))
            self._count("actor", saved)
            counted |= saved.new | saved.changed
        # A parent may stand behind its child, so it is linked once all are there.
        for batch in self._batches(ActorEntry):
            self._checker.look_into(ActorEntry, batch)
            saved_ids = ids_of(self._connection, tables.actor, (one.id for one in batch))
            written = [one for one in batch if isinstance(one, Written) and one.id in saved_ids]
            known, _ = self._named(written)
            children = self._checker.resolve(written, {ActorEntry: known})
            linked = save_parents(self._connection, _records(children), known)
            self._count("actor", linked._replace(changed=linked.changed - counted))
        self._checker.forbid_circles()

    def load_sources(self) -> None:
        for new, _ in self._registered(SourceEntry):
            known, _ = self._named(new)
            sources = self._checker.resolve(new, {ActorEntry: known})
            self._count("source", save_sources(self._connection, _records(sources), known))

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
        return without_indexes(self._connection, *listed) if more > stored else nullcontext()

    def load_events(self, tell: Tell) -> None:
        done, total = 0, sum(file.events for file in self._files)
        for new, again in self._registered(EventEntry):
            actors, sources = self._named(new)
            events = self._checker.resolve(new, {ActorEntry: actors, SourceEntry: sources})
            self._doubter.look_at_events(events)
            saved = save_events(self._connection, _records(events), actors, sources, self._now)
            changed = {
                saved.ids[one.id]: one for one in events if saved.ids[one.id] in saved.changed
            }
            self._doubter.look_at_changes(changed, self._timelines.values())
            ids = {**ids_of(self._connection, tables.event, (one.id for one in again)), **saved.ids}
            joined = save_members(self._connection, self._members(events + again, ids))
            touched = (saved.changed | joined) - saved.new
            touch(self._connection, touched, self._now)
            publish(self._connection, saved.new | touched)
            self.changed |= bool(touched)
            # What this load added is not changed by standing in a second of its dossiers.
            older = {event for event in touched if event <= self._last_event}
            self._count("event", saved._replace(changed=older))
            done += len(new) + len(again)
            tell(done, total)

    def prune(self, pruner: Pruner) -> None:
        """Remove what the files no longer hold."""
        self._remove("event", len(pruner.withdraw_events(self._timelines, self._now)))
        for kind in ("source", "actor"):
            self._remove(kind, pruner.remove_unnamed(kind))

    def look_back(self) -> None:
        """Warn of what can be told only once all is saved."""
        self._doubter.look_at_what_nobody_names()

    def _members(
        self, events: Iterable[Written[EventEntry]], ids: Mapping[str, int]
    ) -> set[tuple[int, int]]:
        """Pair events with the timelines in whose dossiers they stand."""
        return {
            (ids[one.id], self._timelines[one.place.dossier])
            for one in events
            if one.id in ids and one.place.dossier in self._timelines
        }

    def _named(self, batch: Iterable[Written[ARecord]]) -> tuple[dict[str, int], dict[str, int]]:
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
        self, model: type[ARecord]
    ) -> Iterator[tuple[list[Written[ARecord]], list[Written[ARecord]]]]:
        """Give the records of a kind in batches: the new ones, and those that came before."""
        for batch in self._batches(model):
            yield self._checker.register(model, batch)
            if model is not ActorEntry:  # whose parents come later
                self._checker.look_into(model, batch)

    def _batches(self, model: type[ARecord]) -> Iterator[list[Written[ARecord] | Unsound]]:
        entries = chain.from_iterable(file.entries(model) for file in self._files)
        while batch := list(islice(entries, BATCH)):
            yield batch

    def _count(self, kind: str, saved: Saved) -> None:
        added, changed, removed = self.counts[kind]
        self.counts[kind] = Counts(added + len(saved.new), changed + len(saved.changed), removed)
        self.changed |= bool(saved.new or saved.changed)

    def _remove(self, kind: str, removed: int) -> None:
        self.counts[kind] = self.counts[kind]._replace(removed=removed)
        self.changed |= removed > 0


def _records(batch: Iterable[Written[ARecord]]) -> list[ARecord]:
    return [one.record for one in batch]
