"""Errors as clients see them (RFC 9457).

https://www.rfc-editor.org/rfc/rfc9457
"""

from typing import Annotated

from pydantic import MISSING, Field

from app.schemas.records import ApiModel

MEDIA_TYPE = "application/problem+json"


class Fault(ApiModel):
    """One error in a request, and how to fix it."""

    parameter: str | MISSING = MISSING
    """Name of the invalid parameter."""
    pointer: str | MISSING = MISSING
    """JSON Pointer to the invalid value."""
    detail: str
    """What is wrong, and how to fix it."""
    allowed: list[str] | MISSING = MISSING
    """Valid values, or those most similar to the invalid one."""


class Problem(ApiModel):
    """An error (RFC 9457)."""

    type: str
    """Type of the problem, a URI; `about:blank` if the HTTP status says it all."""
    title: str
    """Name of the HTTP status."""
    status: Annotated[int, Field(ge=400, le=599)]
    """HTTP status code."""
    detail: str
    """What is wrong, and how to fix it."""
    errors: list[Fault]
    """Each error in the request; may be empty."""
