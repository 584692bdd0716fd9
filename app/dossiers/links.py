"""The links of sources, each asked over the network: which are broken, and which have moved."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import httpx

from app.domain.text import MAX_SHOWN, escaped, shown
from app.dossiers.diagnostics import Findings, Tell
from app.dossiers.reader import Written
from app.schemas.entries import SourceEntry

USER_AGENT = "timeline-api (link check)"
MAX_REDIRECTS = 10
PERMANENT = {301, 308}
# 999 is LinkedIn's: https://github.com/gjtorikian/html-proofer/issues/215
NOT_FOR_PROGRAMS = {401, 403, 405, 407, 429, 451, 999}
PASSING = {429, 503}
# httpx lets ValueErrors of idna through, and anyio's groups, as for a port of 99999.
ERRORS = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ExceptionGroup)

Naming = dict[str, list[tuple[Written[SourceEntry], str]]]
"""Links without their fragments; of each, the sources that name it, and the keys they do it by."""


class LinksError(Exception):
    """No link can be asked; the message says why."""


class Manners(NamedTuple):
    """How servers are asked, so that it is no burden to them."""

    concurrency: int = 8
    """So many requests at most at once; of one host, one."""
    pause: float = 0.5
    """Seconds between two requests to one host."""
    timeout: float = 15.0
    """Seconds in which the head of an answer must have come; its body is never read."""


MANNERS = Manners()


class Ending(NamedTuple):
    """What came of asking a link; nothing is said of one that is as it should be."""

    message: str = ""
    broken: bool = False
    again: bool = False
    """Whether it may end otherwise if it is asked again."""
    moved_to: str = ""


def check_links(
    written: Iterable[Written[SourceEntry]],
    findings: Findings,
    tell: Tell = lambda _done, _total: None,
    *,
    manners: Manners = MANNERS,
) -> int:
    """Ask every link, once however often it is named; returns how many different ones there are.

    What is broken goes to the problems, at each place that names it; to the warnings what has
    moved, what cannot be judged, and what is broken but has a copy beside it. Raises LinksError if
    the environment names a proxy or certificates that cannot be used, and RuntimeError in a
    coroutine, since it runs a loop of its own.
    """
    naming: Naming = defaultdict(list)
    for one in written:
        for key, link in (("url", one.record.url), ("archived_url", one.record.archived_url)):
            if link:
                naming[link.partition("#")[0]].append((one, key))
    asyncio.run(_ask_all(naming, findings, tell, manners))
    return len(naming)


async def _ask_all(naming: Naming, findings: Findings, tell: Tell, manners: Manners) -> None:
    hosts: dict[str, list[str]] = defaultdict(list)
    for link in naming:
        hosts[link.split("/")[2]].append(link)
    endings = asyncio.Queue[tuple[str, Ending]]()
    async with _client() as client, asyncio.TaskGroup() as group:
        asker = _Asker(client, manners)
        for links in hosts.values():
            group.create_task(asker.ask_each(links, endings))
        for done in range(1, len(naming) + 1):
            link, ending = await endings.get()
            for one, key in naming[link]:
                _find(one, key, ending, findings)
            tell(done, len(naming))


def _client() -> httpx.AsyncClient:
    """Make a client as the environment says: it may name a proxy, or certificates."""
    try:
        # The time of a request is bounded where it is made, from the first byte to the last.
        return httpx.AsyncClient(headers={"User-Agent": USER_AGENT}, timeout=None)  # noqa: S113
    except (ImportError, ValueError, OSError) as error:
        raise LinksError(f"no link can be asked as the environment is: {error}") from None


def _find(one: Written[SourceEntry], key: str, ending: Ending, findings: Findings) -> None:
    if ending.moved_to:
        moved_to = ending.moved_to + "".join(str(getattr(one.record, key)).partition("#")[1:])
        cure = "write that" if len(moved_to) <= MAX_SHOWN else "follow it, and write what you reach"
        message = f"it has moved to {shown(moved_to)}; {cure}"
        findings.warning(one.place.finding(message, key))
    elif ending.broken and key == "url" and one.record.archived_url:
        message = f"{ending.message}; correct it, or leave it to its archived_url"
        findings.warning(one.place.finding(message, key))
    elif ending.broken:
        copy = ", or name a copy as archived_url" if key == "url" else ""
        findings.problem(one.place.finding(f"{ending.message}; correct it{copy}", key))
    elif ending.message:
        findings.warning(one.place.finding(ending.message, key))


class _Asker:
    """Asks links, with manners."""

    def __init__(self, client: httpx.AsyncClient, manners: Manners) -> None:
        self._client = client
        self._manners = manners
        self._slots = asyncio.Semaphore(manners.concurrency)
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = defaultdict(float)

    async def ask_each(self, links: list[str], endings: asyncio.Queue[tuple[str, Ending]]) -> None:
        """Ask the links of one host in turn, and each once more if that may help."""
        for link in links:
            ending = await self._ending(link)
            endings.put_nowait((link, await self._ending(link) if ending.again else ending))

    async def _ending(self, link: str) -> Ending:
        at, answers = link, list[httpx.Response]()
        try:
            request: httpx.Request | None = self._client.build_request("GET", link)
            while request and len(answers) <= MAX_REDIRECTS:
                at = str(request.url)
                answers.append(await self._answer(request))
                request = answers[-1].next_request
        except TimeoutError:
            patience = f"{self._manners.timeout:g} seconds"
            return Ending(f"{shown(at)} does not answer within {patience}", broken=True)
        except ERRORS as error:
            again = isinstance(error, httpx.TransportError)
            return Ending(f"{shown(at)} cannot be reached: {_reason(error)}", True, again)
        return _judged(answers)

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
    return escaped(str(error) or type(error).__name__)


def _judged(answers: list[httpx.Response]) -> Ending:
    last, status = answers[-1], answers[-1].status_code
    if last.next_request:
        return Ending(f"it leads on and on, more than {MAX_REDIRECTS} times", broken=True)
    if last.is_success:
        return _arrived(answers)
    if status in NOT_FOR_PROGRAMS:
        message = f"the server does not show it to programs ({status}); look at it yourself"
    elif last.is_server_error:
        message = f"the server is in trouble ({status}); try again later"
    else:
        return Ending(f"there is nothing at {shown(last.url)} ({status})", broken=True)
    return Ending(message, again=status in PASSING)


def _arrived(answers: list[httpx.Response]) -> Ending:
    asked, reached = answers[0].url, answers[-1].url
    moved_to = next(answer.url for answer in answers if answer.status_code not in PERMANENT)
    if moved_to != asked:
        return Ending(moved_to=str(moved_to))
    # Who sets a cookie leads back to where it was asked.
    if reached != asked:
        return Ending(f"it leads to {shown(reached)} for now; see that it shows the same")
    return Ending()
