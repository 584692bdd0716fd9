"""Responses that several endpoints return: a page of a list, and one record."""

from collections.abc import Iterable

from fastapi import Request, Response
from sqlalchemy import Table

from app.api.dependencies import get_record_or_404
from app.api.openapi import JsonSchema, header_refs
from app.db.database import Database
from app.formats import MEDIA_TYPES
from app.query.pagination import JsonPage, PagedList, read_page
from app.schemas.params import Paging
from app.urls import UrlBuilder

MAX_LINK_LENGTH = 3_000
"""Bytes of alternate links in the `Link` header. Proxies accept 4,000 bytes of all headers."""

PAGED: dict[int | str, JsonSchema] = {200: {"headers": header_refs("Link")}}


def page_response(request: Request, page: JsonPage, links: Iterable[str] = ()) -> Response:
    """Build the response of one page of a list, with a link to the next page."""
    # The database wrote the JSON. FastAPI would parse it into models, and write it again.
    response = Response(page.body, media_type="application/json")
    links = [*links]
    if page.next:
        url = request.url.include_query_params(cursor=page.next)
        links.insert(0, f'<{url}>; rel="next"')
    if links:
        response.headers["Link"] = ", ".join(links)
    return response


def list_response(
    request: Request, database: Database, listing: PagedList, paging: Paging
) -> Response:
    """Build the response of one page of a list that is not read yet."""
    with database.read() as connection:
        page = read_page(connection, listing, paging, database.settings.max_page_size)
    return page_response(request, page)


def alternate_links(address: UrlBuilder) -> list[str]:
    """Return links to the same selection in every other format; none if they are too long."""
    links = [
        f'<{address.format_url(suffix)}>; rel="alternate"; type="{media_type}"'
        for suffix, media_type in MEDIA_TYPES.items()
    ]
    return links if sum(map(len, links)) <= MAX_LINK_LENGTH else []


def record_response(database: Database, table: Table, slug: str) -> Response:
    """Build the response of one record; raise a 404 if there is none."""
    with database.read() as connection:
        return Response(get_record_or_404(connection, table, slug), media_type="application/json")
