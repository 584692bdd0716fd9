"""Problems: every error a client meets, in one shape (RFC 9457).

https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

from app.schemas.problem import Fault, Problem

RETRY_AFTER = 2
"""Seconds after which a busy database is worth asking again."""


# As RFC 9110 has them, which Python does from 3.13 on.
_TITLES = {
    HTTPStatus.REQUEST_URI_TOO_LONG: "URI Too Long",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}


class DatabaseError(Exception):
    """The database cannot be used; the message says why and what to do."""


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


def parameter_error(parameter: str, detail: str, allowed: Iterable[str] = ()) -> Fault:
    """Say what is wrong with a parameter, and what would be right."""
    found = Fault(parameter=parameter, detail=f"{parameter}: {detail}")
    if values := list(allowed):
        found.allowed = values
    return found


def validation_problem(*faults: Fault) -> ProblemError:
    """Refuse a query for the faults in it."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, faults=faults)


def service_unavailable(detail: str) -> ProblemError:
    """Say that the database cannot be asked now, and when to ask again."""
    headers = {"Retry-After": str(RETRY_AFTER)}
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers)
