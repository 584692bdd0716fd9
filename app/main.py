"""The application, put together."""

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
from app.db.sqlite.database import POOL_SIZE, Database
from app.db.sqlite.migrate import require_current_schema
from app.gc import relaxed_gc
from app.server.access_log import AccessLogMiddleware
from app.server.response import ResponseMiddleware
from app.settings import Settings
from app.site import routes as pages


class Application(FastAPI):
    """The application inside its layers, of which the outermost is asked first."""

    asgi: ASGIApp
    settings: Settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.asgi(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Describe the API as an OpenAPI document, once."""
        if self.openapi_schema is None:
            self.openapi_schema = build_openapi(self.routes, self.settings)
        return self.openapi_schema


def create_app(settings: Settings | None = None) -> Application:
    """Make the application; without settings, from the environment."""
    settings = settings or Settings()
    database = Database(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        require_current_schema(database)
        # More threads than connections would only wait for each other.
        current_default_thread_limiter().total_tokens = POOL_SIZE
        with relaxed_gc():
            yield
        database.close()

    app = Application(
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=operation_id,
    )
    app.settings = settings
    app.state.database = database
    # The pages come first: `/events/{id}.html` also matches `/events/{id}`.
    for routes in (pages, events, formats, counts, actors, sources, timelines, meta):
        app.include_router(routes.router)
    add_handlers(app)
    delivery = ResponseMiddleware(
        partial(FastAPI.__call__, app),
        settings.root_path,
        database.data_version,
        settings.cache_size * 2**20,
    )
    app.asgi = AccessLogMiddleware(delivery)
    return app
