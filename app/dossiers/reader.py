"""Reading dossier files record by record.

YAML and JSON are read whole, JSON Lines line by line.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from app.domain.limits import SLUG_PATTERN
from app.domain.text import escape, quote
from app.dossiers.diagnostics import Diagnostic, Diagnostics
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


class Location(NamedTuple):
    """The place of a record or a value in a file."""

    dossier: tuple[int, int]
    """The positions of the file among all files, and of the dossier in the file."""
    path: Path
    line_at: Callable[[KeyPath], int]
    loc: KeyPath = ()
    may_be_truncated: Callable[[KeyPath], bool] = lambda _: False
    """Whether YAML may have taken the end of a text for a comment."""

    @property
    def line(self) -> int:
        """The first line."""
        return self.line_at(self.loc)

    @property
    def file(self) -> int:
        """The position of the file among all files."""
        return self.dossier[0]

    def at_line(self, line: int) -> "Location":
        """Return the location of a line of the same file."""
        return self._replace(line_at=lambda _: line)

    def diagnostic(self, message: str, *loc: str | int) -> Diagnostic:
        """Build a diagnostic for this location, or for a value in it."""
        whole = (*self.loc, *loc)
        place = "".join(f"[{key}]" if isinstance(key, int) else f".{escape(key)}" for key in whole)
        return Diagnostic(
            self.file, self.line_at(whole), self.path, place.removeprefix("."), message
        )


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
    data: Any
    """The parsed YAML or JSON."""


class DossierFile(Protocol):
    """A file of one or more dossiers."""

    @property
    def path(self) -> Path:
        """The path or, of an open file, the name."""

    @property
    def events(self) -> int:
        """The number of events, known after the timelines have been read."""

    @property
    def fully_read(self) -> bool:
        """Whether every part so far was readable; if not, the file may contain more records."""

    def entries(self, model: type[RecordT]) -> Iterator[ParsedRecord[RecordT] | InvalidRecord]:
        """Yield the records of a kind in their order, and add errors to the diagnostics.

        It can be called repeatedly, but only one iteration may run at a time.
        """


def open_dossiers(files: Iterable[DossierInput], diagnostics: Diagnostics) -> list[DossierFile]:
    """Open each different file, as YAML, JSON or JSON Lines according to its suffix."""
    opened: list[DossierFile] = []
    for file in dict.fromkeys(files):
        path = file if isinstance(file, Path) else Path(str(file.name))
        location = Location((len(opened), 0), path, lambda _: 0)
        if path.suffix.lower() in LINES_SUFFIXES:
            opened.append(_JsonLinesFile(file, location, diagnostics))
        else:
            opened.append(_DocumentFile(file, location, diagnostics))
    return opened


class _DocumentFile:
    """A YAML or JSON file, which is read once and kept in memory."""

    def __init__(self, file: DossierInput, location: Location, diagnostics: Diagnostics) -> None:
        self._location = location
        self._diagnostics = diagnostics
        self._entries: dict[type[Record], list[ParsedRecord[Any] | InvalidRecord]] = {
            model: [] for model in RECORD_KINDS
        }
        self.path = location.path
        self.fully_read = True
        number = 0
        try:
            for number, document in enumerate(_documents(file, self.path.suffix.lower()), 1):
                self._read(document, self._document_location(document, number))
            if number == 0:
                message = "The file is empty. Begin it with `timeline:`."
                diagnostics.add_error(location.diagnostic(message))
        except (OSError, ValueError) as error:
            self.fully_read = False
            diagnostics.add_error(_read_error(error, location))

    def _document_location(self, document: Document, number: int) -> Location:
        return Location(
            (self._location.file, number),
            self.path,
            document.line_at,
            may_be_truncated=document.may_be_truncated,
        )

    def _read(self, document: Document, location: Location) -> None:
        for key, line in document.duplicate_keys:
            message = _duplicate_key_message(key)
            self._diagnostics.add_error(location.at_line(line).diagnostic(message))
        # A misspelled section may contain records that are then not found.
        envelope = _validate(DossierEnvelope, document.data, location, self._diagnostics)
        self.fully_read &= envelope is not None
        for model, loc, data in _records(document.data):
            entry = _parse_record(model, data, location._replace(loc=loc), self._diagnostics)
            self._entries[model].append(entry)

    @property
    def events(self) -> int:
        return len(self._entries[EventEntry])

    def entries(self, model: type[RecordT]) -> Iterator[ParsedRecord[RecordT] | InvalidRecord]:
        return iter(self._entries[model])


def _documents(file: DossierInput, suffix: str) -> Iterator[Document]:
    with _opened(file) as opened:
        content = opened.read(MAX_DOCUMENT_BYTES + 1)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise ParseError(
            "The file is too large to be read at once. Write it as JSON Lines, .jsonl."
        )
    text = content.decode("utf-8-sig")
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
        if not file.exists() or file.is_file():
            return file.open("rb")
    elif file.seekable():
        file.seek(0)
        return nullcontext(file)
    raise ParseError("It cannot be read more than once. Save it as a regular file.")


def _records(data: Any) -> Iterator[tuple[type[Record], KeyPath, Any]]:  # noqa: ANN401 - parsed
    """Yield the type, the place and the data of each record of a dossier."""
    if not isinstance(data, dict):
        return
    if data.get("timeline") is not None:
        yield TimelineEntry, ("timeline",), data["timeline"]
    for model, key in ((SourceEntry, "sources"), (ActorEntry, "actors"), (EventEntry, "events")):
        if isinstance(data.get(key), list):
            for at, record in enumerate(data[key]):
                yield model, (key, at), record


class _JsonLinesFile:
    """A file of JSON Lines, which is never in memory as a whole.

    Each timeline begins a dossier, to which the following records belong.
    """

    # Recognises the kind without parsing the line: a load reads the file once for each kind.
    _KIND = re.compile(rb'\s*\{\s*"(timeline|source|actor|event)"\s*:')

    def __init__(self, file: DossierInput, location: Location, diagnostics: Diagnostics) -> None:
        self.path = location.path
        self.events = 0
        self.fully_read = True
        self._file = file
        self._location = location
        self._diagnostics = diagnostics
        self._json = JsonReader()

    def entries(self, model: type[RecordT]) -> Iterator[ParsedRecord[RecordT] | InvalidRecord]:
        wanted = RECORD_KINDS[model]
        try:
            with _opened(self._file) as file:
                for number, dossier, kind, line in self._lines(file):
                    # A line without a kind is an error, which one of the passes reports.
                    if kind == wanted or (not kind and model is EventEntry):
                        yield from self._entry(model, line, self._line_location(number, dossier))
        except (OSError, ValueError) as error:
            self.fully_read = False
            self._diagnostics.add_error(_read_error(error, self._location))

    def _lines(self, file: IO[bytes]) -> Iterator[tuple[int, int, str, bytes]]:
        """Yield each line that is not empty: its number, its dossier, its kind, its content."""
        dossier, self.events, empty = -1, 0, True
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), 1):
            if len(line) == MAX_LINE_BYTES:
                raise ParseError("The line is too long. Write each record on its own line.", number)
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901 - not part of the record
            match = self._KIND.match(line)
            kind = match[1].decode() if match else ""
            dossier += kind == "timeline"
            self.events += kind == "event"
            if kind or line.strip():
                if dossier < 0 and empty:
                    message = f"There is no timeline before this line. {_BEGIN}"
                    self._diagnostics.add_error(self._line_location(number, 0).diagnostic(message))
                empty = False
                yield number, dossier, kind, line
        if empty:
            self._diagnostics.add_error(self._location.diagnostic(f"The file is empty. {_BEGIN}"))

    def _line_location(self, number: int, dossier: int) -> Location:
        return Location((self._location.file, dossier), self.path, lambda _: number)

    def _entry(
        self, model: type[RecordT], line: bytes, location: Location
    ) -> Iterator[ParsedRecord[RecordT] | InvalidRecord]:
        kind = RECORD_KINDS[model]
        try:
            data = self._json.read(line.decode())
            if not isinstance(data, dict) or len(data) != 1 or kind not in data:
                raise ParseError('It is not a single record. Write {"event": {…}}.')
        except ValueError as error:
            self.fully_read = False
            self._diagnostics.add_error(_read_error(error, location))
            return
        for key in self._json.duplicate_keys:
            self._diagnostics.add_error(location.diagnostic(_duplicate_key_message(key)))
        yield _parse_record(model, data[kind], location._replace(loc=(kind,)), self._diagnostics)


_BEGIN = 'Begin the file with {"timeline": {"id": …, "title": …}}.'


def _parse_record(
    model: type[RecordT],
    data: Any,  # noqa: ANN401 - parsed
    location: Location,
    diagnostics: Diagnostics,
) -> ParsedRecord[RecordT] | InvalidRecord:
    record = _validate(model, data, location, diagnostics)
    if record:
        return ParsedRecord(record, location)
    id_ = data.get("id") if isinstance(data, dict) else None
    id_ = id_.strip() if isinstance(id_, str) else ""
    return InvalidRecord(id_ if re.fullmatch(SLUG_PATTERN, id_) else "", location, data)


def _validate(
    model: type[ModelT],
    data: Any,  # noqa: ANN401 - parsed
    location: Location,
    diagnostics: Diagnostics,
) -> ModelT | None:
    """Validate data; add all its errors to the diagnostics and return None if there are any."""
    try:
        return model.model_validate(data)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            message = error_message(model, error)
            diagnostics.add_error(location.diagnostic(message, *error["loc"]))
        return None


def _duplicate_key_message(key: str) -> str:
    hyphen = ", or begin a new record with a hyphen" if key == "id" else ""
    return f"The key {quote(key)} is written twice. Remove one{hyphen}."


def _read_error(error: OSError | ValueError, location: Location) -> Diagnostic:
    line = location.line
    if isinstance(error, OSError):
        return location.diagnostic(f"The file cannot be read ({error.strerror}).")
    if isinstance(error, UnicodeDecodeError):
        above = error.object[: error.start].count(b"\n")
        message = "The file is not UTF-8. Save it as UTF-8."
        return location.at_line(max(line, 1) + above).diagnostic(message)
    if isinstance(error, ParseError):
        return location.at_line(line or error.line or 0).diagnostic(str(error))
    raise error  # a bug, not an invalid file
