"""A primary and two hot standbys of PostgreSQL, each on a network of its own, as on three hosts.

Each host is a network namespace. A switch, which is a bridge in a fourth namespace, connects them
with each other and with this process. Namespaces and servers end with this process, even if it is
killed; only the folder with the data remains then, and the next cluster removes it.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import psycopg

from tests.support.requirements import require_program, skip_or_fail

ROLE = "timeline"
"""The name of the database and of its user."""
NETWORKS = IPv4Network("198.18.0.0/15")
"""The range for tests between networks: https://www.rfc-editor.org/rfc/rfc2544#appendix-C.2.2"""
ADDRESSES = 8
"""How many of them a cluster has, in a network of its own."""
PREFIX_LENGTH = 29
TIMEOUT = 60
"""Seconds until a test fails. A busy machine needs several to start a server."""
RECEIVED = "SELECT pg_last_wal_receive_lsn() - '0/0'"
"""How many bytes of the write-ahead log a standby has."""
FOLDER = "timeline-cluster-"
"""The beginning of the name of the folder with the data; the id of the process follows."""
CONFIGURATION = """
# Every host has the same, which a base backup copies.
listen_addresses = '*'
unix_socket_directories = ''
fsync = off
shared_buffers = 128MB
hot_standby_feedback = on
wal_keep_size = 256MB
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
wal_retrieve_retry_interval = 100ms
# With every host in it, a standby finds the one that is promoted.
primary_conninfo = 'host={hosts} user={role} target_session_attrs=read-write connect_timeout=2 \
tcp_user_timeout=3000'
"""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something that no event reports, such as the progress of another process."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "This takes too long."
        time.sleep(0.01)


class Namespace:
    """A network namespace. It ends with the last process in it."""

    def __init__(self) -> None:
        # Ends with this process, which closes its input even if it is killed.
        self._holder = subprocess.Popen(
            ["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._holder.stdin
        assert self._holder.stdout
        self._holder.stdin.write(b"\n")
        self._holder.stdin.flush()
        assert self._holder.stdout.readline(), "unshare failed."  # now it is in its namespace
        self.pid = self._holder.pid
        self.ip("link set lo up")

    def command(self, *command: str | Path) -> list[str | Path]:
        """Return a command that runs another in this namespace."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", *command]

    def ip(self, *commands: str) -> None:
        """Run commands of `ip` in this namespace."""
        batch = "\n".join(commands)
        subprocess.run(self.command("ip", "-batch", "-"), input=batch, text=True, check=True)

    def close(self) -> None:
        """Delete the namespace, unless other processes are in it."""
        self._holder.communicate()


class Host:
    """One host with PostgreSQL, as a primary or as a standby."""

    def __init__(self, number: int, address: str, programs: Path, folder: Path) -> None:
        self.address = address
        self.name = f"s{number}"
        self.namespace = Namespace()
        self.data = folder / self.name
        self._programs = programs
        self._log = folder / f"{self.name}.log"
        self._server: subprocess.Popen[bytes] | None = None

    def command(self, program: str, *arguments: str | Path) -> list[str | Path]:
        """Return a command of PostgreSQL for this host, which refuses to run as root."""
        return self.namespace.command(
            *("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"),
            "--pdeathsig=QUIT",  # an immediate shutdown
            *(self._programs / program, *arguments),
        )

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run a program of PostgreSQL to its end."""
        with self._log.open("ab") as log:
            command = self.command(program, "-D", self.data, *arguments)
            run = subprocess.run(command, stdout=log, stderr=log, check=False)
        assert run.returncode == 0, self._log.read_text("utf-8")

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        # It ends with the thread that starts it, so this must be called by one that lives on:
        # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
        command = self.command("postgres", "-D", self.data, "-c", f"cluster_name={self.name}")
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        assert self._server
        assert self._server.poll() is None, self._log.read_text("utf-8")
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Stop the server, by default at once. Its host closes the connections: it is still up."""
        if self._server:
            self._server.send_signal(number)
            self._server.wait()

    def close(self) -> None:
        """Stop the server, and delete the host."""
        self.stop(signal.SIGQUIT)  # an immediate shutdown
        self.namespace.close()

    def connect(self, database: str = ROLE) -> psycopg.Connection[Any]:
        """Open a connection that commits each statement."""
        return psycopg.connect(
            host=self.address, dbname=database, user=ROLE, connect_timeout=2, autocommit=True
        )

    def sql(self, statement: str, database: str = ROLE) -> Any:  # noqa: ANN401
        """Run a statement; return the value that it selects, if any."""
        with closing(self.connect(database)) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]

    def sessions(self) -> int:
        """Return the number of connections of other processes to the database."""
        number: int = self.sql(
            f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{ROLE}'"
            " AND pid <> pg_backend_pid()"
        )
        return number


class Cluster:
    """A primary and two standbys: the first host, and the two others, until one is promoted."""

    def __init__(self, hosts: Sequence[Host], switch: Namespace) -> None:
        self.hosts = hosts
        self.primary, *self.standbys = hosts
        self._switch = switch

    def url(self, *hosts: Host) -> str:
        """Return the URL that names the hosts in this order, or all of them."""
        addresses = ",".join(host.address for host in hosts or self.hosts)
        return f"postgresql://{ROLE}@{addresses}/{ROLE}"

    def require_confirmation(self) -> None:
        """Set the primary to confirm a write only after both standbys show it to readers.

        Only this primary: one that is promoted would wait for a standby that is dead, which the
        operator's tools otherwise remove from the list.
        """
        names = ", ".join(standby.name for standby in self.standbys)
        for setting, value in (
            ("synchronous_standby_names", f"FIRST {len(self.standbys)} ({names})"),
            ("synchronous_commit", "remote_apply"),
        ):
            self.primary.sql(f"ALTER SYSTEM SET {setting} = '{value}'")
        self.primary.sql("SELECT pg_reload_conf()")
        waiting = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait_until(lambda: self.primary.sql(waiting) == len(self.standbys))

    def cut_off(self, host: Host) -> None:
        """Isolate a host: it sends no response any more, not even an error."""
        self._switch.ip(f"link set {host.name} down")

    def mend(self, host: Host) -> None:
        """Open the network to a host again."""
        self._switch.ip(f"link set {host.name} up")

    def promote(self) -> Host:
        """Change the standby that has most data to a primary; return it when it accepts writes."""
        self.standbys.sort(key=lambda standby: standby.sql(RECEIVED))
        self.primary = self.standbys.pop()
        assert self.primary.sql(f"SELECT pg_promote(wait_seconds => {TIMEOUT})")
        return self.primary

    def wait_until_replayed(self) -> None:
        """Wait until both standbys show what the primary has."""
        behind = self.primary.sql("SELECT pg_current_wal_lsn()")
        replayed = f"SELECT pg_last_wal_replay_lsn() >= '{behind}'"
        wait_until(lambda: all(standby.sql(replayed) for standby in self.standbys))


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Run a primary and two standbys; skip the test if this is not possible here."""
    programs = require_programs()
    _remove_leftovers()
    first = os.getpid() * ADDRESSES % NETWORKS.num_addresses
    network = IPv4Network((int(NETWORKS[0]) + first, PREFIX_LENGTH))
    own, *addresses = [str(network[number]) for number in range(1, 5)]
    with ExitStack() as stack:
        prefix = f"{FOLDER}{os.getpid()}-"
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=prefix)))
        shutil.chown(folder, "postgres")
        switch = stack.enter_context(closing(Namespace()))
        hosts = []
        for number, address in enumerate(addresses):
            host = Host(number, address, programs, folder)
            hosts.append(stack.enter_context(closing(host)))
        _connect(switch, hosts, own)
        _create_databases(hosts, str(network))
        yield Cluster(hosts, switch)


