"""Content codings: which one a client prefers, and how it is written.

https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding
"""

import gzip
from collections.abc import Callable
from functools import lru_cache

import brotli

IDENTITY = "identity"
# The best first. Without a time in it, so that the same body has the same tag.
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


@lru_cache
def preferred(accepted: bytes) -> str:
    """Choose a coding from an Accept-Encoding; what says nothing of ours gets `identity`."""
    listed = accepted.decode("latin-1").replace(" ", "").lower().split(",")
    weights = dict(map(_weighed, listed))
    # A coding is better than none, unless it says otherwise.
    offered = {coding: weights.get(coding, weights.get("*", 0)) for coding in ENCODERS}
    best = max(offered, key=offered.__getitem__)
    return best if offered[best] > 0 and offered[best] >= weights.get(IDENTITY, 0) else IDENTITY


def _weighed(item: str) -> tuple[str, float]:
    coding, _, weight = item.partition(";q=")
    try:
        return coding, float(weight or 1)
    except ValueError:
        return coding, 0
