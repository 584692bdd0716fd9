"""Throughput, latency and memory, compared with others: `python -m tests.benchmark.serving`.

Both sides of a ratio are measured in the same run, in turn, because machines are noisy.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
from rich.console import Console
from rich.table import Table

from app.db.engines import open_database
from app.settings import Settings
from tests.benchmark.client import CLIENT, latencies, rate
from tests.benchmark.loading import load
from tests.benchmark.queries import Queries, Query, path_of

BIN = Path(sys.executable).parent
SIZES = [10_000, 100_000, 1_000_000]


class Effort(NamedTuple):
    """The number of requests."""

    seconds: float
    """Seconds for each rate."""
    repetitions: int
    """Queries for each median; a tenth of that for costly queries."""
    distinct: int
    """Distinct queries before the memory is measured, twice."""


FULL = Effort(3, 200, 5_000)
QUICK = Effort(0.1, 10, 100)
"""Shows only that the benchmark runs."""
TURNS = 4
"""How often the servers that are compared take turns."""


class Figure(NamedTuple):
    """A measured value."""

    what: str
    value: float
    unit: str
    goal: str = ""


@contextmanager
def serving(
    *command: str | Path, **environment: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a server; yield its port and its process. `PORT` in the command becomes a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(argument).replace("PORT", str(port)) for argument in command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.01)
        yield port, process
    finally:
        process.terminate()
        process.wait()


def project(
    database: Path | str,
    *,
    workers: int = 1,
    cache_mb: int = 32,
    query_timeout: float = 60,
    access_log: bool = False,
) -> AbstractContextManager[tuple[int, subprocess.Popen[bytes]]]:
    """Serve a file, or the database of a URL, with `timeline serve`."""
    if isinstance(database, Path):
        _read_into_page_cache(database)
    return serving(
        *(
            BIN / "timeline",
            "serve",
            "--port",
            "PORT",
            "--access-log" if access_log else "--no-access-log",
            "--workers",
            str(workers),
        ),
        TIMELINE_DATABASE_URL=database if isinstance(database, str) else f"sqlite:///{database}",
        TIMELINE_CACHE_SIZE=str(cache_mb),
        TIMELINE_QUERY_TIMEOUT=str(query_timeout),
    )


def competitor(name: str, path: Path) -> Any:  # noqa: ANN401
    """Serve a file with one of `tests.benchmark.competitors`."""
    _read_into_page_cache(path)
    return serving(sys.executable, "-m", "tests.benchmark.competitors", name, "PORT", str(path))


def measure_hot(path: Path, folder: Path, effort: Effort) -> Iterator[Figure]:
    """Measure a cached page and a 304, compared with a function that sends the same bytes."""
    with project(path) as (port, _):
        response = httpx.get(
            f"http://127.0.0.1:{port}/events", headers={"Accept-Encoding": "identity"}
        )
        headers = [(name, value) for name, value in response.headers.items() if name != "date"]
        copy = folder / "response.json"
        copy.write_text(json.dumps({"headers": headers, "body": response.text}), "utf-8")
        etag = {"If-None-Match": response.headers["etag"]}
        with competitor("bare", copy) as (bare, _):
            for what, our_path, bare_path, request_headers in (
                ("cached page", "/events", "/", {}),
                ("304", "/events", "/304", etag),
            ):
                servers = {
                    what: (port, [our_path] * TURNS),
                    "bare ASGI": (bare, [bare_path] * TURNS),
                }
                ours, limit = _rates(path, servers, effort, request_headers).values()
                yield Figure(f"{what}: bare ASGI", limit, "/s")
                yield Figure(what, ours, "/s")
                yield Figure(f"{what}: ratio to bare ASGI", ours / limit, "×", "≥ 0.80")
        with project(path, access_log=True) as (logging, _):
            servers = {"off": (port, ["/events"] * TURNS), "on": (logging, ["/events"] * TURNS)}
            off, on = _rates(path, servers, effort, {}).values()
            yield Figure(
                "cached page: ratio with the access log to without", on / off, "×", "≥ 0.85"
            )
        counts = ("/facets", "/histogram?interval=year")
        servers = {name: (port, [name] * TURNS) for name in ("/events", *counts)}
        rates = _rates(path, servers, effort, {})
        for name in counts:
            ratio = rates[name] / rates["/events"]
            yield Figure(f"cached {name}: ratio to a page", ratio, "×", "≥ 1")


def measure_cold(path: Path, events: int, effort: Effort) -> Iterator[Figure]:
    """Measure pages that are not cached, compared with Datasette and an ORM endpoint."""
    database = open_database(Settings(database_url=f"sqlite:///{path}"))
    queries = Queries(database, events)
    filtered = queries.filtered(30_000)
    paths = [path_of(query) for query in filtered]
    with ExitStack() as stack:
        our_port, _ = stack.enter_context(project(path, cache_mb=0))
        orm_port, _ = stack.enter_context(competitor("orm", path))
        servers = {"ours": (our_port, paths), "ORM endpoint": (orm_port, paths)}
        if datasette := which("datasette", path=str(BIN)):
            command = (datasette, "serve", path, "--port", "PORT")
            datasette_port, _ = stack.enter_context(serving(*command))
            with database.read() as connection:
                rows = connection.exec_driver_sql("SELECT slug, id FROM actor")
                ids = {row.slug: row.id for row in rows}
            urls = [_datasette_url(path.stem, query, ids) for query in filtered]
            servers["Datasette"] = datasette_port, urls
        rates = _rates(path, servers, effort, {})
    ours = rates.pop("ours")
    yield Figure("cold filtered page", ours, "/s")
    for name, theirs in rates.items():
        goal = {"ORM endpoint": "≥ 60", "Datasette": "≥ 3 (8)"}[name]
        yield Figure(f"cold filtered page: {name}", theirs, "/s")
        yield Figure(f"cold filtered page: ratio to {name}", ours / theirs, "×", goal)
    mixed = [path_of(query) for query in queries.mixed(60_000)]
    database.close()
    with project(path, cache_mb=0) as (one, _), project(path, workers=2, cache_mb=0) as (two, _):
        time.sleep(2)  # until both workers have started
        rates = _rates(path, {"1": (one, mixed), "2": (two, mixed)}, effort, {})
    yield Figure("cold page", rates["1"], "/s")
    yield Figure("cold page: ratio of 2 workers to 1", rates["2"] / rates["1"], "×", "≥ 1.7")


def _rates(
    path: Path,
    servers: Mapping[str, tuple[int, Sequence[str]]],
    effort: Effort,
    headers: dict[str, str],
) -> dict[str, float]:
    """Measure the rates of servers in turn: if the machine slows down, it affects all of them."""
    _read_into_page_cache(path)
    rates = dict.fromkeys(servers, 0.0)
    for turn in range(TURNS):
        for name, (port, paths) in servers.items():
            rates[name] += rate(port, paths[turn::TURNS], effort.seconds, headers) / TURNS
    return rates


def _datasette_url(name: str, query: Query, actors: dict[str, int]) -> str:
    """Return the URL of the same rows and their total in Datasette, without its suggestions."""
    params = {
        "latest__gte": query["from"],
        "earliest__lte": query["to"],
        "_sort": "sort_day",
        "_size": "50",
        "_nofacet": "1",
        "_nosuggest": "1",
    }
    if "actor" in query:
        row = {"table": "participation", "column": "actor_id", "value": str(actors[query["actor"]])}
        params["_through"] = json.dumps(row)
    return f"/{name}/event.json?{urlencode(params)}"


class QueryKind(NamedTuple):
    """Queries of one kind for one size of the database, and the goals for their latency."""

    paths: Sequence[str]
    latency_goal: str = ""
    """For the milliseconds in the large database."""
    ratio_goal: str = ""
    """For the ratio of the large to the small database."""


def measure_growth(paths: dict[int, Path], effort: Effort) -> Iterator[Figure]:
    """Measure the latency of each kind of query in a small and a large database, uncached."""
    small, *_, large = paths
    with ExitStack() as stack:
        ports = {
            events: stack.enter_context(project(paths[events], cache_mb=0))[0]
            for events in (small, large)
        }
        kinds = {events: _query_kinds(paths[events], events, effort) for events in ports}
        for name, (_, latency_goal, ratio_goal) in kinds[small].items():
            measured: dict[int, list[float]] = {small: [], large: []}
            for events in ports:
                _read_into_page_cache(paths[events])
            for turn in range(TURNS):
                for events, port in ports.items():
                    measured[events] += latencies(port, kinds[events][name].paths[turn::TURNS])
            in_small, in_large = median(measured[small]), median(measured[large])
            yield Figure(f"{name}: {small:,} events", in_small, "ms")
            yield Figure(f"{name}: {large:,} events", in_large, "ms", latency_goal)
            yield Figure(f"{name}: ratio", in_large / in_small, "×", ratio_goal)


def _query_kinds(path: Path, events: int, effort: Effort) -> dict[str, QueryKind]:
    """Create queries of each kind."""
    queries = Queries(open_database(Settings(database_url=f"sqlite:///{path}")), events)
    few = effort.repetitions // 10
    return {
        **{
            name: QueryKind([path_of(query()) for _ in range(effort.repetitions)], "", "≤ 1.5")
            for name, query in queries.flat.items()
        },
        **{
            name: QueryKind([path_of(query()) for _ in range(few)], "≤ 500")
            for name, query in queries.costly.items()
        },
        **{
            name: QueryKind([name] * TURNS, "≤ 2,000")
            for name in ("/facets", "/histogram?interval=year")
        },
    }


def measure_memory(path: Path, events: int, effort: Effort) -> Iterator[Figure]:
    """Measure the time until the first response, and the memory after many distinct queries."""
    queries = Queries(open_database(Settings(database_url=f"sqlite:///{path}")), events)
    start = time.perf_counter()
    with project(path) as (port, process):
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/events?limit=1").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.01)
        yield Figure("start to first response", time.perf_counter() - start, "s", "≤ 1.5")
        for total in (effort.distinct, 2 * effort.distinct):
            for _ in latencies(port, [path_of(query) for query in queries.mixed(effort.distinct)]):
                pass
            status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
            (resident,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
            used = int(resident.split()[1]) / 1024
            yield Figure(f"memory after {total:,} distinct queries", used, "MB", "≤ 200")


def _read_into_page_cache(path: Path) -> None:
    """Read a file, so that the operating system caches it. Otherwise the disk is measured."""
    with path.open("rb") as file:
        while file.read(2**20):
            pass


def main() -> None:
    """Run the benchmark, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="a file for the figures, as JSON")
    parser.add_argument("--keep", type=Path, help="a directory for the databases, to reuse them")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="events, ascending")
    parser.add_argument("--quick", action="store_true", help="only check that the benchmark runs")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        figures = [*measure(folder, options.sizes, QUICK if options.quick else FULL)]
    table = Table("", f"client: {CLIENT}", "", "goal")
    for what, value, unit, goal in figures:
        table.add_row(what, f"{value:,.2f}" if value < 100 else f"{value:,.0f}", unit, goal)
    Console().print(table)
    if options.json:
        records = [figure._asdict() for figure in figures]
        options.json.write_text(json.dumps(records, indent=2, ensure_ascii=False), "utf-8")


def measure(folder: Path, sizes: Sequence[int], effort: Effort) -> Iterator[Figure]:
    """Yield all figures."""
    paths = {events: folder / f"{events}.db" for events in sizes}
    idle = load(folder, 0)
    for events, path in paths.items():
        if not path.exists():
            run = load(folder, events)
            speed = events / (run.seconds - idle.seconds)
            yield Figure(f"loading {events:,} events", speed, "/s", "≥ 10,000")
            yield Figure(f"loading {events:,} events: memory", run.megabytes, "MB")
    small, middle, large = sizes[0], sizes[len(sizes) // 2], sizes[-1]
    yield from measure_hot(paths[small], folder, effort)
    yield from measure_cold(paths[middle], middle, effort)
    yield from measure_growth({small: paths[small], large: paths[large]}, effort)
    yield from measure_memory(paths[large], large, effort)


if __name__ == "__main__":
    main()
