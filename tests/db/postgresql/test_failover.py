"""Failover: the primary or another host fails while clients read and write.

Run with `-s` for the figures.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import count, cycle, pairwise
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from app.api.headers import REVISION_HEADER
from app.db.database import Database
from app.db.engines import open_database
from app.errors import DatabaseError
from app.settings import Settings
from tests.support.cli import serving
from tests.support.cluster import TIMEOUT, Cluster, Host, running_cluster
from tests.support.databases import load_into

READERS = 4
LONGEST_READ = 5
"""Seconds that a read may take, whatever fails."""
LONGEST_GAP = 2
"""Seconds after a promotion in which writes must be possible again."""


class Read(NamedTuple):
    """A response, and the time until it came."""

    seconds: float
    revision: int
    total: int
    problem: str


class Write(NamedTuple):
    """An acknowledged write: the id of its timeline, and the time at its end."""

    slug: str
    at: float


class Traffic:
    """Clients that read over HTTP, and one that writes, all without a pause."""

    def __init__(self, url: httpx.URL, database: Database, folder: Path) -> None:
        self.reads: list[list[Read]] = [[] for _ in range(READERS)]
        self.writes: list[Write] = []
        self.failed_writes = 0
        self._url = url
        self._database = database
        self._folder = folder
        self._stopped = threading.Event()
        self._changed = threading.Condition()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the clients until the end of the block."""
        with ThreadPoolExecutor(READERS + 1) as pool:
            clients = [pool.submit(self._read, reads) for reads in self.reads]
            clients.append(pool.submit(self._write))
            try:
                yield
            finally:
                self._stopped.set()
            for client in clients:
                client.result()

    def wait_for_reads(self, number: int) -> None:
        """Wait until each client has sent this number of further requests and got responses."""
        counts = [len(reads) + 1 + number for reads in self.reads]  # one is in progress
        self._wait_for(lambda: [len(reads) for reads in self.reads] >= counts)

    def wait_for_writes(self, number: int) -> None:
        """Wait for this number of further writes."""
        target = len(self.writes) + number
        self._wait_for(lambda: len(self.writes) >= target)

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, TIMEOUT), "This takes too long."

    def _read(self, reads: list[Read]) -> None:
        with httpx.Client(base_url=self._url, timeout=TIMEOUT) as client:
            for limit in cycle(range(1, 101)):
                if self._stopped.is_set():
                    return
                start = time.monotonic()
                response = client.get(f"/timelines?limit={limit}")
                seconds = time.monotonic() - start
                revision = int(response.headers.get(REVISION_HEADER, 0))
                body = response.json()
                total = body["total"]["value"] if response.is_success else 0
                with self._changed:
                    reads.append(Read(seconds, revision, total, body.get("detail", "")))
                    self._changed.notify_all()

    def _write(self) -> None:
        for number in count():
            if self._stopped.is_set():
                return
            # Each attempt writes another, since a failed one may be stored all the same.
            slug = f"written-{number}"
            try:
                load_into(self._database, write_timeline(self._folder, slug))
            except DatabaseError:
                self.failed_writes += 1
            else:
                with self._changed:
                    self.writes.append(Write(slug, time.monotonic()))
                    self._changed.notify_all()
            self._stopped.wait(0.01)  # most of the time is for the readers


def write_timeline(folder: Path, slug: str) -> Path:
    """Write a dossier that contains only a timeline."""
    path = folder / f"{slug}.yaml"
    path.write_text(f"timeline: {{id: {slug}, title: {slug}}}", "utf-8")
    return path


class Scene(NamedTuple):
    """A cluster, and the clients of a server that uses it."""

    cluster: Cluster
    traffic: Traffic
    client: httpx.Client


