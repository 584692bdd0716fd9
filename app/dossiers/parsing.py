"""Parsing of YAML and JSON into data that keeps each scalar as written, and knows its line.

`date: 2021` and `id: 007` stay texts; the models convert what is a number. Time and memory are
proportional to the length of a text, whatever it contains.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import yaml

from app.domain.text import quote

MAX_DEPTH = 100
"""A dossier has five levels. Deeper nesting would overflow the stack of Python's JSON parser, and a
level costs memory for each location."""

MAX_KEYS = 1_000
"""The maximum number of keys of a mapping. A record has at most 14. Each unknown key is an error of
its own, which takes a kilobyte."""

MAX_ALIAS_EXPANSION = 10**7
"""The number of characters that YAML aliases (`*name`) may add to a text. A few lines can expand to
gigabytes: https://en.wikipedia.org/wiki/Billion_laughs_attack"""

_TOO_DEEP = f"It is nested too deeply. Write at most {MAX_DEPTH} levels."
_TOO_MANY_KEYS = f"The record has too many keys. Write at most {MAX_KEYS:,}."

KeyPath = tuple[str | int, ...]
"""The path of a value: `("events", 3, "date")`."""


class ParseError(ValueError):
    """A text cannot be parsed. `line` is None if the line of the mistake is not known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """The content of a YAML or JSON document, with the lines of its values."""

    data: Any
    line_at: Callable[[KeyPath], int]
    """Returns the line of a value; if the value is missing, that of the record it belongs to."""
    duplicate_keys: list[tuple[str, int]]
    """Keys that occur twice in one mapping, with their lines."""
    may_be_truncated: Callable[[KeyPath], bool] = lambda _: False
    """Whether an unquoted text may continue in what YAML takes for a comment."""


class _Lines(NamedTuple):
    """The line of a list or mapping, and the lines of its values.

    The line of a value in a mapping is that of its key.
    """

    line: int
    values: Any
    """A list or dictionary, as the data, of `_Lines` and of integers."""


class _TruncatedLine(int):
    """The line of an unquoted text that may continue in what YAML takes for a comment."""


def _find(lines: _Lines | int, loc: KeyPath) -> _Lines | int:
    """Return the entry of a value. If there is none, return that of the nearest around it."""
    for key in loc:
        try:
            lines = lines.values[key]  # type: ignore[union-attr]
        except (AttributeError, LookupError, TypeError):
            break
    return lines


def _line_at(lines: _Lines | int, loc: KeyPath) -> int:
    found = _find(lines, loc)
    return found if isinstance(found, int) else found.line


@dataclass(slots=True)
class _Collection:
    """A list or mapping whose end has not been reached yet."""

    line: int
    lines: Any
    """The lines of its values so far: a list or a dictionary."""
    key: str | None = None
    """The key whose value comes next; None in a list, and before a key."""
    key_line: int = 0

    @property
    def needs_key(self) -> bool:
        """Whether the next text is a key."""
        return self.key is None and isinstance(self.lines, dict)

    def add(self, lines: _Lines | int) -> None:
        """Add the lines of the next value."""
        if self.key is None:
            self.lines.append(lines)
        else:
            self.lines[self.key], self.key = lines, None


CollectionT = TypeVar("CollectionT", bound=_Collection)


class _Nesting(Generic[CollectionT]):
    """The collections around the current position in a document."""

    def __init__(self, root: CollectionT) -> None:
        self.top = root
        """The innermost one. At first a list, which then contains the document."""
        self._around: list[CollectionT] = []
        self._keys: dict[str, str] = {}
        self.duplicates: list[tuple[str, int]] = []

    def value_line(self, line: int) -> int:
        """Return the line of the next value, which begins on this line: in a mapping its key's."""
        return line if self.top.key is None else self.top.key_line

    def add_key(self, key: str, line: int) -> None:
        """Set the key of the next value, and raise ParseError if there are too many."""
        top = self.top
        if key in top.lines:
            self.duplicates.append((key, line))
        elif len(top.lines) == MAX_KEYS:
            raise ParseError(_TOO_MANY_KEYS, line)
        # The same text for the same key of all records, which saves memory.
        top.key, top.key_line = self._keys.setdefault(key, key), line

    def begin(self, collection: CollectionT, line: int) -> None:
        """Begin a list or mapping, and raise ParseError if it is nested too deeply."""
        if len(self._around) == MAX_DEPTH:
            raise ParseError(_TOO_DEEP, line)
        self._around.append(self.top)
        self.top = collection

    def end(self) -> CollectionT:
        """Close the innermost list or mapping, and return it."""
        closed, self.top = self.top, self._around.pop()
        return closed


