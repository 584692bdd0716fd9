"""Problems: every error a client meets, in one shape (RFC 9457).

https://www.rfc-editor.org/rfc/rfc9457
"""

import logging
import re
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import MISSING, BaseModel, ConfigDict, Field
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from app.sqlite import DAMAGED, INTERRUPTED, OUT_OF_REACH, code_of

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MAX_SHOWN = 100
RETRY_AFTER = 2
"""Seconds after which a busy database is worth asking again."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is answered, by which the log knows it too; empty beside requests."""


# As RFC 9110 has them, which Python does from 3.13 on.
_TITLES = {
    HTTPStatus.REQUEST_URI_TOO_LONG: "URI Too Long",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}


class DatabaseError(Exception):
    """The database cannot be used; the message says why and what to do."""


class Fault(BaseModel):
    """One thing that is wrong, and what would be right."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    parameter: str | MISSING = MISSING
    """The parameter at fault, as it was written."""
    pointer: str | MISSING = MISSING
    """A JSON Pointer to the value at fault."""
    detail: str
    """What was given wrongly, and what would be right."""
    allowed: list[str] | MISSING = MISSING
    """Values that would be right, or the nearest of them."""


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """The kind of problem, a URI; `about:blank` where the status says it all."""
    title: str
    """The HTTP status in words."""
    status: Annotated[int, Field(ge=400, le=599)]
    """The HTTP status."""
    detail: str
    """What went wrong, in a sentence."""
    errors: list[Fault]
    """Each fault, where it can be named; may be empty."""


class ProblemError(Exception):
    """Raised anywhere in a request: ends it with this problem."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str = "",
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        detail = detail or "; ".join(fault.detail for fault in faults)
        super().__init__(detail)
        self.problem = Problem(
            type="about:blank",
            title=_TITLES.get(status, status.phrase),
            status=status,
            detail=detail,
            errors=list(faults),
        )
        self.headers = headers or {}

    def response(self) -> Response:
        """Render it as `application/problem+json`, in which nothing looks like a tag."""
        return Response(
            self.problem.model_dump_json().replace("<", "\\u003c"),
            self.problem.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


def shown(value: object) -> str:
    """Quote what a client sent: escaped, and at most a hundred characters of it."""
    return f"'{escaped(value)}'"


def escaped(value: object) -> str:
    """Write what a client sent without control characters, and at most a hundred of it."""
    given = str(value)
    return repr(given[:MAX_SHOWN])[1:-1] + ("…" if len(given) > MAX_SHOWN else "")


def fault(parameter: str, detail: str, allowed: Iterable[str] = ()) -> Fault:
    """Say what is wrong with a parameter, and what would be right."""
    found = Fault(parameter=parameter, detail=f"{parameter}: {detail}")
    if values := list(allowed):
        found.allowed = values
    return found


def unprocessable(*faults: Fault) -> ProblemError:
    """Refuse a query for the faults in it."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, faults=faults)


def unavailable(detail: str) -> ProblemError:
    """Say that the database cannot be asked now, and when to ask again."""
    headers = {"Retry-After": str(RETRY_AFTER)}
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers)


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
    return unforeseen()


def add_handlers(app: FastAPI) -> None:
    """Answer every error of the application with a Problem."""
    for error in (*FORESEEN, HTTPException, Exception):
        app.exception_handler(error)(_answer)


def _answer(request: Request, error: Exception) -> Response:
    return problem_of(request, error).response()


# What Pydantic finds wrong with a value, in our words; it gives the context in braces itself.
# https://docs.pydantic.dev/latest/errors/validation_errors/
_DETAILS = {
    "extra_forbidden": "it is not known here; remove it or correct it",
    "greater_than_equal": "{given} is too small; give {ge:.16g} or more",
    "int_parsing": "{given} is not a whole number",
    "int_parsing_size": "{given} is too large",
    "less_than_equal": "{given} is too large; give {le:.16g} or less",
    "literal_error": "{given} is not known; give {expected}",
    "string_pattern_mismatch": "{given} is not of the form {pattern}",
    "string_too_long": "{given} is too long; give at most {max_length} characters",
    "string_too_short": "it is empty; give a value or leave it out",
    "too_long": "it is given {actual_length} times; give it at most {max_length} times",
    "missing": "it is missing",
    "list_type": "it is not a list; write it in brackets, even if it is one",
    "finite_number": "{given} is too large",
    "float_parsing": "{given} is not a number; write it in digits alone, as 2500000",
    "value_error": "{error}",
}


def worded(error: ErrorDetails) -> str:
    """Say in our words what Pydantic found wrong with a value."""
    if error["input"] is None:
        return "it is empty; give a value or leave it out"
    if error["type"] not in _DETAILS:
        return f"{shown(error['input'])}: {error['msg']}"
    detail, context = _DETAILS[error["type"]], error.get("ctx", {})
    # It is written out only where it is shown: it may be nested too deeply for that.
    given = shown(error["input"]) if "{given}" in detail else ""
    return detail.format(given=given, **context)


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


def unforeseen() -> ProblemError:
    """Answer what was not foreseen; the log says under the id of the request what it was."""
    told = f"; if you report it, name the request {id_}" if (id_ := request_id.get()) else ""
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, f"something failed on our side{told}")


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
        logger.error("%s: %s", path, cause, exc_info=error)
        return unforeseen()
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
