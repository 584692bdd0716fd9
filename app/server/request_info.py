"""The parts of a request that decide which response is sent, and whether it is valid at all."""

import re
from collections.abc import Callable, Collection
from http import HTTPStatus
from operator import itemgetter
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from app.api.headers import MAX_URL_LENGTH, REVISION_HEADER, uri_too_long
from app.db.revision import MAX_REVISION
from app.domain.text import quote
from app.errors import ProblemError, parameter_error
from app.server.access_log import make_request_id
from app.server.content_coding import negotiate
from app.server.response_cache import CacheKey

# A name or an IP address, and a port. Its length is limited, since it is part of each cache key.
_HOST = re.compile(r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{1,45}\])(:[0-9]{1,5})?")


class RequestInfo:
    """The parts of a request that decide which representation is sent."""

    __slots__ = (
        *("cache_key", "coding", "host", "id", "if_none_match"),
        *("is_too_long", "method", "query", "required_revision", "scheme", "scope"),
    )

    def __init__(
        self, scope: Scope, clean_query: Callable[[Scope], bytes] = itemgetter("query_string")
    ) -> None:
        host: bytes | None = None
        revision: bytes | None = None
        accept_encoding = if_none_match = request_id = b""
        # One pass over the headers as they are, because this runs for cached responses, too.
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accept_encoding = accept_encoding + b"," + value if accept_encoding else value
            elif name == b"if-none-match":
                if_none_match = if_none_match + b"," + value if if_none_match else value
            elif name == b"host":
                host = value if host is None else host
            elif name == b"x-request-id":
                request_id = request_id or value
            elif name == b"timeline-revision":
                revision = value if revision is None else revision + b"," + value
        self.scope = scope
        self.method: str = scope["method"]
        self.id = make_request_id(request_id)
        self.host = host
        # None if it is malformed: the response is a 400, which must not depend on the cache.
        self.required_revision = 0 if revision is None else _parse_revision(revision)
        self.if_none_match = if_none_match.decode("latin-1")
        self.coding = negotiate(accept_encoding)
        # A proxy can also send `ws` or `wss` as X-Forwarded-Proto, but the links are of web pages.
        self.scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        # Scheme and host are part of the links in a response. Without a host (HTTP/1.0), the links
        # contain the address of the server.
        address = host or str(scope.get("server"))
        path, query = scope.get("raw_path"), scope["query_string"]
        self.is_too_long = len(path or b"") + len(query) > MAX_URL_LENGTH
        # Not if it is too long: the response is a 414, which must not depend on the cache.
        self.query = clean_query(scope) if query and not self.is_too_long else query
        self.cache_key: CacheKey = (self.scheme, address, path, self.query, self.coding)

    def find_problem(self, allowed_hosts: Collection[str]) -> ProblemError | None:
        """Return the problem of a URL that is too long or not UTF-8, or of a wrong header.

        Every host is allowed if `allowed_hosts` is empty.
        """
        if self.is_too_long:
            return uri_too_long()
        path = self.scope.get("raw_path") or b""
        for name, part in (("path", path), ("query", self.query)):
            try:
                # Starlette would replace the bytes by U+FFFD, and search for something else.
                unquote_to_bytes(part).decode()
            except UnicodeDecodeError:
                detail = f"The {name} of the URL is not UTF-8. Percent-encode it as UTF-8."
                return ProblemError(HTTPStatus.BAD_REQUEST, detail)
        if self.required_revision is None:
            detail = (
                "The value is not a revision. Send the number that this header had in an earlier "
                "response, or omit it."
            )
            return ProblemError(
                HTTPStatus.BAD_REQUEST, faults=[parameter_error(REVISION_HEADER, detail)]
            )
        # The host is part of each link in the response, where a script could run.
        text = "localhost" if self.host is None else self.host.decode("latin-1")
        host = _HOST.fullmatch(text)
        if not host:
            detail = "The Host header is not a host name. Send the host of the URL, and its port."
            return ProblemError(HTTPStatus.BAD_REQUEST, detail)
        if allowed_hosts and _host_name(host[1]) not in allowed_hosts:
            detail = (
                f"The host {quote(host[1])} is not served here. Use the URL of this API. "
                "Operators: add the host to TIMELINE_ALLOWED_HOSTS."
            )
            return ProblemError(HTTPStatus.MISDIRECTED_REQUEST, detail)
        return None


def _parse_revision(value: bytes) -> int | None:
    """Return the number in the header `Timeline-Revision`, or None if it is malformed."""
    # Python refuses to parse thousands of digits.
    if not value.isdigit() or len(value) > len(str(MAX_REVISION)):
        return None
    return number if (number := int(value)) <= MAX_REVISION else None


def _host_name(host: str) -> str:
    """Return a host as in `Settings.allowed_host_names`. A dot at its end changes nothing."""
    return host.lower().removesuffix(".")
