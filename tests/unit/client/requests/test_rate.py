"""The rate that is learnt from refusals, against limiters of several kinds, on a simulated clock."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from typing import Protocol

import pytest

from reconciler.client.requests.rate import Rate
from tests.support.simulated_clock import run_simulated

CREATIONS = 300
LATENCY_SECONDS = 0.005
Hint = Callable[[float, float], float | None]
"""What a limiter asks for, of the time and how long it will really take."""


class Limiter(Protocol):
    """Says of a request whether it may pass, and else how long it takes until the next one may."""

    def wait_seconds(self, now: float) -> float:
        """0 if it passes."""


class Bucket:
    """30 requests a second, and 5 at once."""

    least_seconds = (CREATIONS - 5) / 30

    def __init__(self) -> None:
        self._left, self._at = 5.0, 0.0

    def wait_seconds(self, now: float) -> float:
        """As `Limiter` has it."""
        self._left = min(self._left + (now - self._at) * 30, 5.0)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / 30
        self._left -= 1
        return 0.0


class Window:
    """100 requests in each window of 6 s: a minute, scaled down."""

    least_seconds = 2 * 6.0

    def __init__(self) -> None:
        self._number, self._count = 0, 0

    def wait_seconds(self, now: float) -> float:
        """As `Limiter` has it."""
        if now // 6 != self._number:
            self._number, self._count = int(now // 6), 0
        self._count += 1
        return 0.0 if self._count <= 100 else (self._number + 1) * 6 - now


HINTS: dict[str, Hint] = {
    "one second": lambda _now, _wait: 1.0,
    "whole seconds": lambda _now, wait: float(math.ceil(wait)),
    "a date": lambda now, wait: float(math.ceil(now + wait) - math.floor(now)),
    "exactly": lambda _now, wait: wait,
    "nothing": lambda _now, _wait: None,
    "no time at all": lambda _now, _wait: 0.0,
}


async def send_all(rate: Rate, limiter: Limiter, hint: Hint, at_once: int) -> int:
    """Send everything, each again until it passes; how many were refused."""
    loop, left, refused = asyncio.get_running_loop(), iter(range(CREATIONS)), 0

    async def sender() -> None:
        nonlocal refused
        for _ in left:
            is_refused = True
            while is_refused:
                turn = await rate.take_turn()
                wait = limiter.wait_seconds(loop.time())
                is_refused = wait > 0
                seconds = hint(loop.time(), wait) if is_refused else None
                await asyncio.sleep(LATENCY_SECONDS)
                rate.add_result(turn, is_refused=is_refused, seconds=seconds)
                refused += is_refused

    await asyncio.gather(*(sender() for _ in range(at_once)))
    return refused


@pytest.mark.parametrize("hint", HINTS.values(), ids=HINTS)
@pytest.mark.parametrize("limiter", [Bucket, Window])
@pytest.mark.parametrize("at_once", [1, 8, 16])
def test_everything_passes_in_about_the_time_that_the_limit_allows(
    limiter: type[Bucket | Window], hint: Hint, at_once: int
) -> None:
    refused, seconds = run_simulated(send_all(Rate(), limiter(), hint, at_once))
    assert seconds <= 1.5 * limiter.least_seconds
    assert refused < CREATIONS / 10


def test_without_a_refusal_nothing_waits() -> None:
    async def run() -> float:
        rate = Rate()
        for _ in range(1000):
            rate.add_result(await rate.take_turn(), is_refused=False)
        return rate.requests_a_second

    assert run_simulated(run()) == (math.inf, 0.0)


def test_after_a_refusal_one_request_goes_ahead_of_the_others() -> None:
    async def run() -> list[float]:
        rate, loop, sent = Rate(), asyncio.get_running_loop(), []
        rate.add_result(await rate.take_turn(), is_refused=True, seconds=2.0)

        async def one() -> None:
            turn = await rate.take_turn()
            sent.append(loop.time())
            await asyncio.sleep(3.0)
            rate.add_result(turn, is_refused=False)

        await asyncio.gather(one(), one())
        return sent

    assert run_simulated(run())[0] == [2.0, 5.0]


def test_whoever_is_cancelled_ahead_of_the_others_holds_nobody_up() -> None:
    async def run() -> None:
        rate = Rate()
        rate.add_result(await rate.take_turn(), is_refused=True, seconds=2.0)
        await rate.take_turn()
        other = asyncio.ensure_future(rate.take_turn())
        await asyncio.sleep(1.0)
        assert not other.done()
        rate.end_probe()
        await other

    run_simulated(run())


class Moody:
    """Refuses one request in ten, whatever the rate."""

    def __init__(self) -> None:
        self._chance = random.Random(1)  # noqa: S311

    def wait_seconds(self, _now: float) -> float:
        """As `Limiter` has it."""
        return float(self._chance.random() < 0.1)


def test_refusals_that_have_other_reasons_bring_nothing_to_a_stop() -> None:
    _, seconds = run_simulated(send_all(Rate(), Moody(), HINTS["no time at all"], 8))
    assert seconds < CREATIONS / 15


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_turn_after_a_long_time_is_one_like_any_other(refusals: int) -> None:
    async def run() -> float:
        rate = Rate()
        for _ in range(refusals):
            rate.add_result(await rate.take_turn(), is_refused=True)
            rate.add_result(await rate.take_turn(), is_refused=False)
        for _ in range(20):
            await asyncio.sleep(24 * 3600.0)
            rate.add_result(await rate.take_turn(), is_refused=False)
        return rate.requests_a_second

    assert run_simulated(run())[0] > 1e9


def test_the_rate_comes_back_after_the_control_plane_has_recovered() -> None:
    async def run() -> float:
        rate, limiter = Rate(), Bucket()
        await send_all(rate, limiter, HINTS["exactly"], 8)
        for _ in range(10_000):
            rate.add_result(await rate.take_turn(), is_refused=False)
        return rate.requests_a_second

    learnt, seconds = run_simulated(run())
    assert learnt > 300
    assert seconds < 100
