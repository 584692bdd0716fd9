"""What the costliest queries do to others: `python -m tests.benchmark.contention`.

A reader asks for pages that were never asked before while nobody, one and several others ask for
the costliest that is permitted, over and over. Nothing is asserted, since machines are noisy.
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

CROWDS = (0, 1, 2, 4)
_WORDS = " ".join(COMMON)
_ACTORS = [("actor", f"actor-{number}") for number in range(50)]
_EXCLUDED = [("exclude_actor", f"actor-{number}") for number in range(50, 100)]
COSTLY = {
    "every facet": ("/facets", [("facet_limit", "200")]),
    "every facet of a common word": ("/facets", [("q", COMMON[0])]),
    "every facet of many actors": ("/facets", [*_ACTORS, *_EXCLUDED, ("min_sources", "2")]),
    "bars by month": ("/histogram", [("min_sources", "2")]),
    "bars of many actors": ("/histogram", [*_ACTORS, *_EXCLUDED, ("actor_scope", "tree")]),
    "words in many": ("/events", [("q", _WORDS), ("min_sources", "2"), ("sort", "updated")]),
    "all of many actors": ("/events", [*_ACTORS, ("actor_match", "all")]),
    "ten thousand items": ("/events.vis.json", [("limit", "10000"), *_EXCLUDED]),
    "ten thousand of many": ("/events.jsonld", [("q", COMMON[0]), *_EXCLUDED]),
}


def _asked() -> Iterator[str]:
    """Give the costliest queries in turn, each time from another day on."""
    for number in count():
        day = date(1900, 1, 1) + timedelta(days=number)
        for path, query in COSTLY.values():
            yield f"{path}?{urlencode([*query, ('from', str(day))])}"


def measure_each(client: httpx.Client) -> None:
    """Print what each of them takes by itself."""
    for name, (path, query) in COSTLY.items():
        began = time.perf_counter()
        answer = client.get(f"{path}?{urlencode(query)}")
        seconds = time.perf_counter() - began
        print(f"{name}: {answer.status_code} in {seconds * 1_000:,.0f} ms")


def measure_others(url: str, paths: Iterator[str], crowd: int, seconds: float) -> None:
    """Print how long a reader waits while so many others ask for the costliest."""
    over = threading.Event()
    statuses: Counter[int] = Counter()
    slowest = [0.0]

    def ask(asked: Iterator[str]) -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            while not over.is_set():
                began = time.perf_counter()
                statuses[client.get(next(asked)).status_code] += 1
                slowest.append(time.perf_counter() - began)

    threads = [threading.Thread(target=ask, args=(_asked(),)) for _ in range(crowd)]
    for thread in threads:
        thread.start()
    waited = []
    with httpx.Client(base_url=url, timeout=60) as client:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            began = time.perf_counter()
            client.get(next(paths)).raise_for_status()
            waited.append((time.perf_counter() - began) * 1_000)
            time.sleep(0.005)
    over.set()
    for thread in threads:
        thread.join()
    centiles = quantiles(waited, n=100)
    print(
        f"{crowd} ask for the costliest ({dict(statuses)}, the slowest {max(slowest):.2f} s): a "
        f"page waits {median(waited):.1f} ms, p99 {centiles[98]:.0f} ms, at most {max(waited):.0f}"
    )


def main() -> None:
    """Print what is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--limit", type=float, default=0.5, help="TIMELINE_QUERY_TIMEOUT")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        load(Path(folder), asked.events)
        path = Path(folder) / f"{asked.events}.db"
        database = Database(Settings(database_url=f"sqlite:///{path}"))
        paths = map(path_of, Queries(database, asked.events).filtered(100_000))
        database.close()
        with project(path, cache=0, limit=asked.limit) as (port, _):
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=60) as client:
                measure_each(client)
            for crowd in CROWDS:
                measure_others(url, paths, crowd, asked.seconds)


if __name__ == "__main__":
    main()
