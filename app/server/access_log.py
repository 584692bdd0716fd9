"""The access log: an id for every request, and a record for every response.

It contains no secret: no header, and the values of known parameters only. What a client sends is
percent-encoded, so that it cannot forge a line or control a terminal.
"""

import logging
import re
from contextvars import ContextVar, copy_context
from functools import lru_cache
from itertools import count
from secrets import token_hex
from time import time
from urllib.parse import quote

from starlette.types import Scope

from app.schemas.params import PARAMETER_NAMES

MAX_TARGET = 1_000
"""Bytes of a path, and of a query, that are logged."""

# The value of any other parameter may be a secret, so it is not logged.
_KNOWN_PARAMETERS = {name.encode() for name in PARAMETER_NAMES}
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Ids need not be secret, and a number takes less time than random bytes for each request.
_PROCESS_ID, _numbers = token_hex(4), count()

logger = logging.getLogger("timeline.access")
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the current request, in every log line that it causes. Empty outside of requests."""


def make_request_id(header: bytes) -> str:
    """Return the `X-Request-ID` of a client if it is well-formed, otherwise a new id.

    So a proxy can set it.
    """
    if header and _REQUEST_ID.fullmatch(header):
        return header.decode()
    return f"{_PROCESS_ID}{next(_numbers):08x}"


# The attributes that every handler may read. To find them for each record, as `LogRecord` does,
# takes as long as all other work for a cached response.
_TEMPLATE = logging.LogRecord(logger.name, logging.INFO, "", 0, "", None, None).__dict__


class ResponseRecord(logging.LogRecord):
    """The log record of a response."""

    method: str
    status: int
    seconds: float
    route: str
    """The path of the endpoint, with the names of its parameters; empty if there is none."""
    aborted: bool
    """Whether the response broke off."""
    cache: str
    """Whether the response came from the cache: see `app.server.sending.Sender`."""
    waited: float
    """Seconds that the request waited for other slow requests."""
    _client: tuple[str, int] | None
    _path: bytes
    _query: bytes

    def __init__(
        self,
        scope: Scope,
        status: int,
        seconds: float = 0,
        route: str = "",
        *,
        aborted: bool = False,
        cache: str = "miss",
        waited: float = 0,
    ) -> None:
        # Without `LogRecord.__init__`: see `_TEMPLATE`.
        self.__dict__ = _TEMPLATE | {
            "created": time(),
            "status": status,
            "seconds": seconds,
            "route": route,
            "aborted": aborted,
            "cache": cache,
            "waited": waited,
            # One byte more than the limit shows that something is left out.
            "_client": scope.get("client"),
            "method": scope["method"],
            "_path": (scope.get("raw_path") or scope["path"].encode())[: MAX_TARGET + 1],
            "_query": scope["query_string"][: MAX_TARGET + 1],
        }

    @property
    def client(self) -> str:
        """The address of the client, as far as a Unix socket has one."""
        return _percent_encode(self._client[0] if self._client else "-")

    @property
    def path(self) -> str:
        """The path and the query, without secrets."""
        return _loggable_target(self._path, self._query)

    def getMessage(self) -> str:  # noqa: N802 - the name in `logging`
        """Return the text of the record."""
        line = f"{self.client} {self.method} {self.path} {self.status} {self.seconds * 1e3:.2f} ms"
        return f"{line}, aborted" if self.aborted else line


def log_rejected_request(client: tuple[str, int] | None, status: int) -> str:
    """Log the response to a malformed request. Return the id of the request."""
    id_ = make_request_id(b"")
    scope = {"client": client, "method": "-", "path": "-", "query_string": b""}
    if logger.isEnabledFor(logging.INFO):
        # Otherwise later log lines of this connection would have the id of this request.
        context = copy_context()
        context.run(request_id.set, id_)
        context.run(logger.handle, ResponseRecord(scope, status))
    return id_


# Clients, paths and queries repeat, and to encode one takes longer than to look it up.
@lru_cache(1_024)
def _percent_encode(text: str | bytes) -> str:
    """Encode spaces, quotes and control characters, as in a URL."""
    return quote(text, safe="/%:@!$&'()*+,;=~")


@lru_cache(1_024)
def _loggable_target(path: bytes, query: bytes) -> str:
    target = _truncate(path, _percent_encode(path))
    if not query:
        return target
    parameters = map(_redact_parameter, query[:MAX_TARGET].split(b"&"))
    return f"{target}?{_truncate(query, '&'.join(parameters))}"


def _truncate(raw: bytes, encoded: str) -> str:
    return f"{encoded[:MAX_TARGET]}…" if len(raw) > MAX_TARGET else encoded


def _redact_parameter(pair: bytes) -> str:
    """Replace a possible secret: the value of an unknown parameter, or one without a name."""
    name, equals, _ = pair.partition(b"=")
    if name in _KNOWN_PARAMETERS:
        return _percent_encode(pair)
    return f"{_percent_encode(name)}=…" if equals else "…"
