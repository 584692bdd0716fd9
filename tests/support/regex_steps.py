"""Counts the steps that Python's regular expressions take, to find those whose time is not linear.

Seconds depend on the machine, and `re` counts nothing. So this is a second engine: it backtracks
over the same parsed pattern in the same order as `re`, and counts each comparison.
https://docs.python.org/3/library/re.html#regular-expression-syntax
"""

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import islice
from typing import Any

_parser: Any = import_module("re._parser")

Item = tuple[Any, Any]
"""An operation of a parsed pattern, with its argument."""


class _Steps:
    def __init__(self, pattern: re.Pattern[Any], text: str) -> None:
        self.count = 0
        self._text = text
        self._groups: dict[int, str] = {}
        self.tree: Sequence[Item] = [*_parser.parse(pattern.pattern, pattern.flags)]

    def ends(self, items: Sequence[Item], start: int) -> Iterator[int]:
        """Yield the ends of matches from a position, in the order in which `re` tries them."""
        self.count += 1
        if not items:
            yield start
            return
        (operation, argument), *rest = items
        for end in getattr(self, f"_{str(operation).lower()}", self._character)(
            (operation, argument), start
        ):
            yield from self.ends(rest, end)

    def _character(self, item: Item, start: int) -> Iterator[int]:
        self.count += 1
        if start < len(self._text) and _contains(item, self._text[start]):
            yield start + 1

    def _subpattern(self, item: Item, start: int) -> Iterator[int]:
        group, *_, items = item[1]
        for end in self.ends([*items], start):
            self._groups[group] = self._text[start:end]
            yield end

    def _branch(self, item: Item, start: int) -> Iterator[int]:
        for items in item[1][1]:
            yield from self.ends([*items], start)

    def _atomic_group(self, item: Item, start: int) -> Iterator[int]:
        return islice(self.ends([*item[1]], start), 1)

    def _possessive_repeat(self, item: Item, start: int) -> Iterator[int]:
        return islice(self._max_repeat(item, start), 1)

    def _max_repeat(self, item: Item, start: int) -> Iterator[int]:
        least, most, items = item[1]
        if most:
            for end in self.ends([*items], start):
                if end > start or least:
                    more = (item[0], (max(least - 1, 0), most - 1, items))
                    yield from self._max_repeat(more, end)
        if not least:
            self.count += 1
            yield start

    def _min_repeat(self, item: Item, start: int) -> Iterator[int]:
        least, most, items = item[1]
        if not least:
            self.count += 1
            yield start
        if most:
            for end in self.ends([*items], start):
                if end > start or least:
                    more = (item[0], (max(least - 1, 0), most - 1, items))
                    yield from self._min_repeat(more, end)

    def _assert(self, item: Item, start: int) -> Iterator[int]:
        if self._is_ahead(item, start):
            yield start

    def _assert_not(self, item: Item, start: int) -> Iterator[int]:
        if not self._is_ahead(item, start):
            yield start

    def _is_ahead(self, item: Item, start: int) -> bool:
        direction, items = item[1]
        begin = start if direction > 0 else start - items.getwidth()[0]
        return begin >= 0 and any(True for _ in self.ends([*items], begin))

    def _at(self, item: Item, start: int) -> Iterator[int]:
        text, name = self._text, str(item[1])
        if "BEGINNING" in name:
            is_there = start == 0
        elif "END" in name:
            is_there = start == len(text)
        else:
            is_there = text[start - 1 : start].isalnum() != text[start : start + 1].isalnum()
        if is_there:
            yield start

    def _groupref(self, item: Item, start: int) -> Iterator[int]:
        text = self._groups[item[1]]
        self.count += len(text)
        if self._text.startswith(text, start):
            yield start + len(text)


def _contains(item: Item, char: str) -> bool:
    """Return whether an operation for one character matches it, in lower or upper case."""
    operation, argument = item
    match str(operation):
        case "ANY":
            return True
        case "LITERAL":
            return chr(argument) in (char.lower(), char.upper(), char)
        case "NOT_LITERAL":
            return chr(argument) != char
        case "RANGE":
            return ord(char) in range(argument[0], argument[1] + 1)
        case "CATEGORY":
            return _is_in_category(str(argument), char)
        case "IN":
            is_negated = str(argument[0][0]) == "NEGATE"
            found = any(_contains(part, char) for part in argument[is_negated:])
            return found != is_negated
    raise ValueError(f"{operation} is an operation that is not counted. Add it here.")


def _is_in_category(name: str, char: str) -> bool:
    kinds = {"SPACE": r"\s", "DIGIT": r"\d", "WORD": r"\w"}
    kind = kinds[name.rpartition("_")[2]]
    return bool(re.fullmatch(kind, char)) != ("NOT" in name)


def match_end(pattern: re.Pattern[Any], text: str) -> int | None:
    """Return the end of the match at the beginning of a text, as `re` must find it too."""
    steps = _Steps(pattern, text)
    return next(steps.ends(steps.tree, 0), None)


def count_steps(pattern: re.Pattern[Any], method: str, text: str) -> int:
    """Return the number of steps that a method of a pattern takes on a text.

    Every method but `match` and `fullmatch` is taken to find all matches.
    """
    steps, start = _Steps(pattern, text), 0
    if method in ("match", "fullmatch"):
        for end in steps.ends(steps.tree, 0):
            if method == "match" or end == len(text):
                break
        return steps.count
    while start <= len(text):
        end = next(steps.ends(steps.tree, start), start)
        start = end if end > start else start + 1
    return steps.count
