"""Errors as clients see them (RFC 9457)."""

from typing import Annotated

from pydantic import MISSING, BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"


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
