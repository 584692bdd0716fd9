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
from app.db.expressions import among
from app.db.sqlite.bulk import insert_rows, temporary_table
from app.domain.limits import SLUG_PATTERN
from app.domain.text import shown
from app.dossiers.diagnostics import Finding, Findings
from app.dossiers.reader import ARecord, DossierFile, Place, Unsound, Written
from app.schemas.entries import KINDS, ActorEntry, EventEntry, Record, SourceEntry, TimelineEntry

MIN_LIKENESS = 60
"""Of 100: what is less like a name than this is not suggested for it."""

MAX_SUGGESTED = 1_000
"""For so many names that stand for nothing the nearest is looked for, among all that there are."""
_WRITE_IT = "write it, or name its file too"
_ALONE = "{}"
"""Stands for what a record says where no other dossier can say otherwise."""

Reference = tuple[type[Record], str, tuple[str | int, ...]]
"""The kind of the record that is named, its id, and where in the record it is named."""

_TABLES: dict[type[Record], Table] = {ActorEntry: tables.actor, SourceEntry: tables.source}

Dossiers = Mapping[tuple[int, int], int]
"""The row of the timeline of each dossier of each file."""

# Where each record of the files is written: a table of this connection alone, so that memory stays
# bounded however large the files.
written = temporary_table(
    "written",
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("file", Integer, primary_key=True),
    Column("dossier", Integer, primary_key=True),
    Column("line", Integer),
    Column("content", String),
)


def whereabouts(file: int, line: int, seen_from: int, files: Sequence[DossierFile]) -> str:
    """Name a line, and its file if that is another."""
    return f"line {line}" if file == seen_from else f"line {line} of {files[file].path}"


# In which list of a record, or in the record itself, which key names a record of which kind.
_NAMING: dict[type[Record], list[tuple[str, str, type[Record]]]] = {
    TimelineEntry: [],
    ActorEntry: [("", "parent", ActorEntry)],
    SourceEntry: [("", "publisher", ActorEntry)],
    EventEntry: [("participants", "actor", ActorEntry), ("citations", "source", SourceEntry)],
}


def references(record: Record) -> Iterator[Reference]:
    """Give each record that another names."""
    for inside, key, kind in _NAMING[type(record)]:
        if inside:
            for at, part in enumerate(getattr(record, inside)):
                yield kind, getattr(part, key), (inside, at, key)
        elif id_ := getattr(record, key):
            yield kind, id_, (key,)


def _references_in(model: type[Record], data: object) -> Iterator[Reference]:
    """Give what a record names that is not sound, as far as can be told."""
    given = data if isinstance(data, dict) else {}
    for inside, key, kind in _NAMING[model]:
        parts = given.get(inside) if inside else [given]
        for at, part in enumerate(parts if isinstance(parts, list) else []):
            id_ = part.get(key) if isinstance(part, dict) else None
            if isinstance(id_, str) and re.fullmatch(SLUG_PATTERN, id_):
                yield kind, id_, (inside, at, key) if inside else (key,)


class _Mention(NamedTuple):
    """Where a record has been written before, and as what; unsound ones have no content."""

    file: int
    dossier: int
    line: int
    content: str | None


