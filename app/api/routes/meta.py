"""Health checks and the OpenAPI document."""

from sqlite3 import sqlite_version

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.api.dependencies import DatabaseDep
from app.api.routing import StrictRoute
from app.db.revision import revision_of
from app.db.sqlite.migrate import find_corruption, require_current_schema
from app.errors import service_unavailable
from app.schemas import responses

router = APIRouter(route_class=StrictRoute)


@router.get(
    "/livez", summary="Tell that it is up", response_description="It is up.", tags=["health"]
)
async def get_liveness(response: Response) -> responses.Health:
    """Tell that the process is up, even while every thread waits for the database."""
    response.headers["Cache-Control"] = "no-store"
    return responses.Health(status="ok")


@router.get(
    "/readyz", summary="Tell that it is ready", response_description="It is ready.", tags=["health"]
)
def get_readiness(database: DatabaseDep, response: Response) -> responses.Readiness:
    """Tell that the database is open, migrated and not corrupt."""
    response.headers["Cache-Control"] = "no-store"
    require_current_schema(database)
    with database.read() as connection:
        if damaged := find_corruption(connection):
            raise service_unavailable(f"the database is corrupt: {damaged}")
        revision = revision_of(connection)
    return responses.Readiness(status="ok", revision=revision, sqlite=sqlite_version)


@router.get("/openapi.json", include_in_schema=False)
def get_document(request: Request) -> Response:
    """Give the OpenAPI document."""
    return JSONResponse(request.app.openapi())