def parse_yaml(text: str) -> Iterator[Document]:
    """Yield the documents of a YAML text; raise ParseError at the first mistake."""
    try:
        yield from _YamlReader(text).documents()
    except yaml.MarkedYAMLError as error:
        message, mark = _explain(error)
        line = text.count("\n", 0, mark.index) + 1 if mark else None
        raise ParseError(message, line) from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        message = f"It contains the control character {chr(error.character)!r}. Remove it."
        raise ParseError(message, line) from None


@dataclass(slots=True)
class _YamlCollection(_Collection):
    data: Any = None
    anchor: str | None = None
    length: int = 1
    """The number of characters so far, with all aliases expanded."""
    is_flow: bool = False
    """Whether it is written in brackets."""
    merges: bool = False
    """Whether it has the merge key `<<`."""

    def add_value(self, value: "_YamlValue") -> None:
        """Add the next value."""
        if self.key is None:
            self.data.append(value.data)
        else:
            self.data[self.key] = value.data
        self.length += value.length
        self.add(value.lines)


class _YamlValue(NamedTuple):
    data: Any
    lines: _Lines | int
    length: int


_YamlEvent = Any
"""An event of `yaml.parse`. Its types declare that positions are optional, which they are not."""

_NULLS = {"", "~", "null", "Null", "NULL"}
_NULL_TAG = "tag:yaml.org,2002:null"
# The tags that say what a value is anyway.
_SCALAR_TAGS = {None, "!", "tag:yaml.org,2002:str", _NULL_TAG}
_SEQUENCE_TAGS = {None, "!", "tag:yaml.org,2002:seq"}
_MAPPING_TAGS = {None, "!", "tag:yaml.org,2002:map"}


