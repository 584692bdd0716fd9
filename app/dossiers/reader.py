"""Reading dossier files record by record.

YAML and JSON are read whole, JSON Lines line by line.
"""

import codecs
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import UnsupportedOperation
from pathlib import Path
from typing import IO, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from app.domain.limits import MAX_SLUG_LENGTH, SLUG_PATTERN
from app.domain.text import quote
from app.dossiers.diagnostics import Diagnostics, Location
from app.dossiers.document import DossierEnvelope
from app.dossiers.messages import error_message
from app.dossiers.parsing import Document, JsonReader, KeyPath, ParseError, parse_json, parse_yaml
from app.schemas.entries import (
    RECORD_KINDS,
    ActorEntry,
    EventEntry,
    Record,
    SourceEntry,
    TimelineEntry,
)

YAML_SUFFIXES = (".yaml", ".yml")
LINES_SUFFIXES = (".jsonl", ".ndjson")
MAX_LINE_BYTES = 2**20
"""The maximum length of a line of JSON Lines, far more than a record takes."""
MAX_DOCUMENT_BYTES = 2**25
"""The maximum size of a YAML or JSON file, about ten thousand events."""

DossierInput = Path | IO[bytes]
"""A path, or an open binary file that is seekable and has a `name`.

The suffix of the name selects the file type. An open file is read several times, each time from its
beginning, and stays open.
"""

RecordT = TypeVar("RecordT", bound=Record)
ModelT = TypeVar("ModelT", bound=BaseModel)


class ParsedRecord(NamedTuple, Generic[RecordT]):
    """A valid record with its location."""

    record: RecordT
    location: Location

    @property
    def id(self) -> str:
        """The id of the record."""
        return self.record.id


class InvalidRecord(NamedTuple):
    """An invalid record with its location. Its errors are in the diagnostics already."""

    id: str
    """Empty if there is none, or if it is not valid."""
    location: Location
    data: object
    """The parsed YAML or JSON."""


AnyRecord = ParsedRecord[RecordT] | InvalidRecord


def is_id(text: str) -> bool:
    """Return whether a text can be the id of a record."""
    # The length first: matching takes a hundred bytes for each part of a text.
    return len(text) <= MAX_SLUG_LENGTH and bool(re.fullmatch(SLUG_PATTERN, text))


class DossierFile(ABC):
    """A file of one or more dossiers."""

    events = 0
    """The number of events, known after the timelines have been read."""
    fully_read = True
    """Whether every part so far was readable; if not, the file may contain more records."""

    def __init__(self, file: DossierInput, location: Location, diagnostics: Diagnostics) -> None:
        self.path = location.path
        self._file = file
        self._version: tuple[int, ...] | None = None
        self._location = location
        self._diagnostics = diagnostics

    @contextmanager
    def _reading(self) -> Iterator[IO[bytes]]:
        """Open the file for a pass. Raise ParseError if it is not the same in all passes.

        It is opened for each pass, since a process may have only about a thousand open files.
        """
        with _opened(self._file) as file:
            self._check_version(_version_of(file))
            yield file
            self._check_version(_version_of(file))
            # A new file with the same name leaves the open one as it is.
            if isinstance(self._file, Path):
                self._check_version(_version_of(self._file))

    def _check_version(self, version: tuple[int, ...]) -> None:
        if self._version not in (None, version):
            raise ParseError("The file changed while it was read. Load it again.")
        self._version = version

    @abstractmethod
    def entries(self, model: type[RecordT]) -> Iterator[AnyRecord[RecordT]]:
        """Yield the records of a kind in their order, and add errors to the diagnostics.

        It can be called repeatedly, but only one iteration may run at a time.
        """

    def _parse_record(
        self, model: type[RecordT], data: object, location: Location
    ) -> AnyRecord[RecordT]:
        record = self._validate(model, data, location)
        if record:
            return ParsedRecord(record, location)
        # With its id, an invalid record still counts as defined: a reference to it is no error, and
        # a second definition of it is a duplicate.
        id_ = data.get("id") if isinstance(data, dict) else None
        id_ = id_.strip() if isinstance(id_, str) else ""
        return InvalidRecord(id_ if is_id(id_) else "", location, data)

    def _validate(self, model: type[ModelT], data: object, location: Location) -> ModelT | None:
        """Validate data; report all its errors and return None if there are any."""
        try:
            return model.model_validate(data)
        except ValidationError as invalid:
            for error in invalid.errors(include_url=False):
                message = error_message(model, error)
                self._diagnostics.add_error(location, message, *error["loc"])
            return None

    def _report_duplicate_key(self, key: str, location: Location) -> None:
        hyphen = ", or begin a new record with a hyphen" if key == "id" else ""
        message = f"The key {quote(key)} is written twice. Remove one{hyphen}."
        self._diagnostics.add_error(location, message)

    def _report_unreadable(self, error: OSError | ValueError, location: Location) -> None:
        # Records in the unread part would otherwise be reported as missing wherever an id names
        # them.
        self.fully_read = False
        if isinstance(error, OSError):
            message = (
                f"The file cannot be read ({error.strerror}). Check its path and its permissions."
            )
        elif isinstance(error, UnicodeDecodeError):
            message = "The file is not UTF-8. Save it as UTF-8."
            # The object is a line of JSON Lines or a whole document, which has no line itself.
            above = error.object[: error.start].count(b"\n")
            location = location.at_line(max(location.line, 1) + above)
        elif isinstance(error, ParseError):
            # A line of JSON Lines is parsed alone, so it would always be line 1 for the parser.
            message, location = str(error), location.at_line(location.line or error.line or 0)
        else:
            raise error  # a bug, not an invalid file
        self._diagnostics.add_error(location, message)


