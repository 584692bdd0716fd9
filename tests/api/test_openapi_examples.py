"""The examples in the OpenAPI document are the responses of the server."""

import httpx
import pytest

from app.api.examples import REQUESTS, file_of
from tests.support.openapi import OPERATIONS, resolve
from tests.support.write_examples import CLIENT_ERRORS, REGENERATE, SERVER_ERRORS, example_files


def test_examples_are_current(seed: httpx.Client) -> None:
    outdated = [path.name for path, content in example_files(seed) if path.read_bytes() != content]
    if outdated:
        pytest.fail(
            f"Outdated: {', '.join(outdated)}. To accept the change: {REGENERATE}", pytrace=False
        )


def test_every_file_belongs_to_an_operation(seed: httpx.Client) -> None:
    folder = file_of("listEvents").parent
    files = {path.name for path in folder.iterdir() if path.is_file() and path.suffix != ".py"}
    assert files == {path.name for path, _ in example_files(seed)}


def test_every_response_has_an_example() -> None:
    ids = {operation["operationId"] for operation in OPERATIONS.values()}
    without_example = ids - REQUESTS.keys()
    assert without_example == {"listEventsAsHtml", "getEventAsHtml"}  # pages are too long
    statuses = set()
    for operation in OPERATIONS.values():
        for status, response in operation["responses"].items():
            statuses.add(status)
            for content in resolve(response).get("content", {}).values():
                assert "examples" in content or operation["operationId"] in without_example
    assert statuses == {"200", "304", *CLIENT_ERRORS, *SERVER_ERRORS}
