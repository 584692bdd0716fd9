"""The records that the files of a load contain, and where."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Column, Connection, Integer, String, exists, select, tuple_

from app.db.bulk import insert_rows, temporary_table
from app.db.expressions import Condition, Expression, Selection, in_values
from app.domain.text import printable
from app.dossiers.diagnostics import Location
from app.dossiers.reader import DossierFile
from app.store.orphans import ORPHAN_CONDITIONS

_definition = temporary_table(
    "definition",
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("file", Integer, primary_key=True),
    Column("dossier", Integer, primary_key=True),
    Column("line", Integer),
)
# A table of its own: thousands of dossiers can contain a record, and each compares it with this
# definition.
_first_valid = temporary_table(
    "first_valid_definition",
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("file", Integer),
    Column("line", Integer),
    Column("content", String),
)

# The first label of each topic, by the id of the topic.
_seen_label = temporary_table(
    "seen_label",
    Column("id", String, primary_key=True),
    Column("label", String),
    Column("file", Integer),
    Column("line", Integer),
)

DossierId = tuple[int, int]
"""The positions of a file among all files, and of a dossier in it."""


class Definition(NamedTuple):
    """The place of a valid record, with what other definitions of it must equal."""

    file: int
    line: int
    content: str


class Label(NamedTuple):
    """The label of a topic, and its place."""

    label: str
    file: int
    line: int


class SeenRecords:
    """The records that the files of one load contain.

    They are in a temporary table, so that memory stays bounded however large the files are.
    """

    def __init__(self, connection: Connection, files: Sequence[DossierFile]) -> None:
        self._connection = connection
        self._files = files
        _definition.create(connection)
        _first_valid.create(connection)
        _seen_label.create(connection)

    @property
    def complete(self) -> bool:
        """Whether every file was readable, so that no record is missing here."""
        return all(file.fully_read for file in self._files)

    def location_text(self, file: int, line: int, origin: int) -> str:
        """Format a line, with its file unless this is the file that the message is about."""
        path = printable(self._files[file].path)
        return f"line {line}" if file == origin else f"line {line} of {path}"

    def location(self, file: int, line: int) -> Location:
        """Return the location of a line."""
        return Location((file, 0), self._files[file].path).at_line(line)

    def add(
        self,
        kind: str,
        lines: Mapping[tuple[str, DossierId], int],
        first_valid: Mapping[str, Definition],
    ) -> None:
        """Add the lines where dossiers define ids, and the first valid definitions of ids."""
        rows = [
            {"kind": kind, "id": id_, "file": file, "dossier": dossier, "line": line}
            for (id_, (file, dossier)), line in lines.items()
        ]
        insert_rows(self._connection, _definition, rows)
        rows = [{"kind": kind, "id": id_, **first._asdict()} for id_, first in first_valid.items()]
        insert_rows(self._connection, _first_valid, rows)

    def lines(
        self, kind: str, ids: Iterable[str], since: DossierId
    ) -> dict[tuple[str, DossierId], int]:
        """Return the lines where a dossier, or one after it, defines ids."""
        columns = _definition.c
        rows = select(columns.id, columns.file, columns.dossier, columns.line).where(
            columns.kind == kind,
            in_values(columns.id, {*ids}),
            tuple_(columns.file, columns.dossier) >= tuple_(*since),
        )
        return {
            (id_, (file, dossier)): line
            for id_, file, dossier, line in self._connection.execute(rows)
        }

    def first_valid(self, kind: str, ids: Iterable[str]) -> dict[str, Definition]:
        """Return the first valid definition of each id."""
        rows = select(_first_valid).where(
            _first_valid.c.kind == kind, in_values(_first_valid.c.id, {*ids})
        )
        return {
            row.id: Definition(row.file, row.line, row.content)
            for row in self._connection.execute(rows)
        }

    def add_labels(self, labels: Mapping[str, Label]) -> None:
        """Add the labels of topics that have none yet."""
        rows = [{"id": id_, **label._asdict()} for id_, label in labels.items()]
        insert_rows(self._connection, _seen_label, rows)

    def labels(self, topics: Iterable[str]) -> dict[str, Label]:
        """Return the labels of topics, by the ids of those that have one."""
        rows = select(_seen_label).where(in_values(_seen_label.c.id, {*topics}))
        return {
            row.id: Label(row.label, row.file, row.line) for row in self._connection.execute(rows)
        }

    def locations(self, kind: str, ids: Iterable[str]) -> dict[str, Location]:
        """Return the location of the first definition of each id, valid or not."""
        columns = _definition.c
        rows = select(columns.id, columns.file, columns.line).where(
            columns.kind == kind, in_values(columns.id, {*ids})
        )
        # In descending order, so that the first definition replaces the others.
        rows = rows.order_by(columns.file.desc(), columns.dossier.desc())
        return {
            id_: self.location(file, line) for id_, file, line in self._connection.execute(rows)
        }

    def first_location(self, kind: str, id_: str) -> Location | None:
        """Return the location where a record, or the label of a topic, is first defined."""
        if kind == "topic":
            label = self.labels([id_]).get(id_)
            return self.location(label.file, label.line) if label else None
        return self.locations(kind, [id_]).get(id_)

    def contains(self, kind: str, id_: str) -> bool:
        """Return whether a file defines an id."""
        found = select(_definition.c.id).where(_definition.c.kind == kind, _definition.c.id == id_)
        return self._connection.scalar(found.limit(1)) is not None

    def is_defined(self, kind: str, slug: Expression) -> Condition:
        """Build the condition that a file defines the record of a slug."""
        return exists().where(_definition.c.kind == kind, _definition.c.id == slug)

    def ids(self, kind: str, dossiers: Iterable[tuple[int, int]] | None = None) -> Selection:
        """Select the ids of a kind, optionally only those in some dossiers of the files."""
        found = select(_definition.c.id).where(_definition.c.kind == kind)
        if dossiers is not None:
            found = found.where(tuple_(_definition.c.file, _definition.c.dossier).in_(dossiers))
        return found

    def orphans(self, kind: str) -> Iterator[tuple[str, Location]]:
        """Yield the id and the location of records that no stored record refers to."""
        table, is_orphan = ORPHAN_CONDITIONS[kind]
        found = select(_definition.c.id, _definition.c.file, _definition.c.line)
        found = found.join(table, table.c.slug == _definition.c.id)
        found = found.where(_definition.c.kind == kind, is_orphan)
        for id_, file, line in self._connection.execute(found):
            yield id_, self.location(file, line)
