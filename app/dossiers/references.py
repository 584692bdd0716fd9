"""Errors between records: duplicates, conflicts, dangling references and cycles.

Records are compared within a file, across files, and with the stored records.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

from rapidfuzz import process
from sqlalchemy import Connection, Table, select

from app.db import tables
from app.domain.text import quote
from app.dossiers.diagnostics import Diagnostics, Location
from app.dossiers.reader import AnyRecord, InvalidRecord, ParsedRecord, RecordT, is_id
from app.dossiers.seen_records import Definition, DossierId, Label, SeenRecords
from app.schemas.entries import (
    RECORD_KINDS,
    ActorEntry,
    EventEntry,
    Record,
    SourceEntry,
    TimelineEntry,
    TopicEntry,
)

_actor = tables.actor.c

MIN_SIMILARITY = 60
"""Of 100: the least similarity of an id that is suggested for an unknown one."""

MAX_SUGGESTIONS = 1_000
"""The number of unknown ids that get a suggestion. Comparing each with all stored ids takes long in
a file with many dangling references."""
_DEFINE_IT = "Define it, or load its file too."
_NO_FINGERPRINT = "{}"
"""The fingerprint of a record where no other dossier can conflict with it."""

Reference = tuple[type[Record], str, tuple[str | int, ...]]
"""The type and the id of the record that is referred to, and the place of the reference."""

_TABLES: dict[type[Record], Table] = {ActorEntry: tables.actor, SourceEntry: tables.source}

TimelineIds = Mapping[DossierId, int]
"""The id of the timeline of each dossier of each file."""


# The references of each type of record: the list that contains them (empty for the record itself),
# the key, and the type of the record that is referred to.
_REFERENCE_KEYS: dict[type[Record], list[tuple[str, str, type[Record]]]] = {
    TimelineEntry: [],
    ActorEntry: [("", "parent", ActorEntry)],
    SourceEntry: [("", "publisher", ActorEntry)],
    EventEntry: [("participants", "actor", ActorEntry), ("citations", "source", SourceEntry)],
}


def references(record: Record) -> Iterator[Reference]:
    """Yield the references of a record."""
    for list_, key, model in _REFERENCE_KEYS[type(record)]:
        if list_:
            for at, item in enumerate(getattr(record, list_)):
                yield model, getattr(item, key), (list_, at, key)
        elif id_ := getattr(record, key):
            yield model, id_, (key,)


def _references_in(model: type[Record], data: object) -> Iterator[Reference]:
    """Yield the references of an invalid record that can be recognised."""
    record = data if isinstance(data, dict) else {}
    for list_, key, target in _REFERENCE_KEYS[model]:
        items = record.get(list_) if list_ else [record]
        for at, item in enumerate(items if isinstance(items, list) else []):
            id_ = item.get(key) if isinstance(item, dict) else None
            if isinstance(id_, str) and is_id(id_):
                yield target, id_, (list_, at, key) if list_ else (key,)


class ReferenceChecker:
    """Compares the records of one load with each other and with the stored records."""

    def __init__(self, connection: Connection, seen: SeenRecords, diagnostics: Diagnostics) -> None:
        self._connection = connection
        self._seen = seen
        self._add_error = diagnostics.add_error
        self._dossiers = set[DossierId]()
        self._stored_ids: dict[type[Record], list[str]] = {}
        self._suggestions: dict[tuple[type[Record], str], str] = {}

    def record_definitions(
        self, model: type[RecordT], batch: Sequence[AnyRecord[RecordT]]
    ) -> tuple[list[ParsedRecord[RecordT]], list[ParsedRecord[RecordT]]]:
        """Record where records are defined, and report duplicates and conflicts.

        Return the valid records in two lists: new ones, and those that another dossier contains
        with the same content.
        """
        if model is TimelineEntry:
            self._dossiers |= {entry.location.dossier for entry in batch}
        kind = RECORD_KINDS[model]
        ids = {entry.id for entry in batch}
        # Not all definitions, of which a record can have thousands. Batches are in the order of the
        # dossiers, so only the dossier of the first entry can have been in an earlier batch.
        lines = self._seen.lines(kind, ids, since=batch[0].location.dossier)
        valid = self._seen.first_valid(kind, ids)
        added_lines: dict[tuple[str, DossierId], int] = {}
        added_valid: dict[str, Definition] = {}
        new: list[ParsedRecord[RecordT]] = []
        repeated: list[ParsedRecord[RecordT]] = []
        for entry in batch:
            if not entry.id:
                continue
            place, line = (entry.id, entry.location.dossier), entry.location.line
            # Several dossiers may contain a record, but each of them only once.
            if first_line := lines.get(place) or added_lines.get(place):
                self._add_error(
                    entry.location,
                    f"{quote(entry.id)} is defined twice, first on line {first_line}. "
                    "Remove one, or change its id.",
                )
                continue
            added_lines[place] = line
            # An invalid definition has errors of its own, and no content to compare with.
            if isinstance(entry, InvalidRecord):
                continue
            here = Definition(entry.location.file, line, self._fingerprint(entry.record))
            first = valid.get(entry.id) or added_valid.setdefault(entry.id, here)
            if first is here:
                new.append(entry)
            elif first.content == here.content:
                repeated.append(entry)
            else:
                self._add_error(entry.location, self._conflict_message(entry, here, first))
        self._seen.add(kind, added_lines, added_valid)
        return new, repeated

    def _fingerprint(self, record: Record) -> str:
        """Return the content of a record for comparison; of an event a digest, to save memory.

        The order of topics and of aliases does not count.
        """
        if len(self._dossiers) < 2:
            return _NO_FINGERPRINT
        if isinstance(record, EventEntry):
            # Labels are compared topic by topic, by `check_labels`.
            ids = sorted({topic.id for topic in record.topics})
            record = record.model_copy(update={"topics": [TopicEntry(id=id_) for id_ in ids]})
            return blake2b(record.model_dump_json().encode(), digest_size=16).hexdigest()
        if isinstance(record, ActorEntry):
            aliases = sorted(record.aliases, key=lambda alias: alias.name)
            record = record.model_copy(update={"aliases": aliases})
        return record.model_dump_json()

    def _conflict_message(
        self, entry: ParsedRecord[RecordT], here: Definition, other: Definition
    ) -> str:
        where = self._seen.location_text(other.file, other.line, here.file)
        differing = ""
        # Of an event only a digest is stored, which does not show the keys.
        if not isinstance(entry.record, EventEntry):
            mine, theirs = json.loads(here.content), json.loads(other.content)
            keys = sorted(key for key in mine if mine[key] != theirs[key])
            differing = f" in {' and '.join(keys)}"
        return (
            f"{quote(entry.id)} differs{differing} from its definition on {where}. "
            "Write the same in both."
        )

    def check_labels(self, batch: Iterable[ParsedRecord[EventEntry]]) -> dict[str, str]:
        """Return the new labels of topics, by their ids; report a second label of a topic."""
        found = [
            (entry.location, at, topic.id, topic.label)
            for entry in batch
            for at, topic in enumerate(entry.record.topics)
            if topic.label
        ]
        seen = self._seen.labels({topic for *_, topic, _ in found})
        new: dict[str, Label] = {}
        for location, at, topic, label in found:
            loc = ("topics", at)
            line = location.line_at((*location.loc, *loc))
            first = seen.get(topic) or new.setdefault(topic, Label(label, location.file, line))
            if first.label != label:
                where = self._seen.location_text(first.file, first.line, location.file)
                self._add_error(
                    location,
                    f"The topic {quote(topic)} is labelled {quote(label)} here, and "
                    f"{quote(first.label)} on {where}. Write the same in both.",
                    *loc,
                )
        self._seen.add_labels(new)
        return {topic: first.label for topic, first in new.items()}

    def drop_dangling(
        self, batch: Iterable[ParsedRecord[RecordT]], known: Mapping[type[Record], Collection[str]]
    ) -> list[ParsedRecord[RecordT]]:
        """Return the records whose references are all known; report the other references."""
        resolved = []
        for entry in batch:
            dangling = [ref for ref in references(entry.record) if ref[1] not in known[ref[0]]]
            if not dangling:
                resolved.append(entry)
            self._report_dangling(entry.location, dangling)
        return resolved

    def check_invalid_entries(self, model: type[Record], batch: Iterable[object]) -> None:
        """Report dangling references of invalid records too, so that one run shows every error."""
        for entry in batch:
            if isinstance(entry, InvalidRecord):
                names = _references_in(model, entry.data)
                dangling = [name for name in names if not self._is_stored(name[0], name[1])]
                self._report_dangling(entry.location, dangling)

    def _is_stored(self, model: type[Record], id_: str) -> bool:
        slug = _TABLES[model].c.slug
        return self._connection.scalar(select(slug).where(slug == id_)) is not None

    def _report_dangling(self, location: Location, dangling: Iterable[Reference]) -> None:
        for model, id_, loc in dangling:
            # An invalid definition has an error of its own. So has an unreadable part of a file,
            # which may contain the definition.
            if self._seen.complete and not self._seen.contains(RECORD_KINDS[model], id_):
                self._add_error(location, self._dangling_message(model, id_), *loc)

    def _dangling_message(self, model: type[Record], id_: str) -> str:
        # Many records can have the same dangling reference, and a search goes through all ids.
        if (model, id_) not in self._suggestions and len(self._suggestions) < MAX_SUGGESTIONS:
            self._suggestions[model, id_] = self._suggestion(model, id_)
        fix = self._suggestions.get((model, id_), _DEFINE_IT)
        return f"There is no {RECORD_KINDS[model]} {quote(id_)}. {fix}"

    def _suggestion(self, model: type[Record], id_: str) -> str:
        if model not in self._stored_ids:
            self._stored_ids[model] = [*self._connection.scalars(select(_TABLES[model].c.slug))]
        nearest = process.extractOne(id_, self._stored_ids[model], score_cutoff=MIN_SIMILARITY)
        return f"The nearest is {quote(nearest[0])}." if nearest else _DEFINE_IT

    def reject_parent_cycles(self) -> None:
        """Report actors that are their own ancestors. Call it after all parents are stored."""
        # All stored parents, because a cycle can also lead through actors of earlier loads.
        parent = tables.actor.alias()
        child = select(_actor.slug, parent.c.slug)
        links = child.join(parent, parent.c.id == _actor.parent_id)
        parents: dict[str, str] = {row[0]: row[1] for row in self._connection.execute(links)}
        cycles = self._seen.locations(RECORD_KINDS[ActorEntry], _cycle_members(parents))
        for id_, location in cycles.items():
            message = f"The actor {quote(id_)} is its own ancestor. Remove a parent in the cycle."
            self._add_error(location, message)


def _cycle_members(parents: Mapping[str, str]) -> Iterator[str]:
    """Yield the ids that are their own ancestors."""
    seen: set[str] = set()
    for id_ in parents:
        path: dict[str, int] = {}
        while id_ in parents and id_ not in seen:  # ends where a cycle closes
            seen.add(id_)
            path[id_] = len(path)
            id_ = parents[id_]  # noqa: PLW2901 - walk up the tree
        if id_ in path:
            yield from [*path][path[id_] :]
