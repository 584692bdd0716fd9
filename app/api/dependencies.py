"""What endpoints have in common: the database, a record by its id, and what they refuse."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from sqlalchemy import Connection, Table, select

from app.db.records import read_records_joined
from app.db.sqlite.database import Database
from app.domain.limits import MAX_SLUG_LENGTH, SLUG_PATTERN
from app.domain.text import quote
from app.errors import ProblemError, parameter_error
from app.schemas.params import ActorQuery, EventPageQuery, FacetQuery, HistogramQuery, Paging


async def get_database(request: Request) -> Database:
    """Give the database that the application was made with."""
    database = request.app.state.database
    assert isinstance(database, Database)  # noqa: S101 - create_app put it there
    return database


DatabaseDep = Annotated[Database, Depends(get_database)]


def _id(example: str) -> Any:  # noqa: ANN401 - what marks a parameter
    return Path(
        alias="id",
        description="The id of the record, as lists and other records give it.",
        examples=[example],
        # Whatever else is asked for is not there, which is a 404 and no 422.
        json_schema_extra={"pattern": SLUG_PATTERN, "maxLength": MAX_SLUG_LENGTH},
    )


EventId = Annotated[str, _id("nso-blacklisted")]
ActorId = Annotated[str, _id("nso-group")]
SourceId = Annotated[str, _id("shomrim-2022-07-19-nso-blacklist")]
TimelineId = Annotated[str, _id("nso-blacklist")]


def get_record_or_404(connection: Connection, table: Table, slug: str) -> str:
    """Read the record of an id as JSON; raise a 404 if there is none."""
    found = connection.scalars(select(table.c.id).where(table.c.slug == slug)).all()
    record = read_records_joined(connection, table, found)
    if not record:
        kind = table.name
        missing = parameter_error(
            "id", f"there is no {kind} {quote(slug)}; the ids are at /{kind}s"
        )
        raise ProblemError(HTTPStatus.NOT_FOUND, faults=[missing])
    return record


EventPageParams = Annotated[EventPageQuery, Query()]
FacetParams = Annotated[FacetQuery, Query()]
HistogramParams = Annotated[HistogramQuery, Query()]
ActorParams = Annotated[ActorQuery, Query()]
PagingParams = Annotated[Paging, Query()]
