"""Limits and response headers that several layers share."""

from http import HTTPStatus

from app.errors import ProblemError

MAX_URL_LENGTH = 8_192
"""Bytes of path and query. RFC 9110, section 4.1, recommends at least 8,000."""
REVISION_HEADER = "Timeline-Revision"
"""The revision of the data that a response was made from. In a request, the oldest one allowed."""
ALLOWED_METHODS = "GET, HEAD, OPTIONS"
CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=600"

# Headers of every response, errors included. Pages replace the content policy, since they load
# scripts and styles; JSON loads nothing.
DEFAULT_HEADERS = {
    # Without it, widgets on other sites fail: TimelineJS reports an error in a spreadsheet.
    "Access-Control-Allow-Origin": "*",
    # Scripts of other origins can read these headers only, and a few that browsers always allow.
    "Access-Control-Expose-Headers": (
        "ETag, Link, Retry-After, Timeline-Revision, Timeline-Truncated, X-Request-ID"
    ),
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    # Otherwise a shared cache could send Brotli to a client that cannot decode it, or a response
    # that is older than the client allows.
    "Vary": "Accept-Encoding, Timeline-Revision",
    "X-Content-Type-Options": "nosniff",
}
# https://fetch.spec.whatwg.org/#cors-preflight-request
PREFLIGHT_HEADERS = {
    "Allow": ALLOWED_METHODS,
    "Access-Control-Allow-Methods": ALLOWED_METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


def uri_too_long() -> ProblemError:
    """Build the 414 for a URL that exceeds MAX_URL_LENGTH."""
    detail = f"The URL has more than {MAX_URL_LENGTH:,} bytes. Request less at once."
    return ProblemError(HTTPStatus.REQUEST_URI_TOO_LONG, detail)
