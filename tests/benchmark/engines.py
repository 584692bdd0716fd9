"""SQLite and PostgreSQL side by side: `python -m tests.benchmark.engines`.

Both have the same records and get the same requests, in turn. PostgreSQL is that of the tests, or
the server of `--server`, on which the databases `bench_NUMBER` are created.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text

from app.db.engines import open_database
from app.settings import Settings
from tests.benchmark.client import CLIENT, latencies, rate
from tests.benchmark.loading import load
from tests.benchmark.queries import Queries, path_of
from tests.benchmark.serving import FULL, QUICK, TURNS, Effort, project
from tests.support import postgresql

SIZES = [10_000, 100_000, 1_000_000]
LISTS = ("/facets", "/histogram?interval=year")


class Comparison(NamedTuple):
    """A figure of each engine, and what their ratio should be."""

    what: str
    sqlite: float
    postgresql: float
    unit: str
    goal: str = ""


def measure(
    folder: Path, sizes: Sequence[int], effort: Effort, server: str
) -> Iterator[Comparison]:
    """Yield all figures."""
    for events in sizes:
        path = folder / f"{events}.db"
        url = f"{server}/bench_{events}"
        if not path.exists():
            yield _load(folder, events, url)
        yield from _measure_cold(path, url, events, effort)
    yield _measure_hot(folder / f"{sizes[0]}.db", f"{server}/bench_{sizes[0]}", effort)


def _load(folder: Path, events: int, url: str) -> Comparison:
    """Load the same dossier into both."""
    server, _, name = url.rpartition("/")
    _run(f"{server}/postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    _run(f"{server}/postgres", f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    one, other = (events / load(folder, events, target).elapsed for target in ("", url))
    _run(url, "VACUUM ANALYZE")  # as autovacuum does within a minute
    return Comparison(f"loading {events:,} events", one, other, "/s", "PostgreSQL ≥ 3,000")


def _run(url: str, statement: str) -> None:
    engine = create_engine(
        url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _measure_cold(path: Path, url: str, events: int, effort: Effort) -> Iterator[Comparison]:
    """Measure the latency of each kind of query, uncached."""
    database = open_database(Settings(database_url=f"sqlite:///{path}"))
    queries = Queries(database, events)
    kinds = {
        **{
            name: [path_of(query()) for _ in range(effort.repetitions)]
            for name, query in queries.flat.items()
        },
        **{
            name: [path_of(query()) for _ in range(effort.repetitions // 5)]
            for name, query in queries.costly.items()
        },
        **{name: [name] * TURNS * 2 for name in LISTS},
        "/facets + window": [
            f"/facets?from={window['from']}&to={window['to']}"
            for window in (queries.window() for _ in range(effort.repetitions // 10))
        ],
    }
    database.close()
    with ExitStack() as stack:
        ports = [stack.enter_context(project(database, cache_mb=0))[0] for database in (path, url)]
        for name, paths in kinds.items():
            measured: list[list[float]] = [[], []]
            for port in ports:  # so that statements are prepared, and data is in memory
                for _ in latencies(port, paths[:12]):
                    pass
            for turn in range(TURNS):
                for port, found in zip(ports, measured, strict=True):
                    found.extend(latencies(port, paths[turn::TURNS]))
            one, other = map(median, measured)
            yield Comparison(f"{name}: {events:,} events", one, other, "ms", "≤ 2.5")


def _measure_hot(path: Path, url: str, effort: Effort) -> Comparison:
    """Measure the rate of a cached page."""
    with project(path) as (one, _), project(url) as (other, _):
        rates = [0.0, 0.0]
        for _ in range(TURNS):
            for index, port in enumerate((one, other)):
                rates[index] += rate(port, ["/events"], effort.seconds, {}) / TURNS
    return Comparison("cached page", rates[0], rates[1], "/s", "≥ 0.95")


def main() -> None:
    """Run the benchmark, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="a directory for the databases, to reuse them")
    parser.add_argument("--server", help="the URL of a server without the name of a database")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="events, ascending")
    parser.add_argument("--quick", action="store_true", help="only check that the benchmark runs")
    options = parser.parse_args()
    server = options.server or postgresql.server_url()
    table = Table("", "SQLite", "PostgreSQL", f"({CLIENT})", "ratio", "goal")
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        effort = QUICK if options.quick else FULL
        for what, sqlite, other, unit, goal in measure(folder, options.sizes, effort, server):
            row = (what, f"{sqlite:,.2f}", f"{other:,.2f}", unit, f"{other / sqlite:.2f}", goal)
            print(*row, sep="  ", flush=True)
            table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
