"""Exceptions as `application/problem+json` responses."""

import logging
import re
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from app.db.sqlite.errors import DAMAGED, INTERRUPTED, OUT_OF_REACH, code_of
from app.domain.text import escaped, shown
from app.errors import DatabaseError, ProblemError, fault, unavailable, unprocessable
from app.schemas.problem import MEDIA_TYPE, Fault
from app.schemas.validation import worded

logger = logging.getLogger(__name__)


def problem_of(request: Request, error: Exception) -> ProblemError:
    """Say what went wrong, of any error at all."""
    match error:
        case ProblemError():
            return error
        case RequestValidationError():
            return unprocessable(*map(_invalid_fault, error.errors()))
        case HTTPException():
            return _http(request, error)
        case DatabaseError() | DBAPIError() | PoolTimeoutError():
            return _database(request, error)
    raise error


def problem_response(error: ProblemError) -> Response:
    """Build the `application/problem+json` response, in which no text looks like an HTML tag."""
    return Response(
        error.problem.model_dump_json().replace("<", "\\u003c"),
        error.problem.status,
        headers=error.headers,
        media_type=MEDIA_TYPE,
    )


def add_handlers(app: FastAPI) -> None:
    """Register handlers that turn every expected error into a Problem."""
    # For any other error the handler raises it again. Starlette then sends no response of its own,
    # and `app.server.response` sends the 500.
    for error in (*FORESEEN, HTTPException, Exception):
        app.exception_handler(error)(_handle)


def _handle(request: Request, error: Exception) -> Response:
    return problem_response(problem_of(request, error))


def _invalid_fault(error: ErrorDetails) -> Fault:
    allowed = re.findall("'([^']*)'", error.get("ctx", {}).get("expected", ""))
    return fault(str(error["loc"][1]), worded(error), allowed)


def _http(request: Request, error: HTTPException) -> ProblemError:
    status, root = HTTPStatus(error.status_code), request.scope.get("root_path", "")
    details = {
        HTTPStatus.NOT_FOUND: f"there is nothing at {shown(request.url.path)}; "
        f"{root}/openapi.json lists the paths",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{shown(request.method)} is not for this path",
    }
    detail = details.get(status, status.description)
    return ProblemError(status, detail, headers=dict(error.headers or {}))


def _database(request: Request, error: Exception) -> ProblemError:
    # Not the error itself, which quotes the statement and what it was asked for.
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = code_of(cause)
    if code == INTERRUPTED:
        return unavailable(
            "the query takes longer than is allowed here; narrow it, by a window or an actor"
        )
    path = escaped(request.url.path)
    if isinstance(error, DBAPIError) and code not in OUT_OF_REACH | DAMAGED:
        raise error
    logger.error("%s: %s", path, cause)
    if isinstance(error, DatabaseError):
        return unavailable("the database cannot be used; the log says why")
    state = "damaged" if code in DAMAGED else "busy or out of reach; try again shortly"
    return unavailable(f"the database is {state}")


FORESEEN = (
    ProblemError,
    RequestValidationError,
    DatabaseError,
    DBAPIError,
    PoolTimeoutError,
)
"""What an endpoint may end with."""
