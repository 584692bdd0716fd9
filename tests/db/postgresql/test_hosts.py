"""Several hosts: those that cannot be reached are skipped until they can be again.

Here, all of them lead to one server. `test_standbys.py` and `test_failover.py` use a cluster.
"""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from app.db.database import Database
from app.db.engines import open_database
from app.db.postgresql import database as module
from app.db.revision import RequestRevision, advance_revision, request_revision, revision_of
from app.errors import DatabaseError
from app.settings import Settings
from tests.db.postgresql.test_database import wait_until
from tests.support.postgresql import create_database, drop_database


class Host:
    """A port that leads to a server."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.sessions = 0
        """The number of connections that it has accepted."""
        self._target = target
        self._open: list[socket.socket] = []
        self._server: socketserver.ThreadingTCPServer | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        """Accept connections, at the same port as before."""
        host = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                host.sessions += 1
                with socket.create_connection(host._target) as server:
                    host._open += [self.request, server]
                    back = threading.Thread(target=pass_on, args=[server, self.request])
                    back.start()
                    pass_on(self.request, server)
                    back.join()

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.01]).start()

    def stop(self) -> None:
        """Refuse connections, and close those that are open."""
        if self._server:
            self._server.shutdown()
            self.drop_sessions()
            self._server.server_close()
            self._server = None

    def drop_sessions(self) -> None:
        """Close the connections that are open."""
        while self._open:
            with suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Copy what a socket receives to another, until either of them is closed."""
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the URL of a migrated database."""
    yield create_database("tested")
    drop_database("tested")


@pytest.fixture
def hosts(url: str) -> Iterator[list[Host]]:
    """Yield two hosts."""
    port = int(url.rpartition("/")[0].rpartition(":")[2])
    opened = [Host(("127.0.0.1", port)) for _ in range(2)]
    yield opened
    for host in opened:
        host.stop()


@pytest.fixture
def database(url: str, hosts: list[Host]) -> Iterator[Database]:
    """Yield the database that the hosts lead to."""
    user = url.partition("@")[0]
    addresses = ",".join(f"127.0.0.1:{host.port}" for host in hosts)
    settings = Settings(database_url=f"{user}@{addresses}/tested")
    with closing(open_database(settings)) as opened:
        yield opened


def read(database: Database) -> int:
    """Return the revision."""
    with database.read() as connection:
        return revision_of(connection)


def sessions(hosts: list[Host]) -> list[int]:
    """Return how many connections each host has accepted."""
    return [host.sessions for host in hosts]


def test_reads_use_the_first_host(database: Database, hosts: list[Host]) -> None:
    for _ in range(3):
        read(database)
    assert sessions(hosts) == [1, 0]


def test_reads_use_the_next_host_until_the_first_is_back(
    database: Database, hosts: list[Host]
) -> None:
    first, second = hosts
    read(database)
    first.stop()
    for _ in range(3):
        assert read(database) == 0
    assert second.sessions == 1
    before = first.sessions
    first.start()

    def is_back() -> bool:
        read(database)
        return first.sessions > before + 1  # one that tried it, and that of a read

    wait_until(is_back)
    assert second.sessions == 1


def test_lost_session_is_replaced_on_the_same_host(database: Database, hosts: list[Host]) -> None:
    for _ in range(3):
        read(database)
        hosts[0].drop_sessions()
    read(database)
    assert sessions(hosts) == [4, 0]


def test_read_that_is_repeated_uses_the_next_host(database: Database, hosts: list[Host]) -> None:
    with database.read() as connection:
        hosts[0].drop_sessions()
        with pytest.raises(DBAPIError):
            revision_of(connection)
    read(database)
    assert sessions(hosts) == [1, 1]


def test_many_threads_survive_the_loss_of_a_host(database: Database, hosts: list[Host]) -> None:
    failures: list[BaseException] = []
    started, stopped = threading.Barrier(5), threading.Event()

    def reader() -> None:
        database.read().close()
        started.wait(30)
        try:
            while not stopped.is_set():
                database.read().close()
        except DatabaseError as error:
            failures.append(error)

    threads = [threading.Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait(30)
    hosts[0].stop()
    wait_until(lambda: hosts[1].sessions >= 1)
    read(database)
    stopped.set()
    for thread in threads:
        thread.join()
    assert not failures


def test_database_without_a_host_is_unavailable_until_one_is_back(
    database: Database, hosts: list[Host]
) -> None:
    for host in hosts:
        host.stop()
    for action in (database.read, database.write().__enter__):
        with pytest.raises(DatabaseError, match="The connection to the server was lost, or cannot"):
            action()
    hosts[1].start()

    def is_back() -> bool:
        with suppress(DatabaseError):
            return read(database) == 0
        return False

    wait_until(is_back)


def test_writes_use_the_next_host(database: Database, hosts: list[Host]) -> None:
    hosts[0].stop()
    with database.write() as connection:
        advance_revision(connection)
    assert read(database) == 1


def test_version_follows_the_host_that_is_read_from(database: Database, hosts: list[Host]) -> None:
    wait_until(lambda: database.data_version() is not None)
    hosts[0].stop()
    wait_until(lambda: hosts[1].sessions > 0)
    with database.write() as connection:
        advance_revision(connection)
    wait_until(lambda: database.data_version() == (1, 0))


@contextmanager
def request(required: int) -> Iterator[RequestRevision]:
    """Handle a request that requires a revision."""
    revision = RequestRevision(required)
    token = request_revision.set(revision)
    yield revision
    request_revision.reset(token)


@pytest.mark.parametrize("required", [0, 1, 10**9])
def test_primary_serves_its_state_whatever_revision_is_required(
    database: Database, required: int
) -> None:
    with database.write() as connection:
        advance_revision(connection)
    with request(required) as revision:
        assert read(database) == 1
    assert revision.read == 1


def test_primary_that_lost_revisions_is_believed_in_the_end(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAG_TIMEOUT", 0.2)
    for _ in range(2):
        with database.write() as connection:
            advance_revision(connection)
    assert read(database) == 2
    wait_until(lambda: database.data_version() == (2, 0))
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE revision SET number = 1")
    assert read(database) == 1
    # The next revision has the number of an older one, but not its version.
    with database.write() as connection:
        advance_revision(connection)
    assert read(database) == 2
    assert database.data_version() == (2, 1)
