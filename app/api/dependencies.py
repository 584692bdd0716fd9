"""Arguments that several endpoints take: the database, ids and query strings."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from sqlalchemy import Connection, Table, select

from app.db.database import Database
from app.db.records import read_record
from app.domain.limits import MAX_SLUG_LENGTH, SLUG_PATTERN
from app.domain.text import quote
from app.errors import ProblemError, parameter_error
from app.schemas.params import ActorQuery, EventPageQuery, FacetQuery, HistogramQuery, Paging


# A coroutine: FastAPI would run a plain function in a thread, which a look-up does not need.
async def get_database(request: Request) -> Database:
    """Return the database of the application."""
    database = request.app.state.database
    assert isinstance(database, Database)  # noqa: S101 - set by create_app
    return database


DatabaseDep = Annotated[Database, Depends(get_database)]


def _id(example: str) -> Any:  # noqa: ANN401 - the type of `Path`
    return Path(
        alias="id",
        description="The id of the record, as in lists and in other records.",
        examples=[example],
        # Documented but not validated: an id of another form is a 404, not a 422.
        json_schema_extra={"pattern": SLUG_PATTERN, "maxLength": MAX_SLUG_LENGTH},
    )


EventId = Annotated[str, _id("nso-blacklisted")]
ActorId = Annotated[str, _id("nso-group")]
SourceId = Annotated[str, _id("shomrim-2022-07-19-nso-blacklist")]
TimelineId = Annotated[str, _id("nso-blacklist")]


def get_record_or_404(connection: Connection, table: Table, slug: str) -> str:
    """Read the record of an id as JSON; raise a 404 if there is none."""
    found = select(table.c.id).where(table.c.slug == slug)
    # PostgreSQL's driver refuses the character NUL, which no id contains.
    id_ = None if "\0" in slug else connection.scalar(found)
    if id_ is None:
        kind = table.name
        detail = f"No {kind} has the id {quote(slug)}. The ids are listed at /{kind}s."
        raise ProblemError(HTTPStatus.NOT_FOUND, faults=[parameter_error("id", detail)])
    return read_record(connection, table, id_)


EventPageParams = Annotated[EventPageQuery, Query()]
FacetParams = Annotated[FacetQuery, Query()]
HistogramParams = Annotated[HistogramQuery, Query()]
ActorParams = Annotated[ActorQuery, Query()]
PagingParams = Annotated[Paging, Query()]