def _connect(switch: Namespace, hosts: Sequence[Host], own: str) -> None:
    """Create the network of the hosts and this process, which gets the address `own`."""
    outside = f"timeline{os.getpid()}"
    switch.ip("link add switch type bridge", "link set switch up")
    for host in hosts:
        pid = host.namespace.pid
        switch.ip(
            f"link add {host.name} type veth peer name eth0 netns {pid}",
            f"link set {host.name} master switch up",
        )
        host.namespace.ip(
            f"address add {host.address}/{PREFIX_LENGTH} dev eth0", "link set eth0 up"
        )
    # Ends with the switch, so that no network device of this machine remains.
    switch.ip(
        f"link add outside type veth peer name {outside} netns {os.getpid()}",
        "link set outside master switch up",
    )
    for command in (f"address add {own}/{PREFIX_LENGTH} dev {outside}", f"link set {outside} up"):
        subprocess.run(["ip", *command.split()], check=True)


def _create_databases(hosts: Sequence[Host], network: str) -> None:
    """Create the database of the first host, and copy it to the others."""
    primary, *standbys = hosts
    primary.run("initdb", "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    addresses = ",".join(host.address for host in hosts)
    with (primary.data / "postgresql.conf").open("a") as file:
        file.write(CONFIGURATION.format(hosts=addresses, role=ROLE))
    with (primary.data / "pg_hba.conf").open("a") as file:
        file.writelines(f"host {name} all {network} trust\n" for name in ("all", "replication"))
    primary.start()
    primary.sql(f"CREATE DATABASE {ROLE}", "postgres")
    for standby in standbys:
        standby.run("pg_basebackup", "-h", primary.address, "-U", ROLE, "-c", "fast", "--no-sync")
        (standby.data / "standby.signal").touch()
        standby.start()


def require_programs() -> Path:
    """Return the folder of PostgreSQL's programs, if everything is there that a cluster needs."""
    if os.geteuid():
        skip_or_fail("This test needs network namespaces. Run it as root.")
    for program, package in (("ip", "iproute2"), ("unshare", "util-linux")):
        require_program(program, package)
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:
        skip_or_fail("This test needs network namespaces. Run it where the kernel allows them.")
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if not folders:
        skip_or_fail("This test needs PostgreSQL's server. Install the package postgresql.")
    return folders[-1].parent


def _remove_leftovers() -> None:
    """Remove the data of clusters whose process was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        process = re.match(rf"{FOLDER}(\d+)-", folder.name)
        if process and not Path(f"/proc/{process[1]}").exists():
            shutil.rmtree(folder, ignore_errors=True)
