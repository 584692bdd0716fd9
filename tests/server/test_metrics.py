"""Metrics: one figure over all workers, on a port of their own."""

import re
import socket
from pathlib import Path

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from app.server.metrics import REGISTRY
from tests.support.cli import run, serving
from tests.support.readme import section


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _name(family: Metric) -> str:
    # The library leaves out the suffix that the text has.
    return family.name + "_total" * (family.type == "counter")


def test_metrics_add_up_the_responses_of_all_workers(tmp_path: Path) -> None:
    port = _free_port()
    arguments = ("--workers", "2", "--metrics-port", str(port), "--no-access-log")
    with serving(tmp_path, *arguments) as (client, process):
        for _ in range(10):
            # Each connection goes to any worker.
            headers = {"Connection": "close"}
            assert client.get("/events", headers=headers).status_code == 200
            assert client.get("/events/nothing", headers=headers).status_code == 404
            assert client.get("/nothing", headers=headers).status_code == 404
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        process.terminate()
        assert process.stdout
        assert "timeline.access" not in process.stdout.read()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    responses = dict[tuple[str, str], float]()
    for sample in samples:
        if sample.name == "timeline_responses_total":
            key = sample.labels["route"], sample.labels["status"]
            responses[key] = responses.get(key, 0) + sample.value
    assert responses.pop(("/livez", "200")) >= 1
    assert responses == {("/events", "200"): 10, ("/events/{id}", "404"): 10, ("none", "404"): 10}
    (observed,) = (
        one.value
        for one in samples
        if one.name == "timeline_response_seconds_count" and one.labels["route"] == "/events"
    )
    assert observed == 10


METRICS_HINT = "Choose another address for metrics with TIMELINE_METRICS_HOST or --metrics-port.\n"


def test_metrics_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run(tmp_path, "serve", "--port", "0", "--metrics-port", str(port))
    assert result.returncode == 1
    assert f"port {port} (" in result.stderr
    assert result.stderr.endswith(METRICS_HINT)
    assert not (tmp_path / "timeline.db").exists()


@pytest.mark.parametrize("host", ["host.invalid", "192.0.2.1", "a..b"])
def test_metrics_host_that_is_not_of_this_machine_is_an_error(tmp_path: Path, host: str) -> None:
    more = {"TIMELINE_METRICS_HOST": host, "TIMELINE_METRICS_PORT": "1024"}
    result = run(tmp_path, "serve", "--port", "0", **more)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Cannot listen on {host}, port 1024 (")
    assert result.stderr.endswith(METRICS_HINT)


def test_every_metric_is_documented() -> None:
    documented = set(re.findall(r"^\| `(timeline_\w+)` \|", section("Metrics"), re.MULTILINE))
    assert documented == {_name(family) for family in REGISTRY.collect()}
