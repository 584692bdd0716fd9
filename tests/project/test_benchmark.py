"""The benchmark runs; what it tells is never asserted, since machines are noisy."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.benchmark import client
from tests.support.corpus import TESTS


@pytest.mark.parametrize("path", ["/events?limit=1", "/livez"])
def test_the_small_client(path: str, monkeypatch: pytest.MonkeyPatch, seed: httpx.Client) -> None:
    monkeypatch.setattr(client, "WRK", None)
    port = seed.base_url.port
    assert port
    assert client.rate(port, [path], 1, {}) > 0
    assert len([*client.latencies(port, [path] * 3)]) == 3


def test_it_runs(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    options = ["--quick", "--sizes", "2000", "4000", "--json", str(told)]
    subprocess.run(
        [sys.executable, "-m", "tests.benchmark.serving", *options],
        cwd=TESTS.parent,
        check=True,
        capture_output=True,
    )
    figures = {one["what"]: one["value"] for one in json.loads(told.read_text("utf-8"))}
    assert {"304: of bare ASGI", "window: of it", "loading 4,000 events"} <= figures.keys()
    assert all(value > 0 for value in figures.values())