class Checker:
    """Holds the records of the files of one load against each other and against the database."""

    def __init__(
        self, connection: Connection, files: Sequence[DossierFile], findings: Findings
    ) -> None:
        self._connection = connection
        self._files = files
        self._findings = findings
        self._dossiers = set[tuple[int, int]]()
        self._known: dict[type[Record], list[str]] = {}
        self._cures: dict[tuple[type[Record], str], str] = {}
        written.create(connection)

    def register(
        self, model: type[ARecord], batch: Sequence[Written[ARecord] | Unsound]
    ) -> tuple[list[Written[ARecord]], list[Written[ARecord]]]:
        """Remember where records are written.

        Gives those that are sound and new, and those that stand in another dossier just so.
        """
        if model is TimelineEntry:
            self._dossiers |= {one.place.dossier for one in batch}
        mentions = self._mentions(model, (one.id for one in batch))
        new: list[Written[ARecord]] = []
        again: list[Written[ARecord]] = []
        rows = []
        for one in batch:
            if not one.id:
                continue
            before = mentions[one.id]
            content = self._content(one.record) if isinstance(one, Written) else None
            here = _Mention(*one.place.dossier, one.place.line, content)
            same = [other for other in before if other[:2] == here[:2]]
            if same:
                problem = f"{shown(one.id)} is written twice, first on line {same[0].line}"
                cure = "remove one, or give it another id"
                self._findings.problem(one.place.finding(f"{problem}; {cure}"))
                continue
            rows.append({"kind": KINDS[model], "id": one.id, **here._asdict()})
            known = next((other for other in before if other.content), None)
            before.append(here)
            if isinstance(one, Unsound):
                continue
            if known and content != known.content:
                self._findings.problem(one.place.finding(self._contradiction(one, here, known)))
            else:
                (again if known else new).append(one)
        insert_rows(self._connection, written, rows)
        return new, again

    def _content(self, record: Record) -> str:
        """Give what a record says, to be compared; of an event, for space, only a digest."""
        if len(self._dossiers) < 2:
            return _ALONE
        if isinstance(record, EventEntry):
            if len(record.topics) > 1:
                record = record.model_copy(update={"topics": sorted({*record.topics})})
            return blake2b(record.model_dump_json().encode(), digest_size=16).hexdigest()
        if isinstance(record, ActorEntry):
            aliases = sorted(record.aliases, key=lambda alias: alias.name)
            record = record.model_copy(update={"aliases": aliases})
        return record.model_dump_json()

    def _mentions(
        self, model: type[Record], ids: Iterable[str]
    ) -> defaultdict[str, list[_Mention]]:
        mentions = defaultdict[str, list[_Mention]](list)
        found = select(written).where(written.c.kind == KINDS[model], among(written.c.id, {*ids}))
        for row in self._connection.execute(found.order_by(written.c.file, written.c.dossier)):
            mentions[row.id].append(_Mention(row.file, row.dossier, row.line, row.content))
        return mentions

    def _contradiction(self, one: Written[ARecord], here: _Mention, known: _Mention) -> str:
        """Tell where a record is written otherwise, and in what."""
        where = whereabouts(known.file, known.line, here.file, self._files)
        differing = ""
        if not isinstance(one.record, EventEntry):
            mine, theirs = json.loads(here.content or ""), json.loads(known.content or "")
            keys = sorted(key for key in mine if mine[key] != theirs[key])
            differing = f" in {' and '.join(keys)}"
        return f"{shown(one.id)} differs{differing} from what stands on {where}; write it alike"

    def resolve(
        self,
        batch: Iterable[Written[ARecord]],
        known: Mapping[type[Record], Collection[str]],
    ) -> list[Written[ARecord]]:
        """Give the records of which all that they name is known."""
        resolved = []
        for one in batch:
            missing = [name for name in references(one.record) if name[1] not in known[name[0]]]
            if not missing:
                resolved.append(one)
            self._tell_missing(one.place, missing)
        return resolved

    def look_into(self, model: type[Record], batch: Iterable[object]) -> None:
        """Tell what records name in vain that are not sound, lest it is told only afterwards."""
        for one in batch:
            if isinstance(one, Unsound):
                names = _references_in(model, one.data)
                missing = [name for name in names if not self._is_stored(name[0], name[1])]
                self._tell_missing(one.place, missing)

    def _is_stored(self, model: type[Record], id_: str) -> bool:
        slug = _TABLES[model].c.slug
        return self._connection.scalar(select(slug).where(slug == id_)) is not None

    def _tell_missing(self, place: Place, missing: Iterable[Reference]) -> None:
        for model, id_, loc in missing:
            # What is written, but not soundly, has been told of, and so has what hides it.
            legible = all(file.legible for file in self._files)
            if legible and not self._mentions(model, [id_])[id_]:
                self._findings.problem(place.finding(self._dangling(model, id_), *loc))

    def _dangling(self, model: type[Record], id_: str) -> str:
        if (model, id_) not in self._cures and len(self._cures) < MAX_SUGGESTED:
            self._cures[model, id_] = self._nearest(model, id_)
        cure = self._cures.get((model, id_), _WRITE_IT)
        return f"there is no {KINDS[model]} {shown(id_)}; {cure}"

    def _nearest(self, model: type[Record], id_: str) -> str:
        if model not in self._known:
            self._known[model] = [*self._connection.scalars(select(_TABLES[model].c.slug))]
        nearest = process.extractOne(id_, self._known[model], score_cutoff=MIN_LIKENESS)
        return f"the nearest is {shown(nearest[0])}" if nearest else _WRITE_IT

    def forbid_circles(self) -> None:
        """Find actors that are part of themselves, once all parents are saved."""
        parent = tables.actor.alias()
        child = select(tables.actor.c.slug, parent.c.slug)
        links = child.join(parent, parent.c.id == tables.actor.c.parent_id)
        parents: dict[str, str] = {row[0]: row[1] for row in self._connection.execute(links)}
        for id_, (mention, *_) in self._mentions(ActorEntry, _circular(parents)).items():
            problem = f"the actor {shown(id_)} is its own ancestor; remove a parent on the way"
            path = self._files[mention.file].path
            self._findings.problem(Finding(mention.file, mention.line, path, "", problem))


def _circular(parents: Mapping[str, str]) -> Iterator[str]:
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
