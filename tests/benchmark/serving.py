"""How fast it answers, beside what it is compared with: `python -m tests.benchmark.serving`.

Every ratio is taken in one run on one machine; nothing is asserted, since machines are noisy.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
from rich.console import Console
from rich.table import Table

from app.db.sqlite.database import Database
from app.settings import Settings
from tests.benchmark.client import CLIENT, latencies, rate
from tests.benchmark.loading import load
from tests.benchmark.queries import Queries, Query, path_of

BIN = Path(sys.executable).parent
SIZES = [10_000, 100_000, 1_000_000]


class Effort(NamedTuple):
    """How much is asked."""

    seconds: int
    """For a rate."""
    times: int
    """For the median of a kind of query; a tenth of the costly ones."""
    distinct: int
    """For the memory; and then again."""


FULL = Effort(3, 200, 5_000)
TURNS = 4
"""So often are those that are compared asked in turn."""
QUICK = Effort(1, 10, 100)
"""Tells nothing but that it runs."""


class Figure(NamedTuple):
    """One thing measured."""

    what: str
    value: float
    unit: str
    wanted: str = ""


@contextmanager
def serving(
    *command: str | Path, **environment: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve on a free port until it answers; give the port and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(word).replace("PORT", str(port)) for word in command]
    process = subprocess.Popen(
        words,
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


def project(path: Path, *, workers: int = 1, cache: int = 32, limit: float = 60) -> Any:  # noqa: ANN401
    """Serve a database by the project's own command."""
    _warm(path)
    return serving(
        *(
            BIN / "timeline",
            "serve",
            "--port",
            "PORT",
            "--no-access-log",
            "--workers",
            str(workers),
        ),
        TIMELINE_DATABASE_URL=f"sqlite:///{path}",
        TIMELINE_CACHE_SIZE=str(cache),
        TIMELINE_QUERY_TIMEOUT=str(limit),
    )


def neighbour(which_: str, path: Path) -> Any:  # noqa: ANN401
    """Serve what the project is measured beside."""
    _warm(path)
    return serving(sys.executable, "-m", "tests.benchmark.competitors", which_, "PORT", str(path))


def measure_hot(path: Path, folder: Path, effort: Effort) -> Iterator[Figure]:
    """Measure a page asked before and a 304, beside a function that sends the same bytes."""
    with project(path) as (port, _):
        answer = httpx.get(
            f"http://127.0.0.1:{port}/events", headers={"Accept-Encoding": "identity"}
        )
        headers = [(name, value) for name, value in answer.headers.items() if name != "date"]
        kept = folder / "answer.json"
        kept.write_text(json.dumps({"headers": headers, "body": answer.text}), "utf-8")
        tag = {"If-None-Match": answer.headers["etag"]}
        with neighbour("bare", kept) as (bare, _):
            for what, ours, theirs, sent in (
                ("a page asked before", "/events", "/", {}),
                ("304", "/events", "/304", tag),
            ):
                asked = {what: (port, [ours] * TURNS), "bare ASGI": (bare, [theirs] * TURNS)}
                mine, limit = _rates(path, asked, effort, sent).values()
                yield Figure(f"{what}: bare ASGI", limit, "/s")
                yield Figure(what, mine, "/s")
                yield Figure(f"{what}: of bare ASGI", mine / limit, "×", "≥ 0.60")
        counts = ("/facets", "/histogram?interval=year")
        asked = {name: (port, [name] * TURNS) for name in ("/events", *counts)}
        rates = _rates(path, asked, effort, {})
        for name in counts:
            ratio = rates[name] / rates["/events"]
            yield Figure(f"{name} asked before: of a page", ratio, "×", "≥ 1")


def measure_cold(path: Path, events: int, effort: Effort) -> Iterator[Figure]:
    """Measure pages never asked before, beside Datasette and an ORM endpoint."""
    database = Database(Settings(database_url=f"sqlite:///{path}"))
    queries = Queries(database, events)
    filtered = queries.filtered(30_000)
    paths = [path_of(query) for query in filtered]
    with ExitStack() as servers:
        ours, _ = servers.enter_context(project(path, cache=0))
        orm, _ = servers.enter_context(neighbour("orm", path))
        asked = {"ours": (ours, paths), "the ORM endpoint": (orm, paths)}
        if datasette := which("datasette", path=str(BIN)):
            flat, _ = servers.enter_context(serving(datasette, "serve", path, "--port", "PORT"))
            with database.read() as connection:
                rows = connection.exec_driver_sql("SELECT slug, id FROM actor")
                ids = {row.slug: row.id for row in rows}
            asked["Datasette"] = flat, [_flat(path.stem, query, ids) for query in filtered]
        rates = _rates(path, asked, effort, {})
    mine = rates.pop("ours")
    yield Figure("a cold filtered page", mine, "/s")
    for name, theirs in rates.items():
        wanted = {"the ORM endpoint": "≥ 60", "Datasette": "≥ 3 (8)"}[name]
        yield Figure(f"a cold filtered page: {name}", theirs, "/s")
        yield Figure(f"a cold filtered page: of {name}", mine / theirs, "×", wanted)
    mixed = [path_of(query) for query in queries.mixed(60_000)]
    database.close()
    with project(path, cache=0) as (one, _), project(path, workers=2, cache=0) as (two, _):
        time.sleep(2)  # until both workers have started
        rates = _rates(path, {"1": (one, mixed), "2": (two, mixed)}, effort, {})
    yield Figure("a cold page", rates["1"], "/s")
    yield Figure("a cold page, 2 workers: of 1", rates["2"] / rates["1"], "×", "≥ 1.7")


