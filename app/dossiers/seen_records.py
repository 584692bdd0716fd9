"""The records that the files of a load contain, and where."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Column, Connection, Integer, String, select, tuple_

from app.db.expressions import Selection, in_values
from app.db.sqlite.bulk import insert_rows, temporary_table
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
    Column("content", String),
)


class Definition(NamedTuple):
    """The place of a record, with what other definitions of it must equal."""

    file: int
    dossier: int
    line: int
    content: str | None
    """None if the record is invalid."""


class SeenRecords:
    """The records that the files of one load contain.

    They are in a temporary table, so that memory stays bounded however large the files are.
    """

    def __init__(self, connection: Connection, files: Sequence[DossierFile]) -> None:
        self._connection = connection
        self._files = files
        _definition.create(connection)

    @property
    def complete(self) -> bool:
        """Whether every file was readable, so that no record is missing here."""
        return all(file.fully_read for file in self._files)

    def location_text(self, file: int, line: int, origin: int) -> str:
        """Format a line, with its file unless this is the file that the message is about."""
        return f"line {line}" if file == origin else f"line {line} of {self._files[file].path}"

    def location(self, file: int, line: int) -> Location:
        """Return the location of a line."""
        return Location((file, 0), self._files[file].path).at_line(line)

    def add(self, kind: str, definitions: Iterable[tuple[str, Definition]]) -> None:
        """Add the definitions of ids."""
        rows = [{"kind": kind, "id": id_, **place._asdict()} for id_, place in definitions]
        insert_rows(self._connection, _definition, rows)

    def find(self, kind: str, ids: Iterable[str]) -> defaultdict[str, list[Definition]]:
        """Return the definitions of each id, in the order of the files."""
        found = defaultdict[str, list[Definition]](list)
        rows = select(_definition).order_by(_definition.c.file, _definition.c.dossier)
        rows = rows.where(_definition.c.kind == kind, in_values(_definition.c.id, {*ids}))
        for row in self._connection.execute(rows):
            found[row.id].append(Definition(row.file, row.dossier, row.line, row.content))
        return found

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
