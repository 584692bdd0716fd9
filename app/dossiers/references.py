"""What is wrong between records: within a file, across files and with what is stored."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from rapidfuzz import process
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    Table,
    select,
)

from app.db import tables
from app.db.expressions import in_values
from app.db.sqlite.bulk import insert_rows, temporary_table
from app.domain.limits import SLUG_PATTERN
from app.domain.text import quote
from app.dossiers.diagnostics import Diagnostic, Diagnostics
from app.dossiers.reader import DossierFile, InvalidRecord, Location, ParsedRecord, RecordT
from app.schemas.entries import (
    RECORD_KINDS,
    ActorEntry,
    EventEntry,
    Record,
    SourceEntry,
    TimelineEntry,
)

MIN_SIMILARITY = 60
"""Of 100: what is less like a name than this is not suggested for it."""

MAX_SUGGESTIONS = 1_000
"""For so many names that stand for nothing the nearest is looked for, among all that there are."""
_DEFINE_IT = "write it, or name its file too"
_NO_FINGERPRINT = "{}"
"""Stands for what a record says where no other dossier can say otherwise."""

Reference = tuple[type[Record], str, tuple[str | int, ...]]
"""The kind of the record that is named, its id, and where in the record it is named."""

_TABLES: dict[type[Record], Table] = {ActorEntry: tables.actor, SourceEntry: tables.source}

TimelineIds = Mapping[tuple[int, int], int]
"""The row of the timeline of each dossier of each file."""

# Where each record of the files is written: a table of this connection alone, so that memory stays
# bounded however large the files.
seen_records = temporary_table(
    "written",
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("file", Integer, primary_key=True),
    Column("dossier", Integer, primary_key=True),
    Column("line", Integer),
    Column("content", String),
)


def location_text(file: int, line: int, seen_from: int, files: Sequence[DossierFile]) -> str:
    """Name a line, and its file if that is another."""
    return f"line {line}" if file == seen_from else f"line {line} of {files[file].path}"


# In which list of a record, or in the record itself, which key names a record of which kind.
_REFERENCE_KEYS: dict[type[Record], list[tuple[str, str, type[Record]]]] = {
    TimelineEntry: [],
    ActorEntry: [("", "parent", ActorEntry)],
    SourceEntry: [("", "publisher", ActorEntry)],
    EventEntry: [("participants", "actor", ActorEntry), ("citations", "source", SourceEntry)],
}


def references(record: Record) -> Iterator[Reference]:
    """Give each record that another names."""
    for inside, key, kind in _REFERENCE_KEYS[type(record)]:
        if inside:
            for at, part in enumerate(getattr(record, inside)):
                yield kind, getattr(part, key), (inside, at, key)
        elif id_ := getattr(record, key):
            yield kind, id_, (key,)


def _references_in(model: type[Record], data: object) -> Iterator[Reference]:
    """Give what a record names that is not sound, as far as can be told."""
    given = data if isinstance(data, dict) else {}
    for inside, key, kind in _REFERENCE_KEYS[model]:
        parts = given.get(inside) if inside else [given]
        for at, part in enumerate(parts if isinstance(parts, list) else []):
            id_ = part.get(key) if isinstance(part, dict) else None
            if isinstance(id_, str) and re.fullmatch(SLUG_PATTERN, id_):
                yield kind, id_, (inside, at, key) if inside else (key,)


class _Definition(NamedTuple):
    """Where a record has been written before, and as what; unsound ones have no content."""

    file: int
    dossier: int
    line: int
    content: str | None


class ReferenceChecker:
    """Holds the records of the files of one load against each other and against the database."""

    def __init__(
        self, connection: Connection, files: Sequence[DossierFile], findings: Diagnostics
    ) -> None:
        self._connection = connection
        self._files = files
        self._findings = findings
        self._dossiers = set[tuple[int, int]]()
        self._known: dict[type[Record], list[str]] = {}
        self._suggestions: dict[tuple[type[Record], str], str] = {}
        seen_records.create(connection)

    def record_definitions(
        self, model: type[RecordT], batch: Sequence[ParsedRecord[RecordT] | InvalidRecord]
    ) -> tuple[list[ParsedRecord[RecordT]], list[ParsedRecord[RecordT]]]:
        """Remember where records are written.

        Gives those that are sound and new, and those that stand in another dossier just so.
        """
        if model is TimelineEntry:
            self._dossiers |= {one.location.dossier for one in batch}
        mentions = self._definitions(model, (one.id for one in batch))
        new: list[ParsedRecord[RecordT]] = []
        again: list[ParsedRecord[RecordT]] = []
        rows = []
        for one in batch:
            if not one.id:
                continue
            before = mentions[one.id]
            content = self._fingerprint(one.record) if isinstance(one, ParsedRecord) else None
            here = _Definition(*one.location.dossier, one.location.line, content)
            same = [other for other in before if other[:2] == here[:2]]
            if same:
                problem = f"{quote(one.id)} is written twice, first on line {same[0].line}"
                cure = "remove one, or give it another id"
                self._findings.add_error(one.location.diagnostic(f"{problem}; {cure}"))
                continue
            rows.append({"kind": RECORD_KINDS[model], "id": one.id, **here._asdict()})
            known = next((other for other in before if other.content), None)
            before.append(here)
            if isinstance(one, InvalidRecord):
                continue
            if known and content != known.content:
                self._findings.add_error(
                    one.location.diagnostic(self._conflict_message(one, here, known))
                )
            else:
                (again if known else new).append(one)
        insert_rows(self._connection, seen_records, rows)
        return new, again

    def _fingerprint(self, record: Record) -> str:
        """Give what a record says, to be compared; of an event, for space, only a digest."""
        if len(self._dossiers) < 2:
            return _NO_FINGERPRINT
        if isinstance(record, EventEntry):
            if len(record.topics) > 1:
                record = record.model_copy(update={"topics": sorted({*record.topics})})
            return blake2b(record.model_dump_json().encode(), digest_size=16).hexdigest()
        if isinstance(record, ActorEntry):
            aliases = sorted(record.aliases, key=lambda alias: alias.name)
            record = record.model_copy(update={"aliases": aliases})
        return record.model_dump_json()

    def _definitions(
        self, model: type[Record], ids: Iterable[str]
    ) -> defaultdict[str, list[_Definition]]:
        mentions = defaultdict[str, list[_Definition]](list)
        found = select(seen_records).where(
            seen_records.c.kind == RECORD_KINDS[model], in_values(seen_records.c.id, {*ids})
        )
        for row in self._connection.execute(
            found.order_by(seen_records.c.file, seen_records.c.dossier)
        ):
            mentions[row.id].append(_Definition(row.file, row.dossier, row.line, row.content))
        return mentions

    def _conflict_message(
        self, one: ParsedRecord[RecordT], here: _Definition, known: _Definition
    ) -> str:
        """Tell where a record is written otherwise, and in what."""
        where = location_text(known.file, known.line, here.file, self._files)
        differing = ""
        if not isinstance(one.record, EventEntry):
            mine, theirs = json.loads(here.content or ""), json.loads(known.content or "")
            keys = sorted(key for key in mine if mine[key] != theirs[key])
            differing = f" in {' and '.join(keys)}"
        return f"{quote(one.id)} differs{differing} from what stands on {where}; write it alike"

    def drop_dangling(
        self,
        batch: Iterable[ParsedRecord[RecordT]],
        known: Mapping[type[Record], Collection[str]],
    ) -> list[ParsedRecord[RecordT]]:
        """Give the records of which all that they name is known."""
        resolved = []
        for one in batch:
            missing = [name for name in references(one.record) if name[1] not in known[name[0]]]
            if not missing:
                resolved.append(one)
            self._report_dangling(one.location, missing)
        return resolved

    def check_invalid_entries(self, model: type[Record], batch: Iterable[object]) -> None:
        """Tell what records name in vain that are not sound, lest it is told only afterwards."""
        for one in batch:
            if isinstance(one, InvalidRecord):
                names = _references_in(model, one.data)
                missing = [name for name in names if not self._is_stored(name[0], name[1])]
                self._report_dangling(one.location, missing)

    def _is_stored(self, model: type[Record], id_: str) -> bool:
        slug = _TABLES[model].c.slug
        return self._connection.scalar(select(slug).where(slug == id_)) is not None

    def _report_dangling(self, place: Location, missing: Iterable[Reference]) -> None:
        for model, id_, loc in missing:
            # What is written, but not soundly, has been told of, and so has what hides it.
            legible = all(file.fully_read for file in self._files)
            if legible and not self._definitions(model, [id_])[id_]:
                self._findings.add_error(place.diagnostic(self._dangling_message(model, id_), *loc))

    def _dangling_message(self, model: type[Record], id_: str) -> str:
        if (model, id_) not in self._suggestions and len(self._suggestions) < MAX_SUGGESTIONS:
            self._suggestions[model, id_] = self._nearest(model, id_)
        cure = self._suggestions.get((model, id_), _DEFINE_IT)
        return f"there is no {RECORD_KINDS[model]} {quote(id_)}; {cure}"

    def _nearest(self, model: type[Record], id_: str) -> str:
        if model not in self._known:
            self._known[model] = [*self._connection.scalars(select(_TABLES[model].c.slug))]
        nearest = process.extractOne(id_, self._known[model], score_cutoff=MIN_SIMILARITY)
        return f"the nearest is {quote(nearest[0])}" if nearest else _DEFINE_IT

    def reject_parent_cycles(self) -> None:
        """Find actors that are part of themselves, once all parents are saved."""
        parent = tables.actor.alias()
        child = select(tables.actor.c.slug, parent.c.slug)
        links = child.join(parent, parent.c.id == tables.actor.c.parent_id)
        parents: dict[str, str] = {row[0]: row[1] for row in self._connection.execute(links)}
        for id_, (mention, *_) in self._definitions(ActorEntry, _cycle_members(parents)).items():
            problem = f"the actor {quote(id_)} is its own ancestor; remove a parent on the way"
            path = self._files[mention.file].path
            self._findings.add_error(Diagnostic(mention.file, mention.line, path, "", problem))


def _cycle_members(parents: Mapping[str, str]) -> Iterator[str]:
    """Find whoever is its own ancestor."""
    seen: set[str] = set()
    for at in parents:
        way: dict[str, int] = {}
        while at in parents and at not in seen:  # where a circle closes, too
            seen.add(at)
            way[at] = len(way)
            at = parents[at]  # noqa: PLW2901 - upwards
        if at in way:
            yield from [*way][way[at] :]
