"""The sockets of a server: a port of each address of a host, or a Unix socket, and the metrics."""

import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EADDRNOTAVAIL, EAFNOSUPPORT
from pathlib import Path
from tempfile import TemporaryDirectory

from app.cli.output import UsageError
from app.settings import PREFIX, Settings

SOCKET_MASK = 0o117
"""Permissions that a Unix socket does not have. Its owner and group may connect, and no others."""


@contextmanager
def listening(settings: Settings) -> Iterator[tuple[list[socket.socket], str]]:
    """Open the sockets of the settings. Yield them, and words that describe the place.

    Raises UsageError if that is impossible. Clients may connect from now on; they wait until the
    server has started.
    """
    if not settings.uds:
        sockets = _listen_on_port(settings.host, settings.port)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield sockets, f"http://{host}:{sockets[0].getsockname()[1]}{settings.root_path}/"
        return
    if settings.model_fields_set & {"host", "port"}:
        raise UsageError(
            f"{PREFIX}UDS: A Unix socket has no host and no port. Leave out --uds, or --host and "
            f"--port, or unset {PREFIX}HOST and {PREFIX}PORT."
        )
    path = Path(settings.uds)
    try:
        listener = _listen_on_path(path)
    except OSError as error:
        raise UsageError(
            f"{path}: It cannot be listened on ({error.strerror or error}). Choose another path "
            "with --uds."
        ) from None
    identity = _identity(path)
    try:
        yield [listener], f"the Unix socket {path}"
    finally:
        listener.close()
        # Another server may have replaced it, if somebody deleted it.
        if _identity(path) == identity:
            with suppress(OSError):
                path.unlink()


@contextmanager
def serving_metrics(settings: Settings) -> Iterator[None]:
    """Serve the metrics of all processes on a port of their own, if the settings name one.

    Raises UsageError if that is impossible.
    """
    if not settings.metrics_port:
        yield
        return
    with TemporaryDirectory(prefix="timeline-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # workers inherit it
        # The library reads the variable when it is imported.
        from app.server.metrics import start_metrics_server  # noqa: PLC0415

        try:
            start_metrics_server(settings.metrics_host, settings.metrics_port)
        except (OSError, UnicodeError) as error:
            raise UsageError(
                f"Cannot listen on {settings.metrics_host}, port {settings.metrics_port} "
                f"({_reason(error)}). Choose another address for metrics with "
                f"{PREFIX}METRICS_HOST or --metrics-port."
            ) from None
        yield


def _listen_on_port(host: str, port: int) -> list[socket.socket]:
    """Open a port of all addresses of a host, or a free port for 0."""
    sockets: list[socket.socket] = []
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for number, (family, *_, address) in enumerate(addresses, 1):
            chosen = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(_listen(family, (address[0], chosen, *address[2:])))
            except OSError as error:
                # `localhost` often has an IPv6 address although IPv6 is turned off.
                is_unavailable = error.errno in (EADDRNOTAVAIL, EAFNOSUPPORT)
                if not is_unavailable or (number == len(addresses) and not sockets):
                    raise
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"Cannot listen on {host}, port {port} ({_reason(error)}). "
            "Choose another address with --host or --port."
        ) from None
    return sockets


def _reason(error: OSError | UnicodeError) -> str:
    """Describe why a host or a port cannot be used."""
    # Python cannot encode a host that is too long.
    return getattr(error, "strerror", None) or "it is not a host"


def _listen(family: int, address: tuple[object, ...] | str) -> socket.socket:
    listener = socket.socket(family)
    try:
        # Otherwise a restart fails while old connections are in TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _listen_on_path(path: Path) -> socket.socket:
    """Create a Unix socket, in place of one that no process listens on any more."""
    with _locked(path.parent):
        _remove_unused(path)
        mask = os.umask(SOCKET_MASK)
        try:
            return _listen(socket.AF_UNIX, os.fspath(path))
        finally:
            os.umask(mask)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Exclude other servers that start. One could remove the socket that another has created."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_unused(path: Path) -> None:
    """Remove the socket of a server that was killed. Raises UsageError for anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise UsageError(f"{path}: This is not a socket. Choose another path with --uds.")
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)  # a server that accepts no connection would block this
        with suppress(BlockingIOError):
            try:
                client.connect(os.fspath(path))
            except ConnectionRefusedError:
                path.unlink()
                return
    raise UsageError(
        f"{path}: Another server is listening on this socket. Stop it, or choose another path "
        "with --uds."
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