class _YamlReader:
    """A reader that keeps every scalar as text, except null and the merge key `<<`.

    YAML 1.1 reads `no` as false, 007 as 7 and 12:30:45 as 45045, and fails at 2021-02-30. A tag
    such as `!!int` is an error. PyYAML ignores duplicate keys; this reader reports them.

    It takes the events of libyaml's parser one by one. PyYAML's own composer is recursive, and its
    tree of nodes takes sixty times the memory of the text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._index, self._line = 0, 1
        self._handlers: dict[type[yaml.Event], Callable[[_YamlEvent], None]] = {
            yaml.DocumentStartEvent: self._begin_document,
            yaml.AliasEvent: self._add_alias,
            yaml.ScalarEvent: self._add_scalar,
            yaml.SequenceStartEvent: self._begin_collection,
            yaml.MappingStartEvent: self._begin_collection,
            yaml.SequenceEndEvent: self._end_collection,
            yaml.MappingEndEvent: self._end_collection,
        }

    def documents(self) -> Iterator[Document]:
        """Yield the documents."""
        for event in yaml.parse(self._text, yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentEndEvent):
                yield self._document()
            elif handler := self._handlers.get(type(event)):
                handler(event)

    def _begin_document(self, _: _YamlEvent) -> None:
        self._nesting = _Nesting(_YamlCollection(0, [], data=[]))
        self._anchors: dict[str, _YamlValue] = {}
        self._repeated = 0

    def _document(self) -> Document:
        root = self._nesting.top
        (data,), (lines,) = root.data, root.lines
        return Document(
            data,
            partial(_line_at, lines),
            self._nesting.duplicates,
            lambda loc: isinstance(_find(lines, loc), _TruncatedLine),
        )

    def _line_of(self, mark: yaml.Mark) -> int:
        """Return the line as editors count it; libyaml takes more characters for line breaks."""
        # From the last position, which is near: a count from the beginning for each value takes
        # quadratic time. An empty value can be before it.
        first, last = sorted((self._index, mark.index))
        if breaks := self._text.count("\n", first, last):
            self._line += breaks if last == mark.index else -breaks
        self._index = mark.index
        return self._line

    def _value_line(self, event: _YamlEvent) -> int:
        return self._nesting.value_line(self._line_of(event.start_mark))

    def _check_tag(self, event: _YamlEvent, allowed: set[str | None]) -> None:
        if event.tag not in allowed:
            raise ParseError(_TAG, self._line_of(event.start_mark))

    def _add_scalar(self, event: _YamlEvent) -> None:
        self._check_tag(event, _SCALAR_TAGS)
        top, text, is_plain = self._nesting.top, event.value, event.implicit[0]
        if top.needs_key:
            self._nesting.add_key(text, self._line_of(event.start_mark))
            top.length += 1 + len(text)
            top.merges |= is_plain and text == "<<"
            return
        line = self._value_line(event)
        # One space, as in "Pier #7". Before an intended comment there are mostly two.
        if is_plain and self._text.startswith(" #", event.end_mark.index):
            line = _TruncatedLine(line)
        is_null = (is_plain and text in _NULLS) or event.tag == _NULL_TAG
        self._add(event.anchor, _YamlValue(None if is_null else text, line, 1 + len(text)))

    def _begin_collection(self, event: _YamlEvent) -> None:
        is_list = isinstance(event, yaml.SequenceStartEvent)
        self._check_tag(event, _SEQUENCE_TAGS if is_list else _MAPPING_TAGS)
        line = self._value_line(event)
        if self._nesting.top.needs_key:
            raise ParseError(_NOT_A_KEY, line)
        kind = list if is_list else dict
        collection = _YamlCollection(
            line, kind(), data=kind(), anchor=event.anchor, is_flow=bool(event.flow_style)
        )
        self._nesting.begin(collection, line)

    def _end_collection(self, event: _YamlEvent) -> None:
        closed = self._nesting.end()
        if closed.merges:
            _merge(closed)
        lines: _Lines | int = _Lines(closed.line, closed.lines)
        # An alias has a line of its own, but the values in it have those of its anchor.
        if closed.is_flow and not closed.anchor and self._line_of(event.end_mark) == closed.line:
            lines = closed.line
        self._add(closed.anchor, _YamlValue(closed.data, lines, closed.length))

    def _add(self, anchor: str | None, value: _YamlValue) -> None:
        if anchor is not None:
            if anchor in self._anchors:
                raise ParseError(_ANCHOR, self._line)
            self._anchors[anchor] = value
        self._nesting.top.add_value(value)

    def _add_alias(self, event: _YamlEvent) -> None:
        line = self._value_line(event)
        if self._nesting.top.needs_key:
            raise ParseError(_NOT_A_KEY, line)
        if event.anchor not in self._anchors:
            raise ParseError(_ALIAS, line)
        data, lines, length = self._anchors[event.anchor]
        # Counted at once, because a merge (`<<`) copies what it repeats.
        self._repeated += length
        if self._repeated > MAX_ALIAS_EXPANSION:
            raise ParseError("It repeats too much text with `*`. Write the text out.", line)
        lines = line if isinstance(lines, int) else lines._replace(line=line)
        self._nesting.top.add_value(_YamlValue(data, lines, length))


def _merge(mapping: _YamlCollection) -> None:
    """Replace the merge key by the keys of its mappings. Keys of the mapping itself win."""
    data, lines = mapping.data.pop("<<"), mapping.lines.pop("<<")
    for at, part in enumerate(data if isinstance(data, list) else [data]):
        if not isinstance(part, dict):
            raise ParseError(_NOT_MERGED, mapping.line)
        loc = (at,) if isinstance(data, list) else ()
        for key, value in part.items():
            if key not in mapping.data:
                mapping.data[key], mapping.lines[key] = value, _find(lines, (*loc, key))


_TAG = "A text begins with a tag such as !!int. Remove the tag, or put the text in quotes."
_ALIAS = "A text begins with `*`. Put it in quotes."
_ANCHOR = "A text begins with `&`. Put it in quotes."
_NOT_A_KEY = "A key is not a text. Write `key: value`."
_NOT_MERGED = "Only records can be merged. Write `<<: *name`."

# Parts of libyaml's messages, and the mistakes that usually cause them. The first match wins.
_EXPLANATIONS = {
    "mapping values": (
        "A text contains `: `, or a line is indented too far. Put such a text in quotes."
    ),
    "character that": (
        "There is a tab, or a text begins with %, @ or `. Indent with spaces, and put such a text "
        "in quotes."
    ),
    "quoted scalar": (
        "A quotation mark is not closed, or a text in double quotes contains a backslash. Close "
        "it, or write the text in single quotes."
    ),
    "simple key": "A key has no `: ` after it, or a text is not indented. Write `key: value`.",
    "nesting depth": _TOO_DEEP,
    "flow": (
        "A bracket is not closed, or a text in brackets contains a comma. Close the bracket, or "
        "put the text in quotes."
    ),
    "alias": _ALIAS,
    "anchor": _ANCHOR,
    "": (
        "A line is indented wrongly, or a quotation mark is inside quotes or not closed further "
        "up. Align the keys of a record, and write a text with quotation marks after `>-`, on the "
        "next line, indented."
    ),
}


def _explain(error: yaml.MarkedYAMLError) -> tuple[str, yaml.Mark | None]:
    """Return the likely mistake with its fix and libyaml's message, and where it begins."""
    reported = ", ".join(filter(None, (error.context, error.problem)))
    message = next(message for part, message in _EXPLANATIONS.items() if part in reported)
    # libyaml notices an unclosed quotation mark or bracket further down, often at the end.
    begins_earlier = re.search("quoted|simple key|flow", error.context or "")
    mark = (error.context_mark if begins_earlier else None) or error.problem_mark
    return f"{message} ({reported})", mark


