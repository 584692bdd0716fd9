"""The links of sources, each asked over the network: which are broken, and which have moved."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import httpx

from app.domain.text import MAX_QUOTED, escape, quote
from app.dossiers.diagnostics import Diagnostics, ProgressCallback
from app.dossiers.reader import ParsedRecord
from app.schemas.entries import SourceEntry

USER_AGENT = "timeline-api (link check)"
MAX_REDIRECTS = 10
PERMANENT_REDIRECTS = {301, 308}
# 999 is LinkedIn's: https://github.com/gjtorikian/html-proofer/issues/215
BOT_BLOCKED_STATUSES = {401, 403, 405, 407, 429, 451, 999}
RETRYABLE_STATUSES = {429, 503}
# httpx lets ValueErrors of idna through, and anyio's groups, as for a port of 99999.
REQUEST_ERRORS = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ExceptionGroup)

LinkUses = dict[str, list[tuple[ParsedRecord[SourceEntry], str]]]
"""Links without their fragments; of each, the sources that name it, and the keys they do it by."""


class LinksError(Exception):
    """No link can be asked; the message says why."""


class RateLimit(NamedTuple):
    """How servers are asked, so that it is no burden to them."""

    concurrency: int = 8
    """So many requests at most at once; of one host, one."""
    pause: float = 0.5
    """Seconds between two requests to one host."""
    timeout: float = 15.0
    """Seconds in which the head of an answer must have come; its body is never read."""


DEFAULT_RATE_LIMIT = RateLimit()


class LinkResult(NamedTuple):
    """What came of asking a link; nothing is said of one that is as it should be."""

    message: str = ""
    broken: bool = False
    retry: bool = False
    """Whether it may end otherwise if it is asked again."""
    moved_to: str = ""


def check_links(
    written: Iterable[ParsedRecord[SourceEntry]],
    findings: Diagnostics,
    tell: ProgressCallback = lambda _done, _total: None,
    *,
    rate_limit: RateLimit = DEFAULT_RATE_LIMIT,
) -> int:
    """Ask every link, once however often it is named; returns how many different ones there are.

    What is broken goes to the problems, at each place that names it; to the warnings what has
    moved, what cannot be judged, and what is broken but has a copy beside it. Raises LinksError if
    the environment names a proxy or certificates that cannot be used, and RuntimeError in a
    coroutine, since it runs a loop of its own.
    """
    naming: LinkUses = defaultdict(list)
    for one in written:
        for key, link in (("url", one.record.url), ("archived_url", one.record.archived_url)):
            if link:
                naming[link.partition("#")[0]].append((one, key))
    asyncio.run(_check_all(naming, findings, tell, rate_limit))
    return len(naming)


async def _check_all(
    naming: LinkUses, findings: Diagnostics, tell: ProgressCallback, manners: RateLimit
) -> None:
    hosts: dict[str, list[str]] = defaultdict(list)
    for link in naming:
        hosts[link.split("/")[2]].append(link)
    endings = asyncio.Queue[tuple[str, LinkResult]]()
    async with _client() as client, asyncio.TaskGroup() as group:
        asker = _LinkChecker(client, manners)
        for links in hosts.values():
            group.create_task(asker.ask_each(links, endings))
        for done in range(1, len(naming) + 1):
            link, ending = await endings.get()
            for one, key in naming[link]:
                _report(one, key, ending, findings)
            tell(done, len(naming))


def _client() -> httpx.AsyncClient:
    """Make a client as the environment says: it may name a proxy, or certificates."""
    try:
        # The time of a request is bounded where it is made, from the first byte to the last.
        return httpx.AsyncClient(headers={"User-Agent": USER_AGENT}, timeout=None)  # noqa: S113
    except (ImportError, ValueError, OSError) as error:
        raise LinksError(f"no link can be asked as the environment is: {error}") from None


def _report(
    one: ParsedRecord[SourceEntry], key: str, ending: LinkResult, findings: Diagnostics
) -> None:
    if ending.moved_to:
        moved_to = ending.moved_to + "".join(str(getattr(one.record, key)).partition("#")[1:])
        cure = (
            "write that" if len(moved_to) <= MAX_QUOTED else "follow it, and write what you reach"
        )
        message = f"it has moved to {quote(moved_to)}; {cure}"
        findings.add_warning(one.location.diagnostic(message, key))
    elif ending.broken and key == "url" and one.record.archived_url:
        message = f"{ending.message}; correct it, or leave it to its archived_url"
        findings.add_warning(one.location.diagnostic(message, key))
    elif ending.broken:
        copy = ", or name a copy as archived_url" if key == "url" else ""
        findings.add_error(one.location.diagnostic(f"{ending.message}; correct it{copy}", key))
    elif ending.message:
        findings.add_warning(one.location.diagnostic(ending.message, key))


class _LinkChecker:
    """Asks links, with manners."""

    def __init__(self, client: httpx.AsyncClient, manners: RateLimit) -> None:
        self._client = client
        self._manners = manners
        self._slots = asyncio.Semaphore(manners.concurrency)
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = defaultdict(float)

    async def ask_each(
        self, links: list[str], endings: asyncio.Queue[tuple[str, LinkResult]]
    ) -> None:
        """Ask the links of one host in turn, and each once more if that may help."""
        for link in links:
            ending = await self._ending(link)
            endings.put_nowait((link, await self._ending(link) if ending.retry else ending))

    async def _ending(self, link: str) -> LinkResult:
        at, answers = link, list[httpx.Response]()
        try:
            request: httpx.Request | None = self._client.build_request("GET", link)
            while request and len(answers) <= MAX_REDIRECTS:
                at = str(request.url)
                answers.append(await self._answer(request))
                request = answers[-1].next_request
        except TimeoutError:
            patience = f"{self._manners.timeout:g} seconds"
            return LinkResult(f"{quote(at)} does not answer within {patience}", broken=True)
        except REQUEST_ERRORS as error:
            again = isinstance(error, httpx.TransportError)
            return LinkResult(f"{quote(at)} cannot be reached: {_reason(error)}", True, again)
        return _classify(answers)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """Ask for one address when its host is free; gives the answer without its body."""
        host = request.url.host
        async with self._turns[host]:
            # A slot is taken only now, lest those who wait for one host take all.
            await asyncio.sleep(self._free_at[host] - time.monotonic())
            async with self._slots, asyncio.timeout(self._manners.timeout):
                try:
                    answer = await self._client.send(request, stream=True)
                    await answer.aclose()
                finally:
                    self._free_at[host] = time.monotonic() + self._manners.pause
        return answer


def _reason(error: Exception) -> str:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return escape(str(error) or type(error).__name__)


def _classify(answers: list[httpx.Response]) -> LinkResult:
    last, status = answers[-1], answers[-1].status_code
    if last.next_request:
        return LinkResult(f"it leads on and on, more than {MAX_REDIRECTS} times", broken=True)
    if last.is_success:
        return _classify_success(answers)
    if status in BOT_BLOCKED_STATUSES:
        message = f"the server does not show it to programs ({status}); look at it yourself"
    elif last.is_server_error:
        message = f"the server is in trouble ({status}); try again later"
    else:
        return LinkResult(f"there is nothing at {quote(last.url)} ({status})", broken=True)
    return LinkResult(message, retry=status in RETRYABLE_STATUSES)


def _classify_success(answers: list[httpx.Response]) -> LinkResult:
    asked, reached = answers[0].url, answers[-1].url
    moved_to = next(
        answer.url for answer in answers if answer.status_code not in PERMANENT_REDIRECTS
    )
    if moved_to != asked:
        return LinkResult(moved_to=str(moved_to))
    # Who sets a cookie leads back to where it was asked.
    if reached != asked:
        return LinkResult(f"it leads to {quote(reached)} for now; see that it shows the same")
    return LinkResult()