def open_dossiers(files: Iterable[DossierInput], diagnostics: Diagnostics) -> list[DossierFile]:
    """Open each different file, as YAML, JSON or JSON Lines according to its suffix."""
    opened: list[DossierFile] = []
    for number, file in enumerate(dict.fromkeys(files)):
        path = file if isinstance(file, Path) else Path(str(file.name))
        reader = _JsonLinesFile if path.suffix.lower() in LINES_SUFFIXES else _DocumentFile
        opened.append(reader(file, Location((number, 0), path), diagnostics))
    return opened


class _DocumentFile(DossierFile):
    """A YAML or JSON file, which is read once and kept in memory.

    Its records are validated in each pass, since a valid record takes several times the memory of
    its data.
    """

    def __init__(self, file: DossierInput, location: Location, diagnostics: Diagnostics) -> None:
        super().__init__(file, location, diagnostics)
        self._documents: list[tuple[Location, object]] = []
        try:
            for number, document in enumerate(_parse(self._text(), self.path.suffix.lower()), 1):
                self._add(document, number)
            if not self._documents:
                diagnostics.add_error(location, "The file is empty. Begin it with `timeline:`.")
        except (OSError, ValueError) as error:
            self._report_unreadable(error, location)

    def _text(self) -> str:
        with self._reading() as file:
            # One byte more shows that a file is too large. The rest of it never gets into memory.
            content = file.read(MAX_DOCUMENT_BYTES + 1)
        if len(content) > MAX_DOCUMENT_BYTES:
            raise ParseError(
                "The file is too large to be read at once. Write it as JSON Lines, .jsonl."
            )
        return content.decode("utf-8-sig")

    def _add(self, document: Document, number: int) -> None:
        dossier, truncated = (self._location.file, number), document.may_be_truncated
        location = Location(dossier, self.path, document.line_at, may_be_truncated=truncated)
        for key, line in document.duplicate_keys:
            self._report_duplicate_key(key, location.at_line(line))
        # A misspelled section may contain records that are then not found.
        self.fully_read &= self._validate(DossierEnvelope, document.data, location) is not None
        self.events += sum(model is EventEntry for model, *_ in _records(document.data))
        self._documents.append((location, document.data))

    def entries(self, model: type[RecordT]) -> Iterator[AnyRecord[RecordT]]:
        for location, data in self._documents:
            for kind, loc, record in _records(data):
                if kind is model:
                    yield self._parse_record(model, record, location._replace(loc=loc))


def _parse(text: str, suffix: str) -> Iterator[Document]:
    # Not as YAML, which does not know the surrogate pairs of JSON.
    if suffix == ".json":
        return iter([parse_json(text)])
    if suffix in YAML_SUFFIXES:
        return parse_yaml(text)
    raise ParseError("The suffix is unknown. Name the file .yaml, .json or .jsonl.")


