"""Builds the URLs that responses contain."""

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
"""The parameters that every format takes. Links between formats keep them."""


@dataclass(frozen=True)
class UrlBuilder:
    """The URLs of one request: its base URL, and its selection of events."""

    root: str
    """The base URL as the client sees it, without a slash at the end."""
    filters: QueryPairs = ()
    limit: str = ""
    """The `limit` of the request; empty without one."""

    @classmethod
    def from_request(cls, request: Request) -> Self:
        """Read the base URL and the filters of a request."""
        params = request.query_params
        filters = [pair for pair in params.multi_items() if pair[0] in SELECTION_PARAMS]
        return cls(str(request.base_url).rstrip("/"), filters, params.get("limit", ""))

    def format_url(self, suffix: str, **more: str) -> str:
        """Return the URL of the selection in a format, with more parameters."""
        return self._url(f"/events.{suffix}", **more)

    def self_url(self, suffix: str) -> str:
        """Return the URL of this very response: as `format_url`, with the limit."""
        return self._url(f"/events.{suffix}", **({"limit": self.limit} if self.limit else {}))

    def page_url(self, **more: str) -> str:
        """Return the URL of the page of the selection, with more parameters."""
        return self._url("/", **more)

    def embed_url(self) -> str:
        """Return the URL of the embeddable page of the selection."""
        return self._url("/embed.html")

    def relative(self) -> Self:
        """Return a copy without scheme and host, for links between pages."""
        return replace(self, root=urlsplit(self.root).path)

    def actor_page_url(self, slug: str) -> str:
        """Return the URL of the page of all events of an actor."""
        return replace(self, filters=[("actor", slug)]).page_url()

    def event_page_url(self, slug: str) -> str:
        """Return the URL of the page of one event."""
        return f"{self.record_url('events', slug)}.html"

    def record_url(self, kind: str, slug: str) -> str:
        """Return the URL of a record; `kind` is a plural such as `events`."""
        return f"{self.root}/{kind}/{slug}"

    def with_param(self, name: str, *values: str) -> Self:
        """Return a copy with the values of one parameter replaced."""
        others = [pair for pair in self.filters if pair[0] != name]
        return replace(self, filters=[*others, *((name, value) for value in values)])

    def _url(self, path: str, **more: str) -> str:
        query = urlencode([*self.filters, *more.items()])
        return f"{self.root}{path}{'?' if query else ''}{query}"


def stable_uuid(url: str) -> UUID:
    """Return a UUID for a URL, the same for `http` and `https`.

    Calendars and feed readers recognise an entry by it, over whichever scheme they fetch.
    """
    _, _, without_scheme = url.lower().partition(":")
    return uuid5(NAMESPACE_URL, without_scheme)
