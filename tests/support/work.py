"""Counts the work of reading a file: the lines of our code that run, and the characters they touch.

Both are the same on every machine, unlike seconds. Processors count instructions too, but a
container or a virtual machine may not read that counter.
"""

import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import FrameType
from typing import IO, Any, NamedTuple

import app

_OUR_CODE = str(Path(str(app.__file__)).parent)
_SEARCHES = ("count", "find", "index", "rfind", "rindex")
_COPIES = ("encode", "replace", "split", "splitlines", "strip", "translate", "partition")


class Work(NamedTuple):
    """The work of one call."""

    lines: int
    characters: int


class _Counter:
    lines = 0
    characters = 0


class _CountedText(str):
    """A text that counts how many of its characters are searched or copied."""

    counter: _Counter
    _read_to = 0

    def __getitem__(self, key: Any) -> str:  # noqa: ANN401 - as the interface declares it
        part = super().__getitem__(key)
        self.counter.characters += len(part)
        return part

    def read(self, size: int) -> str:
        """Return the next characters: libyaml reads from a text that is not exactly a `str`."""
        self._read_to += size
        return self[self._read_to - size : self._read_to]


def _counted(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    def call(self: _CountedText, *args: Any) -> Any:  # noqa: ANN401 - any method
        # A search takes the text that it looks for, and optionally where it starts and ends.
        start, end = (*(args[1:] if name in _SEARCHES else ()), None, None)[:2]
        self.counter.characters += len(range(len(self))[start:end])
        return method(self, *args)

    return call


for _name in _SEARCHES + _COPIES:
    setattr(_CountedText, _name, _counted(_name))


class _CountedBytes(bytes):
    counter: _Counter

    def decode(self, *args: str) -> str:
        text = _CountedText(super().decode(*args))
        text.counter = self.counter
        return text


class _CountedFile(BytesIO):
    def __init__(self, content: bytes, name: str, counter: _Counter) -> None:
        super().__init__(content)
        self.name = name
        self._counter = counter

    def read(self, size: int | None = -1) -> bytes:
        return self._bytes(super().read(size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._bytes(super().readline(size))

    def _bytes(self, content: bytes) -> bytes:
        counted = _CountedBytes(content)
        counted.counter = self._counter
        return counted


def count_work(content: str, name: str, read: Callable[[IO[bytes]], object]) -> Work:
    """Return the work of reading a file with this content and name."""
    counter = _Counter()

    def trace(frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - recursive type
        # Loops in one line count too, since each jump backwards is an event.
        counter.lines += event == "line"
        return trace if frame.f_code.co_filename.startswith(_OUR_CODE) else None

    previous = sys.gettrace()
    with _CountedFile(content.encode(), name, counter) as file:
        sys.settrace(trace)
        try:
            read(file)
        finally:
            sys.settrace(previous)
    return Work(counter.lines, counter.characters)
