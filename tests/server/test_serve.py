"""`timeline serve`: the bundled timeline, options, environment, and errors at the start."""

import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE

import httpx
import pytest

from app.main import create_app
from app.settings import OWN_PATHS
from tests.support.cli import TIMELINE, command_env, database_name, run, serving
from tests.support.corpus import FERRY, HARBOUR
from tests.support.databases import database_at


def test_serve_loads_the_seed_into_an_empty_database(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, process):
        response = client.get("/events")
        assert response.json()["total"]["value"] == 22
        assert "server" not in response.headers
        assert client.get("/readyz").json()["revision"] == 1
        assert process.stdout
        line = process.stdout.readline()
    assert re.fullmatch(
        r"Serving 22 events of 1 timeline from \S+ at http://127\.0\.0\.1:\d+/\n", line
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
    assert [*tmp_path.iterdir()] == []


def test_load_waits_for_a_writer_until_busy_timeout(tmp_path: Path) -> None:
    assert run(tmp_path, "load", str(HARBOUR)).returncode == 0
    name = database_name(tmp_path)
    with database_at(tmp_path / "timeline.db").write():
        with serving(tmp_path) as (client, _):
            assert client.get("/events").json()["total"]["value"] == 6
        failed = run(tmp_path, "load", str(FERRY), TIMELINE_BUSY_TIMEOUT="0.1")
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr.splitlines() == [
            f"{name}: Another process is writing. Waiting…",
            f"{name}: Another process has been writing for 0.1 s. Nothing was "
            "changed. Try again later, or increase TIMELINE_BUSY_TIMEOUT.",
        ]
    assert run(tmp_path, "load", str(FERRY)).returncode == 0


# ---- sockets


@contextmanager
def listening(tmp_path: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `timeline serve` until the end of the block; yield its first line and the process."""
    with subprocess.Popen(
        [TIMELINE, "serve", *arguments],
        env=command_env(tmp_path, {}),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline(), process
        finally:
            process.terminate()


def get(path: Path, url: str, **headers: str) -> httpx.Response:
    """Send a GET request to a Unix socket. It waits until the server has started."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), timeout=60) as client:
        return client.get(url, headers=headers)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_on_unix_socket(tmp_path: Path, workers: str) -> None:
    path = tmp_path / "x.sock"
    with listening(tmp_path, "--uds", "x.sock", "--workers", workers) as (line, process):
        assert line.endswith(f"{database_name(tmp_path)} at the Unix socket x.sock\n")
        assert S_IMODE(path.stat().st_mode) == 0o660
        # Only the proxy can connect, so its headers are trusted.
        response = get(path, "http://a.example/events?limit=1", **{"X-Forwarded-Proto": "https"})
        link = httpx.URL(response.links["next"]["url"])
        assert (link.scheme, link.host) == ("https", "a.example")
        refused = run(tmp_path, "serve", "--uds", "x.sock")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == (
            "x.sock: Another server is listening on this socket. Stop it, or choose another path "
            "with --uds.\n"
        )
        assert get(path, "http://a.example/livez").status_code == 200
    assert process.returncode == 0
    assert not path.exists()


def test_links_over_unix_socket_without_host_have_one(tmp_path: Path) -> None:
    with listening(tmp_path, "--uds", "x.sock"), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "x.sock"))
        client.sendall(b"GET /events?limit=1 HTTP/1.0\r\n\r\n")
        response = b"".join(iter(lambda: client.recv(65_536), b""))
    assert b"\r\nlink: <http://localhost/events?" in response


def test_unix_socket_of_killed_server_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with listening(tmp_path, "--uds", "x.sock") as (_, process):
        process.kill()
    assert path.is_socket()
    with listening(tmp_path, "--uds", "x.sock"):
        assert get(path, "http://a.example/livez").status_code == 200


def test_socket_of_another_server_is_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with listening(tmp_path, "--uds", "x.sock"):
        path.unlink()
        with listening(tmp_path, "--uds", "x.sock") as (_, second):
            pass
        assert second.returncode == 0
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
    assert path.is_socket()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_port_0_is_a_free_port(tmp_path: Path, workers: str) -> None:
    with listening(tmp_path, "--port", "0", "--workers", workers) as (line, _):
        url = line.split(" at ")[1].strip()
        assert httpx.get(f"{url}livez", timeout=60).status_code == 200


def test_ipv6_address_is_in_brackets(tmp_path: Path) -> None:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("This test needs IPv6.")
    with listening(tmp_path, "--host", "::1", "--port", "0") as (line, _):
        url = line.split(" at ")[1].strip()
        assert re.fullmatch(r"http://\[::1\]:\d+/", url)
        assert httpx.get(f"{url}livez", timeout=60).status_code == 200


