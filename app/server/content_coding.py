"""Content codings: which one a client prefers, and how it is written.

https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding
"""

import gzip
import re
from collections.abc import Callable
from functools import lru_cache

import brotli

IDENTITY = "identity"
# The best first. Without a time in it, so that the same body has the same tag.
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


MAX_HEADER_BYTES = 500
"""Of an Accept-Encoding, so many bytes are read; none that is meant is longer."""

_WEIGHT = re.compile(r"(1(\.0{0,3})?|0(\.[0-9]{0,3})?)")


def negotiate(accepted: bytes) -> str:
    """Choose a coding from an Accept-Encoding; what says nothing of ours gets `identity`."""
    return _negotiate(accepted[:MAX_HEADER_BYTES])


@lru_cache
def _negotiate(accepted: bytes) -> str:
    listed = re.sub("[ \t]", "", accepted.decode("latin-1").lower()).split(",")
    weights = dict(map(_parse_weight, listed))
    # A coding is better than none, unless it says otherwise.
    offered = {coding: weights.get(coding, weights.get("*", 0)) for coding in ENCODERS}
    best = max(offered, key=offered.__getitem__)
    return best if offered[best] > 0 and offered[best] >= weights.get(IDENTITY, 0) else IDENTITY


def _parse_weight(item: str) -> tuple[str, float]:
    coding, _, weight = item.partition(";q=")
    return coding, float(weight or 1) if _WEIGHT.fullmatch(weight or "1") else 0
