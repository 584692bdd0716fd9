"""Whole representations, kept as long as the data is as it was, and bounded in bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from starlette.types import Message

OVERHEAD = 4_096
"""Bytes, about, that the headers and the key of a representation take."""


class Representation(NamedTuple):
    """An answer of status 200, as it goes out: of one URL, on one host, in one coding."""

    tag: str
    body: bytes
    start: Message
    """What is sent before the body."""
    unchanged: Message
    """What is sent instead, without a body, to who has it already."""


class Cache:
    """Keeps the representations that were last asked for, all of one version of the data."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._version: int | None = None
        self._kept: OrderedDict[Hashable, Representation] = OrderedDict()

    def get(self, key: Hashable, version: int) -> Representation | None:
        """Give what was put for this key and version, if it is still kept."""
        if version != self._version:
            self._kept.clear()
            self._size, self._version = 0, version
        if (found := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, version: int, representation: Representation) -> None:
        """Keep a representation of the version that was current before it was made."""
        size = _size(representation)
        if version != self._version or key in self._kept or size > self._most:
            return
        self._kept[key] = representation
        self._size += size
        while self._size > self._most:
            _, dropped = self._kept.popitem(last=False)
            self._size -= _size(dropped)


def _size(representation: Representation) -> int:
    return len(representation.body) + OVERHEAD
