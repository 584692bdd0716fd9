"""Checks of a request that precede every endpoint: its URL and its `Host` header."""

import re
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.types import Scope

from app.api.headers import MAX_URL_LENGTH, uri_too_long
from app.errors import ProblemError

# A name or an IP address, and a port. Its length is limited, since it is part of each cache key.
_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{1,45}\](:[0-9]{1,5})?")


def find_request_problem(scope: Scope) -> ProblemError | None:
    """Return the problem of a URL that is too long or not UTF-8, or of a host that is not one."""
    path, query = scope.get("raw_path") or b"", scope["query_string"]
    if len(path) + len(query) > MAX_URL_LENGTH:
        return uri_too_long()
    for name, part in (("path", path), ("query", query)):
        try:
            # Starlette would replace the bytes by U+FFFD, and search for something else.
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            detail = f"The {name} of the URL is not UTF-8. Percent-encode it as UTF-8."
            return ProblemError(HTTPStatus.BAD_REQUEST, detail)
    # The host is part of each link in the response, where a script could run.
    if not _HOST.fullmatch(Headers(scope=scope).get("host", "localhost")):
        detail = "The Host header is not a host name. Send the host of the URL, and its port."
        return ProblemError(HTTPStatus.BAD_REQUEST, detail)
    return None
