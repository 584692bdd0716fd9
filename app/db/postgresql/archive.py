"""Archives of `pg_dump`, read by `pg_restore`, which needs no server.

Of an archive, only the rows are used and never its SQL, since it may come from anybody.

https://www.postgresql.org/docs/current/app-pgrestore.html
"""

import os
import shutil
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import takewhile
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from sqlalchemy import TableClause
from sqlmodel import SQLModel

from app.db.backups import ARCHIVE_MAGIC, read_header
from app.db.database import Counts
from app.db.fulltext import SEARCH_INDEX
from app.db.schema import current_revision, find_unknown_revision
from app.domain.text import escape
from app.errors import DatabaseError
from app.settings import Settings

RECORD_TABLES: list[TableClause] = [*SQLModel.metadata.sorted_tables, SEARCH_INDEX]
"""The tables of records, each after those that it refers to."""
ARCHIVED = ["alembic_version", *(table.name for table in RECORD_TABLES)]
"""The names of the tables in an archive."""
_ROW_PER_EVENT = ("event_record", SEARCH_INDEX.name)
_CONNECT_TIMEOUT = "10"
"""Seconds until the next host of the URL is tried. By default, TCP waits for minutes."""
_BEGIN_ROWS, _END_ROWS = b") FROM stdin;\n", b"\\.\n"
_FOREIGN = "The archive belongs to another program. Use another backup."


class Block(NamedTuple):
    """The rows of one table in an archive, as COPY reads them."""

    table: str
    columns: list[str]
    rows: Iterator[bytes]


class Contents(NamedTuple):
    """What is in an archive."""

    revision: str
    counts: Counts
    size: int
    """The bytes of all rows, uncompressed."""


class Archive:
    """An archive of our tables. `pg_restore` reads it, which needs no server."""

    def __init__(self, path: Path, settings: Settings, named: Path | None = None) -> None:
        self.name = str(named or path)
        self._path = path.absolute()
        self._program = find_program("pg_restore", settings)
        if not read_header(path).startswith(ARCHIVE_MAGIC):
            raise DatabaseError(
                f"{self.name}: The file is not an archive that `timeline backup` wrote. Use "
                "another backup."
            )

    def read(self) -> Contents:
        """Read all of the archive; raise DatabaseError if it is damaged, or not ours."""
        rows, size, revision = Counter[str](), 0, ""
        with closing(self.blocks()) as blocks:
            for block in blocks:
                if block.table in rows and block.table in ARCHIVED:  # in another schema
                    raise DatabaseError(f"{self.name}: {_FOREIGN}")
                rows[block.table] = 0
                for row in block.rows:
                    rows[block.table] += 1
                    size += len(row)
                    if block.table == "alembic_version":
                        revision = escape(row.decode(errors="replace").strip())
        if problem := _find_problem(rows, revision):
            raise DatabaseError(f"{self.name}: {problem}")
        return Contents(revision, Counts(rows["event"], rows["timeline"]), size)

    def table_names(self) -> set[str]:
        """Return the names of the tables whose rows are in the archive."""
        with self._output("--list") as output:
            parts = (
                line.decode(errors="replace").partition(" TABLE DATA ")[2].split()
                for line in output
            )
            return {part[1] for part in parts if len(part) > 1}

    def blocks(self, *options: str) -> Generator[Block, None, None]:
        """Yield the tables, each of whose rows must be read before the next one."""
        with self._output("--data-only", "--file=-", *options) as output:
            for line in output:
                if line.startswith(b"SET client_encoding") and b"'UTF8'" not in line:
                    raise DatabaseError(
                        f"{self.name}: The texts are not in UTF-8. Use another backup."
                    )
                if line.startswith(b"COPY ") and line.endswith(_BEGIN_ROWS):
                    header = line.removesuffix(_BEGIN_ROWS).decode(errors="replace")
                    table, _, columns = header.rpartition(" (")
                    yield Block(
                        table.rpartition(".")[2].strip('"'),
                        [name.strip('"') for name in columns.split(", ")],
                        takewhile(lambda row: row != _END_ROWS, output),
                    )

    @contextmanager
    def _output(self, *options: str) -> Iterator[IO[bytes]]:
        command = [self._program, *options, str(self._path)]
        with TemporaryFile() as errors, running(command, stdout=PIPE, stderr=errors) as process:
            assert process.stdout  # noqa: S101 - it is a pipe
            yield process.stdout
            if process.wait():
                errors.seek(0)
                raise DatabaseError(
                    f"{self.name}: The archive cannot be read: {last_line(errors.read())} Use "
                    "another backup, or a newer pg_restore."
                )


def _find_problem(rows: Counter[str], revision: str) -> str | None:
    """Return why an archive with these numbers of rows cannot be restored, and the fix, or None."""
    if rows["alembic_version"] != 1:
        return _FOREIGN
    if problem := find_unknown_revision(revision):
        return problem
    if revision == current_revision():
        for name in ARCHIVED:
            if name not in rows:
                return f"The table {name!r} of schema {revision} is missing. Use another backup."
        for name in _ROW_PER_EVENT:
            if rows[name] != rows["event"]:
                return f"The table {name!r} must have one row for each event. Use another backup."
    return None


@contextmanager
def running(
    command: Sequence[str], password: str = "", **streams: int | IO[bytes]
) -> Iterator[Popen[bytes]]:
    """Run a program that ends with this block, also on Ctrl-C."""
    environment = {"PGCONNECT_TIMEOUT": _CONNECT_TIMEOUT, **os.environ, "LC_ALL": "C"}
    if password:  # other users see the arguments of a process, but not its environment
        environment["PGPASSWORD"] = password
    with Popen(command, stdin=DEVNULL, env=environment, **streams) as process:  # type: ignore[call-overload] # noqa: S603 - no shell
        try:
            yield process
        except BaseException:
            process.terminate()
            process.wait()  # after Ctrl-C, `Popen` would wait for a moment only
            raise


def last_line(output: bytes) -> str:
    """Return the last line that a program printed, as a sentence."""
    *_, line = output.decode(errors="replace").strip().rpartition("\n")
    return f"{escape(line.removesuffix('.'))}."


def find_program(name: str, settings: Settings) -> str:
    """Return the path of a program of PostgreSQL; raise DatabaseError if there is none."""
    program = shutil.which(name, path=settings.postgresql_programs or None)
    if program is None and settings.postgresql_programs:
        raise DatabaseError(
            f"{Path(settings.postgresql_programs, name)}: There is no such program. Set "
            "TIMELINE_POSTGRESQL_PROGRAMS to the directory that contains it."
        )
    if program is None:
        raise DatabaseError(
            f"{name}: There is no such program. Install PostgreSQL's client programs (on Debian "
            "the package postgresql-client), or set TIMELINE_POSTGRESQL_PROGRAMS to the directory "
            "that contains it."
        )
    return program
