"""Ten minutes of mixed load on one server: `python -m tests.benchmark.soak`.

It prints the memory and the open files of the server while clients request cached and other pages,
revalidate them, break off exports, and a dossier is loaded every five seconds.
"""

import argparse
import itertools
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from app.db.engines import open_database
from app.settings import Settings
from tests.benchmark.contention import memory
from tests.benchmark.loading import load
from tests.benchmark.queries import Queries, path_of
from tests.benchmark.serving import BIN, project

LOAD_INTERVAL = 5
"""Seconds between two loads."""
SAMPLES = 20
"""How often memory and open files are measured."""
DOSSIER = """
timeline: {{id: soak, title: A timeline that changes all the time}}
sources: [{{id: soak-source, title: A source, publisher: soak-paper}}]
actors: [{{id: soak-paper, name: The Paper, kind: media}}]
events:
- id: soak-event
  title: Version {number}
  kind: statement
  status: reported
  date: 2021-11
  citations: [{{source: soak-source, quote: Version {number}, attributed_to: The Paper}}]
"""


class Soak:
    """The clients, and what they have seen."""

    def __init__(self, url: str, path: Path, cold: Callable[[], Iterator[str]]) -> None:
        self.outcomes: Counter[str] = Counter()
        self.stop = threading.Event()
        self._url = url
        self._path = path
        self._cold = [cold(), cold()]
        self._etag = ""
        self._versions = itertools.count()

    def start(self) -> list[threading.Thread]:
        """Start a thread for each client."""
        clients = (self.hot, self.cold, self.cold, self.revalidate, self.export, self.load)
        threads = [threading.Thread(target=self._repeat, args=[client]) for client in clients]
        for thread in threads:
            thread.start()
        return threads

    def _repeat(self, request: Callable[[httpx.Client], str]) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self.stop.is_set():
                try:
                    outcome = request(client)
                except httpx.HTTPError as error:
                    outcome = repr(error)
                self.outcomes[f"{request.__name__}: {outcome}"] += 1

    def hot(self, client: httpx.Client) -> str:
        """Request a page that is cached."""
        return str(client.get("/events").status_code)

    def cold(self, client: httpx.Client) -> str:
        """Request a page that is not cached."""
        # A generator serves one thread at a time.
        paths = self._cold.pop()
        try:
            return str(client.get(next(paths)).status_code)
        finally:
            self._cold.append(paths)

    def revalidate(self, client: httpx.Client) -> str:
        """Request a page that the client has, until it changes."""
        response = client.get("/events?limit=5", headers={"If-None-Match": self._etag})
        self._etag = response.headers["etag"]
        return str(response.status_code)

    def export(self, client: httpx.Client) -> str:
        """Read the beginning of an export."""
        with client.stream("GET", "/events.jsonl") as response:
            next(response.iter_raw())
            return str(response.status_code)

    def load(self, _: httpx.Client) -> str:
        """Load a dossier that differs from the last one."""
        dossier = self._path.with_name("soak.yaml")
        dossier.write_text(DOSSIER.format(number=next(self._versions)), "utf-8")
        environment = {**os.environ, "TIMELINE_DATABASE_URL": f"sqlite:///{self._path}"}
        command = (str(BIN / "timeline"), "load", str(dossier))
        result = subprocess.run(command, env=environment, capture_output=True, check=False)
        self.stop.wait(LOAD_INTERVAL)
        return f"exit code {result.returncode}"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        load(Path(folder), options.events)
        path = Path(folder) / f"{options.events}.db"
        database = open_database(Settings(database_url=f"sqlite:///{path}"))
        queries = Queries(database, options.events)

        def cold() -> Iterator[str]:
            while True:
                yield from map(path_of, queries.filtered(10_000))

        with project(path) as (port, process):
            soak = Soak(f"http://127.0.0.1:{port}", path, cold)
            threads = soak.start()
            for sample in range(SAMPLES):
                time.sleep(options.minutes * 60 / SAMPLES)
                minutes = (sample + 1) * options.minutes / SAMPLES
                descriptors = len([*Path(f"/proc/{process.pid}/fd").iterdir()])
                megabytes = memory(process)["now"]
                print(f"{minutes:.1f} min: {megabytes:.0f} MB, {descriptors} descriptors")
            soak.stop.set()
            for thread in threads:
                thread.join()
        database.close()
    for outcome, number in sorted(soak.outcomes.items()):
        print(f"{outcome}: {number:,}")


if __name__ == "__main__":
    main()
