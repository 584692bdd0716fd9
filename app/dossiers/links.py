"""Checking the links of sources over the network: which are broken, and which have moved."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import httpx

from app.domain.text import MAX_QUOTED, escape, quote
from app.dossiers.diagnostics import Diagnostics, ProgressCallback
from app.dossiers.link_transport import LinkTransport, NotPublicError
from app.dossiers.reader import ParsedRecord
from app.schemas.entries import SourceEntry

USER_AGENT = "timeline-api (link check)"
MAX_REDIRECTS = 10
PERMANENT_REDIRECTS = {301, 308}
# Servers respond with these to programs, although the page may be fine in a browser. So the link
# counts as unchecked, not as broken.
# 999 is LinkedIn's: https://github.com/gjtorikian/html-proofer/issues/215
BOT_BLOCKED_STATUSES = {401, 403, 405, 407, 429, 451, 999}
RETRYABLE_STATUSES = {429, 503}
# httpx does not convert the ValueErrors of idna, nor the exception groups of anyio, which a port of
# 99999 causes.
REQUEST_ERRORS = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ExceptionGroup)

LinkUses = dict[str, list[tuple[ParsedRecord[SourceEntry], str]]]
"""URLs without their fragments, each with the sources that contain it, and their keys."""


class LinksError(Exception):
    """No link can be requested; the message says why."""


class RateLimit(NamedTuple):
    """Limits that keep the load on servers low."""

    concurrency: int = 8
    """The maximum number of concurrent requests. Each host gets one at a time."""
    pause: float = 0.5
    """Seconds between two requests to one host."""
    timeout: float = 15.0
    """Seconds until the headers of a response must be complete. The body is never read."""


DEFAULT_RATE_LIMIT = RateLimit()
DEFAULT_DEADLINE = 600
"""Seconds for all links. About a thousand links of one host take as long, because of the pauses."""


class LinkResult(NamedTuple):
    """The outcome for a link. A link that works has no message."""

    message: str = ""
    broken: bool = False
    retry: bool = False
    """Whether a second request may succeed."""
    moved_to: str = ""


def check_links(
    sources: Iterable[ParsedRecord[SourceEntry]],
    diagnostics: Diagnostics,
    on_progress: ProgressCallback = lambda _done, _total: None,
    *,
    private: bool = False,
    deadline: float = DEFAULT_DEADLINE,
    rate_limit: RateLimit = DEFAULT_RATE_LIMIT,
) -> int:
    """Request each different link once, and return the number of links.

    A broken link becomes an error at each place that contains it, or a warning if the source also
    has an archived copy. A link that has moved or cannot be judged becomes a warning. The links
    that are not checked at the deadline (in seconds) become one warning.

    A link to an address that is not public counts as broken, unless `private` is set. A dossier
    may come from a stranger, and our network may trust the computer that checks it.

    Raise LinksError if the environment names a proxy or certificates that cannot be used, and
    RuntimeError in a coroutine, since this function runs its own event loop.
    """
    unchecked: LinkUses = defaultdict(list)
    for entry in sources:
        for key, link in (("url", entry.record.url), ("archived_url", entry.record.archived_url)):
            if link:
                # Clients do not send the fragment, so links that differ in it only are one request.
                unchecked[link.partition("#")[0]].append((entry, key))
    number = len(unchecked)
    try:
        asyncio.run(_check_all(unchecked, diagnostics, on_progress, private, deadline, rate_limit))
    except TimeoutError:
        _report_unchecked(unchecked, deadline, diagnostics)
    return number


async def _check_all(
    unchecked: LinkUses,
    diagnostics: Diagnostics,
    on_progress: ProgressCallback,
    private: bool,
    deadline: float,
    rate_limit: RateLimit,
) -> None:
    """Request each link, and remove it from `unchecked`. Raises TimeoutError at the deadline."""
    links_by_host: dict[str, list[str]] = defaultdict(list)
    for link in unchecked:
        # A valid link has a host: see `LINK_PATTERN`.
        links_by_host[link.split("/")[2]].append(link)
    results, number = asyncio.Queue[tuple[str, LinkResult]](), len(unchecked)
    async with _client(private) as client, asyncio.timeout(deadline), asyncio.TaskGroup() as group:
        checker = _LinkChecker(client, rate_limit)
        for links in links_by_host.values():
            group.create_task(checker.check_each(links, results))
        for done in range(1, number + 1):
            link, result = await results.get()
            for entry, key in unchecked.pop(link):
                _report(entry, key, result, diagnostics)
            on_progress(done, number)


def _client(private: bool) -> httpx.AsyncClient:
    """Create a client; the environment can configure a proxy and certificates."""
    try:
        return httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT},
            # httpx limits each read on its own, so a slow server could take forever. `_send` limits
            # the whole request.
            timeout=None,  # noqa: S113
            transport=LinkTransport(private=private),
        )
    except (ImportError, ValueError, OSError) as error:
        raise LinksError(
            f"The proxy or the certificates in the environment cannot be used ({error})."
        ) from None


def _report_unchecked(unchecked: LinkUses, deadline: float, diagnostics: Diagnostics) -> None:
    """Add one warning for all links that are not checked, at the first of them."""
    (entry, key), *_ = next(iter(unchecked.values()))
    others = len(unchecked) - 1
    which = (
        f"This and {others:,} other link{'s' * (others > 1)} were" if others else "This link was"
    )
    message = f"{which} not checked within {deadline:g} seconds. Check again with more --deadline."
    diagnostics.add_warning(entry.location, message, key)


def _report(
    entry: ParsedRecord[SourceEntry], key: str, result: LinkResult, diagnostics: Diagnostics
) -> None:
    report, message = diagnostics.add_warning, result.message
    if result.moved_to:
        # The new URL inherits the fragment.
        # https://www.rfc-editor.org/rfc/rfc9110#section-10.2.2
        moved_to = result.moved_to + "".join(str(getattr(entry.record, key)).partition("#")[1:])
        is_short = len(moved_to) <= MAX_QUOTED  # and therefore quoted in full
        fix = "Use that URL." if is_short else "Open it, and use the URL that you reach."
        message = f"It has moved to {quote(moved_to)}. {fix}"
    elif result.broken and key == "url" and entry.record.archived_url:
        message += " Correct it, or rely on the archived_url."
    elif result.broken:
        report = diagnostics.add_error
        message += f" Correct it{', or add a copy as archived_url' if key == 'url' else ''}."
    if message:
        report(entry.location, message, key)


class _LinkChecker:
    """Requests links within a rate limit."""

    def __init__(self, client: httpx.AsyncClient, rate_limit: RateLimit) -> None:
        self._client = client
        self._rate_limit = rate_limit
        self._slots = asyncio.Semaphore(rate_limit.concurrency)
        self._host_locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next_request_at: dict[str, float] = defaultdict(float)

    async def check_each(
        self, links: list[str], results: asyncio.Queue[tuple[str, LinkResult]]
    ) -> None:
        """Request the links of one host in turn, and a second time where that may help."""
        for link in links:
            result = await self._check(link)
            results.put_nowait((link, await self._check(link) if result.retry else result))

    async def _check(self, link: str) -> LinkResult:
        """Request a link, and follow its redirects."""
        url, responses = link, list[httpx.Response]()
        try:
            request: httpx.Request | None = self._client.build_request("GET", link)
            while request and len(responses) <= MAX_REDIRECTS:
                url = str(request.url)
                responses.append(await self._send(request))
                request = responses[-1].next_request
        except TimeoutError:
            timeout = f"{self._rate_limit.timeout:g} seconds"
            return LinkResult(f"{quote(url)} does not respond within {timeout}.", broken=True)
        except NotPublicError:
            message = f"{quote(url)} has no public address, and is requested only with --private."
            return LinkResult(message, broken=True)
        except REQUEST_ERRORS as error:
            retry = isinstance(error, httpx.TransportError)
            return LinkResult(f"{quote(url)} cannot be reached ({_reason(error)}).", True, retry)
        return _classify(responses)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send a request once its host is free; return the response without its body."""
        host = request.url.host
        async with self._host_locks[host]:
            # A request takes a slot only after the pause. Otherwise requests that wait for one host
            # would hold up all others.
            await asyncio.sleep(self._next_request_at[host] - time.monotonic())
            async with self._slots, asyncio.timeout(self._rate_limit.timeout):
                try:
                    # Streamed, because the body of a response may be large or endless.
                    response = await self._client.send(request, stream=True)
                    await response.aclose()
                finally:
                    self._next_request_at[host] = time.monotonic() + self._rate_limit.pause
        return response


