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

from app.api.headers import ALLOWED_METHODS
from app.db.errors import describe_failure
from app.domain.text import escape, quote
from app.errors import (
    DatabaseError,
    ProblemError,
    parameter_error,
    service_unavailable,
    validation_problem,
)
from app.scheduling import OverloadedError, current_work
from app.schemas.problem import MEDIA_TYPE, Fault
from app.schemas.validation import repeat_hint, validation_message

logger = logging.getLogger(__name__)


def to_problem(request: Request, error: Exception) -> ProblemError:
    """Convert an expected error to a problem; raise any other again."""
    match error:
        case ProblemError():
            return error
        case RequestValidationError():
            return validation_problem(*map(_parameter_error, error.errors()))
        case HTTPException():
            return _http_problem(request, error)
        case OverloadedError():
            return _overloaded()
        case DatabaseError() | DBAPIError() | PoolTimeoutError():
            return _database_problem(request, error)
    raise error


def problem_response(error: ProblemError) -> Response:
    """Build the `application/problem+json` response, in which no text looks like an HTML tag.

    A detail quotes the request. With tags in it, only the media type would keep a browser from
    rendering them.
    """
    return Response(
        error.problem.model_dump_json().replace("<", "\\u003c"),
        error.problem.status,
        headers=error.headers,
        media_type=MEDIA_TYPE,
    )


def add_handlers(app: FastAPI) -> None:
    """Register handlers that turn every expected error into a Problem."""
    # Without a handler for Exception, Starlette would send a 500 of its own. This one raises the
    # exception again, and `app.server.response` sends the 500, with its headers.
    for error in (*HANDLED_ERRORS, HTTPException, Exception):
        app.exception_handler(error)(_handle)


def _handle(request: Request, error: Exception) -> Response:
    return problem_response(to_problem(request, error))


def _parameter_error(error: ErrorDetails) -> Fault:
    # Pydantic lists the values of a literal in this text only: "'asc' or 'desc'".
    allowed = re.findall("'([^']*)'", error.get("ctx", {}).get("expected", ""))
    # The location is ("query", name) or, in a list, ("query", name, index).
    _, name, *index = error["loc"]
    hint = repeat_hint(str(name), error["input"]) if index and allowed else ""
    return parameter_error(str(name), f"{validation_message(error)}{hint}", allowed)


def _http_problem(request: Request, error: HTTPException) -> ProblemError:
    status, root = HTTPStatus(error.status_code), request.scope.get("root_path", "")
    details = {
        HTTPStatus.NOT_FOUND: f"There is no path {quote(request.url.path)}. "
        f"The paths are listed in {root}/openapi.json.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{quote(request.method)} is not allowed. "
        f"Use one of {ALLOWED_METHODS}.",
    }
    detail = details.get(status, f"{status.description}.")
    return ProblemError(status, detail, headers=dict(error.headers or {}))


def _database_problem(request: Request, error: Exception) -> ProblemError:
    # Log the cause only: SQLAlchemy's message also quotes the statement and its parameters.
    cause = error.orig if isinstance(error, DBAPIError) else error
    kind = describe_failure(cause).kind
    if kind == "timeout" and (work := current_work.get()) and work.is_rejected:
        return _overloaded()
    if kind == "timeout":
        return service_unavailable(
            "The query takes longer than is allowed. Narrow it by a date range or an actor."
        )
    if isinstance(error, DBAPIError) and kind == "bug":
        raise error  # a wrong statement is a bug, so a 500: retrying would not help
    # The messages of PostgreSQL's client library have several lines.
    logger.error("%s: %s", escape(request.url.path), " ".join(str(cause).split()))
    if isinstance(error, DatabaseError):
        return service_unavailable("The database cannot be used. The log says why.")
    if kind == "corrupt":
        return service_unavailable("The database is damaged. Restore a backup.")
    return service_unavailable("The database is busy or unreachable. Try again shortly.")


def _overloaded() -> ProblemError:
    return service_unavailable(
        "Too many slow requests are in progress. Try again shortly, or narrow the query by a date "
        "range or an actor."
    )


HANDLED_ERRORS = (
    *(ProblemError, RequestValidationError, OverloadedError),
    *(DatabaseError, DBAPIError, PoolTimeoutError),
)
"""The errors that `to_problem` converts, in addition to HTTPException."""