@contextmanager
def serving_cluster(folder: Path, *, first: int) -> Iterator[Scene]:
    """Serve the database of a cluster; the server prefers the host with the number `first`."""
    log = folder / "log.txt"
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster())
        url = cluster.url(*cluster.hosts[first:], *cluster.hosts[:first])
        database = stack.enter_context(closing(open_database(Settings(database_url=url))))
        file = stack.enter_context(log.open("w"))
        server = serving(
            *(folder, "--no-seed", "--no-access-log"),
            stderr=file.fileno(),
            TIMELINE_DATABASE_URL=url,
            TIMELINE_CACHE_SIZE="0",
        )
        client, _ = stack.enter_context(server)
        try:
            yield Scene(cluster, Traffic(client.base_url, database, folder), client)
        finally:
            print(*log.read_text("utf-8").splitlines()[:20], sep="\n")


def check_reads(traffic: Traffic) -> None:
    """Check that no read failed or took too long, and that no client saw older data again."""
    reads = [read for reads in traffic.reads for read in reads]
    slowest = max(read.seconds for read in reads)
    print(
        f"{len(reads):,} reads, slowest {slowest:.2f} s; "
        f"{len(traffic.writes):,} writes, {traffic.failed_writes} failed"
    )
    assert [read for read in reads if read.problem] == []
    for one_client in traffic.reads:
        for before, after in pairwise(one_client):
            assert before.revision <= after.revision
            assert before.total <= after.total
    assert slowest < LONGEST_READ


def kill(_: Cluster, host: Host) -> None:
    """Stop a server at once. Its host still closes connections."""
    host.stop()


@pytest.mark.parametrize("fail", [kill, Cluster.cut_off], ids=["killed", "cut off"])
def test_failed_primary_costs_no_read_and_no_acknowledged_write(
    tmp_path: Path, fail: Callable[[Cluster, Host], None]
) -> None:
    with serving_cluster(tmp_path, first=0) as (cluster, traffic, client):
        cluster.require_confirmation()
        with traffic.running():
            traffic.wait_for_writes(5)
            traffic.wait_for_reads(10)
            fail(cluster, cluster.primary)
            traffic.wait_for_reads(30)
            promoted = cluster.promote()
            promoted_at = time.monotonic()
            traffic.wait_for_writes(5)
            traffic.wait_for_reads(30)
        gap = next(write.at for write in traffic.writes if write.at > promoted_at) - promoted_at
        print(f"writes again {gap:.2f} s after the promotion")
        check_reads(traffic)
        with closing(promoted.connect()) as connection:
            stored = {slug for (slug,) in connection.execute("SELECT slug FROM timeline")}
        assert {write.slug for write in traffic.writes} <= stored
        # The writer waits until it knows that a host is cut off, whenever another is promoted.
        assert gap < LONGEST_GAP or fail is not kill
        newest = {REVISION_HEADER: str(promoted.sql("SELECT number FROM revision"))}
        last = client.get(f"/timelines/{traffic.writes[-1].slug}", headers=newest)
        assert last.status_code == 200


def test_standby_that_is_cut_off_costs_no_read(tmp_path: Path) -> None:
    with serving_cluster(tmp_path, first=1) as (cluster, traffic, _):
        with traffic.running():
            traffic.wait_for_writes(5)
            traffic.wait_for_reads(10)
            (standby, other) = cluster.standbys
            assert standby.sessions() > 0
            cluster.cut_off(standby)
            traffic.wait_for_reads(30)
            cluster.mend(standby)
            traffic.wait_for_writes(5)
            traffic.wait_for_reads(30)
        check_reads(traffic)
        cluster.wait_until_replayed()
        numbers = [host.sql("SELECT count(*) FROM timeline") for host in (standby, other)]
        assert numbers == [len(traffic.writes)] * 2


def test_closed_connections_cost_no_read(tmp_path: Path) -> None:
    """As when a server is restarted, or a proxy in front of it."""
    close = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with serving_cluster(tmp_path, first=1) as (cluster, traffic, _):
        with traffic.running():
            for standby in cluster.standbys * 10:
                # So each request is affected once only, and some within a transaction.
                traffic.wait_for_reads(2)
                standby.sql(close)
        check_reads(traffic)
