"""YAML and JSON as data whose scalars are the texts that stand there, each with its line."""

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
"""A dossier is nested five deep."""

MAX_ALIAS_EXPANSION = 10**7
"""So many characters a YAML text repeats at most, by naming with `*` what stands above."""

_MANY_ON_A_LINE = re.compile(rf"([-?] +){{{MAX_DEPTH}}}|^ {{1000}}", re.MULTILINE)

KeyPath = tuple[str | int, ...]
"""The way to a value: `("events", 3, "date")`."""


class ParseError(ValueError):
    """A text is not YAML or not JSON; the message says why, `line` where if that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """What one YAML or JSON document says."""

    data: Any
    line_at: Callable[[KeyPath], int]
    """The line on which a value stands or, where there is none, the nearest that holds it."""
    duplicate_keys: list[tuple[str, int]]
    """Keys that are written twice in one mapping, with their lines."""
    may_be_truncated: Callable[[KeyPath], bool] = lambda _: False
    """Whether a text without quotation marks may go on in what YAML takes for a comment."""


def parse_yaml(text: str) -> Iterator[Document]:
    """Read each document of a YAML text; raise NotWellFormedError where that ends."""
    try:
        _check_depth(text)
        loader = _Loader(text)
        while loader.check_node():
            yield loader.get_document()
    except yaml.MarkedYAMLError as error:
        cure, mark = _explain(error)
        line = text.count("\n", 0, mark.index) + 1 if mark else None
        raise ParseError(cure, line) from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        problem = f"it has the control character {chr(error.character)!r} in it; remove it"
        raise ParseError(problem, line) from None
    except RecursionError:
        raise ParseError("it is nested too deeply") from None


class _Loader(yaml.CSafeLoader):
    """Reads `2021` as the text that stands there; of implicit types only null and merge are left.

    A key written twice is kept in `repeated`, and an explicit tag is refused.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to say it
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012
        tag: construct
        for tag, construct in yaml.CSafeLoader.yaml_constructors.items()
        if tag is None or tag.endswith((":null", ":str", ":seq", ":map"))
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def get_document(self) -> Document:
        """Construct the next document."""
        root = self.get_node()
        assert root  # noqa: S101 - check_node has told that there is one
        repeated = [(key.value, self.line(key.start_mark)) for key in _duplicate_keys(root)]
        if "*" in self._text and _expanded_length(root) > len(self._text) + MAX_ALIAS_EXPANSION:
            raise ParseError("it repeats too much by `*`; write it out")

        def is_cut(loc: KeyPath) -> bool:
            _, node = _find(root, loc)
            behind = self._text[node.end_mark.index :]
            plain = isinstance(node, yaml.ScalarNode) and not node.style
            # Behind a text, as in "Pier #7", stands one space, before a comment mostly two.
            return plain and behind.startswith(" #")

        def line_of(loc: KeyPath) -> int:
            return self.line(_find(root, loc)[0])

        return Document(self.construct_document(root), line_of, repeated, is_cut)

    def line(self, mark: yaml.Mark) -> int:
        """Give the line as editors count; libyaml takes more characters for line breaks."""
        return bisect_left(self._breaks, mark.index) + 1


def _duplicate_keys(root: yaml.Node) -> Iterator[yaml.Node]:
    """Find keys that are written twice in one mapping, before any is merged into another."""
    seen, ahead = set[int](), [root]
    while ahead:
        node = ahead.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            ahead += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = set[str]()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    problem = "a key is not a text; write `key: value`"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
                if key.value in keys:
                    yield key
                keys.add(key.value)
                ahead.append(value)


def _expanded_length(root: yaml.Node) -> int:
    """Tell how many characters it would be, written out: a few lines may say a billion laughs."""
    lengths: dict[int, int] = {}

    def length(node: yaml.Node) -> int:
        if id(node) not in lengths:
            lengths[id(node)] = 0  # where it stands within itself
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
    """Refuse what is nested so deeply that libyaml's composer would overflow its stack."""
    if text.count("[") + text.count("{") < MAX_DEPTH and not _MANY_ON_A_LINE.search(text):
        return
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            mark = event.start_mark
            raise ParseError("it is nested too deeply", mark.line + 1 if mark else None)


