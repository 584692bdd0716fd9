"""Loading dossier files into the database: all of them, or nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from app.db import tables
from app.db.bulk import LOAD_BATCH, indexes_dropped, update_statistics
from app.db.revision import advance_revision
from app.domain.text import quote
from app.dossiers.diagnostics import Diagnostics, DossierError, ProgressCallback
from app.dossiers.lint import Linter
from app.dossiers.pruning import Pruner
from app.dossiers.reader import (
    AnyRecord,
    DossierFile,
    DossierInput,
    InvalidRecord,
    ParsedRecord,
    RecordT,
    open_dossiers,
)
from app.dossiers.references import ReferenceChecker, references
from app.dossiers.seen_records import SeenRecords
from app.memory import relaxed_gc
from app.schemas.entries import ActorEntry, EventEntry, Record, SourceEntry, TimelineEntry
from app.store.event_changes import EventChanges, LargeEvent, moment_of_change
from app.store.orphans import delete_unused_labels
from app.store.upsert import (
    UpsertResult,
    add_to_timelines,
    ids_of,
    upsert_actors,
    upsert_events,
    upsert_parents,
    upsert_sources,
    upsert_timelines,
    upsert_topics,
)

MAX_BATCH_ITEMS = 40_000
"""Citations, participants and the like of a batch, so that its memory stays bounded. An ordinary
batch has half as many."""
INVALID_ITEMS = 100
"""The items that an invalid record counts as."""


class ChangeCounts(NamedTuple):
    """The numbers of records of a kind that a load added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0


class LoadReport(NamedTuple):
    """The changes to each kind of record, and the warnings."""

    counts: dict[str, ChangeCounts]
    warnings: list[str]


@relaxed_gc()
def load(
    connection: Connection,
    files: Iterable[DossierInput],
    now: datetime,
    *,
    max_record_size: int,
    prune: bool = False,
    on_progress: ProgressCallback = lambda _done, _total: None,
) -> LoadReport:
    """Load dossiers. Each record replaces the whole stored record of the same id.

    An unchanged record keeps its `updated_at`, and the revision advances only if something has
    changed. `prune` deletes what the timelines of these files contained before and the files do not
    contain any more. `max_record_size` is in kilobytes.

    Raise DossierError with all errors of the files. The caller must then roll back, since records
    have been written to find errors between them.
    """
    diagnostics = Diagnostics()
    dossiers = open_dossiers(files, diagnostics)
    loader = _Loader(connection, dossiers, diagnostics, now, max_record_size * 1024)
    pruner = Pruner(connection, loader.seen) if prune else None
    # In the order of their references: an event refers to actors and sources, a source to actors.
    loader.load_timelines()
    loader.load_actors()
    loader.load_sources()
    with loader.bulk_insert():
        loader.load_events(on_progress)
    # Only now: an unreadable file could hide records that it still contains.
    if pruner and not diagnostics:
        loader.prune(pruner)
    # After everything that an event shows, and also after an error, to report all errors at once.
    loader.refresh_events()
    if diagnostics:
        raise DossierError(diagnostics)
    loader.linter.check_changed_ids()
    loader.linter.check_orphans()
    # A load that changes nothing writes nothing, so that the server keeps its cached responses.
    if loader.changed:
        advance_revision(connection)
        update_statistics(connection, tables.event)
    return LoadReport(loader.counts, diagnostics.warnings)


