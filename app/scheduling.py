"""Limits how many slow requests run at a time, so that they do not delay the others.

A thread that works for a request calls `checkpoint` every few milliseconds. A request that turns
out to be slow waits there for a slot. So no endpoint needs to know beforehand what a query costs.
"""

import time
from contextvars import ContextVar
from threading import Condition

QUICK_SECONDS = 0.1
"""Processor time after which a request is slow. A page takes a few milliseconds."""
MAX_SLOW_REQUESTS = 8
"""Slow requests that run or wait, each in a thread. Any further one is rejected, so that threads
remain for quick requests."""
WAIT_SECONDS = 10
"""Seconds that a slow request waits for a slot before it is rejected."""


class OverloadedError(Exception):
    """Too many slow requests are in progress."""


class SlowLane:
    """The slots of the slow requests of one process."""

    def __init__(self, slots: int) -> None:
        self._free_slots = slots
        self._requests = 0
        self._changed = Condition()

    def enter(self) -> None:
        """Wait for a slot. Raises OverloadedError if none becomes free, or if too many wait."""
        with self._changed:
            if self._requests >= MAX_SLOW_REQUESTS:
                raise OverloadedError
            self._requests += 1
            if not self._changed.wait_for(lambda: self._free_slots > 0, WAIT_SECONDS):
                self._requests -= 1
                raise OverloadedError
            self._free_slots -= 1

    def leave(self) -> None:
        """Return a slot."""
        with self._changed:
            self._free_slots += 1
            self._requests -= 1
            self._changed.notify()


class Work:
    """The work for one request, in one thread at a time."""

    def __init__(self, lane: SlowLane) -> None:
        self.is_slow = False
        self.is_rejected = False
        self.waited = 0.0
        """Seconds that it waited for a slot."""
        self._lane = lane
        self._seconds = 0.0
        self._measured_at = 0.0
        self._has_slot = False

    def resume(self) -> None:
        """Begin to measure processor time, in this thread."""
        self._measured_at = time.thread_time()

    def checkpoint(self, *, is_slow: bool = False) -> None:
        """Wait for a slot if the request is slow, and has none."""
        if self._has_slot:
            return
        now = time.thread_time()
        self._seconds += now - self._measured_at
        self._measured_at = now
        if self._seconds > QUICK_SECONDS or is_slow:
            started_at = time.monotonic()
            try:
                self._lane.enter()
            except OverloadedError:
                self.is_rejected = True
                raise
            finally:
                self.waited += time.monotonic() - started_at
            self._has_slot = self.is_slow = True

    def pause(self) -> None:
        """Return the slot: the response, or a part of it, is being sent."""
        if self._has_slot:
            self._has_slot = False
            self._lane.leave()


current_work: ContextVar[Work | None] = ContextVar("current_work", default=None)
"""The work for the current request. Commands have none, and never wait."""


def resume() -> None:
    """Begin to measure processor time for the current request, in this thread."""
    if work := current_work.get():
        work.resume()


def checkpoint(*, is_slow: bool = False) -> None:
    """Wait for a slot if the current request is slow. Raises OverloadedError."""
    if work := current_work.get():
        work.checkpoint(is_slow=is_slow)
