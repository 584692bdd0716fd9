"""The benchmark runs. Its results are not asserted, because machines are noisy."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.benchmark import client
from tests.support import postgresql
from tests.support.cluster import require_programs
from tests.support.corpus import TESTS


@pytest.mark.parametrize("path", ["/events?limit=1", "/livez"])
@pytest.mark.parametrize("wrk", [None, client.WRK], ids=["own client", "wrk"])
def test_rate_and_latencies_are_measured(
    path: str, wrk: str | None, monkeypatch: pytest.MonkeyPatch, seed: httpx.Client
) -> None:
    monkeypatch.setattr(client, "WRK", wrk)
    port = seed.base_url.port
    assert port
    assert client.rate(port, [path], 1, {}) > 0
    assert len([*client.latencies(port, [path] * 3)]) == 3


def _run(benchmark: str, *options: str) -> str:
    """Run a benchmark to its end; return what it prints, errors included."""
    return subprocess.run(
        [sys.executable, "-m", f"tests.benchmark.{benchmark}", *options],
        cwd=TESTS.parent,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout


def test_benchmark_writes_its_figures(tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    _run("serving", "--quick", "--sizes", "2000", "4000", "--json", str(output))
    figures = {one["what"]: one["value"] for one in json.loads(output.read_text("utf-8"))}
    assert {"304: ratio to bare ASGI", "window: ratio", "loading 4,000 events"} <= figures.keys()
    assert all(value > 0 for value in figures.values())


def test_engines_are_compared() -> None:
    postgresql.server_url()  # skips the test if there is none
    printed = _run("engines", "--quick", "--sizes", "2000")
    ratios = re.findall(r"^(.+?)  [\d.,]+  [\d.,]+  (?:/s|ms)  ", printed, re.MULTILINE)
    assert {"loading 2,000 events", "no filter: 2,000 events", "cached page"} <= {*ratios}


def test_soak_has_no_errors() -> None:
    printed = _run("soak", "--events", "200", "--minutes", "0.05")
    outcomes = {line.rpartition(": ")[0] for line in printed.splitlines()}
    assert {"hot: 200", "cold: 200", "export: 200", "load: exit code 0"} <= outcomes
    assert not re.search("Error|: 5..:|exit code 1", printed)


def test_replication_is_measured() -> None:
    require_programs()
    printed = _run("replication", "--events", "500", "--seconds", "0.2")
    rows = re.findall(r"(cold|cached) +│ ([12]) ", printed)
    assert rows == [("cold", "1"), ("cold", "2"), ("cached", "1"), ("cached", "2")]


def test_contention_is_measured() -> None:
    printed = _run("contention", "--events", "500", "--seconds", "0.5", "--settle", "0")
    assert len(re.findall("page median .* p99", printed)) == 5
