"""The examples that the contract shows are what the server says of the first dossier."""

import httpx
import pytest

from app.api.examples import REQUESTS, file_of
from tests.support.openapi import OPERATIONS, resolved
from tests.support.write_examples import ACCEPT, FAILURES, MISTAKES, contents


def test_they_are_what_the_server_says(seed: httpx.Client) -> None:
    wrong = [path.name for path, content in contents(seed) if path.read_bytes() != content]
    if wrong:
        pytest.fail(f"not said any more: {', '.join(wrong)}. To accept it: {ACCEPT}", pytrace=False)


def test_no_file_is_left_over(seed: httpx.Client) -> None:
    folder = file_of("listEvents").parent
    held = {path.name for path in folder.iterdir() if path.is_file() and path.suffix != ".py"}
    assert held == {path.name for path, _ in contents(seed)}


def test_every_answer_has_one() -> None:
    unshown = {one["operationId"] for one in OPERATIONS.values()} - REQUESTS.keys()
    assert unshown == {"listEventsAsHtml", "getEventAsHtml"}  # pages are too long to be shown
    statuses = set()
    for operation in OPERATIONS.values():
        for status, response in operation["responses"].items():
            statuses.add(status)
            for content in resolved(response).get("content", {}).values():
                assert "examples" in content or operation["operationId"] in unshown
    assert statuses == {"200", "304", *MISTAKES, *FAILURES}
