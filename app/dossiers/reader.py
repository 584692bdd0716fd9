"""Dossier files, entry by entry: YAML and JSON read whole, JSON Lines line by line."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from app.domain.limits import SLUG_PATTERN
from app.domain.text import escape, quote
from app.dossiers.diagnostics import Diagnostic, Diagnostics
from app.dossiers.document import DossierEnvelope
from app.dossiers.messages import error_message
from app.dossiers.parsing import (
    Document,
    JsonReader,
    KeyPath,
    ParseError,
    parse_json,
    parse_yaml,
)
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
"""Bytes of one line of JSON Lines, far beyond what a record takes."""
MAX_DOCUMENT_BYTES = 2**25
"""Bytes of a file that is read at once, some ten thousand events."""

RecordT = TypeVar("RecordT", bound=Record)
ModelT = TypeVar("ModelT", bound=BaseModel)


class Location(NamedTuple):
    """Where something is written."""

    dossier: tuple[int, int]
    """Which of the files, and which dossier of it: several may stand one behind the other."""
    path: Path
    line_at: Callable[[KeyPath], int]
    loc: KeyPath = ()
    may_be_truncated: Callable[[KeyPath], bool] = lambda _: False
    """Whether a text may go on in what YAML takes for a comment."""

    @property
    def line(self) -> int:
        """The line on which it begins."""
        return self.line_at(self.loc)

    @property
    def file(self) -> int:
        """Which of the files."""
        return self.dossier[0]

    def at_line(self, line: int) -> "Location":
        """Give a line of the file as a place."""
        return self._replace(line_at=lambda _: line)

    def diagnostic(self, message: str, *loc: str | int) -> Diagnostic:
        """Say something of what stands here, or of a value in it."""
        whole = (*self.loc, *loc)
        place = "".join(f"[{key}]" if isinstance(key, int) else f".{escape(key)}" for key in whole)
        return Diagnostic(
            self.file, self.line_at(whole), self.path, place.removeprefix("."), message
        )


class ParsedRecord(NamedTuple, Generic[RecordT]):
    """A record where it is written."""

    record: RecordT
    location: Location

    @property
    def id(self) -> str:
        """The id of the record."""
        return self.record.id


class InvalidRecord(NamedTuple):
    """A place where a record is written, but not soundly; what is wrong has been told."""

    id: str
    """Empty if there is none that a record may have."""
    location: Location
    data: Any
    """As it is written."""


class DossierFile(Protocol):
    """A file of one dossier or of several; it is read as often as is asked."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def events(self) -> int:
        """How many events it has, once its timelines have been read."""

    @property
    def fully_read(self) -> bool:
        """Whether all that has been read of it could be; if not, it may hold more records."""

    def entries(self, model: type[RecordT]) -> Iterator[ParsedRecord[RecordT] | InvalidRecord]:
        """Give the records of a kind in their order; what is wrong in one goes to the findings."""


def open_dossiers(paths: Iterable[Path], findings: Diagnostics) -> list[DossierFile]:
    """Open each file once, as the end of its name tells: YAML, JSON or JSON Lines."""
    files: list[DossierFile] = []
    for path in dict.fromkeys(paths):
        place = Location((len(files), 0), path, lambda _: 0)
        if path.suffix.lower() in LINES_SUFFIXES:
            files.append(_JsonLinesFile(place, findings))
        else:
            files.append(_DocumentFile(place, findings))
    return files


class _DocumentFile:
    """A YAML or JSON file, which is read at once."""

    def __init__(self, place: Location, findings: Diagnostics) -> None:
        self._place = place
        self._findings = findings
        self._written: dict[type[Record], list[ParsedRecord[Any] | InvalidRecord]] = {
            model: [] for model in RECORD_KINDS
        }
        self.path = place.path
        self.fully_read = True
        at = 0
        try:
            for at, document in enumerate(_documents(self.path), 1):
                self._read(document, self._in(document, at))
            if at == 0:
                findings.add_error(place.diagnostic("it is empty; begin with `timeline:`"))
        except (OSError, ValueError) as error:
            self.fully_read = False
            findings.add_error(_read_error(error, place))

    def _in(self, document: Document, at: int) -> Location:
        return Location(
            (self._place.file, at),
            self.path,
            document.line_at,
            may_be_truncated=document.may_be_truncated,
        )

    def _read(self, document: Document, place: Location) -> None:
        for key, line in document.duplicate_keys:
            self._findings.add_error(place.at_line(line).diagnostic(_duplicate_key_message(key)))
        # What is not where it should be may hold more records.
        self.fully_read &= (
            _validate(DossierEnvelope, document.data, place, self._findings) is not None
        )
        for model, loc, data in _records(document.data):
            written = _parse_record(model, data, place._replace(loc=loc), self._findings)
            self._written[model].append(written)

    @property
    def events(self) -> int:
        """How many events it has."""
        return len(self._written[EventEntry])

    def entries(self, model: type[RecordT]) -> Iterator[ParsedRecord[RecordT] | InvalidRecord]:
        """Give the records of a kind."""
        return iter(self._written[model])


def _documents(path: Path) -> Iterator[Document]:
    with _opened(path) as file:
        content = file.read(MAX_DOCUMENT_BYTES + 1)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise ParseError("it is too large to be read at once; write it as JSON Lines, .jsonl")
    text = content.decode("utf-8-sig")
    if path.suffix.lower() == ".json":
        return iter([parse_json(text)])
    if path.suffix.lower() in YAML_SUFFIXES:
        return parse_yaml(text)
    raise ParseError("name it .yaml, .json or .jsonl, as what it is written in")


