"""Parsing of YAML and JSON into data that keeps each scalar as written, and knows its line.

`date: 2021` and `id: 007` stay texts; the models convert what is a number.
"""

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import yaml

MAX_DEPTH = 100
"""Deeper nesting would overflow the stack of the YAML composer. A dossier has five levels."""

MAX_ALIAS_EXPANSION = 10**7
"""The number of characters that YAML aliases (`*name`) may add to a text. A few lines can expand to
gigabytes: https://en.wikipedia.org/wiki/Billion_laughs_attack"""

# Nesting without brackets: `- - - a`, or a deep indentation.
_DEEP_LINE = re.compile(rf"([-?] +){{{MAX_DEPTH}}}|^ {{1000}}", re.MULTILINE)

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


def parse_yaml(text: str) -> Iterator[Document]:
    """Yield the documents of a YAML text; raise ParseError at the first mistake."""
    try:
        _check_depth(text)
        loader = _Loader(text)
        while loader.check_node():
            yield loader.get_document()
    except yaml.MarkedYAMLError as error:
        message, mark = _explain(error)
        line = text.count("\n", 0, mark.index) + 1 if mark else None
        raise ParseError(message, line) from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        message = f"It contains the control character {chr(error.character)!r}. Remove it."
        raise ParseError(message, line) from None
    except RecursionError:
        raise ParseError(_TOO_DEEP) from None


_TOO_DEEP = f"It is nested too deeply. Write at most {MAX_DEPTH} levels."


