"""Exceptions that any layer raises. Over HTTP, each becomes a problem (RFC 9457).

https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

from app.schemas.problem import Fault, Problem

RETRY_AFTER = 2
"""Seconds after which a client may retry while the database is busy."""

# The phrases of RFC 9110, which Python uses from 3.13 on.
_TITLES = {
    HTTPStatus.REQUEST_URI_TOO_LONG: "URI Too Long",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}


class DatabaseError(Exception):
    """The database cannot be used. The message says why and how to fix it."""


class ProblemError(Exception):
    """Ends a request with a problem response.

    Without a detail, the problem has the details of its faults.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str = "",
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        detail = detail or " ".join(fault.detail for fault in faults)
        super().__init__(detail)
        self.problem = Problem(
            type="about:blank",
            title=_TITLES.get(status, status.phrase),
            status=status,
            detail=detail,
            errors=list(faults),
        )
        self.headers = headers or {}


def parameter_error(parameter: str, detail: str, allowed: Iterable[str] = ()) -> Fault:
    """Build the fault of a parameter; `allowed` lists valid values, or the nearest of them."""
    fault = Fault(parameter=parameter, detail=f"{parameter}: {detail}")
    if values := list(allowed):
        fault.allowed = values
    return fault


def validation_problem(*faults: Fault) -> ProblemError:
    """Build a 422 that lists every fault of a query."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, faults=faults)


def service_unavailable(detail: str) -> ProblemError:
    """Build a 503 with a `Retry-After` header."""
    headers = {"Retry-After": str(RETRY_AFTER)}
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers)
