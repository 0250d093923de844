"""Calls side by side: how many there are at once, and that none is left out when they are cancelled."""

from __future__ import annotations

import asyncio

import pytest

from reconciler.applying import workers
from reconciler.applying.stop import Stop
from reconciler.client.requests.patience import Deadline


def test_no_more_calls_are_under_way_than_there_are_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_WORKERS", 3)
    under_way, most, begun = 0, 0, []

    async def call(item: int) -> str:
        nonlocal under_way, most
        begun.append(item)
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001 * (item % 3))
        under_way -= 1
        return str(item)

    items = list(range(20))
    returned = asyncio.run(workers.work_off(items, call, Stop(Deadline(60))))
    assert returned == list(map(str, items))
    assert begun == items
    assert most == 3


def test_who_waits_holds_nobody_up_but_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_WORKERS", 2)
    is_over = asyncio.Event()

    async def call(item: int) -> int:
        if item == 0:
            await is_over.wait()
        if item == 9:
            is_over.set()
        return item

    returned = asyncio.run(workers.work_off(range(10), call, Stop(Deadline(60))))
    assert returned == list(range(10))


def test_after_a_stop_that_cancels_them_all_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_WORKERS", 2)
    stop = Stop(Deadline(60))

    async def call(item: int) -> str:
        if stop.reason:
            return f"{item} was not begun"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return f"{item} was cancelled"
        raise AssertionError

    async def run() -> list[str]:
        def end() -> None:
            stop.end_run("interrupted")
            stop.abandon()

        asyncio.get_running_loop().call_later(0.01, end)
        return await workers.work_off(range(4), call, stop)

    told = ["0 was cancelled", "1 was cancelled", "2 was not begun", "3 was not begun"]
    assert asyncio.run(run()) == told