class _Loader(yaml.CSafeLoader):
    """A loader that reads every scalar as text, except null and the merge key `<<`.

    A tag such as `!!int` is an error. PyYAML ignores duplicate keys; this loader reports them.
    """

    # YAML 1.1 reads `no` as false, 007 as 7 and 12:30:45 as 45045, and fails at 2021-02-30.
    yaml_implicit_resolvers = {  # noqa: RUF012 - the interface of PyYAML
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    # The other constructors do not expect texts: `!!timestamp x` would end in an AttributeError.
    yaml_constructors = {  # noqa: RUF012
        tag: construct
        for tag, construct in yaml.CSafeLoader.yaml_constructors.items()
        if tag is None or tag.endswith((":null", ":str", ":seq", ":map"))
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text
        # Counted once: a search from the beginning for each value takes quadratic time.
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def get_document(self) -> Document:
        """Return the next document."""
        root = self.get_node()
        assert root  # noqa: S101 - check_node has returned True
        duplicates = [(key.value, self.line(key.start_mark)) for key in _duplicate_keys(root)]
        # Before the document is constructed: that expands merges (`<<`), in exponential time.
        if "*" in self._text and _expanded_length(root) > len(self._text) + MAX_ALIAS_EXPANSION:
            raise ParseError("It repeats too much text with `*`. Write the text out.")

        def may_be_truncated(loc: KeyPath) -> bool:
            _, node = _find(root, loc)
            is_plain = isinstance(node, yaml.ScalarNode) and not node.style
            # One space, as in "Pier #7". Before an intended comment there are mostly two.
            return is_plain and self._text.startswith(" #", node.end_mark.index)

        def line_at(loc: KeyPath) -> int:
            return self.line(_find(root, loc)[0])

        return Document(self.construct_document(root), line_at, duplicates, may_be_truncated)

    def line(self, mark: yaml.Mark) -> int:
        """Return the line as editors count it; libyaml takes more characters for line breaks."""
        return bisect_left(self._breaks, mark.index) + 1


def _duplicate_keys(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the keys that occur again in their mapping.

    Call it before the document is constructed, which merges mappings: `<<` may repeat a key.
    """
    seen, pending = set[int](), [root]
    while pending:
        node = pending.pop()
        # An alias is the same node again. Visiting it each time would expand all aliases.
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = set[str]()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise yaml.MarkedYAMLError(problem=_NOT_A_KEY, problem_mark=key.start_mark)
                if key.value in keys:
                    yield key
                keys.add(key.value)
                pending.append(value)


_NOT_A_KEY = "A key is not a text. Write `key: value`."


def _expanded_length(root: yaml.Node) -> int:
    """Return the number of characters with all aliases expanded, without expanding them."""
    lengths: dict[int, int] = {}

    def length(node: yaml.Node) -> int:
        if id(node) not in lengths:
            lengths[id(node)] = 0  # for a node that contains itself
            lengths[id(node)] = 1 + (
                len(node.value)
                if isinstance(node, yaml.ScalarNode)
                else sum(length(part) for part in _parts(node))
            )
        return lengths[id(node)]

    return length(root)


def _parts(node: yaml.Node) -> Iterable[yaml.Node]:
    is_mapping = isinstance(node, yaml.MappingNode)
    return chain.from_iterable(node.value) if is_mapping else node.value


def _check_depth(text: str) -> None:
    """Raise ParseError for a nesting that would overflow the stack of libyaml's composer.

    The parser does not recurse, but is slow: a text that cannot be that deep is not parsed.
    """
    if text.count("[") + text.count("{") < MAX_DEPTH and not _DEEP_LINE.search(text):
        return
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            mark = event.start_mark
            raise ParseError(_TOO_DEEP, mark.line + 1 if mark else None)


def _find(node: yaml.Node, loc: KeyPath) -> tuple[yaml.Mark, yaml.Node]:
    """Return the position of the key of a value, and the value.

    If there is no such value, return those of the nearest that contains it.
    """
    mark = node.start_mark
    for at in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(at, int):
            node = node.value[at]
            mark = node.start_mark
        elif isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if at not in pairs:
                break
            key, node = pairs[at]
            mark = key.start_mark
    return mark, node


_TAG = "A text begins with a tag such as !!int. Remove the tag, or put the text in quotes."
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
    "could not determine a constructor": _TAG,
    "but found": _TAG,
    "simple key": "A key has no `: ` after it, or a text is not indented. Write `key: value`.",
    "nesting depth": _TOO_DEEP,
    "flow": (
        "A bracket is not closed, or a text in brackets contains a comma. Close the bracket, or "
        "put the text in quotes."
    ),
    "alias": "A text begins with `*`. Put it in quotes.",
    "anchor": "A text begins with `&`. Put it in quotes.",
    "": (
        "A line is indented wrongly, or a quotation mark is inside quotes or not closed further "
        "up. Align the keys of a record, and write a text with quotation marks after `>-`, on the "
        "next line, indented."
    ),
}


def _explain(error: yaml.MarkedYAMLError) -> tuple[str, yaml.Mark | None]:
    """Return the likely mistake with its fix and libyaml's message, and where it begins."""
    if error.problem == _NOT_A_KEY:
        return _NOT_A_KEY, error.problem_mark
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
            object_pairs_hook=self._object, parse_int=str, parse_float=str, parse_constant=str
        )

    def read(self, text: str) -> Any:  # noqa: ANN401 - any JSON
        """Parse a text; raise ParseError if it is not JSON."""
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
        return members


def parse_json(text: str) -> Document:
    """Parse a JSON text; raise ParseError if it is not JSON."""
    data = JsonReader().read(text)
    lines: dict[KeyPath, int] = {}
    duplicates: dict[KeyPath, int] = {}
    # The json module does not report where a value is, so the text is scanned a second time.
    for loc, line, is_key in _places(text):
        # The keys inside a duplicate repeat too, and are not reported again.
        if is_key and loc in lines and not any(loc[:end] in duplicates for end in range(len(loc))):
            duplicates[loc] = line
        lines.setdefault(loc, line)

    def line_at(loc: KeyPath) -> int:
        return next(lines[loc[:end]] for end in range(len(loc), -1, -1) if loc[:end] in lines)

    return Document(data, line_at, [(str(loc[-1]), line) for loc, line in duplicates.items()])


# A text is matched in runs of characters. The engine keeps each repetition of a group to backtrack,
# which would take much memory if it were a single character.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],]|[^\s{}\[\],:"]+|\n')


def _places(text: str) -> Iterator[tuple[KeyPath, int, bool]]:
    """Yield the path and line of each key (True) and each value (False) of a valid JSON text."""
    line = 1
    path: list[Any] = []  # of each object the current key, None before it; of each array the index
    for match in _TOKEN.finditer(text):
        symbol = match[0]
        if symbol == "\n":
            line += 1
        elif symbol in "]}":
            path.pop()
        elif symbol == ",":
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else None
        elif path and path[-1] is None:
            path[-1] = json.loads(symbol)
            yield tuple(path), line, True
        else:
            yield tuple(path), line, False
            if symbol in "[{":
                path.append(0 if symbol == "[" else None)
