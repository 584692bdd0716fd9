"""Limits how many slow requests run at a time, so that they do not delay the others.

A thread that works for a request calls `checkpoint` every few milliseconds. A request that turns
out to be slow waits there for a slot. So no endpoint needs to know beforehand what a query costs.
"""

import asyncio
import time
from collections import deque
from concurrent.futures import Future
from contextvars import ContextVar
from threading import Lock

QUICK_SECONDS = 0.1
"""Processor time after which a request is slow. A page takes a few milliseconds."""
MAX_WAITING = 8
"""Slow requests that wait, each in a thread. Any further one is rejected, so that quick requests
get threads, too."""
WAIT_SECONDS = 10
"""Seconds that a slow request waits for a slot before it is rejected."""


class OverloadedError(Exception):
    """Too many slow requests are in progress."""


class SlowLane:
    """The slots of the slow requests of one process. They are assigned in the order of arrival."""

    def __init__(self, slots: int) -> None:
        self._free_slots = slots
        self._waiting = deque[Future[None]]()
        self._threads = 0
        self._lock = Lock()

    def enter(self) -> None:
        """Wait for a slot in this thread.

        Raises OverloadedError if none becomes free, or if too many threads wait.
        """
        turn = self._request_slot()
        if turn.done():
            return
        with self._lock:
            self._threads += 1
            too_many = self._threads > MAX_WAITING
        try:
            turn.result(0 if too_many else WAIT_SECONDS)
        except TimeoutError:
            if turn.cancel():
                raise OverloadedError from None
        finally:
            with self._lock:
                self._threads -= 1

    async def enter_async(self) -> None:
        """Wait for a slot, without a thread and without a limit."""
        turn = self._request_slot()
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            if not turn.cancel():
                self.leave()
            raise

    def leave(self) -> None:
        """Release a slot to the request that has waited longest."""
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            self._free_slots += 1

    def _request_slot(self) -> Future[None]:
        turn = Future[None]()
        with self._lock:
            if self._free_slots:
                self._free_slots -= 1
                turn.set_result(None)
            else:
                self._waiting.append(turn)
        return turn


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
        """Start to measure processor time, in this thread."""
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

    async def next_part(self) -> None:
        """Wait for a slot for the next part of a stream. It is slow, but cannot be rejected now."""
        if not self._has_slot:
            started_at = time.monotonic()
            await self._lane.enter_async()
            self.waited += time.monotonic() - started_at
            self._has_slot = self.is_slow = True

    def pause(self) -> None:
        """Release the slot: the response, or a part of it, is being sent."""
        if self._has_slot:
            self._has_slot = False
            self._lane.leave()


current_work: ContextVar[Work | None] = ContextVar("current_work", default=None)
"""The work for the current request. Commands have none, and never wait."""


def resume() -> None:
    """Start to measure processor time for the current request, in this thread."""
    if work := current_work.get():
        work.resume()


def checkpoint(*, is_slow: bool = False) -> None:
    """Wait for a slot if the current request is slow. Raises OverloadedError."""
    if work := current_work.get():
        work.checkpoint(is_slow=is_slow)


async def next_part() -> None:
    """Wait for a slot for the next part of the current stream."""
    if work := current_work.get():
        await work.next_part()
