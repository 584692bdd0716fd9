"""The effect of the costliest queries on other clients: `python -m tests.benchmark.contention`.

One client requests pages that are not cached, while several others repeat the costliest queries
that are allowed.
"""

import argparse
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import httpx

from app.db.sqlite.database import Database
from app.settings import Settings
from tests.benchmark.loading import load
from tests.benchmark.queries import COMMON, Queries, path_of
from tests.benchmark.serving import project

COSTLY_CLIENTS = (0, 1, 2, 4)
_WORDS = " ".join(COMMON)
_ACTORS = [("actor", f"actor-{number}") for number in range(50)]
_EXCLUDED = [("exclude_actor", f"actor-{number}") for number in range(50, 100)]
COSTLY = {
    "every facet": ("/facets", [("facet_limit", "200")]),
    "every facet of a common word": ("/facets", [("q", COMMON[0])]),
    "every facet of many actors": ("/facets", [*_ACTORS, *_EXCLUDED, ("min_sources", "2")]),
    "histogram by month": ("/histogram", [("min_sources", "2")]),
    "histogram of many actors": ("/histogram", [*_ACTORS, *_EXCLUDED, ("actor_scope", "tree")]),
    "common words": ("/events", [("q", _WORDS), ("min_sources", "2"), ("sort", "updated")]),
    "all of many actors": ("/events", [*_ACTORS, ("actor_match", "all")]),
    "10,000 items": ("/events.vis.json", [("limit", "10000"), *_EXCLUDED]),
    "10,000 events of a common word": ("/events.jsonld", [("q", COMMON[0]), *_EXCLUDED]),
}


def _costly_urls() -> Iterator[str]:
    """Yield the costliest queries in turn, with another start date each time."""
    for number in count():
        day = date(1900, 1, 1) + timedelta(days=number)
        for path, query in COSTLY.values():
            yield f"{path}?{urlencode([*query, ('from', str(day))])}"


def measure_each(client: httpx.Client) -> None:
    """Print the status and the duration of each costly query."""
    for name, (path, query) in COSTLY.items():
        start = time.perf_counter()
        response = client.get(f"{path}?{urlencode(query)}")
        seconds = time.perf_counter() - start
        print(f"{name}: {response.status_code} in {seconds * 1_000:,.0f} ms")


def measure_effect(url: str, paths: Iterator[str], costly_clients: int, seconds: float) -> None:
    """Print the latency of a page while other clients send costly queries."""
    stop = threading.Event()
    statuses: Counter[int] = Counter()
    costly_seconds = [0.0]

    def send_costly_queries() -> None:
        urls = _costly_urls()
        with httpx.Client(base_url=url, timeout=60) as client:
            while not stop.is_set():
                start = time.perf_counter()
                statuses[client.get(next(urls)).status_code] += 1
                costly_seconds.append(time.perf_counter() - start)

    threads = [threading.Thread(target=send_costly_queries) for _ in range(costly_clients)]
    for thread in threads:
        thread.start()
    latencies = []
    with httpx.Client(base_url=url, timeout=60) as client:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            client.get(next(paths)).raise_for_status()
            latencies.append((time.perf_counter() - start) * 1_000)
            time.sleep(0.005)
    stop.set()
    for thread in threads:
        thread.join()
    percentiles = quantiles(latencies, n=100)
    print(
        f"{costly_clients} costly clients ({dict(statuses)}, slowest {max(costly_seconds):.2f} s): "
        f"page median {median(latencies):.1f} ms, p99 {percentiles[98]:.0f} ms, "
        f"maximum {max(latencies):.0f} ms"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--limit", type=float, default=0.5, help="TIMELINE_QUERY_TIMEOUT")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        load(Path(folder), options.events)
        path = Path(folder) / f"{options.events}.db"
        database = Database(Settings(database_url=f"sqlite:///{path}"))
        paths = map(path_of, Queries(database, options.events).filtered(100_000))
        database.close()
        with project(path, cache_mb=0, query_timeout=options.limit) as (port, _):
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=60) as client:
                measure_each(client)
            for costly_clients in COSTLY_CLIENTS:
                measure_effect(url, paths, costly_clients, options.seconds)


if __name__ == "__main__":
    main()
