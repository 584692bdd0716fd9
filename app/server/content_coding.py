"""Content codings: the one that a client prefers, and compression.

https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding
"""

import gzip
import re
from collections.abc import Callable
from functools import lru_cache

import brotli

IDENTITY = "identity"
# The preferred coding first: of equal weights, the first one wins. Without a time in gzip, so that
# equal bodies have equal ETags.
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


MIN_COMPRESSED = 500
"""Bytes of the smallest body that is compressed. Below, compression saves less than it costs."""
MAX_HEADER_BYTES = 500
"""Bytes of `Accept-Encoding` that are read, so that a long header costs no time."""

_WEIGHT = re.compile(r"(1(\.0{0,3})?|0(\.[0-9]{0,3})?)")
_COMPRESSIBLE = re.compile(r"text/|application/([a-z.-]+\+)?(json|xml)|application/(x-)?ndjson")


def negotiate(accept_encoding: bytes) -> str:
    """Return the coding for an `Accept-Encoding` header; `identity` if it lists none of ours."""
    return _negotiate(accept_encoding[:MAX_HEADER_BYTES])


# Cached, since browsers send few different headers. The header is truncated before, so that clients
# cannot fill the cache with long ones.
@lru_cache
def _negotiate(accept_encoding: bytes) -> str:
    items = re.sub("[ \t]", "", accept_encoding.decode("latin-1").lower()).split(",")
    weights = dict(map(_parse_weight, items))
    offered = {coding: weights.get(coding, weights.get("*", 0)) for coding in ENCODERS}
    best = max(offered, key=offered.__getitem__)
    # At equal weights, any coding is better than none.
    return best if offered[best] > 0 and offered[best] >= weights.get(IDENTITY, 0) else IDENTITY


def _parse_weight(item: str) -> tuple[str, float]:
    coding, _, weight = item.partition(";q=")
    return coding, float(weight or 1) if _WEIGHT.fullmatch(weight or "1") else 0


def is_compressible(media_type: str, length: int) -> bool:
    """Return whether compression saves anything for a body of this type and length."""
    return length >= MIN_COMPRESSED and bool(_COMPRESSIBLE.match(media_type))
