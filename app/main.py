"""The application, put together."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.types import ASGIApp, Receive, Scope, Send

from app import errors, pages, representations, routes
from app.database import POOL_SIZE, Database
from app.delivery import Delivery
from app.settings import Settings

SUMMARY = "Dated, sourced, attributed event records, honest about their dates."
DESCRIPTION = """\
Every record says who says so, in their words, and its date is as precise as its source and no more:
“last November” is `2021-11`, never the first of November. Ask for what *could* have happened in a
window, or for what *certainly* did.

What is not there is absent, never null. Every error is `application/problem+json`.
"""


class Application(FastAPI):
    """The application, delivered: nothing stands around the delivery."""

    delivery: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.delivery(scope, receive, send)


def create_app(settings: Settings | None = None) -> Application:
    """Make the application; without settings, from the environment."""
    settings = settings or Settings()
    database = Database(settings.database_url, settings.busy_timeout)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        database.require_current()
        # More threads than connections would only wait for each other.
        current_default_thread_limiter().total_tokens = POOL_SIZE
        yield
        database.close()

    app = Application(
        title="Timeline API",
        summary=SUMMARY,
        description=DESCRIPTION,
        version=version("timeline-api"),
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.database = database
    for router in (pages.router, routes.router, representations.router):
        app.include_router(router)
    errors.add_handlers(app)
    app.delivery = Delivery(
        partial(FastAPI.__call__, app),
        settings.root_path,
        database.version,
        settings.cache_size * 2**20,
    )
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _operation_id(route: APIRoute) -> str:
    """Name an operation as clients do: `listEvents`."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), route.name)


def _document(app: FastAPI) -> dict[str, Any]:
    """Describe the API, once; problems are the one schema that no route returns."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        _, problem = models_json_schema(
            [(errors.Problem, "serialization")], ref_template="#/components/schemas/{model}"
        )
        document["components"]["schemas"].update(problem["$defs"])
        app.openapi_schema = document
    return app.openapi_schema
