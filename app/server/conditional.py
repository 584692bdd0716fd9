"""Entity tags, and requests for a representation that the client may have already.

https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
"""

import re
from hashlib import blake2b

_ETAG = re.compile(r'(?:W/)?("[^"]*")')
# They describe the body, so a response without one has none of them.
_CONTENT_HEADERS = (b"content-type", b"content-length", b"content-encoding")
RawHeaders = list[tuple[bytes, bytes]]


def make_etag(body: bytes, coding: str | None) -> str:
    """Return a strong entity tag, another for each content coding (RFC 9110, section 8.8.3.3)."""
    digest = blake2b(body, digest_size=12).hexdigest()
    return f'"{digest}-{coding}"' if coding else f'"{digest}"'


def etag_matches(if_none_match: str, etag: str) -> bool:
    """Return whether `If-None-Match` lists the tag, with or without `W/`, or is `*`."""
    if if_none_match == etag:  # what most clients send
        return True
    # `If-None-Match` compares weakly. A proxy that changes the coding makes the tag weak.
    return if_none_match.strip() == "*" or etag in _ETAG.findall(if_none_match)


def without_content_headers(headers: RawHeaders) -> RawHeaders:
    """Return the headers of a response that has no body."""
    return [(name, value) for name, value in headers if name.lower() not in _CONTENT_HEADERS]
