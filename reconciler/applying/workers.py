"""Calls side by side, of which there may be 100,000: each is begun when a worker becomes free for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from reconciler.applying.stop import Stop

MOST_WORKERS = 1_000
"""Far more than slots for requests, as a worker is also taken by who waits for a lost answer to settle."""

_Item = TypeVar("_Item")
_Returned = TypeVar("_Returned")


async def work_off(
    items: Sequence[_Item], call: Callable[[_Item], Awaitable[_Returned]], stop: Stop
) -> list[_Returned]:
    """What a call returns of each item, in their order, in which they are begun as well.

    Args:
        items: what to call with.
        call: has to return also when it is cancelled, or begun after the stop.
        stop: can cancel what is under way.
    """
    left = iter(enumerate(items))
    returned: dict[int, _Returned] = {}
    count = min(len(items), MOST_WORKERS)
    workers = [asyncio.ensure_future(_work(left, call, returned)) for _ in range(count)]
    stop.cancels(workers)
    for worker in workers:
        await worker
    return [returned[number] for number in range(len(items))]


async def _work(
    left: Iterator[tuple[int, _Item]],
    call: Callable[[_Item], Awaitable[_Returned]],
    returned: dict[int, _Returned],
) -> None:
    """Take what is left, one after another; all workers share it."""
    for number, item in left:
        returned[number] = await call(item)
