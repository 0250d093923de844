"""How many requests are under way: never more than there are slots, and everybody's turn comes."""

from __future__ import annotations

import asyncio
import random

import pytest

from reconciler.client.requests.pace import Pace
from reconciler.client.requests.rate import Rate
from reconciler.errors import InterruptedAnswerError, OutOfTimeError, RefusedError
from tests.support.scale import replay, seeds


def overloaded() -> RefusedError:
    return RefusedError("too much", 503)


async def succeed(pace: Pace) -> None:
    async with pace.hold_slot():
        pass


async def fail(pace: Pace, error: Exception) -> None:
    with pytest.raises(type(error)):
        async with pace.hold_slot():
            raise error


def test_an_overloaded_server_halves_the_slots_and_a_round_of_successes_gives_one_back() -> None:
    async def run() -> list[int]:
        pace = Pace(8, Rate())
        limits = [pace.limit]
        for _ in range(4):
            await fail(pace, overloaded())
            limits.append(pace.limit)
        for _ in range(3):
            await succeed(pace)
            limits.append(pace.limit)
        for _ in range(100):
            await succeed(pace)
        return [*limits, pace.limit]

    assert asyncio.run(run()) == [8, 4, 2, 1, 1, 2, 2, 2, 8]


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("too many", 429),
        RefusedError("too many", 503, retry_after=1.0),
        RefusedError("no", 500),
        RefusedError("no", 404),
        InterruptedAnswerError("cut"),
        ValueError(),
    ],
)
def test_other_failures_leave_the_pace_as_it_is(error: Exception) -> None:
    async def run() -> int:
        pace = Pace(8, Rate())
        await fail(pace, error)
        return pace.limit

    assert asyncio.run(run()) == 8


def test_who_comes_first_is_served_first() -> None:
    async def run() -> list[int]:
        pace, served = Pace(1, Rate()), []

        async def one(number: int) -> None:
            async with pace.hold_slot():
                served.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*map(one, range(20)))
        return served

    assert asyncio.run(run()) == list(range(20))


def test_there_are_no_more_slots_than_turns_in_half_a_second() -> None:
    async def run() -> list[int]:
        rate = Rate()
        pace = Pace(32, rate)
        limits = [pace.limit]
        with pytest.raises(RefusedError):
            async with pace.take_turn(1):
                raise RefusedError("too many", 429)
        return [*limits, pace.limit]

    assert asyncio.run(run()) == [32, 15]


def test_a_turn_that_does_not_come_in_time_is_reported() -> None:
    async def run() -> None:
        pace = Pace(8, Rate())
        with pytest.raises(RefusedError):
            async with pace.take_turn(1):
                raise RefusedError("too many", 429, retry_after=30.0)
        with pytest.raises(OutOfTimeError):
            async with pace.take_turn(0.01):
                pass

    asyncio.run(run())


@pytest.mark.parametrize("is_its_turn", [False, True])
def test_whoever_is_cancelled_while_waiting_holds_nobody_up(*, is_its_turn: bool) -> None:
    async def run() -> None:
        pace, done = Pace(1, Rate()), asyncio.Event()

        async def hold() -> None:
            async with pace.hold_slot():
                await done.wait()

        holder = asyncio.ensure_future(hold())
        await asyncio.sleep(0)
        waiting, next_one = (asyncio.ensure_future(succeed(pace)) for _ in range(2))
        await asyncio.sleep(0)
        if is_its_turn:
            done.set()
            await holder  # the slot has been handed on, to one that has not been told yet
        waiting.cancel()
        done.set()
        await next_one
        assert waiting.cancelled() or is_its_turn
        await asyncio.gather(waiting, holder, return_exceptions=True)
        await succeed(pace)

    asyncio.run(asyncio.wait_for(run(), 20))


def test_after_an_overload_no_more_are_under_way_than_the_slots_that_are_left() -> None:
    async def run() -> int:
        pace, peak, under_way = Pace(8, Rate()), 0, 0

        async def one() -> None:
            nonlocal peak, under_way
            async with pace.hold_slot():
                under_way += 1
                peak = max(peak, under_way)
                await asyncio.sleep(0.01)
                under_way -= 1
                raise InterruptedAnswerError("cut")  # which gives no slot back

        await fail(pace, overloaded())
        await asyncio.gather(*(one() for _ in range(20)), return_exceptions=True)
        return peak

    assert asyncio.run(run()) == 4


class Crowd:
    """Some who come, go, fail and are cancelled at any time."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  a test that can be replayed
        self.most = self.chance.randint(1, 8)
        self.pace = Pace(self.most, Rate())
        self.under_way = 0

    async def one(self) -> None:
        """Take a slot for a while, and perhaps find the server overloaded."""
        await self.dawdle()
        async with self.pace.hold_slot():
            assert self.under_way < self.most, "one more than there are slots"
            self.under_way += 1
            try:
                await self.dawdle()
                if self.chance.random() < 0.2:
                    raise overloaded()
            finally:
                self.under_way -= 1

    async def dawdle(self) -> None:
        """Let others do something first."""
        for _ in range(self.chance.randint(0, 3)):
            await asyncio.sleep(0)

    async def run(self) -> list[BaseException | None]:
        """Send all of them, and cancel some; how each ended."""
        tasks = [asyncio.ensure_future(self.one()) for _ in range(60)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            if self.chance.random() < 0.3:
                self.chance.choice(tasks).cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("seed", list(seeds(20, 20, 2_000)))
def test_whoever_fails_or_is_cancelled_no_slot_is_lost_or_given_twice(seed: int) -> None:
    crowd = Crowd(seed)

    async def run() -> list[BaseException | None]:
        ended = await crowd.run()
        meeting = asyncio.Barrier(crowd.pace.limit)

        async def meet() -> None:
            async with crowd.pace.hold_slot():
                await meeting.wait()

        await asyncio.gather(*(meet() for _ in range(meeting.parties)))
        return ended

    for each in asyncio.run(asyncio.wait_for(run(), 20)):
        assert isinstance(each, RefusedError | asyncio.CancelledError | None), (each, replay(seed))
