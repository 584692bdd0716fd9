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

from app.db.sqlite.errors import CORRUPT, INTERRUPTED, UNAVAILABLE, error_code
from app.domain.text import escape, quote
from app.errors import (
    DatabaseError,
    ProblemError,
    parameter_error,
    service_unavailable,
    validation_problem,
)
from app.schemas.problem import MEDIA_TYPE, Fault
from app.schemas.validation import validation_message

logger = logging.getLogger(__name__)


def to_problem(request: Request, error: Exception) -> ProblemError:
    """Say what went wrong, of any error at all."""
    match error:
        case ProblemError():
            return error
        case RequestValidationError():
            return validation_problem(*map(_parameter_error, error.errors()))
        case HTTPException():
            return _http_problem(request, error)
        case DatabaseError() | DBAPIError() | PoolTimeoutError():
            return _database_problem(request, error)
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
    for error in (*HANDLED_ERRORS, HTTPException, Exception):
        app.exception_handler(error)(_handle)


def _handle(request: Request, error: Exception) -> Response:
    return problem_response(to_problem(request, error))


def _parameter_error(error: ErrorDetails) -> Fault:
    allowed = re.findall("'([^']*)'", error.get("ctx", {}).get("expected", ""))
    return parameter_error(str(error["loc"][1]), validation_message(error), allowed)


def _http_problem(request: Request, error: HTTPException) -> ProblemError:
    status, root = HTTPStatus(error.status_code), request.scope.get("root_path", "")
    details = {
        HTTPStatus.NOT_FOUND: f"there is nothing at {quote(request.url.path)}; "
        f"{root}/openapi.json lists the paths",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{quote(request.method)} is not for this path",
    }
    detail = details.get(status, status.description)
    return ProblemError(status, detail, headers=dict(error.headers or {}))


def _database_problem(request: Request, error: Exception) -> ProblemError:
    # Not the error itself, which quotes the statement and what it was asked for.
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = error_code(cause)
    if code == INTERRUPTED:
        return service_unavailable(
            "the query takes longer than is allowed here; narrow it, by a window or an actor"
        )
    path = escape(request.url.path)
    if isinstance(error, DBAPIError) and code not in UNAVAILABLE | CORRUPT:
        raise error
    logger.error("%s: %s", path, cause)
    if isinstance(error, DatabaseError):
        return service_unavailable("the database cannot be used; the log says why")
    state = "damaged" if code in CORRUPT else "busy or out of reach; try again shortly"
    return service_unavailable(f"the database is {state}")


HANDLED_ERRORS = (
    ProblemError,
    RequestValidationError,
    DatabaseError,
    DBAPIError,
    PoolTimeoutError,
)
"""What an endpoint may end with."""
