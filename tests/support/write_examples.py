"""Creates the example responses in `app/api/examples`: `python -m tests.support.write_examples`."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from app.api.examples import REQUESTS, file_of, is_json, read_example
from app.api.headers import MAX_URL_LENGTH
from app.errors import service_unavailable
from app.server.response import internal_error
from tests.support.corpus import SEED
from tests.support.server import serving_files

HOST = {"Host": "localhost:8000"}
REGENERATE = ".venv/bin/python -m tests.support.write_examples"

# The request that leads to each status.
CLIENT_ERRORS = {
    "400": ("GET", "/events?q=%FF"),
    "404": ("GET", "/events/nso-blacklistd"),
    "405": ("POST", "/events"),
    "414": ("GET", f"/events?q={'x' * MAX_URL_LENGTH}"),
    "422": ("GET", "/events?actor=NS0"),
}
# Errors that no request causes by itself.
SERVER_ERRORS = {
    "500": internal_error("9f86d081884c7d65"),
    "503": service_unavailable("The database is busy or unreachable. Try again shortly."),
}


def example_files(seed: httpx.Client) -> Iterator[tuple[Path, bytes]]:
    """Yield each example file with its content, from a server with the seed dossier."""
    for operation, url in REQUESTS.items():
        response = seed.get(url, headers=HOST).raise_for_status()
        file = file_of(operation)
        if operation == "getReadiness":
            # They differ between machines.
            engines = {name: read_example(operation)[name] for name in ("database", "sqlite")}
            yield file, _to_json({**response.json(), **engines})
        else:
            yield file, _to_json(response.json()) if is_json(file) else response.content
    problems = {status: seed.request(*request).json() for status, request in CLIENT_ERRORS.items()}
    problems |= {
        status: error.problem.model_dump(mode="json") for status, error in SERVER_ERRORS.items()
    }
    yield file_of("listEvents").with_name("problems.json"), _to_json(problems)


def _to_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()


if __name__ == "__main__":
    with TemporaryDirectory() as folder, serving_files(Path(folder), SEED) as client:
        for path, content in example_files(client):
            path.write_bytes(content)
