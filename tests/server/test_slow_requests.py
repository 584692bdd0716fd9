"""Slow requests: a few run at a time, so that quick ones are not delayed."""

import asyncio
from pathlib import Path
from threading import Event, Thread

import pytest

from app.scheduling import OverloadedError, SlowLane, Work
from tests.support.corpus import SEED
from tests.support.databases import load_into, new_database
from tests.support.server import serving


def test_slow_request_waits_until_another_is_done() -> None:
    lane = SlowLane(1)
    first, second = Work(lane), Work(lane)
    first.checkpoint(is_slow=True)
    done = Event()

    def work() -> None:
        second.resume()
        second.checkpoint(is_slow=True)
        done.set()

    thread = Thread(target=work)
    thread.start()
    assert not done.wait(0.1)
    first.pause()
    thread.join(30)
    assert done.is_set()
    assert second.waited > 0


def test_quick_request_does_not_wait() -> None:
    lane = SlowLane(1)
    Work(lane).checkpoint(is_slow=True)
    quick = Work(lane)
    quick.resume()
    quick.checkpoint()
    assert quick.waited == 0


def test_request_is_rejected_when_too_many_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = SlowLane(1)
    monkeypatch.setattr("app.scheduling.WAIT_SECONDS", 0)
    running, waiting = Work(lane), Work(lane)
    running.checkpoint(is_slow=True)
    with pytest.raises(OverloadedError):
        waiting.checkpoint(is_slow=True)
    monkeypatch.setattr("app.scheduling.MAX_WAITING", 0)
    monkeypatch.setattr("app.scheduling.WAIT_SECONDS", 60)
    with pytest.raises(OverloadedError):
        waiting.checkpoint(is_slow=True)
    running.pause()
    waiting.checkpoint(is_slow=True)


@pytest.mark.anyio
async def test_stream_that_has_begun_waits_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.scheduling.MAX_WAITING", 0)
    lane = SlowLane(1)
    running, cancelled, *waiting = (Work(lane) for _ in range(5))
    await running.next_part()
    tasks = [asyncio.create_task(work.next_part()) for work in (cancelled, *waiting)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    for work, task in zip([running, *waiting], [*tasks[1:], None], strict=True):
        assert task is None or not task.done()
        work.pause()
        if task:
            await task
    # The slot is free again, and there is only one.
    await running.next_part()
    task = asyncio.create_task(cancelled.next_part())
    await asyncio.sleep(0)
    assert not task.done()
    running.pause()
    await task


def _reject(_: SlowLane) -> None:
    raise OverloadedError


@pytest.mark.sqlite  # whose queries use the processor of the server
@pytest.mark.parametrize("path", ["/events", "/facets", "/histogram", "/", "/events.ics"])
def test_overloaded_server_returns_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    load_into(new_database(tmp_path / "timeline.db"), SEED)
    monkeypatch.setattr("app.db.sqlite.connections.PROGRESS_STEPS", 1)
    with serving(tmp_path / "timeline.db", cache_size=0) as client:
        assert client.get(path).status_code == 200
        # Now every request is slow, and too many are in progress.
        monkeypatch.setattr("app.scheduling.QUICK_SECONDS", -1)
        monkeypatch.setattr("app.scheduling.SlowLane.enter", _reject)
        response = client.get(path)
        assert response.headers["retry-after"] == "2"
        assert "Too many slow requests are in progress." in response.text
        assert response.status_code == 503
        assert client.get("/livez").status_code == 200


def test_every_slot_is_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_into(new_database(tmp_path / "timeline.db"), SEED)
    monkeypatch.setattr("app.scheduling.QUICK_SECONDS", -1)
    monkeypatch.setattr("app.scheduling.WAIT_SECONDS", 0)
    monkeypatch.setattr("app.db.sqlite.connections.PROGRESS_STEPS", 1)
    paths = ("/events", "/events.jsonl", "/facets?kind=x", "/", "/events.csv", "/nothing")
    with serving(tmp_path / "timeline.db", cache_size=0) as client:
        statuses = [client.get(path).status_code for path in paths * 2]
    assert statuses == [200, 200, 422, 200, 200, 404] * 2
