"""What every error must look like."""

import httpx
from pydantic import ConfigDict

from app.schemas.problem import MEDIA_TYPE, Problem


class ExactProblem(Problem):
    """The one shape, and nothing beside it."""

    model_config = ConfigDict(extra="forbid")


def check_problem(answer: httpx.Response, status: int) -> Problem:
    """Check that an answer is a problem, and give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = ExactProblem.model_validate_json(answer.text, strict=True)
    assert problem.status == status
    assert problem.detail
    assert "Traceback" not in answer.text
    return problem