def test_every_path_of_the_api_is_refused_as_prefix() -> None:
    routers = [route.original_router for route in create_app().routes]  # type: ignore[attr-defined]
    paths = {route.path for router in routers for route in router.routes}
    assert {path.split("/")[1].split(".")[0] for path in paths} - {""} == OWN_PATHS


# ---- signals and processes

MODES = {"one process": (), "workers": ("--workers", "2"), "reload": ("--reload",)}
NO_EFFECT = "This signal has no effect. To stop the server, send SIGTERM."
IGNORED = {
    signal.SIGHUP: "Settings are read at the start only. Restart the server.",
    **dict.fromkeys((signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGIO), NO_EFFECT),
    **dict.fromkeys((signal.SIGVTALRM, signal.SIGPROF), NO_EFFECT),
}


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    """Return the process ids of the workers of a server that have started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("utf-8")
    return {int(pid) for pid in children.split() if _handles_signals(Path("/proc", pid))}


def _handles_signals(folder: Path) -> bool:
    status = (folder / "status").read_text("ascii")
    (caught,) = re.findall(r"^SigCgt:\s(.+)$", status, re.MULTILINE)
    is_worker = b"spawn_main" in (folder / "cmdline").read_bytes()
    return is_worker and bool(int(caught, 16) & 1 << (signal.SIGUSR1 - 1))


def wait_for_workers(process: subprocess.Popen[str], number: int, old: set[int]) -> set[int]:
    """Return the workers when there are enough, and none of the old ones."""
    while len(workers := workers_of(process)) != number or workers & old:
        assert process.poll() is None
        time.sleep(0.1)
    return workers


@pytest.mark.parametrize("mode", MODES)
def test_signal_without_effect_is_logged(tmp_path: Path, mode: str) -> None:
    with serving(tmp_path, *MODES[mode], "--no-seed") as (client, process):
        workers = wait_for_workers(
            process, {"one process": 0, "workers": 2, "reload": 1}[mode], set()
        )
        sent = [(pid, number) for pid in {process.pid, *workers} for number in IGNORED]
        if mode == "workers":
            sent.remove((process.pid, signal.SIGHUP))  # replaces the workers, see below
        for pid, number in sent:
            os.kill(pid, number)
        assert client.get("/livez").status_code == 200
        process.terminate()
        assert process.wait(30) == 0
        assert process.stdout
        records = [json.loads(line) for line in process.stdout.read().splitlines()[1:]]
    assert sorted(
        record["message"] for record in records if record["logger"] == "app.cli.processes"
    ) == sorted(f"{number.name}: {IGNORED[number]}" for _, number in sent)


def test_hangup_replaces_workers(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as (client, process):
        before = wait_for_workers(process, 2, set())
        process.send_signal(signal.SIGHUP)
        wait_for_workers(process, 2, before)
        assert client.get("/livez", headers={"Connection": "close"}).status_code == 200
    assert process.returncode == 0


@pytest.mark.parametrize("mode", MODES)
def test_hangup_of_a_terminal_stops_server(tmp_path: Path, mode: str) -> None:
    controller, terminal = os.openpty()
    try:
        with serving(tmp_path, *MODES[mode], stderr=terminal) as (_, process):
            process.send_signal(signal.SIGHUP)
            assert process.wait(30) == 0
    finally:
        os.close(terminal)
        os.close(controller)


@pytest.mark.parametrize("mode", ["workers", "reload"])
def test_killed_parent_ends_workers(tmp_path: Path, mode: str) -> None:
    with serving(tmp_path, *MODES[mode]) as (client, process):
        process.kill()
        # Ends when no process has the other end of the pipe any more.
        process.communicate(timeout=60)
        with pytest.raises(httpx.ConnectError):
            client.get("/livez")


FAILING_WORKERS = """
import socket, uvicorn
from app.cli.processes import run_processes
config = uvicorn.Config("app.cli.processes:missing", workers=2)
run_processes(config, [socket.create_server(("127.0.0.1", 0))])
"""


def test_failure_of_workers_is_an_exit_code() -> None:
    command = [sys.executable, "-c", FAILING_WORKERS]
    failed = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert failed.returncode == 3, failed.stderr


SIGINT_IS_IGNORED = """
import signal, sys
import app.cli
sys.exit(signal.getsignal(signal.SIGINT) is not signal.SIG_IGN)
"""


def test_worker_ignores_ctrl_c_until_its_server_starts() -> None:
    worker = multiprocessing.get_context("spawn").Process(target=exec, args=(SIGINT_IS_IGNORED,))
    worker.start()
    worker.join(60)
    assert worker.exitcode == 0
