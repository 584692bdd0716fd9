"""Standbys: reads from any host, writes on the primary, and no client sees older data again."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from signal import SIGINT

import httpx
import pytest

from app.api.headers import REVISION_HEADER
from app.db.engines import open_database
from app.db.schema import current_revision
from app.errors import DatabaseError
from app.main import create_app
from app.settings import Settings
from tests.support.cli import run
from tests.support.cluster import Cluster, Host, running_cluster, wait_until
from tests.support.corpus import HARBOUR, write_dossiers
from tests.support.databases import load_into
from tests.support.problem import check_problem
from tests.support.random_dossiers import make_dossiers
from tests.support.server import running


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Yield a cluster with six events."""
    with running_cluster() as cluster:
        load(tmp_path_factory.mktemp("load"), cluster.url(), HARBOUR)
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Cluster:
    """Return the cluster, with standbys that show what the primary has."""
    for standby in shared_cluster.standbys:
        standby.sql("SELECT pg_wal_replay_resume()")
    shared_cluster.wait_until_replayed()
    return shared_cluster


def load(folder: Path, url: str, *files: Path) -> None:
    """Load dossiers with the command."""
    loaded = run(folder, "load", *map(str, files), TIMELINE_DATABASE_URL=url)
    assert loaded.returncode == 0, loaded.stderr


def write_timeline(folder: Path, slug: str) -> Path:
    """Write a dossier that contains only a timeline."""
    path = folder / f"{slug}.yaml"
    path.write_text(f"timeline: {{id: {slug}, title: {slug}}}", "utf-8")
    return path


def load_timeline(folder: Path, cluster: Cluster, slug: str) -> str:
    """Load an empty timeline; return the revision of the data that contains it."""
    with closing(open_database(Settings(database_url=cluster.url()))) as database:
        load_into(database, write_timeline(folder, slug))
    return str(cluster.primary.sql("SELECT number FROM revision"))


@contextmanager
def serving(cluster: Cluster, *hosts: Host, **settings: int) -> Iterator[httpx.Client]:
    """Serve the database of these hosts, the first preferred; yield a client."""
    url = cluster.url(*hosts)
    with running(create_app(Settings(database_url=url, **settings))) as client:  # type: ignore[arg-type]
        yield client


# ---- reads and writes


def test_load_writes_to_primary_and_server_reads_from_standby(
    cluster: Cluster, tmp_path: Path
) -> None:
    standby, primary = cluster.standbys[0], cluster.primary
    load(tmp_path, cluster.url(standby, primary), write_timeline(tmp_path, "standby-first"))
    cluster.wait_until_replayed()
    before = primary.sessions()
    with serving(cluster, standby, primary) as client:
        assert client.get("/timelines/standby-first").status_code == 200
        assert (standby.sessions() > 0, primary.sessions()) == (True, before)


def test_load_into_standby_alone_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.url(*cluster.standbys)
    path = write_timeline(tmp_path, "refused")
    failed = run(tmp_path, "load", str(path), TIMELINE_DATABASE_URL=url)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith(url.replace("timeline@", ""))
    assert failed.stderr.endswith(" Nothing was changed.\n")


def test_readiness_shows_role_and_delay(cluster: Cluster, tmp_path: Path) -> None:
    standby = cluster.standbys[0]
    with serving(cluster) as client:
        ready = client.get("/readyz").json()
        assert (
            ready["database"]
            == f"postgresql {cluster.primary.sql('SHOW server_version')}".split(" (")[0]
        )
        assert (ready["role"], "replication_delay" in ready) == ("primary", False)
    with serving(cluster, standby) as client:
        ready = client.get("/readyz").json()
        assert (ready["role"], ready["replication_delay"]) == ("standby", 0)
        standby.sql("SELECT pg_wal_replay_pause()")
        load_timeline(tmp_path, cluster, "delayed")
        wait_until(lambda: client.get("/readyz").json()["replication_delay"] > 0)


# ---- consistency


def test_process_that_changes_hosts_shows_no_older_data(cluster: Cluster, tmp_path: Path) -> None:
    lagging, current = cluster.standbys
    with serving(cluster, current, lagging, cluster.primary, cache_size=0) as client:
        lagging.sql("SELECT pg_wal_replay_pause()")
        load_timeline(tmp_path, cluster, "seen")
        wait_until(lambda: client.get("/timelines/seen").status_code == 200)
        assert lagging.sql("SELECT count(*) FROM timeline WHERE slug = 'seen'") == 0
        current.stop(SIGINT)
        try:
            for _ in range(20):
                assert client.get("/timelines/seen").status_code == 200
        finally:
            current.start()


def test_process_shows_no_older_data_if_no_host_has_newer(cluster: Cluster, tmp_path: Path) -> None:
    lagging, current = cluster.standbys
    with serving(cluster, current, lagging, cache_size=0) as client:
        lagging.sql("SELECT pg_wal_replay_pause()")
        load_timeline(tmp_path, cluster, "known")
        wait_until(lambda: client.get("/timelines/known").status_code == 200)
        current.stop(SIGINT)
        try:
            check_problem(client.get("/timelines/known"), 503)
            lagging.sql("SELECT pg_wal_replay_resume()")
            assert client.get("/timelines/known").status_code == 200
        finally:
            current.start()