def _opened(file: DossierInput) -> AbstractContextManager[IO[bytes]]:
    """Open a path, or rewind an open file, which then stays open.

    Raise ParseError for a pipe or a device, which may never end and cannot be read again.
    """
    if isinstance(file, Path):
        if file.is_dir():
            raise ParseError("It is a directory. Name the files in it.")
        if not file.exists() or file.is_file():
            return file.open("rb")
    elif file.seekable():
        file.seek(0)
        return nullcontext(file)
    raise ParseError("It cannot be read more than once. Save it as a regular file.")


def _version_of(file: Path | IO[bytes]) -> tuple[int, ...]:
    """Return numbers of which one differs when a file has been written or replaced."""
    try:
        status = file.stat() if isinstance(file, Path) else os.fstat(file.fileno())
    except UnsupportedOperation:
        return ()  # it is in memory
    # The time of modification can be set to an earlier one, the time of the change cannot.
    times = status.st_mtime_ns, status.st_ctime_ns
    return status.st_dev, status.st_ino, status.st_size, *times


def _records(data: object) -> Iterator[tuple[type[Record], KeyPath, object]]:
    """Yield the type, the place and the data of each record of a dossier."""
    if not isinstance(data, dict):
        return
    if data.get("timeline") is not None:
        yield TimelineEntry, ("timeline",), data["timeline"]
    for model, key in ((SourceEntry, "sources"), (ActorEntry, "actors"), (EventEntry, "events")):
        if isinstance(data.get(key), list):
            for at, record in enumerate(data[key]):
                yield model, (key, at), record


class _JsonLinesFile(DossierFile):
    """A file of JSON Lines, which is never in memory as a whole.

    Each timeline begins a dossier, to which the following records belong.
    """

    # Recognises the kind without parsing the line: a load reads the file once for each kind.
    _KIND = re.compile(rb'\s*\{\s*"(timeline|source|actor|event)"\s*:')

    def __init__(self, file: DossierInput, location: Location, diagnostics: Diagnostics) -> None:
        super().__init__(file, location, diagnostics)
        self._json = JsonReader()

    def entries(self, model: type[RecordT]) -> Iterator[AnyRecord[RecordT]]:
        wanted = RECORD_KINDS[model]
        try:
            with self._reading() as file:
                for number, dossier, kind, line in self._lines(file):
                    # A line without a kind is an error, which one of the passes reports.
                    if kind == wanted or (not kind and model is EventEntry):
                        yield from self._entry(model, line, self._line_location(number, dossier))
        except (OSError, ValueError) as error:
            self._report_unreadable(error, self._location)

    def _lines(self, file: IO[bytes]) -> Iterator[tuple[int, int, str, bytes]]:
        """Yield each line that is not empty: its number, its dossier, its kind, its content."""
        dossier, self.events, empty = -1, 0, True
        # With a limit, because a large file without line breaks would be in memory as a whole.
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), 1):
            if len(line) == MAX_LINE_BYTES:
                raise ParseError("The line is too long. Write each record on its own line.", number)
            # Some editors begin a file with a byte order mark.
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901 - the same line
            match = self._KIND.match(line)
            kind = match[1].decode() if match else ""
            dossier += kind == "timeline"
            self.events += kind == "event"
            if kind or line.strip():
                # Once: otherwise each record before the first timeline would get this message.
                if dossier < 0 and empty:
                    message = f"There is no timeline before this line. {_BEGIN}"
                    self._diagnostics.add_error(self._location.at_line(number), message)
                empty = False
                yield number, dossier, kind, line
        if empty:
            self._diagnostics.add_error(self._location, f"The file is empty. {_BEGIN}")

    def _line_location(self, number: int, dossier: int) -> Location:
        return Location((self._location.file, dossier), self.path, lambda _: number)

    def _entry(
        self, model: type[RecordT], line: bytes, location: Location
    ) -> Iterator[AnyRecord[RecordT]]:
        kind = RECORD_KINDS[model]
        try:
            data = self._json.read_line(line.decode())
            if not isinstance(data, dict) or len(data) != 1 or kind not in data:
                raise ParseError('It is not a single record. Write {"event": {…}}.')
        except ValueError as error:
            self._report_unreadable(error, location)
            return
        for key in self._json.duplicate_keys:
            self._report_duplicate_key(key, location)
        yield self._parse_record(model, data[kind], location._replace(loc=(kind,)))


_BEGIN = 'Begin the file with {"timeline": {"id": …, "title": …}}.'
