"""Serving, as people start it and end it."""

import re
import socket
import sqlite3
from pathlib import Path

import httpx

from tests.support.cli import run, serving
from tests.support.corpus import FERRY, HARBOUR


def test_serve_loads_the_seed_into_an_empty_database(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, process):
        answer = client.get("/events")
        assert answer.json()["total"]["value"] == 22
        assert "server" not in answer.headers
        assert client.get("/readyz").json()["revision"] == 1
        assert process.stdout
        line = process.stdout.readline()
    assert re.fullmatch(
        r"Serving 22 events of 1 timeline from \S+/timeline\.db at http://127\.0\.0\.1:\d+/\n",
        line,
    )
    assert process.returncode == 0


def test_serve_keeps_what_is_loaded(tmp_path: Path) -> None:
    assert run(tmp_path, "load", str(HARBOUR)).returncode == 0
    with serving(tmp_path) as (client, _):
        assert client.get("/events").json()["total"]["value"] == 6


def test_serve_with_workers_and_a_prefix(tmp_path: Path) -> None:
    options = ("--workers", "2", "--root-path", "/timeline")
    with serving(tmp_path, *options) as (client, process):
        for _ in range(8):
            assert client.get("/timeline/events?limit=1").json()["total"]["value"] == 22
        link = client.get("/events?limit=1").links["next"]["url"]
        assert httpx.URL(link).path == "/timeline/events"
    assert process.returncode == 0


def test_serve_reads_the_environment(tmp_path: Path) -> None:
    with serving(tmp_path, TIMELINE_ROOT_PATH="/here") as (client, _):
        assert (
            client.get("/events").links["alternate"]["url"].startswith(f"{client.base_url}/here/")
        )


def test_serve_with_reload(tmp_path: Path) -> None:
    with serving(tmp_path, "--reload") as (client, _):
        assert client.get("/events").status_code == 200


def test_two_servers_starting_at_once_load_the_seed_once(tmp_path: Path) -> None:
    with serving(tmp_path) as (one, _), serving(tmp_path) as (other, _):
        for client in (one, other):
            assert client.get("/events").json()["total"]["value"] == 22
            assert client.get("/readyz").json()["revision"] == 1


def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run(tmp_path, "serve", "--port", str(port))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"cannot listen on 127.0.0.1, port {port}" in refused.stderr
    assert not (tmp_path / "timeline.db").exists()


def test_who_writes_is_waited_for_as_long_as_is_set(tmp_path: Path) -> None:
    assert run(tmp_path, "load", str(HARBOUR)).returncode == 0
    holding = sqlite3.connect(tmp_path / "timeline.db", isolation_level=None)
    holding.execute("BEGIN IMMEDIATE")
    try:
        with serving(tmp_path) as (client, _):
            assert client.get("/events").json()["total"]["value"] == 6
        refused = run(tmp_path, "load", str(FERRY), TIMELINE_BUSY_TIMEOUT="0.1")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.splitlines() == [
            f"{tmp_path}/timeline.db: another process is writing; waiting for it…",
            f"{tmp_path}/timeline.db: another process has been writing for 0.1 s; nothing was "
            "changed; try again when it has ended, or set TIMELINE_BUSY_TIMEOUT",
        ]
    finally:
        holding.close()
    assert run(tmp_path, "load", str(FERRY)).returncode == 0