def _reason(error: Exception) -> str:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return escape(str(error).rstrip(".") or type(error).__name__)


def _classify(responses: list[httpx.Response]) -> LinkResult:
    last, status = responses[-1], responses[-1].status_code
    if last.next_request:
        return LinkResult(f"It redirects more than {MAX_REDIRECTS} times.", broken=True)
    if last.is_success:
        return _classify_success(responses)
    if status in BOT_BLOCKED_STATUSES:
        message = f"The server rejects programs ({status}). Open the link in a browser."
    elif last.is_server_error:
        message = f"The server reports an error ({status}). Try again later."
    else:
        return LinkResult(f"There is nothing at {quote(last.url)} ({status}).", broken=True)
    return LinkResult(message, retry=status in RETRYABLE_STATUSES)


def _classify_success(responses: list[httpx.Response]) -> LinkResult:
    requested, reached = responses[0].url, responses[-1].url
    # Where the leading permanent redirects end. What follows a temporary one may change again.
    moved_to = next(
        response.url for response in responses if response.status_code not in PERMANENT_REDIRECTS
    )
    if moved_to != requested:
        return LinkResult(moved_to=str(moved_to))
    # A server that sets a cookie can redirect to the requested URL.
    if reached != requested:
        return LinkResult(
            f"It redirects to {quote(reached)} for now. Check that the content is the same."
        )
    return LinkResult()
