"""A load generator: `wrk` if it is installed, a small client otherwise."""

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
CLIENT = "wrk" if WRK else "our own client"


def rate(port: int, paths: Sequence[str], seconds: float, headers: dict[str, str]) -> float:
    """Request the paths in turn over sixteen connections; return the responses per second.

    Several paths must be enough that none is requested twice, so that no response is cached.
    """
    if WRK and seconds >= 1:  # wrk counts whole seconds
        return _rate_by_wrk(port, paths, seconds, headers)
    return asyncio.run(_rate(port, paths, seconds, headers))


def _rate_by_wrk(port: int, paths: Sequence[str], seconds: float, headers: dict[str, str]) -> float:
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
        output = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{CONNECTIONS}",
                f"-d{seconds:.0f}s",
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
    assert "Non-2xx" not in output, output
    assert "Socket errors" not in output, output
    (requests,) = re.findall(r"(\d+) requests in", output)
    assert len(paths) == 1 or int(requests) < len(paths), "Some paths were requested twice."
    (requests_per_second,) = re.findall(r"Requests/sec: +([0-9.]+)", output)
    return float(requests_per_second)


async def _rate(port: int, paths: Sequence[str], seconds: float, headers: dict[str, str]) -> float:
    remaining = iter(paths) if len(paths) > 1 else cycle(paths)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    end = time.perf_counter() + seconds

    async def request_until_end() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        done = 0
        while time.perf_counter() < end:
            request = f"GET {next(remaining)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n"
            writer.write(request.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith((b"http/1.1 200", b"http/1.1 304")), head
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            done += 1
        writer.close()
        return done

    numbers = await asyncio.gather(*(request_until_end() for _ in range(CONNECTIONS)))
    return sum(numbers) / seconds


def latencies(port: int, paths: Sequence[str]) -> Iterator[float]:
    """Request each path once over one connection; yield the milliseconds of each."""
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    for path in paths:
        start = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        yield (time.perf_counter() - start) * 1_000
        assert response.status == 200, body
    connection.close()
