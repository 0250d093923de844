"""How long to wait, how often to try again, and for how long what was read may be relied on."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.errors import OutOfTimeError

MAX_RETRY_AFTER_SECONDS = 60.0
# ASCII only: `str.isdigit` takes other scripts' digits too. Longer ones are above the bound anyway.
_SECONDS = re.compile(r"[0-9]{1,9}")
_SECONDS_OR_TIME = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_MIN_TIMESTAMP_SECONDS = 1e9
"""Seconds; from this number on they are a time since 1970, of 2001 or later."""
_MANY_SECONDS = re.compile(r"[0-9]{10,}")


@dataclass(frozen=True, slots=True)
class Patience:
    """The times of a run, in seconds.

    Args:
        tries: how often a request is sent at most.
        first_delay: before the second try; it doubles with each further one.
        longest_delay: the most that it grows to.
        request: for one request, from connecting to the last byte of its answer.
        settle: after this long without an answer, the server has done a write or never will.
        update_age: how old a listing may be for an update to rely on it.
        create_age: the same for a creation.
    """

    tries: int = 4
    first_delay: float = 0.5
    longest_delay: float = 8.0
    request: float = 60.0
    settle: float = 60.0
    update_age: float = 2.0
    create_age: float = 60.0

    def choose_delay(self, tried: int, retry_after: float | None = None) -> float:
        """Seconds to wait after `tried` tries: what the server asks for, else full jitter."""
        if retry_after is not None:
            return retry_after
        most = min(self.longest_delay, self.first_delay * 2 ** (tried - 1))
        return random.uniform(0, most)  # noqa: S311  spreads load, guards nothing


class Deadline:
    """The end of a run, on a clock that is never set.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds

    def limit_seconds(self, seconds: float) -> float:
        """`seconds`, or what is left of the run if that is less.

        Raises:
            OutOfTimeError: nothing is left.
        """
        left = self.left
        if not left:
            raise OutOfTimeError(
                f"the {self._seconds:g} s for the whole run are over", "run again, or give more: --timeout"
            )
        return min(seconds, left)

    @property
    def left(self) -> float:
        """What is left of the run, in seconds."""
        return max(0.0, self._end - time.monotonic())


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait, at most 60; `None` where it asks for nothing sensible.

    A date counts against the answer's own `Date`, so that a wrong clock on either side does no harm.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER_SECONDS)
    if _MANY_SECONDS.fullmatch(value):
        return MAX_RETRY_AFTER_SECONDS
    moment = parse_date(value)
    if moment is None:
        return None
    now = parse_date(headers.get("date", "")) or datetime.now(UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)


def read_reset_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until a limit is lifted, by `X-RateLimit-Reset`, at most 60; `None` where it does not say.

    The vendor's own client reads it as a time in seconds since 1970; others send how long it still takes.
    """
    value = headers.get("x-ratelimit-reset", "").strip()
    if not _SECONDS_OR_TIME.fullmatch(value):
        return None
    seconds = float(value)
    if seconds >= _MIN_TIMESTAMP_SECONDS:
        now = parse_date(headers.get("date", "")) or datetime.now(UTC)
        seconds -= now.timestamp()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def parse_date(text: str) -> datetime | None:
    """The time in a header; `None` where it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
