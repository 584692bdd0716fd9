"""Fuzzing: whatever the document allows is answered as it says, and all else is refused."""

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
"""By the seed: fewer would be a run that found nothing to ask."""


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
def test_nothing_is_found(everything: httpx.Client, tmp_path: Path, number: str) -> None:
    document = str(everything.base_url.join("/openapi.json"))
    # What covers the schemas is the same whatever the seed.
    phases = "examples,coverage,fuzzing,stateful" if number == "1" else "fuzzing,stateful"
    examples = ("--max-examples", str(EXAMPLES), "--phases", phases)
    run = _fuzz(document, tmp_path, "--seed", number, *examples)
    assert run.returncode == 0, run.stdout
    told = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert told
    assert told[1] == told[2]
    assert int(told[1]) > ATTEMPTS[number]


def _more_than_a_page(document: Json) -> None:
    document["components"]["parameters"]["limit"]["schema"]["maximum"] = 1_000


def _any_number(document: Json) -> None:
    document["components"]["schemas"]["SourcePage"]["properties"]["total"] = {"type": "integer"}


def _always_there(document: Json) -> None:
    document["components"]["schemas"]["SourcePage"]["required"].append("next")


# what the document says untruly: what is found
LIES: Mapping[Callable[[Json], None], str] = {
    _more_than_a_page: "the document allows it, but: limit: ",
    _any_number: "Response violates schema",
    _always_there: "Response violates schema",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(
    everything: httpx.Client, tmp_path: Path, lie: Callable[[Json], None]
) -> None:
    document = everything.get("/openapi.json").json()
    lie(document)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    one = ("--include-path", "/sources", "--phases", "coverage", "--url", str(everything.base_url))
    run = _fuzz(str(path), tmp_path, *one)
    assert run.returncode == 1, run.stdout
    assert LIES[lie] in run.stdout


# What it does not find. URL: status, and the parameter at fault
UNFOUND = {
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


@pytest.mark.parametrize("url", UNFOUND)
def test_what_fuzzing_does_not_find(seed: httpx.Client, url: str) -> None:
    status, parameter = UNFOUND[url]
    problem = check_problem(seed.get(url), status)
    assert [fault.parameter for fault in problem.errors] == ([parameter] if parameter else [])


@pytest.mark.parametrize("path", ["/events", "/events/nso-blacklisted", "/events.csv", "/livez"])
def test_head_is_not_refused(seed: httpx.Client, path: str) -> None:
    assert seed.head(path).status_code == 200
