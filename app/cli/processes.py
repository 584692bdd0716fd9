"""The processes of a server: what signals do in them, and how workers end with their parent."""

import asyncio
import logging
import multiprocessing
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload, Multiprocess

from app.main import create_app

WORKER_TIMEOUT = 60
"""Seconds in which a worker must respond to its parent. Uvicorn's default of 5 kills a worker that
is only busy: a costly pattern or a compression can hold Python's lock for longer."""
IGNORED_SIGNALS = (
    *(signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM),
    *(signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO),
)
"""Signals that end a process by default, and that programs send by mistake or for a purpose that
we do not have. SIGQUIT is not one of them: it ends a server that does not react to SIGTERM."""

logger = logging.getLogger(__name__)


def run_processes(config: uvicorn.Config, sockets: list[socket.socket]) -> None:
    """Run the server until a signal stops it, in this process or in workers of it.

    The application of the configuration must be `create_served_app`.
    """
    handle_signals()
    failed = False
    with suppress(KeyboardInterrupt):  # uvicorn has handled it
        if config.should_reload:
            ChangeReload(config, uvicorn.Server(config).run, sockets).run()
        elif config.workers > 1:
            supervisor = _Supervisor(config, sockets)
            supervisor.run()
            failed = any(one.exitcode == STARTUP_FAILURE for one in supervisor.processes)
        else:
            uvicorn.Server(config).run(sockets)
    if failed:
        sys.exit(STARTUP_FAILURE)


def create_served_app() -> ASGIApp:
    """Create the application in a server process, which may be a worker."""
    handle_signals()
    if parent := multiprocessing.parent_process():
        # Ready to be read when the parent has ended, for example by `kill -9`. Without a parent,
        # nothing restarts or stops the workers, but they keep the port.
        # https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.sentinel
        asyncio.get_running_loop().add_reader(parent.sentinel, _stop_orphan, parent.sentinel)
    return create_app().asgi


def handle_signals() -> None:
    """Log the signals that would end the process, and go on. SIGHUP of a terminal is its end."""
    for number in IGNORED_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # set by nohup
            signal.signal(number, _log_signal)
    if sys.stderr.isatty():
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def _log_signal(number: int, _: object) -> None:
    name = signal.Signals(number).name
    if number == signal.SIGHUP:
        logger.warning("%s: Settings are read at the start only. Restart the server.", name)
    else:
        logger.warning("%s: This signal has no effect. To stop the server, send SIGTERM.", name)


def _stop_orphan(sentinel: int) -> None:
    asyncio.get_running_loop().remove_reader(sentinel)
    logger.warning("The parent process has ended. Stopping.")
    signal.raise_signal(signal.SIGTERM)


class _Supervisor(Multiprocess):
    """The parent of several workers. SIGHUP replaces them one by one, without an interruption."""

    def __init__(self, config: uvicorn.Config, sockets: Sequence[socket.socket]) -> None:
        hangup, quit_ = signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGQUIT)
        super().__init__(config, list(sockets))
        signal.signal(signal.SIGQUIT, quit_)  # uvicorn ignores it
        if hangup is not _log_signal:  # that of a terminal or of nohup
            signal.signal(signal.SIGHUP, hangup)

    def handle_usr1(self) -> None:
        """Log SIGUSR1, which uvicorn ignores without a message."""
        _log_signal(signal.SIGUSR1, None)

    def handle_usr2(self) -> None:
        """Log SIGUSR2, which uvicorn ignores without a message."""
        _log_signal(signal.SIGUSR2, None)