class JsonReader:
    """A JSON parser that keeps numbers as texts.

    `duplicate_keys` contains the keys that occur twice in one object of the last text.
    """

    def __init__(self) -> None:
        self.duplicate_keys: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=str,
            parse_float=str,
            parse_constant=_reject_constant,
        )

    def read_line(self, text: str) -> Any:  # noqa: ANN401 - any JSON
        """Parse a line of JSON Lines; raise ParseError if it is not JSON of limited depth."""
        data = self.read(text)
        # Most lines contain too few brackets to be that deep.
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _json_lines(text)
        return data

    def read(self, text: str) -> Any:  # noqa: ANN401 - any JSON
        """Parse a text; raise ParseError if it is not JSON as RFC 8259 defines it."""
        self.duplicate_keys.clear()
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            raise ParseError(f"It is not JSON ({error.msg}).", error.lineno) from None
        except RecursionError:
            raise ParseError(_TOO_DEEP) from None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            self.duplicate_keys += [key for key in counts if counts[key] > 1]
        if len(members) > MAX_KEYS:
            raise ParseError(_TOO_MANY_KEYS)
        return members


def _reject_constant(name: str, line: int | None = None) -> None:
    # https://www.rfc-editor.org/rfc/rfc8259#section-6
    raise ParseError(f"{quote(name)} is not JSON. Write a number or null.", line)


def parse_json(text: str) -> Document:
    """Parse a JSON text; raise ParseError if it is not JSON."""
    try:
        data = JsonReader().read(text)
    except ParseError as error:
        if error.line is None:
            _json_lines(text)  # finds the same mistake, and its line
        raise
    # The json module does not report where a value is, so the text is scanned a second time.
    lines, duplicates = _json_lines(text)
    return Document(data, partial(_line_at, lines), duplicates)


# Possessive (`++`, `*+`): otherwise the engine keeps each repetition of a group to backtrack, which
# takes much memory. A text that is not closed is a token too (`"?`): otherwise, from each quotation
# mark in it, the engine would search for its end.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\]]|[^\s{}\[\],:"]++|\n')
_CONSTANTS = {"NaN", "Infinity", "-Infinity"}


def _json_lines(text: str) -> tuple[_Lines | int, list[tuple[str, int]]]:
    """Return the lines of a JSON text, and its duplicate keys with theirs.

    Raise ParseError at nesting, keys or numbers that are not allowed. The text before it is valid.
    """
    line = 1
    nesting = _Nesting(_Collection(line, []))
    for match in _TOKEN.finditer(text):
        symbol = match[0]
        if symbol == "\n":
            line += 1
        elif symbol in "]}":
            closed = nesting.end()
            # Then the lines of its values are no others, and need no memory.
            is_flat = closed.line == line
            nesting.top.add(line if is_flat else _Lines(closed.line, closed.lines))
        elif nesting.top.needs_key:
            nesting.add_key(json.loads(symbol), line)
        else:
            _begin_json_value(nesting, symbol, line)
    return nesting.top.lines[0], nesting.duplicates


def _begin_json_value(nesting: _Nesting[_Collection], symbol: str, line: int) -> None:
    place = nesting.value_line(line)
    if symbol in "[{":
        nesting.begin(_Collection(place, [] if symbol == "[" else {}), line)
    elif symbol in _CONSTANTS:
        _reject_constant(symbol, line)
    else:
        nesting.top.add(place)
