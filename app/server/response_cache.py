"""Whole representations, kept as long as the data is as it was, and bounded in bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from starlette.types import Message

ENTRY_OVERHEAD = 4_096
"""Bytes, about, that a representation takes beside its text."""

CacheKey = tuple[str | bytes | None, ...]
"""All that a representation depends on beside the data."""


class CachedResponse(NamedTuple):
    """An answer of status 200, as it goes out: of one URL, on one host, in one coding."""

    tag: str
    body: bytes
    headers_message: Message
    """What is sent before the body."""
    not_modified: Message
    """What is sent instead, without a body, to who has it already."""


class ResponseCache:
    """Keeps the representations that were last asked for, all of one version of the data."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._version: Hashable = None
        self._entries: OrderedDict[CacheKey, CachedResponse] = OrderedDict()

    def get(self, key: CacheKey, version: Hashable) -> CachedResponse | None:
        """Give what was put for this key and version, if it is still kept."""
        if version != self._version:
            self._entries.clear()
            self._size, self._version = 0, version
        if (found := self._entries.get(key)) is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: CacheKey, version: Hashable, representation: CachedResponse) -> None:
        """Keep a representation of the version that was current before it was made."""
        size = _size(key, representation)
        if version != self._version or key in self._entries or size > self._max_bytes:
            return
        self._entries[key] = representation
        self._size += size
        while self._size > self._max_bytes:
            self._size -= _size(*self._entries.popitem(last=False))


def _size(key: CacheKey, representation: CachedResponse) -> int:
    # A URL may be as long as a body, and stands in a header too.
    texts = (*key, *(value for _, value in representation.headers_message["headers"]))
    return len(representation.body) + sum(len(text or "") for text in texts) + ENTRY_OVERHEAD
