"""Whole representations, kept as long as the data is as it was, and bounded in bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from starlette.types import Message

OVERHEAD = 4_096
"""Bytes, about, that a representation takes beside its text."""

Key = tuple[str | bytes | None, ...]
"""All that a representation depends on beside the data."""


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
        self._version: Hashable = None
        self._kept: OrderedDict[Key, Representation] = OrderedDict()

    def get(self, key: Key, version: Hashable) -> Representation | None:
        """Give what was put for this key and version, if it is still kept."""
        if version != self._version:
            self._kept.clear()
            self._size, self._version = 0, version
        if (found := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Key, version: Hashable, representation: Representation) -> None:
        """Keep a representation of the version that was current before it was made."""
        size = _size(key, representation)
        if version != self._version or key in self._kept or size > self._most:
            return
        self._kept[key] = representation
        self._size += size
        while self._size > self._most:
            self._size -= _size(*self._kept.popitem(last=False))


def _size(key: Key, representation: Representation) -> int:
    # A URL may be as long as a body, and stands in a header too.
    texts = (*key, *(value for _, value in representation.start["headers"]))
    return len(representation.body) + sum(len(text or "") for text in texts) + OVERHEAD
