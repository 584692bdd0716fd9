"""`timeline serve`: the bundled timeline, options, environment, and errors at the start."""

import re
import socket
import sqlite3
from pathlib import Path

import httpx

from tests.support.cli import run, serving
from tests.support.corpus import FERRY, HARBOUR


def test_serve_loads_the_seed_into_an_empty_database(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, process):
        response = client.get("/events")
        assert response.json()["total"]["value"] == 22
        assert "server" not in response.headers
        assert client.get("/readyz").json()["revision"] == 1
        assert process.stdout
        line = process.stdout.readline()
    assert re.fullmatch(
        r"Serving 22 events of 1 timeline from \S+/timeline\.db at http://127\.0\.0\.1:\d+/\n", line
    )
    assert process.returncode == 0


def test_serve_loads_no_seed_into_a_filled_database(tmp_path: Path) -> None:
    assert run(tmp_path, "load", str(HARBOUR)).returncode == 0
    with serving(tmp_path) as (client, _):
        assert client.get("/events").json()["total"]["value"] == 6


def test_serve_with_workers_and_root_path(tmp_path: Path) -> None:
    options = ("--workers", "2", "--root-path", "/timeline")
    with serving(tmp_path, *options) as (client, process):
        for _ in range(8):
            assert client.get("/timeline/events?limit=1").json()["total"]["value"] == 22
        link = client.get("/events?limit=1").links["next"]["url"]
        assert httpx.URL(link).path == "/timeline/events"
    assert process.returncode == 0


def test_serve_reads_settings_from_the_environment(tmp_path: Path) -> None:
    with serving(tmp_path, TIMELINE_ROOT_PATH="/here") as (client, _):
        assert (
            client.get("/events").links["alternate"]["url"].startswith(f"{client.base_url}/here/")
        )


def test_serve_with_reload_responds(tmp_path: Path) -> None:
    with serving(tmp_path, "--reload") as (client, _):
        assert client.get("/events").status_code == 200


def test_two_servers_starting_at_once_load_the_seed_once(tmp_path: Path) -> None:
    with serving(tmp_path) as (first, _), serving(tmp_path) as (second, _):
        for client in (first, second):
            assert client.get("/events").json()["total"]["value"] == 22
            assert client.get("/readyz").json()["revision"] == 1


def test_occupied_port_is_an_error_before_a_file_is_created(tmp_path: Path) -> None:
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        port = occupied.getsockname()[1]
        failed = run(tmp_path, "serve", "--port", str(port))
    assert (failed.returncode, failed.stdout) == (1, "")
    assert f"Cannot listen on 127.0.0.1, port {port}" in failed.stderr
    assert not (tmp_path / "timeline.db").exists()


def test_load_waits_for_a_writer_until_busy_timeout(tmp_path: Path) -> None:
    assert run(tmp_path, "load", str(HARBOUR)).returncode == 0
    writer = sqlite3.connect(tmp_path / "timeline.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        with serving(tmp_path) as (client, _):
            assert client.get("/events").json()["total"]["value"] == 6
        failed = run(tmp_path, "load", str(FERRY), TIMELINE_BUSY_TIMEOUT="0.1")
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr.splitlines() == [
            f"{tmp_path}/timeline.db: Another process is writing. Waiting…",
            f"{tmp_path}/timeline.db: Another process has been writing for 0.1 s. Nothing was "
            "changed. Try again later, or increase TIMELINE_BUSY_TIMEOUT.",
        ]
    finally:
        writer.close()
    assert run(tmp_path, "load", str(FERRY)).returncode == 0
