"""Endpoints about the API itself: health checks and the OpenAPI document."""

from sqlite3 import sqlite_version

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.api.dependencies import DatabaseDep
from app.api.routing import StrictRoute
from app.db.revision import revision_of
from app.db.sqlite.migrate import find_corruption, require_current_schema
from app.errors import service_unavailable
from app.schemas import responses

router = APIRouter(route_class=StrictRoute, tags=["health"])


@router.get("/livez", summary="Check that the process is up")
# A coroutine, which needs no thread. FastAPI runs plain functions in threads.
async def get_liveness(response: Response) -> responses.Health:
    """Check that the process is up. It responds even while every thread waits for the database."""
    response.headers["Cache-Control"] = "no-store"
    return responses.Health(status="ok")


@router.get("/readyz", summary="Check that the server is ready")
def get_readiness(database: DatabaseDep, response: Response) -> responses.Readiness:
    """Check that the database is open, migrated and not corrupt."""
    response.headers["Cache-Control"] = "no-store"
    # While the server runs, another process can replace the file by one of another version.
    require_current_schema(database)
    with database.read() as connection:
        if damaged := find_corruption(connection):
            raise service_unavailable(f"The database is damaged: {damaged}. Restore a backup.")
        revision = revision_of(connection)
    return responses.Readiness(status="ok", revision=revision, sqlite=sqlite_version)


@router.get("/openapi.json", include_in_schema=False)
def get_document(request: Request) -> Response:
    """Return the OpenAPI document."""
    return JSONResponse(request.app.openapi())
