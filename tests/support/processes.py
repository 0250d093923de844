"""What the system tells of a process: how long it had no processor, and whether it has taken its signals."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Self

_MAX_SECONDS = 30.0
_NANOSECONDS = 1e9


class Watch:
    """How long a block takes, by the own clock of what runs in it.

    The time in which this thread, or the process that is watched beside it, was ready to run and the machine
    did something else, is left out: it says nothing of the code.

    Args:
        pid: the process, which nobody has waited for when the block ends.
    """

    seconds = 0.0

    def __init__(self, pid: int | None = None) -> None:
        self._tasks = ["thread-self", *([str(pid)] if pid else [])]

    def __enter__(self) -> Self:
        self._began = time.monotonic() - self._waited()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._waited() - self._began

    def _waited(self) -> float:
        """Seconds that it was ready and had no processor; nothing where the system does not tell."""
        files = (Path("/proc") / task / "schedstat" for task in self._tasks)
        return sum(int(file.read_text().split()[1]) / _NANOSECONDS for file in files if file.exists())


def await_idle(pid: int) -> None:
    """Wait until a process has taken all signals that it was sent, and waits for something else.

    Two signals of one kind that come before the first is taken would be one.
    """
    give_up = time.monotonic() + _MAX_SECONDS
    while not _is_idle(pid):
        assert time.monotonic() < give_up, "the process is busy all the time"
        time.sleep(0.01)


def _is_idle(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    is_pending = any(int(status[name][0], 16) for name in ("SigPnd", "ShdPnd"))
    return not is_pending and status["State"][0] == "S"
