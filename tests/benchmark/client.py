"""Drives a server over a socket: `wrk` where it is installed, a small client otherwise."""

import asyncio
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

CONNECTIONS = 16
WRK = shutil.which("wrk")
CLIENT = "wrk" if WRK else "the small client"


def rate(port: int, paths: Sequence[str], seconds: int, headers: dict[str, str]) -> float:
    """Ask for the paths in turn over sixteen connections; give the answers per second."""
    if WRK:
        return _rate_by_wrk(port, paths, seconds, headers)
    return asyncio.run(_rate(port, paths, seconds, headers))


def _rate_by_wrk(port: int, paths: Sequence[str], seconds: int, headers: dict[str, str]) -> float:
    lua = [
        f"local paths = {{{','.join(map(json.dumps, paths))}}}",
        "local at = 0",
        *(
            f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
            for name, value in headers.items()
        ),
        "request = function() at = at + 1",
        'return wrk.format("GET", paths[(at - 1) % #paths + 1]) end',
    ]
    with TemporaryDirectory() as folder:
        script = Path(folder) / "paths.lua"
        script.write_text("\n".join(lua), "utf-8")
        url = f"http://127.0.0.1:{port}/"
        told = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{CONNECTIONS}",
                f"-d{seconds}s",
                "--timeout",
                "60s",
                "-s",
                script,
                url,
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert "Non-2xx" not in told, told
    assert "Socket errors" not in told, told
    (asked,) = re.findall(r"(\d+) requests in", told)
    assert len(paths) == 1 or int(asked) < len(paths), "some were asked twice; give more paths"
    (found,) = re.findall(r"Requests/sec: +([0-9.]+)", told)
    return float(found)


async def _rate(port: int, paths: Sequence[str], seconds: int, headers: dict[str, str]) -> float:
    asked = iter(paths) if len(paths) > 1 else cycle(paths)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    end = time.perf_counter() + seconds

    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        done = 0
        while time.perf_counter() < end:
            request = f"GET {next(asked)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n"
            writer.write(request.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith((b"http/1.1 200", b"http/1.1 304")), head
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            done += 1
        writer.close()
        return done

    return sum(await asyncio.gather(*(one() for _ in range(CONNECTIONS)))) / seconds


def latencies(port: int, paths: Sequence[str]) -> Iterator[float]:
    """Ask for each path once, over one connection; give the milliseconds of each."""
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    for path in paths:
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        yield (time.perf_counter() - begun) * 1_000
        assert answer.status == 200, body
    connection.close()