def _find(node: yaml.Node, loc: KeyPath) -> tuple[yaml.Mark, yaml.Node]:
    """Give the value at a place, or the nearest that holds it, and where its key stands."""
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


# What libyaml says, and what people have then done.
_EXPLANATIONS = {
    "mapping values": (
        "a text with `: ` in it, or a line indented too far; put such a text in quotes"
    ),
    "character that": (
        "a tab, or a text that begins with %, @ or `; indent with spaces, and put a text in quotes"
    ),
    "quoted scalar": (
        "a quotation mark that is not closed, or a backslash in double quotes; close it, or write "
        "the text in single quotes"
    ),
    "could not determine a constructor": "a tag, as !!int; remove it, or put the text in quotes",
    "but found": "a tag, as !!int; remove it, or put the text in quotes",
    "undefined alias": "a text that begins with *; put it in quotes",
    "simple key": (
        "a key without `: ` behind it, or a text that is not indented; write `key: value`"
    ),
    "flow": (
        "a bracket that is not closed, or a comma in a text within brackets; close it, or put the "
        "text in quotes"
    ),
    "alias": "a text that begins with *; put it in quotes",
    "anchor": "a text that begins with &; put it in quotes",
    "": (
        "an indentation that does not fit, or a quotation mark within quotes or not closed further "
        "up; align the keys of a record, and write a text with quotation marks behind `>-`, on the "
        "next line, indented"
    ),
}


def _explain(error: yaml.MarkedYAMLError) -> tuple[str, yaml.Mark | None]:
    """Tell the likely mistake with its cure, and where it begins."""
    told = f"{error.context or ''} {error.problem}".strip()
    if error.problem and error.problem.startswith("a key is not"):
        cure = error.problem
    else:
        cure = next(cure for part, cure in _EXPLANATIONS.items() if part in told)
        cure = f"{cure} ({told})"
    begun_before = re.search("quoted|simple key|flow", error.context or "")
    return cure, (error.context_mark if begun_before else None) or error.problem_mark


class JsonReader:
    """Reads JSON, numbers as they are written; keys written twice in the last are `repeated`."""

    def __init__(self) -> None:
        self.duplicate_keys: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=str, parse_float=str, parse_constant=str
        )

    def read(self, text: str) -> Any:  # noqa: ANN401 - any JSON
        """Read a text; raise NotWellFormedError if it is not JSON."""
        self.duplicate_keys.clear()
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            raise ParseError(f"it is not JSON: {error.msg}", error.lineno) from None
        except RecursionError:
            raise ParseError("it is nested too deeply") from None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            times = Counter(key for key, _ in pairs)
            self.duplicate_keys += [key for key in times if times[key] > 1]
        return made


def parse_json(text: str) -> Document:
    """Read a JSON text; raise NotWellFormedError if it is none."""
    data = JsonReader().read(text)
    lines: dict[KeyPath, int] = {}
    repeated: dict[KeyPath, int] = {}
    for loc, line, is_key in _places(text):
        # What stands within what is written twice is so too.
        if is_key and loc in lines and not any(loc[:end] in repeated for end in range(len(loc))):
            repeated[loc] = line
        lines.setdefault(loc, line)

    def line_of(loc: KeyPath) -> int:
        return next(lines[loc[:end]] for end in range(len(loc), -1, -1) if loc[:end] in lines)

    return Document(data, line_of, [(str(loc[-1]), line) for loc, line in repeated.items()])


# Of a text, a run of characters at a time: each alone would be kept to come back to.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],]|[^\s{}\[\],:"]+|\n')


def _places(text: str) -> Iterator[tuple[KeyPath, int, bool]]:
    """Give the place and the line of each key and each value of a text that is JSON."""
    line = 1
    path: list[Any] = []  # of each mapping the key, None before it; of each list the index
    for match in _TOKEN.finditer(text):
        found = match[0]
        if found == "\n":
            line += 1
        elif found in "]}":
            path.pop()
        elif found == ",":
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else None
        elif path and path[-1] is None:
            path[-1] = json.loads(found)
            yield tuple(path), line, True
        else:
            yield tuple(path), line, False
            if found in "[{":
                path.append(0 if found == "[" else None)