def _rates(
    path: Path,
    asked: Mapping[str, tuple[int, Sequence[str]]],
    effort: Effort,
    headers: dict[str, str],
) -> dict[str, float]:
    """Take the rates of servers in turn, so that a machine that slows down slows down all."""
    _warm(path)
    taken = dict.fromkeys(asked, 0.0)
    for turn in range(TURNS):
        for name, (port, paths) in asked.items():
            taken[name] += rate(port, paths[turn::TURNS], effort.seconds, headers) / TURNS
    return taken


def _flat(name: str, query: Query, actors: dict[str, int]) -> str:
    """Ask Datasette for the same rows of `event` and their total, without its suggestions."""
    asked = {
        "latest__gte": query["from"],
        "earliest__lte": query["to"],
        "_sort": "sort_day",
        "_size": "50",
        "_nofacet": "1",
        "_nosuggest": "1",
    }
    if "actor" in query:
        row = {"table": "participation", "column": "actor_id", "value": str(actors[query["actor"]])}
        asked["_through"] = json.dumps(row)
    return f"/{name}/event.json?{urlencode(asked)}"


class Asked(NamedTuple):
    """One kind of query at one size."""

    paths: Sequence[str]
    time: str = ""
    """What is wanted of the milliseconds at many events."""
    growth: str = ""
    """What is wanted of them over those at few."""


def measure_growth(paths: dict[int, Path], effort: Effort) -> Iterator[Figure]:
    """Measure what each kind of query costs cold, at many events and at few, side by side."""
    few, *_, many = paths
    with ExitStack() as servers:
        ports = {
            events: servers.enter_context(project(paths[events], cache=0))[0]
            for events in (few, many)
        }
        asked = {events: _asked(paths[events], events, effort) for events in ports}
        for name, (_, time_, growth) in asked[few].items():
            taken: dict[int, list[float]] = {few: [], many: []}
            for events in ports:
                _warm(paths[events])
            for turn in range(TURNS):  # a machine that slows down slows down both
                for events, port in ports.items():
                    taken[events] += latencies(port, asked[events][name].paths[turn::TURNS])
            at_few, at_many = median(taken[few]), median(taken[many])
            yield Figure(f"{name}: {few:,} events", at_few, "ms")
            yield Figure(f"{name}: {many:,} events", at_many, "ms", time_)
            yield Figure(f"{name}: of it", at_many / at_few, "×", growth)


def _asked(path: Path, events: int, effort: Effort) -> dict[str, Asked]:
    """Make up queries of each kind."""
    queries = Queries(Database(Settings(database_url=f"sqlite:///{path}")), events)
    return {
        **{
            name: Asked([path_of(make()) for _ in range(effort.times)], growth="≤ 1.5")
            for name, make in queries.flat.items()
        },
        **{
            name: Asked([path_of(make()) for _ in range(effort.times // 10)], time="≤ 500")
            for name, make in queries.costly.items()
        },
        **{
            name: Asked([name] * TURNS, time="≤ 2,000")
            for name in ("/facets", "/histogram?interval=year")
        },
    }


def measure_memory(path: Path, events: int, effort: Effort) -> Iterator[Figure]:
    """Measure when it first answers, and its memory after thousands of distinct queries."""
    queries = Queries(Database(Settings(database_url=f"sqlite:///{path}")), events)
    begun = time.perf_counter()
    with project(path) as (port, process):
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/events?limit=1").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.01)
        yield Figure("start to first answer", time.perf_counter() - begun, "s", "≤ 1.5")
        for asked in (effort.distinct, 2 * effort.distinct):
            for _ in latencies(port, [path_of(query) for query in queries.mixed(effort.distinct)]):
                pass
            status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
            (resident,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
            used = int(resident.split()[1]) / 1024
            yield Figure(f"memory after {asked:,} distinct queries", used, "MB", "≤ 200")


def _warm(path: Path) -> None:
    """Have the system hold the file in memory, lest it is the disk that is measured."""
    with path.open("rb") as file:
        while file.read(2**20):
            pass


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    parser.add_argument("--keep", type=Path, help="where the databases are kept, to be used again")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="events, ascending")
    parser.add_argument("--quick", action="store_true", help="only try whether it runs")
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        figures = [*measure(folder, asked.sizes, QUICK if asked.quick else FULL)]
    table = Table("", f"driven by {CLIENT}", "", "wanted", title="access logs off on both sides")
    for what, value, unit, wanted in figures:
        table.add_row(what, f"{value:,.2f}" if value < 100 else f"{value:,.0f}", unit, wanted)
    Console().print(table)
    if asked.json:
        written = [one._asdict() for one in figures]
        asked.json.write_text(json.dumps(written, indent=2, ensure_ascii=False), "utf-8")


def measure(folder: Path, sizes: Sequence[int], effort: Effort) -> Iterator[Figure]:
    """Measure everything, telling each part as it begins."""
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
