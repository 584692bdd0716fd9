"""Routes for pages."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse

from app.api.problems import HANDLED_ERRORS, to_problem
from app.api.routing import known_parameters
from app.domain.text import CONTROLS
from app.site.render import EMBED_CSP, PAGE_CSP, render_problem
from app.urls import UrlBuilder


class LenientRoute(APIRoute):
    """A route for people, whose links carry what others add to them, and whose errors are pages.

    What it does not know is ignored, and so are control characters and a field that was left
    empty. What its endpoint refuses is told on a page to whoever asks for HTML by name, as browsers
    do.
    """

    security_headers: ClassVar[Mapping[str, str]] = PAGE_CSP
    """The headers of what it gives, unless the endpoint sets others."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Clear the query string before FastAPI reads it."""
        answer = super().get_route_handler()
        repeatable = known_parameters(self.endpoint)

        async def lenient(request: Request) -> Response:
            pairs = request.query_params.multi_items()
            # It is shown again, where it must not turn the page around.
            given = [
                (name, CONTROLS.sub(" ", value).strip())
                for name, value in pairs
                if name in repeatable
            ]
            last = dict(given)
            kept = [
                (name, value)
                for name, value in dict.fromkeys(given)
                if value and (repeatable[name] or value == last[name])
            ]
            query = urlencode(kept)
            request = Request({**request.scope, "query_string": query.encode()}, request.receive)
            try:
                response = await answer(request)
            except HANDLED_ERRORS as error:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                response = _error_page(request, error)
            for name, value in self.security_headers.items():
                response.headers.setdefault(name, value)
            return response

        return lenient


def _error_page(request: Request, error: Exception) -> Response:
    refused = to_problem(request, error)
    page = render_problem(refused.problem, UrlBuilder.from_request(request))
    return HTMLResponse(page, refused.problem.status, refused.headers)


class EmbedRoute(LenientRoute):
    """A route whose pages may stand in anybody's frame, and its errors too."""

    security_headers = EMBED_CSP