def test_request_that_requires_revision_sees_own_write(cluster: Cluster, tmp_path: Path) -> None:
    standby = cluster.standbys[0]
    with serving(cluster, standby, cluster.primary) as client:
        before = client.get("/timelines").json()["total"]["value"]
        standby.sql("SELECT pg_wal_replay_pause()")
        revision = load_timeline(tmp_path, cluster, "own")
        assert client.get("/timelines").json()["total"]["value"] == before
        # The first of them is not taken from the cache, nor is any afterwards older.
        for headers in ({REVISION_HEADER: revision}, {}, {REVISION_HEADER: revision}):
            response = client.get("/timelines", headers=headers)
            assert response.json()["total"]["value"] == before + 1
            assert response.headers[REVISION_HEADER] == revision


def test_client_of_two_servers_sees_no_older_data_with_revision(
    cluster: Cluster, tmp_path: Path
) -> None:
    lagging, current = cluster.standbys
    with (
        serving(cluster, current, cluster.primary) as one,
        serving(cluster, lagging, cluster.primary) as other,
    ):
        lagging.sql("SELECT pg_wal_replay_pause()")
        revisions, totals = ["0"], [0]
        for number in range(5):
            load_timeline(tmp_path, cluster, f"alternating-{number}")
            for client in (one, other):
                response = client.get("/timelines", headers={REVISION_HEADER: revisions[-1]})
                revisions.append(response.headers[REVISION_HEADER])
                totals.append(response.json()["total"]["value"])
    assert totals == sorted(totals)
    assert [*map(int, revisions)] == sorted(map(int, revisions))


def test_load_appears_on_standbys_as_a_whole(cluster: Cluster, tmp_path: Path) -> None:
    files = write_dossiers(tmp_path, make_dossiers(300))
    started, loaded = threading.Barrier(3), threading.Event()

    def read_totals(client: httpx.Client) -> list[int]:
        totals = [total_of(client)]
        started.wait(60)
        while not loaded.is_set():
            totals.append(total_of(client))
        return totals

    with ExitStack() as stack:
        clients = [
            stack.enter_context(serving(cluster, host, cache_size=0)) for host in cluster.hosts
        ]
        pool = stack.enter_context(ThreadPoolExecutor())
        readers = [pool.submit(read_totals, client) for client in clients[1:]]
        started.wait(60)
        load(tmp_path, cluster.url(), *files)
        cluster.wait_until_replayed()
        loaded.set()
        after = {total_of(client) for client in clients}
        for reader in readers:
            before, *totals = reader.result()
            assert {*totals} <= {before, *after}
        assert len(after) == 1
        for path in ("/events?limit=200", "/facets", "/actors?limit=200", "/events.csv"):
            bodies = {client.get(path, headers={"Host": "localhost"}).content for client in clients}
            assert len(bodies) == 1


def total_of(client: httpx.Client) -> int:
    """Return the number of all events."""
    total: int = client.get("/events?limit=1").raise_for_status().json()["total"]["value"]
    return total


# ---- backups and upgrades


def test_backup_from_standby_contains_the_same(cluster: Cluster, tmp_path: Path) -> None:
    standby = cluster.url(cluster.standbys[0])
    saved = run(tmp_path, "backup", "copy.dump", TIMELINE_DATABASE_URL=standby)
    assert saved.returncode == 0, saved.stderr
    cluster.primary.sql("CREATE DATABASE restored", "postgres")
    other = cluster.url(cluster.primary).removesuffix("timeline") + "restored"
    restored = run(tmp_path, "restore", "copy.dump", TIMELINE_DATABASE_URL=other)
    assert restored.returncode == 0, restored.stderr
    exports = [run(tmp_path, "export", TIMELINE_DATABASE_URL=url) for url in (standby, other)]
    assert [export.returncode for export in exports] == [0, 0]
    assert exports[0].stdout == exports[1].stdout


@pytest.mark.parametrize("is_compatible", [True, False])
def test_newer_schema_is_used_by_running_process_if_it_is_compatible(
    cluster: Cluster, tmp_path: Path, is_compatible: bool
) -> None:
    own = current_revision()
    settings = Settings(database_url=cluster.url(*cluster.standbys, cluster.primary))
    with (
        serving(cluster, *cluster.standbys) as client,
        closing(open_database(settings)) as database,
    ):
        assert client.get("/readyz").status_code == 200
        set_schema(cluster, "9999", own if is_compatible else "9999")
        try:
            assert client.get("/readyz").status_code == (200 if is_compatible else 503)
            # Reads of an incompatible schema may fail or not, but nothing is written to it.
            path = write_timeline(tmp_path, "newer")
            if is_compatible:
                load_into(database, path)
                cluster.wait_until_replayed()
                assert client.get("/timelines/newer").status_code == 200
            else:
                with pytest.raises(DatabaseError, match="The schema is 9999, of a newer version"):
                    load_into(database, path)
            failed = run(tmp_path, "serve", TIMELINE_DATABASE_URL=settings.database_url)
            assert (failed.returncode, failed.stdout) == (1, "")
            assert "The schema is 9999, of a newer version." in failed.stderr
        finally:
            set_schema(cluster, own, None)


def set_schema(cluster: Cluster, revision: str | None, compatible_since: str | None) -> None:
    """Record a revision of the schema, as the migration of a newer version does."""
    since = f"'{compatible_since}'" if compatible_since else "NULL"
    cluster.primary.sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    cluster.primary.sql(f"UPDATE revision SET compatible_since = {since}")
    cluster.wait_until_replayed()
