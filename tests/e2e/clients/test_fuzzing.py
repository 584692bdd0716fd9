"""Fuzzing: responses match the OpenAPI document, and invalid requests are rejected."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest

from tests.e2e.clients.clients import BIN, HERE
from tests.e2e.clients.conftest import required_distributions
from tests.support.openapi_diff import Json
from tests.support.problem import check_problem
from tests.support.requirements import repetitions

EXAMPLES = repetitions(10, 100)
ATTEMPTS = {"1": 1_000, "2": 100, "3": 100}
"""The least number of requests by seed. A run with fewer would have skipped operations."""


def _fuzz(document: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    required_distributions()
    return subprocess.run(
        [BIN / "schemathesis", "run", document, *options],
        cwd=shutil.copytree(HERE / "fuzzing", folder / "fuzzing"),
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.mark.full
@pytest.mark.parametrize("number", ATTEMPTS)
def test_fuzzing_finds_no_error(everything: httpx.Client, tmp_path: Path, number: str) -> None:
    document = str(everything.base_url.join("/openapi.json"))
    # The coverage phase does not depend on the seed.
    phases = "examples,coverage,fuzzing,stateful" if number == "1" else "fuzzing,stateful"
    examples = ("--max-examples", str(EXAMPLES), "--phases", phases)
    run = _fuzz(document, tmp_path, "--seed", number, *examples)
    assert run.returncode == 0, run.stdout
    summary = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert summary
    assert summary[1] == summary[2]
    assert int(summary[1]) > ATTEMPTS[number]


def _allow_larger_limit(document: Json) -> None:
    document["components"]["parameters"]["queryLimit"]["schema"]["maximum"] = 1_000


def _change_type_of_total(document: Json) -> None:
    document["components"]["schemas"]["SourcePage"]["properties"]["total"] = {"type": "integer"}


def _require_next(document: Json) -> None:
    document["components"]["schemas"]["SourcePage"]["required"].append("next")


# a false statement in the document: the message of Schemathesis
FALSE_STATEMENTS: Mapping[Callable[[Json], None], str] = {
    _allow_larger_limit: "The document allows it, but: limit: ",
    _change_type_of_total: "Response violates schema",
    _require_next: "Response violates schema",
}


@pytest.mark.parametrize("falsify", FALSE_STATEMENTS)
def test_fuzzing_detects_false_document(
    everything: httpx.Client, tmp_path: Path, falsify: Callable[[Json], None]
) -> None:
    document = everything.get("/openapi.json").json()
    falsify(document)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    options = (
        "--include-path",
        "/sources",
        "--phases",
        "coverage",
        "--url",
        str(everything.base_url),
    )
    run = _fuzz(str(path), tmp_path, *options)
    assert run.returncode == 1, run.stdout
    assert FALSE_STATEMENTS[falsify] in run.stdout


# Requests that Schemathesis does not generate. URL: status, and the parameter of the error
FURTHER_REQUESTS = {
    "/events?limit=NaN": (422, "limit"),
    "/events?limit=1e999": (422, "limit"),
    "/events?min_sources=Infinity": (422, "min_sources"),
    "/events?q=%ED%A0%80": (400, None),  # a lone surrogate
    "/events?actor=%ED%BF%BF": (400, None),
    "/events?q=a%00b": (422, "q"),
    "/events?actor=nso-group%00": (422, "actor"),
    "/events/nso-blacklisted%00": (404, "id"),
    "/events?actor[]=nso-group": (422, "actor[]"),
    "/events?actor[0]=nso-group": (422, "actor[0]"),
    "/events?from=": (422, "from"),
    "/events?actor=": (422, "actor"),
    "/events?unknown=1": (422, "unknown"),
    "/livez?unknown=1": (422, "unknown"),
    f"/events?limit={2**63}": (422, "limit"),
    f"/events?min_sources={2**63}": (422, "min_sources"),
    f"/events?min_sources=-{2**63 + 1}": (422, "min_sources"),
    f"/facets?facet_limit={2**64}": (422, "facet_limit"),
    "/events?q=%FF": (400, None),
    "/events/%FF": (400, None),
    "/actors/%C3%28": (400, None),
}


@pytest.mark.parametrize("url", FURTHER_REQUESTS)
def test_invalid_request_is_rejected(seed: httpx.Client, url: str) -> None:
    status, parameter = FURTHER_REQUESTS[url]
    problem = check_problem(seed.get(url), status)
    assert [fault.parameter for fault in problem.errors] == ([parameter] if parameter else [])


@pytest.mark.parametrize("path", ["/events", "/events/nso-blacklisted", "/events.csv", "/livez"])
def test_head_is_allowed(seed: httpx.Client, path: str) -> None:
    assert seed.head(path).status_code == 200
