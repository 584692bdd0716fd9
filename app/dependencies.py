"""What endpoints have in common: the database, a record by its id, and what they refuse."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from sqlalchemy import Connection, select

from app.database import Database
from app.errors import MEDIA_TYPE, ProblemError, fault, shown
from app.models import table_of
from app.records import Table, read_records

PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "The URL is not UTF-8.", **PROBLEM},
    422: {"description": "A parameter is wrong; the answer says which and why.", **PROBLEM},
    503: {"description": "The database is busy or out of reach.", **PROBLEM},
}
MISSED: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no record of this id.", **PROBLEM}
}


async def get_database(request: Request) -> Database:
    """Give the database that the application was made with."""
    database = request.app.state.database
    assert isinstance(database, Database)  # noqa: S101 - create_app put it there
    return database


DatabaseDep = Annotated[Database, Depends(get_database)]
Id = Annotated[str, Path(alias="id", description="The record's id.")]


def read_record(connection: Connection, table: Table, slug: str) -> str:
    """Read the record of an id as JSON; raise a 404 if there is none."""
    rows = table_of(table).c
    found = connection.scalars(select(rows.id).where(rows.slug == slug)).all()
    record = read_records(connection, table, found)
    if not record:
        kind = table.__name__.lower()
        missing = fault("id", f"there is no {kind} {shown(slug)}; the ids are at /{kind}s")
        raise ProblemError(HTTPStatus.NOT_FOUND, faults=[missing])
    return record
