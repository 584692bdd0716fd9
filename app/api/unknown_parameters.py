"""Unknown parameters, which pages, feeds and calendars ignore.

They are removed from the query before anything else reads it: so a cached response, a link or an id
is the same with and without them.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from functools import cached_property, lru_cache
from urllib.parse import unquote_plus, unquote_to_bytes

from rapidfuzz import process
from rapidfuzz.distance import OSA
from starlette.routing import BaseRoute

from app.api.routing import RetryingRoute, StrictRoute, known_parameters

MIN_MISSPELT = 4
"""Letters of a name that counts as misspelt. One edit turns a shorter one into too many others."""

CleanQuery = Callable[[str, bytes], bytes]
"""Returns the query of a path, without the root path, as the route of the path reads it."""


class LenientRoute(RetryingRoute):
    """A route that ignores some parameters. `query_cleaner` removes them."""

    @cached_property
    def known(self) -> Collection[str]:
        """The names of the parameters of the endpoint."""
        return known_parameters(self.endpoint)

    @abstractmethod
    def ignores(self, name: str) -> bool:
        """Return whether the route ignores the parameter of this name."""


class FeedRoute(StrictRoute, LenientRoute):
    """A route for feeds and calendars: it ignores unknown parameters, unless they look misspelt.

    Calendars and feed readers cache by URL, so that people add parameters to get a new copy.
    """

    @cached_property
    def _known_letters(self) -> Sequence[str]:
        return [*map(_letters, self.known)]

    def ignores(self, name: str) -> bool:
        """Return whether a name is neither known nor at most one edit away from a known one.

        An edit changes, adds or removes a letter, or swaps two. Case and signs do not count.
        """
        letters = _letters(name)
        if name in self.known or len(letters) < MIN_MISSPELT:
            return name not in self.known
        nearest = process.extractOne(
            letters, self._known_letters, scorer=OSA.distance, score_cutoff=1
        )
        return nearest is None


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def query_cleaner(routes: Collection[BaseRoute]) -> CleanQuery:
    """Return a function that removes the parameters that the route of a path ignores."""
    lenient = [route for route in routes if isinstance(route, LenientRoute)]

    @lru_cache(256)  # it runs for cached responses, too
    def find_route(path: str) -> LenientRoute | None:
        return next((route for route in lenient if route.path_regex.match(path)), None)

    def clean(path: str, query: bytes) -> bytes:
        route = find_route(path)
        if not query or not route:
            return query
        return b"&".join(pair for pair in query.split(b"&") if not _is_ignored(pair, route))

    return clean


def _is_ignored(pair: bytes, route: LenientRoute) -> bool:
    name = unquote_plus(pair.partition(b"=")[0].decode("latin-1"))
    return not pair or (route.ignores(name) and _is_utf8(pair))


def _is_utf8(pair: bytes) -> bool:
    """Return whether a pair is UTF-8. If not, it stays, so that the whole request is rejected."""
    try:
        unquote_to_bytes(pair).decode()
    except UnicodeDecodeError:
        return False
    return True
