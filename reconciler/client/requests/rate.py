"""How many requests a second a control plane takes, learnt from what it refuses.

Limiters on PyPI keep to a known rate; here it has to be found out, which is most of this module.
All requests of a run share one: reads, writes, and what is sent again.

`X-RateLimit-Remaining` is not read: of a window it says when to stop, of a bucket nothing of the kind, and
it does not say which. To wait until a bucket is full takes many times as long; a refusal costs one request.
"""

from __future__ import annotations

import asyncio
from collections import deque
from math import exp, inf, log

_WINDOW_SECONDS = 1.0
"""The time whose accepted requests are counted to find the rate after a refusal."""
_BACK_OFF_FACTOR = 0.85
"""The share of the accepted rate before a refusal that is tried after it."""
_GROWTH_SHARE = 0.003
"""The rate grows by this share of itself a second, times the seconds since the last refusal."""
_RESULTS_KEPT, _MANY_REFUSED = 10, 3
_MIN_REQUESTS_A_SECOND = 30.0
"""The rate never falls below this where few of the last requests were refused: the reason may be another."""
_MAX_GROWTH_EXPONENT = 5.0
"""By which the logarithm of the rate grows at most from one turn to the next."""
_FIRST_PAUSE_SECONDS = 0.1
_MAX_PAUSE_SECONDS = 8.0


class Rate:
    """The rate of requests to one control plane; without a bound until it refuses one as one too many.

    After a refusal all requests wait for as long as it asks, or else twice as long as the last time. Then one
    request is sent, and the others when that one is not refused. The rate doubles each second
    until the second time that too much was sent, and then grows slowly.
    """

    def __init__(self) -> None:
        self._rate = inf
        self._is_starting = True
        self._last_turn = -inf
        self._paused_until = -inf
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._refused_at = -inf
        self._grown_at = -inf
        self._accepted_at: deque[float] = deque(maxlen=10_000)
        self._results: deque[bool] = deque(maxlen=_RESULTS_KEPT)
        self._probe: asyncio.Future[None] | None = None
        self._has_to_probe = False

    @property
    def requests_a_second(self) -> float:
        """How many may be sent; infinite as long as none was refused."""
        return self._rate

    async def take_turn(self) -> float:
        """Wait until a request may be sent; when that was, which `add_result` takes."""
        while True:
            now = _read_clock()
            if self._probe is not None:
                await asyncio.shield(self._probe)
                continue
            self._raise_rate(now)
            due = self._paused_until if self._has_to_probe else self._last_turn + 1 / self._rate
            if due > now:
                await asyncio.sleep(due - now)  # others may have been quicker
                continue
            if self._has_to_probe:
                self._probe = asyncio.get_running_loop().create_future()
            self._last_turn = now
            return now

    def add_result(self, turn: float, *, is_refused: bool, seconds: float | None = None) -> None:
        """Adapt the rate to the result of a request.

        Args:
            turn: when it was sent.
            is_refused: whether it was one too many.
            seconds: how long the control plane asks to wait, if it does.
        """
        now = _read_clock()
        self._results.append(is_refused)
        if is_refused:
            self._slow_down(now, turn, seconds)
        else:
            self._accepted_at.append(now)
            if self._has_to_probe and turn >= self._refused_at:
                self._has_to_probe, self._pause_seconds = False, _FIRST_PAUSE_SECONDS
        self.end_probe()

    def end_probe(self) -> None:
        """Let the other requests go on."""
        if self._probe is not None:
            self._probe.set_result(None)
            self._probe = None

    def _slow_down(self, now: float, turn: float, seconds: float | None) -> None:
        self._paused_until = max(self._paused_until, now + max(seconds or 0.0, self._pause_seconds))
        if turn >= self._refused_at:
            self._pause_seconds = min(2 * self._pause_seconds, _MAX_PAUSE_SECONDS)
        # Others were sent before the refusal was known.
        if turn >= self._refused_at and not self._has_to_probe:
            while self._accepted_at and self._accepted_at[0] < now - _WINDOW_SECONDS:
                self._accepted_at.popleft()
            self._is_starting = self._rate == inf
            self._rate = max(len(self._accepted_at) / _WINDOW_SECONDS, 1.0)
            if not self._is_starting:
                self._rate *= _BACK_OFF_FACTOR
            if sum(self._results) < _MANY_REFUSED:
                self._rate = max(self._rate, _MIN_REQUESTS_A_SECOND)
        self._refused_at = now
        self._grown_at = self._paused_until
        self._has_to_probe = True

    def _raise_rate(self, now: float) -> None:
        if self._rate == inf or now <= self._grown_at:
            return
        if self._is_starting:
            growth = log(2) * (now - self._grown_at)
        else:
            since = self._refused_at
            growth = _GROWTH_SHARE / 2 * ((now - since) ** 2 - (self._grown_at - since) ** 2)
        # After a long time without a request it would be larger than any number.
        self._rate *= exp(min(growth, _MAX_GROWTH_EXPONENT))
        self._grown_at = now


def _read_clock() -> float:
    return asyncio.get_running_loop().time()
