"""The examples that the contract shows are what the server says of the first dossier."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.delivery import MAX_URL_LENGTH
from app.errors import unavailable, unforeseen
from app.examples import REQUESTS, file_of, is_json, read_answer, read_problems
from tests.described import DOCUMENT, OPERATIONS, resolved

HOST = {"Host": "localhost:8000"}
RUNS_BY = {"sqlite": read_answer("getReadiness")["sqlite"]}
"""What depends on the machine."""


@pytest.mark.parametrize("operation", REQUESTS)
def test_an_answer_is_what_the_server_says(seed: httpx.Client, operation: str) -> None:
    answer = seed.get(REQUESTS[operation], headers=HOST)
    if is_json(file_of(operation)):
        given = answer.json()
        if operation == "getReadiness":
            given |= RUNS_BY
        assert given == read_answer(operation)
    else:
        assert answer.text == read_answer(operation)


# status: what was asked, or what says so
PROBLEMS: dict[str, tuple[str, str] | Callable[[], Any]] = {
    "400": ("GET", "/events?q=%FF"),
    "404": ("GET", "/events/nso-blacklistd"),
    "405": ("POST", "/events"),
    "414": ("GET", f"/events?q={'x' * MAX_URL_LENGTH}"),
    "422": ("GET", "/events?actor=NS0"),
    "500": unforeseen,
    "503": lambda: unavailable("the database is busy or out of reach; try again shortly"),
}


@pytest.mark.parametrize("status", PROBLEMS)
def test_a_problem_is_what_the_server_says(seed: httpx.Client, status: str) -> None:
    asked = PROBLEMS[status]
    given = (
        seed.request(*asked).json()
        if isinstance(asked, tuple)
        else asked().problem.model_dump(mode="json")
    )
    assert given == read_problems()[status]


def test_every_answer_has_one() -> None:
    shown = {one["operationId"] for one in OPERATIONS.values()} - REQUESTS.keys()
    assert shown == {"listEventsAsHtml", "getEventAsHtml"}  # pages are too long to be shown
    for operation in OPERATIONS.values():
        for response in map(resolved, operation["responses"].values()):
            for content in response.get("content", {}).values():
                assert "examples" in content or operation["operationId"] in shown
    assert read_problems().keys() == PROBLEMS.keys()
    assert {status for one in OPERATIONS.values() for status in one["responses"]} == {
        "200",
        "304",
        *PROBLEMS,
    }
    assert len(DOCUMENT["components"]["responses"]) == len(PROBLEMS)
