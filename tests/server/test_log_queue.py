"""The log queue: it writes everything, but never waits for a reader of standard error."""

import logging
import os
import re
from collections.abc import Iterator

import pytest

from app.server.log_queue import QueueHandler
from app.server.logging import PlainFormatter

LINE = "x" * 1_000


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Replace standard error by a pipe, which takes 64 KB, and return its reading end."""
    reading_end, writing_end = os.pipe()
    monkeypatch.setattr("app.server.log_queue.STDERR", writing_end)
    monkeypatch.setattr("app.server.log_queue.MAX_QUEUED", 100)
    yield reading_end
    os.close(reading_end)


def _record(message: str) -> logging.LogRecord:
    return logging.LogRecord("app", logging.INFO, "", 0, message, None, None)


def _handler() -> QueueHandler:
    handler = QueueHandler()
    handler.setFormatter(PlainFormatter())
    return handler


def test_every_record_is_written_in_its_order(pipe: int) -> None:
    handler = _handler()
    for number in range(50):
        handler.handle(_record(f"line {number}"))
    handler.close()
    handler.handle(_record("after the end of the thread"))
    lines = os.read(pipe, 65_536).decode().splitlines()
    messages = [re.sub(r".* app \S+ ", "", line) for line in lines]
    assert messages == [*(f"line {n}" for n in range(50)), "after the end of the thread"]


def test_reader_that_stalls_blocks_nothing_and_dropped_records_are_counted(pipe: int) -> None:
    handler = _handler()
    for _ in range(1_000):
        handler.handle(_record(LINE))
    assert handler.dropped > 0
    received = b""
    while b"dropped" not in received:
        received += os.read(pipe, 65_536)
    handler.close()
    lines = received.decode().splitlines()
    assert sum(line.endswith(LINE) for line in lines) == 1_000 - handler.dropped
    assert f"{handler.dropped} log records were dropped, because standard error" in lines[-1]


def test_end_of_the_process_does_not_wait_for_a_reader_that_stalls(
    pipe: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.server.log_queue.CLOSE_TIMEOUT", 0.1)
    handler = _handler()
    for _ in range(100):
        handler.handle(_record(LINE))
    handler.close()
    for _ in range(150):
        handler.handle(_record(LINE))
    assert handler.dropped > 0
    while b"dropped" not in os.read(pipe, 65_536):
        pass


def test_standard_error_that_is_full_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr("app.server.log_queue.STDERR", full)
    handler = _handler()
    handler.handle(_record(LINE))
    handler.close()
    os.close(full)
    assert handler.dropped == 1
