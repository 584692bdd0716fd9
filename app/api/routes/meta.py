"""Endpoints about the API itself: health checks and the OpenAPI document."""

import asyncio
from sqlite3 import sqlite_version
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import MISSING

from app.api.dependencies import DatabaseDep
from app.api.headers import REVISION_HEADER
from app.api.openapi import header_refs
from app.api.routing import StrictRoute
from app.db.database import Database, State
from app.db.revision import revision_of
from app.db.schema import require_compatible_schema
from app.errors import service_unavailable
from app.schemas import responses

router = APIRouter(route_class=StrictRoute, tags=["health"])


@router.get("/livez", summary="Check that the process is up")
# A coroutine, which needs no thread. FastAPI runs plain functions in threads.
async def get_liveness(response: Response) -> responses.Health:
    """Check that the process is up. It responds even while every thread waits for the database."""
    response.headers["Cache-Control"] = "no-store"
    return responses.Health(status="ok")


class DamageCheck:
    """The check of the database for damage: once for each version, and one at a time.

    A small file is read as a whole. Probes that arrive meanwhile share the result, so that many of
    them cost no more than one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version: object = None
        self._check: asyncio.Task[str | None] | None = None

    async def result(self) -> str | None:
        """Return a description of the damage, or None. Runs on the event loop."""
        version = self._database.damage_version()
        check = self._check
        if check is None or (
            check.done() and (version != self._version or check.cancelled() or check.exception())
        ):
            self._version = version
            self._check = check = asyncio.create_task(run_in_threadpool(self._database.find_damage))
        return await asyncio.shield(check)


async def _get_damage_check(request: Request) -> DamageCheck:
    check = request.app.state.damage_check
    assert isinstance(check, DamageCheck)  # noqa: S101 - set by create_app
    return check


@router.get(
    "/readyz",
    summary="Check that the server is ready",
    responses={200: {"headers": header_refs(REVISION_HEADER)}},
)
async def get_readiness(
    database: DatabaseDep,
    damage_check: Annotated[DamageCheck, Depends(_get_damage_check)],
    response: Response,
) -> responses.Readiness:
    """Check that the database is open, migrated and not corrupt."""
    response.headers["Cache-Control"] = "no-store"
    revision, state = await run_in_threadpool(_read_state, database)
    if damage := await damage_check.result():
        raise service_unavailable(f"The database is damaged: {damage}. Restore a backup.")
    delay = state.replication_delay
    return responses.Readiness(
        status="ok",
        revision=revision,
        database=state.engine,
        role=state.role,
        replication_delay=MISSING if delay is None else delay,
        sqlite=sqlite_version,
    )


def _read_state(database: Database) -> tuple[int, State]:
    with database.read() as connection:
        # Another process may have migrated the database, or replaced the file.
        require_compatible_schema(connection, database.name)
        revision = revision_of(connection)
    return revision, database.state()


@router.get("/openapi.json", include_in_schema=False)
def get_document(request: Request) -> Response:
    """Return the OpenAPI document."""
    return JSONResponse(request.app.openapi())
