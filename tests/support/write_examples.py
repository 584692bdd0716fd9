"""What the files of `app.api.examples` must hold: `python -m tests.support.write_examples` writes them anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from app.api.examples import REQUESTS, file_of, is_json, read_answer
from app.api.headers import MAX_URL_LENGTH
from app.errors import service_unavailable
from app.server.response import internal_error
from tests.support.corpus import SEED
from tests.support.server import serving_files

HOST = {"Host": "localhost:8000"}
ACCEPT = ".venv/bin/python -m tests.support.write_examples"

# status: what brings it
MISTAKES = {
    "400": ("GET", "/events?q=%FF"),
    "404": ("GET", "/events/nso-blacklistd"),
    "405": ("POST", "/events"),
    "414": ("GET", f"/events?q={'x' * MAX_URL_LENGTH}"),
    "422": ("GET", "/events?actor=NS0"),
}
# status: what says so
FAILURES = {
    "500": internal_error("9f86d081884c7d65"),
    "503": service_unavailable("the database is busy or out of reach; try again shortly"),
}


def contents(seed: httpx.Client) -> Iterator[tuple[Path, bytes]]:
    """Give each file, and what the server of the seed dossier says that it must hold."""
    for operation, url in REQUESTS.items():
        answer = seed.get(url, headers=HOST).raise_for_status()
        file = file_of(operation)
        if operation == "getReadiness":
            sqlite = {"sqlite": read_answer(operation)["sqlite"]}  # other on each machine
            yield file, _written({**answer.json(), **sqlite})
        else:
            yield file, _written(answer.json()) if is_json(file) else answer.content
    problems = {status: seed.request(*asked).json() for status, asked in MISTAKES.items()}
    problems |= {status: one.problem.model_dump(mode="json") for status, one in FAILURES.items()}
    yield file_of("listEvents").with_name("problems.json"), _written(problems)


def _written(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()


if __name__ == "__main__":
    with TemporaryDirectory() as folder, serving_files(Path(folder), SEED) as client:
        for path, content in contents(client):
            path.write_bytes(content)
