"""Endpoints about the API itself: health checks and the OpenAPI document."""

import asyncio
from contextlib import closing
from pathlib import Path
from sqlite3 import sqlite_version
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from app.api.dependencies import DatabaseDep
from app.api.routing import StrictRoute
from app.db.revision import revision_of
from app.db.sqlite.database import Database
from app.db.sqlite.integrity import find_corruption
from app.db.sqlite.migrate import require_current_schema
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
    """The check of the file for damage: once for each version of the data, and one at a time.

    A small file is read as a whole. Probes that arrive meanwhile share the result, so that many of
    them cost no more than one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version: object = None
        self._check: asyncio.Task[str | None] | None = None

    async def result(self) -> str | None:
        """Return SQLite's description of the damage, or None. Runs on the event loop."""
        # The time of the last change also shows that another program wrote into the file.
        version = (self._database.data_version(), _modified(self._database.path))
        check = self._check
        if check is None or (
            check.done() and (version != self._version or check.cancelled() or check.exception())
        ):
            self._version = version
            self._check = check = asyncio.create_task(run_in_threadpool(self._find))
        return await asyncio.shield(check)

    def _find(self) -> str | None:
        # A new connection reads what is on the disk; others have it in their caches.
        database = Database(self._database.settings, read_only=self._database.read_only)
        with closing(database), database.read() as connection:
            return find_corruption(connection)


async def _get_damage_check(request: Request) -> DamageCheck:
    check = request.app.state.damage_check
    assert isinstance(check, DamageCheck)  # noqa: S101 - set by create_app
    return check


@router.get("/readyz", summary="Check that the server is ready")
async def get_readiness(
    database: DatabaseDep,
    damage_check: Annotated[DamageCheck, Depends(_get_damage_check)],
    response: Response,
) -> responses.Readiness:
    """Check that the database is open, migrated and not corrupt."""
    response.headers["Cache-Control"] = "no-store"
    revision = await run_in_threadpool(_read_revision, database)
    if damage := await damage_check.result():
        raise service_unavailable(f"The database is damaged: {damage}. Restore a backup.")
    return responses.Readiness(status="ok", revision=revision, sqlite=sqlite_version)


def _modified(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _read_revision(database: Database) -> int:
    # While the server runs, another process can replace the file by one of another version.
    require_current_schema(database)
    with database.read() as connection:
        return revision_of(connection)


@router.get("/openapi.json", include_in_schema=False)
def get_document(request: Request) -> Response:
    """Return the OpenAPI document."""
    return JSONResponse(request.app.openapi())
