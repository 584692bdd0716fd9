"""Response headers that every layer shares."""

from http import HTTPStatus

from app.errors import ProblemError

MAX_URL_LENGTH = 8_192
ALLOWED_METHODS = "GET, HEAD, OPTIONS"
CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=600"

DEFAULT_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After, Timeline-Truncated, X-Request-ID",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
PREFLIGHT_HEADERS = {
    "Allow": ALLOWED_METHODS,
    "Access-Control-Allow-Methods": ALLOWED_METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


def uri_too_long() -> ProblemError:
    """Refuse a URL for its length."""
    detail = f"the URL has more than {MAX_URL_LENGTH:,} bytes; ask for less at once"
    return ProblemError(HTTPStatus.REQUEST_URI_TOO_LONG, detail)
