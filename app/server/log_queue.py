"""A log handler that never blocks a response: a thread writes the lines, in batches."""

import logging
import os
from collections import deque
from threading import Event, Thread

MAX_QUEUED = 10_000
"""Records that wait for a reader of standard error that has stalled, about ten megabytes. Further
records are counted and dropped."""
BATCH_INTERVAL = 0.1
"""Seconds between two writes. Each interrupts the other threads, so it should have many lines."""
STDERR = 2
"""The file descriptor of standard error."""
CLOSE_TIMEOUT = 2
"""Seconds to wait for the last lines to be written, when the process ends."""


class QueueHandler(logging.Handler):
    """Writes records to standard error in a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped = 0
        """The number of records that were dropped since the start of the process."""
        self._reported = 0
        self._queue = deque[str]()
        self._filled, self._closing = Event(), Event()
        self._thread = Thread(target=self._write_batches, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Add a record to the queue, or write it if the thread has ended."""
        if len(self._queue) >= MAX_QUEUED:
            self.dropped += 1
            return
        # Formatted here: the other thread would take this one's time, and more for the changes.
        self._queue.append(self.format(record))
        if not self._thread.is_alive():
            self._write_queued()
        elif not self._filled.is_set():
            self._filled.set()

    def close(self) -> None:
        """Write the records that are queued, unless the reader of standard error has stalled."""
        self._closing.set()
        self._filled.set()
        self._thread.join(CLOSE_TIMEOUT)
        super().close()

    def _write_batches(self) -> None:
        while not self._closing.is_set():
            self._filled.wait()
            self._closing.wait(BATCH_INTERVAL)
            self._filled.clear()
            self._write_queued()
        self._write_queued()

    def _write_queued(self) -> None:
        lines = []
        while self._queue:
            lines.append(self._queue.popleft())
        records, dropped = len(lines), self.dropped
        if dropped > self._reported:
            lines.append(self._describe_dropped(dropped - self._reported))
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        try:
            # Not through `sys.stderr`: the end of the process would wait for a thread that writes.
            while data:
                data = data[os.write(STDERR, data) :]
            self._reported = dropped
        except OSError:
            # Standard error is closed, or its disk is full. There is no other place to report it.
            self.dropped += records

    def _describe_dropped(self, number: int) -> str:
        record = logging.LogRecord(
            *(__name__, logging.WARNING, "", 0),
            "%d log records were dropped, because standard error was not read in time.",
            (number,),
            None,
        )
        return self.format(record)


def find_queue() -> QueueHandler | None:
    """Return the handler of this process, if it logs to standard error."""
    handlers = logging.getLogger().handlers
    return next((one for one in handlers if isinstance(one, QueueHandler)), None)
