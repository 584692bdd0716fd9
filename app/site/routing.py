"""Route classes for the pages."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from fastapi import Request, Response
from starlette.responses import HTMLResponse

from app.api.problems import HANDLED_ERRORS, to_problem
from app.api.routing import known_parameters
from app.api.unknown_parameters import LenientRoute
from app.domain.text import CONTROLS
from app.site.render import EMBED_CSP, PAGE_CSP, render_problem
from app.urls import UrlBuilder


class PageRoute(LenientRoute):
    """A route for readers: it ignores what `StrictRoute` rejects, and its errors are pages.

    Other sites add parameters to links that are shared, and the form sends its empty fields: both
    are ignored. An error is a page if `Accept` contains `text/html`, as that of browsers does.
    """

    security_headers: ClassVar[Mapping[str, str]] = PAGE_CSP
    """The headers of each response, unless the endpoint sets others."""

    def ignores(self, name: str) -> bool:
        """Return whether a parameter is unknown."""
        return name not in self.known

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Clean the query string before FastAPI validates it."""
        handle = super().get_route_handler()
        repeatable = known_parameters(self.endpoint)

        async def lenient(request: Request) -> Response:
            pairs = [
                # The page shows the values again: controls could reverse the text around them.
                (name, CONTROLS.sub(" ", value).strip())
                for name, value in request.query_params.multi_items()
            ]
            # Of several values for a single parameter, the last one counts.
            last = dict(pairs)
            kept = [
                (name, value)
                for name, value in dict.fromkeys(pairs)
                if value and (repeatable[name] or value == last[name])
            ]
            query = urlencode(kept)
            request = Request({**request.scope, "query_string": query.encode()}, request.receive)
            try:
                response = await handle(request)
            except HANDLED_ERRORS as error:
                # "*/*", which programs send, does not count: they expect the JSON shape.
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                response = _error_page(request, error)
            # Otherwise the middleware adds the policy of JSON, under which a page loads nothing.
            for name, value in self.security_headers.items():
                response.headers.setdefault(name, value)
            return response

        return lenient


def _error_page(request: Request, error: Exception) -> Response:
    rejection = to_problem(request, error)
    page = render_problem(rejection.problem, UrlBuilder.from_request(request))
    return HTMLResponse(page, rejection.problem.status, rejection.headers)


class EmbedRoute(PageRoute):
    """A route whose pages, including errors, other sites may show in a frame."""

    security_headers = EMBED_CSP
