"""Processes that migrate or load, and die at a moment that is asked for; see `test_killed`.

Each line of standard input is a request, and is answered by a line. Every process is a fork of this
one, so what takes long to start is started once.
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

from app.db.sqlite.database import Database
from app.db.sqlite.migrate import migrate_if_needed
from app.dossiers.loader import load
from app.settings import Settings

RETURNED = "a connection is returned"
END = "the end"


class Request(TypedDict):
    """What is to be done to a database, by as many processes at once as there are deaths."""

    path: str
    load: list[str] | None
    """The files to load; without any, the database is migrated."""
    prune: bool
    now: str
    deaths: list[int | None]
    """At which of its moments each process dies, at the latest at the end; or it lives."""


class Answer(TypedDict):
    """How one of the processes ended, and the moments of one that lived."""

    status: int
    moments: list[str]


class Moments:
    """Notes what a process does to databases, and kills it at the moment given.

    A moment is before a statement, of any connection, also of those that SQLite gives itself to
    keep a search index; or when a connection is returned, behind a commit and before it is closed.
    """

    def __init__(self, death: int | None) -> None:
        self.passed: list[str] = []
        self._death = death
        # Some connections are opened without SQLAlchemy.
        connect = partial(self._connect, sqlite3.connect)
        for module in (sqlite3, sqlite3.dbapi2):
            patch.object(module, "connect", connect).start()
        event.listen(Pool, "checkin", lambda *_: self._pass(RETURNED))

    def end(self) -> None:
        """Pass the last moment."""
        if self._death is not None:
            self._die()
        self._pass(END)

    def _connect(
        self, connect: Callable[..., sqlite3.Connection], *arguments: object, **options: object
    ) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        # With so few pages in memory, a small load is partly in the file before it is committed,
        # as a large one is.
        connection.execute("PRAGMA cache_size = 5")
        connection.set_trace_callback(self._pass)
        return connection

    def _pass(self, moment: str) -> None:
        if len(self.passed) == self._death:
            self._die()
        self.passed.append(moment[:60])

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def _answer(request: Request) -> list[Answer]:
    """Run the processes, and wait for their ends."""
    gate, opener = os.pipe()
    processes = []
    for death in request["deaths"]:
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(opener)
            os.read(gate, 1)  # returns when the last opener is closed
            _live(request, death, writing)
        os.close(writing)
        processes.append((process, reading))
    os.close(opener)
    os.close(gate)
    return [_ended(process, reading) for process, reading in processes]


def _live(request: Request, death: int | None, writing: int) -> None:
    """Do what is asked for, as a process of its own."""
    try:
        moments = Moments(death)
        _work(request)
        moments.end()
        with open(writing, "w") as told:
            json.dump(moments.passed, told)
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _work(request: Request) -> None:
    database = Database(Settings(database_url=f"sqlite:///{request['path']}"))
    if request["load"] is None:
        migrate_if_needed(database)
        return
    files = [Path(file) for file in request["load"]]
    with database.write() as connection:
        now = datetime.fromisoformat(request["now"])
        load(connection, files, now, prune=request["prune"])


def _ended(process: int, reading: int) -> Answer:
    with open(reading) as told:
        moments = json.loads(told.read() or "[]")
    _, status = os.waitpid(process, 0)
    return {"status": os.waitstatus_to_exitcode(status), "moments": moments}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)
