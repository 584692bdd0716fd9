"""The cost of requests to one and to two API hosts: `python -m tests.benchmark.replication`.

Each API host reads from a standby of its own, as root only: see `tests.support.cluster`. Everything
runs on one machine, so compare the requests per CPU second, not those per second.
"""

import argparse
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import product
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from app.db.engines import open_database
from app.settings import Settings
from tests.benchmark.client import CLIENT, latencies, rate
from tests.benchmark.queries import Queries, path_of
from tests.benchmark.serving import BIN, TURNS, serving
from tests.benchmark.synthetic import write_dossier
from tests.support.cluster import Cluster, Host, running_cluster

TICKS = os.sysconf("SC_CLK_TCK")
RATE_LIMIT = 2_000
"""More requests per second than a host can respond to without the cache."""
WARM_UP = 300
"""Requests to each host before the first measurement."""
MEASURED = [*product(("cold", "cached"), (1, 2))]
"""The kinds of requests, and the numbers of API hosts."""
MEASURABLE = 0.1
"""CPU seconds that say something: their clock has steps of 10 ms."""


class ApiHost(NamedTuple):
    """A server process, and the standby that it reads from."""

    port: int
    process: int
    standby: Host

    def cpu_seconds(self) -> tuple[float, float]:
        """Return the CPU time of the server, and that of its standby."""
        return _cpu_seconds(self.process), sum(map(_cpu_seconds, _processes_of(self.standby)))


class Cost(NamedTuple):
    """Requests, and what they took."""

    requests: float = 0
    seconds: float = 0
    api: float = 0
    """CPU seconds of the servers."""
    postgresql: float = 0
    """CPU seconds of the standbys, including replication."""

    def plus(self, other: "Cost") -> "Cost":
        """Return the sum."""
        return Cost(*map(sum, zip(self, other, strict=True)))


def _cpu_seconds(process: int) -> float:
    """Return the CPU time of a process, and of its children that have ended.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def _processes_of(host: Host) -> Iterator[int]:
    """Yield the processes of a host, which are those in its network namespace."""
    namespace = Path(f"/proc/{host.namespace.pid}/ns/net").readlink()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_in_it = (folder / "ns/net").readlink() == namespace
        except OSError:  # it has ended
            continue
        if is_in_it:
            yield int(folder.name)


def measure(hosts: Sequence[ApiHost], paths: Sequence[Sequence[str]], seconds: float) -> Cost:
    """Send requests to all hosts at once, each other paths; return what they took."""
    before = [host.cpu_seconds() for host in hosts]
    with ThreadPoolExecutor() as pool:
        ports = [host.port for host in hosts]
        rates = [*pool.map(rate, ports, paths, [seconds] * len(hosts), [{}] * len(hosts))]
    after = [host.cpu_seconds() for host in hosts]
    api, postgresql = (
        sum(two[at] - one[at] for one, two in zip(before, after, strict=True)) for at in (0, 1)
    )
    return Cost(sum(rates) * seconds, seconds, api, postgresql)


def measure_in_turn(
    hosts: Sequence[ApiHost], paths: Sequence[str], seconds: float
) -> Mapping[tuple[str, int], Cost]:
    """Measure one and two hosts, cold and cached, in turn, because machines are noisy.

    No path of a cold request is used twice, so the cache never has its response.
    """
    costs: dict[tuple[str, int], Cost] = {}
    parts = iter([paths[at :: 3 * TURNS] for at in range(3 * TURNS)])
    for _ in range(TURNS):
        for kind, number in MEASURED:
            used = hosts[:number]
            requests = [next(parts) if kind == "cold" else ["/events"] for _ in used]
            cost = measure(used, requests, seconds)
            costs[kind, number] = costs.get((kind, number), Cost()).plus(cost)
    return costs


def print_table(costs: Mapping[tuple[str, int], Cost]) -> None:
    """Print the requests per second and per CPU second."""
    table = Table("requests", "API hosts", "per second")
    for name in ("API", "PostgreSQL", "both"):
        table.add_column(f"per CPU second, {name}", justify="right")
    for kind, number in MEASURED:
        cost = costs[kind, number]
        cpu = cost.api, cost.postgresql, cost.api + cost.postgresql
        figures = (f"{cost.requests / one:,.0f}" if one > MEASURABLE else "-" for one in cpu)
        table.add_row(kind, str(number), f"{cost.requests / cost.seconds:,.0f}", *figures)
    Console(width=100).print(table)


def _load(cluster: Cluster, folder: Path, events: int) -> None:
    dossier = folder / "dossier.jsonl"
    write_dossier(dossier, events)
    environment = {**os.environ, "TIMELINE_DATABASE_URL": cluster.url()}
    command = BIN / "timeline"
    subprocess.run([command, "load", dossier], env=environment, stdout=DEVNULL, check=True)
    # Otherwise autovacuum does it at any time, and its cost is that of some requests.
    cluster.primary.sql("VACUUM (ANALYZE)")
    cluster.wait_until_replayed()


def _serve(stack: ExitStack, url: str, standby: Host) -> ApiHost:
    command = (BIN / "timeline", "serve", "--port", "PORT", "--no-access-log")
    port, process = stack.enter_context(serving(*command, TIMELINE_DATABASE_URL=url))
    return ApiHost(port, process.pid, standby)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5, help="seconds of each measurement")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        cluster = stack.enter_context(running_cluster())
        _load(cluster, folder, options.events)
        with closing(open_database(Settings(database_url=cluster.url()))) as database:
            number = WARM_UP + max(1_000, int(3 * TURNS * options.seconds * RATE_LIMIT))
            paths = [*map(path_of, Queries(database, options.events).mixed(number))]
        hosts = [
            _serve(stack, cluster.url(standby, cluster.primary), standby)
            for standby in cluster.standbys
        ]
        for host in hosts:
            list(latencies(host.port, paths[:WARM_UP]))
        print(f"{options.events:,} events; client: {CLIENT}")
        print_table(measure_in_turn(hosts, paths[WARM_UP:], options.seconds))


if __name__ == "__main__":
    main()
