"""A cache of whole responses, for one version of the data, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from app.server.conditional import RawHeaders

ENTRY_OVERHEAD = 4_096
"""Bytes, about, that a cache entry takes in addition to its texts."""

CacheKey = tuple[str | bytes | None, ...]
"""Everything that a response depends on, except the data."""


class WholeResponse(NamedTuple):
    """A response that is not streamed, as it is sent: of one URL, on one host, in one coding."""

    status: int
    headers: RawHeaders
    body: bytes
    route: str = ""
    """The path of the endpoint, with the names of its parameters."""
    etag: str = ""
    """Empty if the response must not be cached."""
    not_modified: RawHeaders | None = None
    """The headers of the 304, which has no body."""
    revision: int | None = None
    """The revision of the data that it was made from; None if it does not depend on the data."""


class ResponseCache:
    """Caches the responses that were used last."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._version: Hashable = None
        self._entries: OrderedDict[CacheKey, WholeResponse] = OrderedDict()

    def get(
        self, key: CacheKey, version: Hashable, required_revision: int = 0
    ) -> WholeResponse | None:
        """Return the response of this key and version. Another version empties the cache.

        Nothing is cached for None, an unknown version. A response that was made from a revision
        before the required one is not returned.
        """
        if version is None:
            return None
        if version != self._version:
            self._entries.clear()
            self._size, self._version = 0, version
        cached = self._entries.get(key)
        if cached is None or (cached.revision is not None and cached.revision < required_revision):
            return None
        self._entries.move_to_end(key)
        return cached

    def put(self, key: CacheKey, version: Hashable, response: WholeResponse) -> None:
        """Add a response, unless `get` has seen another version since.

        `version` is that before the response was created. A response that is larger than the whole
        cache is not added.
        """
        size = _size(key, response)
        # If the data changed meanwhile, `get` has emptied the cache for a newer version.
        is_current = version is not None and version == self._version
        if not is_current or key in self._entries or size > self._max_bytes:
            return
        self._entries[key] = response
        self._size += size
        while self._size > self._max_bytes:
            self._size -= _size(*self._entries.popitem(last=False))


def _size(key: CacheKey, response: WholeResponse) -> int:
    # A URL can be as long as a body, and is part of the header `Link` too.
    texts = (*key, *(value for _, value in response.headers))
    return len(response.body) + sum(len(text or "") for text in texts) + ENTRY_OVERHEAD
