"""The effect of the costliest queries on other clients: `python -m tests.benchmark.contention`.

One client requests pages that are not cached, while several others repeat the costliest queries
that are allowed, export everything, or request the largest documents.
"""

import argparse
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import count, islice, repeat
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import httpx

from app.db.engines import open_database
from app.settings import Settings
from tests.benchmark.loading import load
from tests.benchmark.queries import COMMON, Queries, path_of
from tests.benchmark.serving import project

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


def measure_effect(
    url: str, paths: Iterator[str], clients: Mapping[str, Iterator[str]], seconds: float
) -> None:
    """Print the latency of a page while other clients send requests without a pause."""
    stop = threading.Event()
    statuses: Counter[int] = Counter()
    slowest = [0.0]

    def send_requests(urls: Iterator[str]) -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            while not stop.is_set():
                start = time.perf_counter()
                with client.stream("GET", next(urls)) as response:
                    for _ in response.iter_raw():
                        if stop.is_set():
                            return
                statuses[response.status_code] += 1
                slowest.append(time.perf_counter() - start)

    threads = [threading.Thread(target=send_requests, args=[urls]) for urls in clients.values()]
    for thread in threads:
        thread.start()
    latencies = list[float]()
    with httpx.Client(base_url=url, timeout=60) as client:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(latencies) < 2:  # of which percentiles exist
            start = time.perf_counter()
            client.get(next(paths)).raise_for_status()
            latencies.append((time.perf_counter() - start) * 1_000)
            time.sleep(0.005)
    stop.set()
    for thread in threads:
        thread.join()
    percentiles = quantiles(latencies, n=100)
    print(
        f"{', '.join(clients) or 'alone'} ({dict(statuses)}, slowest {max(slowest):.2f} s): "
        f"page median {median(latencies):.1f} ms, p99 {percentiles[98]:.0f} ms, "
        f"maximum {max(latencies):.0f} ms"
    )


def costly(number: int) -> dict[str, Iterator[str]]:
    """Return clients that send the costliest queries."""
    return {f"costly {at}": islice(_costly_urls(), at, None, 2) for at in range(number)}


def exporting(number: int) -> dict[str, Iterator[str]]:
    """Return clients that export everything, again and again."""
    paths = "/events.jsonl", "/events.csv"
    return {f"export {at}": repeat(paths[at % 2]) for at in range(number)}


def large(number: int) -> dict[str, Iterator[str]]:
    """Return clients that request the largest documents, each with another query every time."""
    return {
        f"large {at}": (f"/events.jsonld?from={1900 + n % 50}-01-{1 + at:02}" for n in count(at))
        for at in range(number)
    }


def memory(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """Return the current and the highest memory of a process in megabytes."""
    lines = Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines()
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    names = {"now": "VmRSS", "peak": "VmHWM"}
    return {what: int(sizes[name].split()[0]) / 1_024 for what, name in names.items()}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--limit", type=float, default=2, help="TIMELINE_QUERY_TIMEOUT")
    parser.add_argument("--keep", type=Path, help="a directory for the database, to reuse it")
    parser.add_argument("--settle", type=float, default=60, help="seconds until memory is measured")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        path = folder / f"{options.events}.db"
        if not path.exists():
            load(folder, options.events)
        database = open_database(Settings(database_url=f"sqlite:///{path}"))
        paths = map(path_of, Queries(database, options.events).filtered(100_000))
        database.close()
        with project(path, cache_mb=0, query_timeout=options.limit) as (port, process):
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=60) as client:
                measure_each(client)
            before = memory(process)["now"]
            for clients in ({}, costly(1), costly(4), costly(4) | exporting(2), large(24)):
                measure_effect(url, paths, clients, options.seconds)
                print(f"memory: {memory(process)}")
            time.sleep(options.settle)
            print(f"memory: {before:.0f} MB before, {memory(process)['now']:.0f} MB now")


if __name__ == "__main__":
    main()
