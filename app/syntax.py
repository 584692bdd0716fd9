"""YAML and JSON as data whose scalars are the texts that stand there, each with its line."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Loc = tuple[str | int, ...]
"""The way to a value: `("events", 3, "date")`."""


class NotWellFormedError(ValueError):
    """A text is not YAML or not JSON; the message says why, `line` where if that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """What one YAML or JSON document says."""

    data: Any
    line_of: Callable[[Loc], int]
    """The line on which a value stands or, where there is none, the nearest that holds it."""
    repeated: list[tuple[str, int]]
    """Keys that are written twice in one mapping, with their lines."""
    is_cut: Callable[[Loc], bool] = lambda _: False
    """Whether a text without quotation marks may go on in what YAML takes for a comment."""


def parse_yaml(text: str) -> Iterator[Document]:
    """Read each document of a YAML text; raise NotWellFormedError where that ends."""
    try:
        loader = _Loader(text)
        while loader.check_node():
            yield loader.get_document()
    except yaml.MarkedYAMLError as error:
        raise NotWellFormedError(*_in_plain_words(error)) from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        problem = f"it has the control character {chr(error.character)!r} in it; remove it"
        raise NotWellFormedError(problem, line) from None
    except RecursionError:
        raise NotWellFormedError("it is nested too deeply") from None


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
        self.repeated: list[tuple[str, int]] = []

    def get_document(self) -> Document:
        """Construct the next document."""
        root, self.repeated = self.get_node(), []
        assert root  # noqa: S101 - check_node has told that there is one
        data = self.construct_document(root)

        def is_cut(loc: Loc) -> bool:
            _, node = _find(root, loc)
            behind = self._text[node.end_mark.index :]
            plain = isinstance(node, yaml.ScalarNode) and not node.style
            # Behind a text, as in "Pier #7", stands one space, before a comment mostly two.
            return plain and behind.startswith(" #")

        return Document(data, lambda loc: _find(root, loc)[0], self.repeated, is_cut)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                problem = "a key is not a text; write `key: value`"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            if key.value in seen:
                self.repeated.append((key.value, key.start_mark.line + 1))
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _find(node: yaml.Node, loc: Loc) -> tuple[int, yaml.Node]:
    """Give the value at a place, or the nearest that holds it, and the line where it is written."""
    line: int = node.start_mark.line + 1
    for at in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(at, int):
            node = node.value[at]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if at not in pairs:
                break
            key, node = pairs[at]
            line = key.start_mark.line + 1
    return line, node


# What libyaml says, and what people have then done.
_MISTAKES = {
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


def _in_plain_words(error: yaml.MarkedYAMLError) -> tuple[str, int | None]:
    """Tell the likely mistake with its cure, and the line on which it begins."""
    told = f"{error.context or ''} {error.problem}".strip()
    if error.problem and error.problem.startswith("a key is not"):
        cure = error.problem
    else:
        cure = next(cure for part, cure in _MISTAKES.items() if part in told)
        cure = f"{cure} ({told})"
    begun_before = re.search("quoted|simple key|flow", error.context or "")
    mark = (error.context_mark if begun_before else None) or error.problem_mark
    return cure, mark.line + 1 if mark else None


class JsonReader:
    """Reads JSON, numbers as they are written; keys written twice in the last are `repeated`."""

    def __init__(self) -> None:
        self.repeated: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=str, parse_float=str, parse_constant=str
        )

    def read(self, text: str) -> Any:  # noqa: ANN401 - any JSON
        """Read a text; raise NotWellFormedError if it is not JSON."""
        self.repeated.clear()
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            raise NotWellFormedError(f"it is not JSON: {error.msg}", error.lineno) from None
        except RecursionError:
            raise NotWellFormedError("it is nested too deeply") from None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            self.repeated += {key for key in keys if keys.count(key) > 1}
        return made


def parse_json(text: str) -> Document:
    """Read a JSON text; raise NotWellFormedError if it is none."""
    data = JsonReader().read(text)
    lines: dict[Loc, int] = {}
    repeated = []
    for loc, line, is_key in _places(text):
        if is_key and loc in lines:
            repeated.append((str(loc[-1]), line))
        lines.setdefault(loc, line)

    def line_of(loc: Loc) -> int:
        return next(lines[loc[:end]] for end in range(len(loc), -1, -1) if loc[:end] in lines)

    return Document(data, line_of, repeated)


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s{}\[\],:"]+|\n')


def _places(text: str) -> Iterator[tuple[Loc, int, bool]]:
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