class _Loader:
    """One load. It reads the files once for each kind, so that any file can refer to any other."""

    def __init__(
        self,
        connection: Connection,
        files: Sequence[DossierFile],
        diagnostics: Diagnostics,
        now: datetime,
        max_size: int,
    ) -> None:
        self._connection = connection
        self._files = files
        self._now = moment_of_change(connection, now)
        self._max_size = max_size
        self._add_error = diagnostics.add_error
        self._changes = EventChanges(connection, max_size)
        self.seen = SeenRecords(connection, files)
        self.linter = Linter(connection, self.seen, diagnostics)
        self._checker = ReferenceChecker(connection, self.seen, diagnostics)
        self._timelines: dict[tuple[int, int], int] = {}
        self.counts = dict.fromkeys(("event", "actor", "source", "timeline"), ChangeCounts())
        self.changed = False

    def load_timelines(self) -> None:
        for new, repeated in self._checked(TimelineEntry):
            self._count("timeline", upsert_timelines(self._connection, _records(new)))
            entries = new + repeated
            ids = ids_of(self._connection, tables.timeline, (entry.id for entry in entries))
            for entry in entries:
                self._timelines[entry.location.dossier] = ids[entry.id]

    def load_actors(self) -> None:
        counted = set[int]()
        for new, _ in self._checked(ActorEntry):
            result = upsert_actors(self._connection, _records(new), self._changes)
            self.linter.check_actors(new, result)
            self._count("actor", result)
            counted |= result.new | result.changed
        # A parent can come after its child, so parents are set after all actors are stored.
        for batch in self._batches(ActorEntry):
            self._checker.check_invalid_entries(ActorEntry, batch)
            stored_ids = ids_of(self._connection, tables.actor, (entry.id for entry in batch))
            valid = [entry for entry in batch if isinstance(entry, ParsedRecord)]
            stored = [entry for entry in valid if entry.id in stored_ids]
            known, _ = self._referenced_ids(stored)
            children = self._checker.drop_dangling(stored, {ActorEntry: known})
            linked = upsert_parents(self._connection, _records(children), known)
            # An actor that is new or changed by itself has been counted already.
            self._count("actor", linked._replace(changed=linked.changed - counted))
        self._checker.reject_parent_cycles()

    def load_sources(self) -> None:
        for new, _ in self._checked(SourceEntry):
            known, _ = self._referenced_ids(new)
            sources = self._checker.drop_dangling(new, {ActorEntry: known})
            stored = upsert_sources(self._connection, _records(sources), known, self._changes)
            self._count("source", stored)

    def bulk_insert(self) -> AbstractContextManager[None]:
        """Drop the indexes of events while events are added, if most events are new.

        Creating an index from all rows is then faster than adding each row to it.
        """
        added = sum(file.events for file in self._files)
        stored = self._connection.scalar(select(func.count()).select_from(tables.event)) or 0
        if added <= stored:
            return nullcontext()
        lists = tables.participation, tables.citation, tables.event_topic, tables.event_timeline
        return indexes_dropped(self._connection, tables.event, *lists)

    def load_events(self, on_progress: ProgressCallback) -> None:
        done, total = 0, sum(file.events for file in self._files)
        for new, repeated in self._checked(EventEntry):
            actors, sources = self._referenced_ids(new)
            events = self._checker.drop_dangling(new, {ActorEntry: actors, SourceEntry: sources})
            labels = self._checker.check_labels(events + repeated)
            upsert_topics(self._connection, labels, self._changes)
            stored = upsert_events(
                self._connection, _records(events), actors, sources, self._now, self._changes
            )
            self.linter.check_events(events, stored, self._timelines.values())
            # An event of two dossiers is in both timelines, although only the first one stores it.
            repeated_ids = ids_of(self._connection, tables.event, (entry.id for entry in repeated))
            members = self._members(events + repeated, {**repeated_ids, **stored.ids})
            add_to_timelines(self._connection, members, self._changes)
            self._changes.add_records(stored.new)
            # Changed events are counted at the end, when all their changes are known.
            self._count("event", stored._replace(changed=set()))
            done += len(new) + len(repeated)
            on_progress(done, total)

    def refresh_events(self) -> None:
        """Update what is stored of changed events. Call it after everything is loaded."""
        delete_unused_labels(self._connection)
        refreshed = self._changes.refresh(self._now)
        self._add_counts("event", ChangeCounts(changed=refreshed.changed))
        for event in refreshed.too_large:
            self._reject_large_event(event)

    def _reject_large_event(self, event: LargeEvent) -> None:
        # Without any record of the files: the limit is lower than when the event was stored.
        location, shown = self.seen.location(0, 0), ""
        # The entry of an event is a better place than that of a record which it shows.
        for kind, id_ in {"event": event.slug, **event.shown}.items():
            if found := self.seen.first_location(kind, id_):
                location = found
                shown = f", which shows the {kind} {quote(id_)}," if kind != "event" else ""
                break
        self._add_error(
            location,
            f"The event {quote(event.slug)}{shown} would have {_kilobytes(event.size)} KB with all "
            "texts of its sources and names of its actors. Cite fewer sources, or shorten these "
            f"texts. The limit is {_kilobytes(self._max_size)} KB, and TIMELINE_MAX_RECORD_SIZE "
            "sets it.",
        )

    def prune(self, pruner: Pruner) -> None:
        """Delete what the files no longer contain."""
        removed = len(pruner.remove_missing_events(self._timelines, self._changes))
        self._add_counts("event", ChangeCounts(removed=removed))
        # Sources first: without a source, its publisher can become an orphan.
        for kind in ("source", "actor"):
            self._add_counts(kind, ChangeCounts(removed=pruner.remove_orphans(kind)))

    def _members(
        self, events: Iterable[ParsedRecord[EventEntry]], ids: Mapping[str, int]
    ) -> set[tuple[int, int]]:
        """Return pairs of an event and the timeline whose dossier contains it."""
        return {
            (ids[entry.id], self._timelines[entry.location.dossier])
            for entry in events
            if entry.id in ids and entry.location.dossier in self._timelines
        }

    def _referenced_ids(
        self, batch: Iterable[ParsedRecord[RecordT]]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Return the row ids of the actors and of the sources that records refer to."""
        ids: dict[type[Record], set[str]] = {ActorEntry: set(), SourceEntry: set()}
        for entry in batch:
            for model, id_, _ in references(entry.record):
                ids[model].add(id_)
        return (
            ids_of(self._connection, tables.actor, ids[ActorEntry]),
            ids_of(self._connection, tables.source, ids[SourceEntry]),
        )

    def _checked(
        self, model: type[RecordT]
    ) -> Iterator[tuple[list[ParsedRecord[RecordT]], list[ParsedRecord[RecordT]]]]:
        """Yield batches of valid records: those defined for the first time, and repeated ones."""
        for batch in self._batches(model):
            yield self._checker.record_definitions(model, batch)
            if model is not ActorEntry:  # whose parents can come later
                self._checker.check_invalid_entries(model, batch)

    def _batches(self, model: type[RecordT]) -> Iterator[list[AnyRecord[RecordT]]]:
        entries = chain.from_iterable(file.entries(model) for file in self._files)
        batch: list[AnyRecord[RecordT]] = []
        items = 0
        for entry in entries:
            batch.append(entry)
            items += _items(entry)
            if len(batch) == LOAD_BATCH or items > MAX_BATCH_ITEMS:
                yield batch
                batch, items = [], 0
        if batch:
            yield batch

    def _count(self, kind: str, stored: UpsertResult) -> None:
        self._add_counts(kind, ChangeCounts(len(stored.new), len(stored.changed)))

    def _add_counts(self, kind: str, counts: ChangeCounts) -> None:
        self.counts[kind] = ChangeCounts(*map(sum, zip(self.counts[kind], counts, strict=True)))
        self.changed |= any(counts)


def _items(entry: AnyRecord[Any]) -> int:
    """Return the size of a record, roughly: items of lists, or thousands of characters."""
    if isinstance(entry, InvalidRecord):
        return INVALID_ITEMS
    return sum(
        len(value) if isinstance(value, list) else len(value) // 1_000
        for value in vars(entry.record).values()
        if isinstance(value, list | str)
    )


def _kilobytes(size: int) -> str:
    return f"{-(-size // 1024):,}"  # rounded up


def _records(batch: Iterable[ParsedRecord[RecordT]]) -> list[RecordT]:
    return [entry.record for entry in batch]
