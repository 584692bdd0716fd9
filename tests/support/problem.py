"""Checks that a response is a problem: `application/problem+json`, RFC 9457."""

import httpx
from pydantic import ConfigDict

from app.schemas.problem import MEDIA_TYPE, Problem


class ExactProblem(Problem):
    """A problem without other properties."""

    model_config = ConfigDict(extra="forbid")


def check_problem(response: httpx.Response, status: int) -> Problem:
    """Check that a response is a problem with this status, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    problem = ExactProblem.model_validate_json(response.text, strict=True)
    assert problem.status == status
    assert problem.detail
    assert "Traceback" not in response.text
    return problem
