"""The application: routes, error handlers, middleware and lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.openapi import build_openapi, operation_id
from app.api.problems import add_handlers
from app.api.routes import actors, counts, events, formats, meta, sources, timelines
from app.api.unknown_parameters import query_cleaner
from app.db.database import POOL_SIZE
from app.db.engines import open_database
from app.db.schema import require_current_schema
from app.memory import configure_allocator, relaxed_gc
from app.server.log_queue import find_queue
from app.server.response import ResponseMiddleware
from app.settings import Settings
from app.site import routes as pages


class Application(FastAPI):
    """The application with its own middleware around Starlette's.

    The middleware is outside Starlette's error layer, so that it also completes 500 responses.
    """

    asgi: ASGIApp
    """The outermost middleware."""
    settings: Settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI event: a request or the lifespan."""
        await self.asgi(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, which is built once."""
        if self.openapi_schema is None:
            self.openapi_schema = build_openapi(self.routes, self.settings)
        return self.openapi_schema


def create_app(settings: Settings | None = None) -> Application:
    """Create the application; the settings default to those of the environment."""
    settings = settings or Settings()
    database = open_database(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Settings]]:
        require_current_schema(database)
        # More threads than connections would only wait for a connection.
        current_default_thread_limiter().total_tokens = POOL_SIZE
        configure_allocator()
        with relaxed_gc():
            yield {"settings": settings}
        database.close()
        # A worker of several is ended by a signal after this, without further notice.
        if queue := find_queue():
            queue.close()

    app = Application(
        lifespan=lifespan,
        # Our own routes serve the document and its page.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a path with a slash at its end is a 404, not a redirect
        # openapi-python-client drops models whose input and output schemas differ.
        separate_input_output_schemas=False,
        generate_unique_id_function=operation_id,
    )
    app.settings = settings
    app.state.database = database
    app.state.damage_check = meta.DamageCheck(database)
    # The first match wins. The pages come first: `/events/{id}` also matches `/events/{id}.html`.
    modules = (pages, events, formats, counts, actors, sources, timelines, meta)
    for module in modules:
        app.include_router(module.router)
    add_handlers(app)
    app.asgi = ResponseMiddleware(
        partial(FastAPI.__call__, app),
        settings.root_path,
        database.data_version,
        settings.cache_size * 2**20,
        clean_query=query_cleaner([route for module in modules for route in module.router.routes]),
        allowed_hosts=settings.allowed_host_names,
        send_budget=settings.send_budget * 2**20,
        slow_requests=settings.slow_requests,
    )
    return app