def _opened(path: Path) -> BinaryIO:
    """Open a file that ends, and that can be read as often as is asked."""
    if path.exists() and not path.is_file():
        raise ParseError("it is not a file that can be read twice; save it as one")
    return path.open("rb")


def _records(data: Any) -> Iterator[tuple[type[Record], KeyPath, Any]]:  # noqa: ANN401 - as written
    """Give each record of a dossier with its kind and its place."""
    if not isinstance(data, dict):
        return
    if data.get("timeline") is not None:
        yield TimelineEntry, ("timeline",), data["timeline"]
    for model, key in ((SourceEntry, "sources"), (ActorEntry, "actors"), (EventEntry, "events")):
        if isinstance(data.get(key), list):
            for at, one in enumerate(data[key]):
                yield model, (key, at), one


class _JsonLinesFile:
    """A file of JSON Lines, which is never in memory as a whole.

    A timeline begins a dossier, and what follows belongs to it.
    """

    _KIND = re.compile(rb'\s*\{\s*"(timeline|source|actor|event)"\s*:')

    def __init__(self, place: Location, findings: Diagnostics) -> None:
        self.path = place.path
        self.events = 0
        self.fully_read = True
        self._place = place
        self._findings = findings
        self._json = JsonReader()

    def entries(self, model: type[RecordT]) -> Iterator[ParsedRecord[RecordT] | InvalidRecord]:
        """Give the records of a kind, reading no line of another."""
        wanted = RECORD_KINDS[model]
        try:
            with _opened(self.path) as file:
                for number, dossier, kind, line in self._lines(file):
                    # What is of no kind is told of with the last.
                    if kind == wanted or (not kind and model is EventEntry):
                        yield from self._entry(model, line, self._at(number, dossier))
        except (OSError, ValueError) as error:
            self.fully_read = False
            self._findings.add_error(_read_error(error, self._place))

    def _lines(self, file: BinaryIO) -> Iterator[tuple[int, int, str, bytes]]:
        """Give each line that is not empty: its number, its dossier, the kind of its record."""
        dossier, self.events, empty = -1, 0, True
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), 1):
            if len(line) == MAX_LINE_BYTES:
                raise ParseError("it is too long; write each record on its own", number)
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901 - it is no part of it
            match = self._KIND.match(line)
            kind = match[1].decode() if match else ""
            dossier += kind == "timeline"
            self.events += kind == "event"
            if kind or line.strip():
                if dossier < 0 and empty:
                    problem = f"no timeline stands before it; {_BEGIN}"
                    self._findings.add_error(self._at(number, 0).diagnostic(problem))
                empty = False
                yield number, dossier, kind, line
        if empty:
            self._findings.add_error(self._place.diagnostic(f"it is empty; {_BEGIN}"))

    def _at(self, number: int, dossier: int) -> Location:
        return Location((self._place.file, dossier), self.path, lambda _: number)

    def _entry(
        self, model: type[RecordT], line: bytes, place: Location
    ) -> Iterator[ParsedRecord[RecordT] | InvalidRecord]:
        kind = RECORD_KINDS[model]
        try:
            data = self._json.read(line.decode())
            if not isinstance(data, dict) or len(data) != 1 or kind not in data:
                raise ParseError('it is not one record; write {"event": {…}}')
        except ValueError as error:
            self.fully_read = False
            self._findings.add_error(_read_error(error, place))
            return
        for key in self._json.duplicate_keys:
            self._findings.add_error(place.diagnostic(_duplicate_key_message(key)))
        yield _parse_record(model, data[kind], place._replace(loc=(kind,)), self._findings)


_BEGIN = 'begin with {"timeline": {"id": …, "title": …}}'


def _parse_record(
    model: type[RecordT],
    data: Any,  # noqa: ANN401 - as written
    place: Location,
    findings: Diagnostics,
) -> ParsedRecord[RecordT] | InvalidRecord:
    record = _validate(model, data, place, findings)
    if record:
        return ParsedRecord(record, place)
    given = data.get("id") if isinstance(data, dict) else None
    id_ = given.strip() if isinstance(given, str) else ""
    return InvalidRecord(id_ if re.fullmatch(SLUG_PATTERN, id_) else "", place, data)


def _validate(
    model: type[ModelT],
    data: Any,  # noqa: ANN401 - as written
    place: Location,
    findings: Diagnostics,
) -> ModelT | None:
    """Read a record; keep all that is wrong in it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            findings.add_error(place.diagnostic(error_message(model, one), *one["loc"]))
        return None


def _duplicate_key_message(key: str) -> str:
    hyphen = ", or begin a record with a hyphen" if key == "id" else ""
    return f"the key {quote(key)} is written twice; remove one{hyphen}"


def _read_error(error: OSError | ValueError, place: Location) -> Diagnostic:
    line = place.line
    if isinstance(error, OSError):
        return place.diagnostic(f"it cannot be read: {error.strerror}")
    if isinstance(error, UnicodeDecodeError):
        above = error.object[: error.start].count(b"\n")
        return place.at_line(max(line, 1) + above).diagnostic(
            "it is not in UTF-8; save it as UTF-8"
        )
    if isinstance(error, ParseError):
        return place.at_line(line or error.line or 0).diagnostic(str(error))
    raise error
