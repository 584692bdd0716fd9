"""Where the API stands, and the URLs of what it links to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from starlette.requests import Request

from app.schemas.params import EventQuery, Sorting

QueryPairs = Sequence[tuple[str, str]]

_FIELDS = EventQuery.model_fields | Sorting.model_fields
SELECTION_PARAMS = {field.alias or name for name, field in _FIELDS.items()}
"""The parameters that every representation of a selection takes."""


@dataclass(frozen=True)
class UrlBuilder:
    """The root of the API as the client names it, and the filters that it asked for."""

    root: str
    filters: QueryPairs = ()
    limit: str = ""
    """How many were asked for, if that was said."""

    @classmethod
    def from_request(cls, request: Request) -> Self:
        """Read the address of a request."""
        given = request.query_params.multi_items()
        filters = [pair for pair in given if pair[0] in SELECTION_PARAMS]
        return cls(str(request.base_url).rstrip("/"), filters, dict(given).get("limit", ""))

    def format_url(self, suffix: str) -> str:
        """Give the URL of the same selection in another representation."""
        return self._url(f"/events.{suffix}")

    def self_url(self, suffix: str) -> str:
        """Give the URL of just what was asked for."""
        return self._url(f"/events.{suffix}", **({"limit": self.limit} if self.limit else {}))

    def page_url(self, **more: str) -> str:
        """Give the URL of the page for people, with more parameters."""
        return self._url("/", **more)

    def embed_url(self) -> str:
        """Give the URL of the page for a frame."""
        return self._url("/embed.html")

    def relative(self) -> Self:
        """Give the same without scheme and host, for links from page to page."""
        return replace(self, root=urlsplit(self.root).path)

    def actor_page_url(self, slug: str) -> str:
        """Give the URL of the page of all that an actor takes part in."""
        return replace(self, filters=[("actor", slug)]).page_url()

    def event_page_url(self, slug: str) -> str:
        """Give the URL of the page of one event."""
        return f"{self.record_url('events', slug)}.html"

    def record_url(self, kind: str, slug: str) -> str:
        """Give the URL of a record, of a kind in the plural."""
        return f"{self.root}/{kind}/{slug}"

    def with_param(self, name: str, *values: str) -> Self:
        """Give the address with these values of a parameter, and no others of it."""
        kept = [pair for pair in self.filters if pair[0] != name]
        return replace(self, filters=[*kept, *((name, value) for value in values)])

    def _url(self, path: str, **more: str) -> str:
        query = urlencode([*self.filters, *more.items()])
        return f"{self.root}{path}{'?' if query else ''}{query}"


def stable_uuid(url: str) -> UUID:
    """Give what tells the thing at a URL from all others, whether asked with TLS or without."""
    _, _, place = url.lower().partition(":")
    return uuid5(NAMESPACE_URL, place)
