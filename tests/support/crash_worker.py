"""A server of processes that migrate or load, and kill themselves at a chosen step.

Used by `tests/db/test_crash_safety.py`. Each line of standard input is a JSON request, and each
line of standard output its response. The processes are forks of this one, so that the slow imports
happen only once.
"""

import json
import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypedDict
from unittest.mock import patch

from sqlalchemy import event
from sqlalchemy.pool import Pool

from app.db.engines import open_database
from app.dossiers.loader import load
from app.settings import Settings

CONNECTION_RETURNED = "connection returned"
END = "end"


class Request(TypedDict):
    """What to do with a database, in one process for each item of `kill_at`, all at once."""

    path: str
    load: list[str] | None
    """The files to load. Without any, the database is migrated."""
    prune: bool
    now: str
    kill_at: list[int | None]
    """The step at which each process kills itself, at the latest at the end; None to survive."""


class Outcome(TypedDict):
    """The exit code of a process, and its steps if it survived."""

    status: int
    steps: list[str]


class Steps:
    """Records the steps of this process, and kills it at one of them.

    A step is the moment before a statement of any connection (including those that SQLite runs to
    update a search index), or the return of a connection: after its commit, before it is closed.
    """

    def __init__(self, kill_at: int | None) -> None:
        self.done: list[str] = []
        self._kill_at = kill_at
        # Some connections are opened without SQLAlchemy.
        connect = partial(self._connect, sqlite3.connect)
        for module in (sqlite3, sqlite3.dbapi2):
            patch.object(module, "connect", connect).start()
        event.listen(Pool, "checkin", lambda *_: self._step(CONNECTION_RETURNED))

    def end(self) -> None:
        """Record the last step."""
        if self._kill_at is not None:
            self._kill()
        self._step(END)

    def _connect(
        self, connect: Callable[..., sqlite3.Connection], *arguments: object, **options: object
    ) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        # With such a small page cache, even a small load writes pages to the file before it is
        # committed, as a large one does.
        connection.execute("PRAGMA cache_size = 5")
        connection.set_trace_callback(self._step)
        return connection

    def _step(self, step: str) -> None:
        if len(self.done) == self._kill_at:
            self._kill()
        self.done.append(step[:60])

    def _kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def _respond(request: Request) -> list[Outcome]:
    """Run the processes, and wait until they end."""
    gate, opener = os.pipe()
    processes = []
    for kill_at in request["kill_at"]:
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(opener)
            os.read(gate, 1)  # returns when the last opener is closed: all start at once
            _run_child(request, kill_at, writing)
        os.close(writing)
        processes.append((process, reading))
    os.close(opener)
    os.close(gate)
    return [_outcome(process, reading) for process, reading in processes]


def _run_child(request: Request, kill_at: int | None, writing: int) -> None:
    """Run the work of one process, write its steps, and exit."""
    try:
        steps = Steps(kill_at)
        _work(request)
        steps.end()
        with open(writing, "w") as pipe:
            json.dump(steps.done, pipe)
    except BaseException:  # noqa: BLE001 - a fork must not continue as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _work(request: Request) -> None:
    database = open_database(Settings(database_url=f"sqlite:///{request['path']}"))
    if request["load"] is None:
        database.migrate_if_needed()
        return
    files = [Path(file) for file in request["load"]]
    with database.write() as connection:
        now = datetime.fromisoformat(request["now"])
        load(connection, files, now, max_record_size=1_024, prune=request["prune"])


def _outcome(process: int, reading: int) -> Outcome:
    with open(reading) as pipe:
        steps = json.loads(pipe.read() or "[]")
    _, status = os.waitpid(process, 0)
    return {"status": os.waitstatus_to_exitcode(status), "steps": steps}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(_respond(json.loads(line))), flush=True)
