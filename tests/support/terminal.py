"""A terminal that a command runs on: what it is sent, and what it shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Self

from tests.support import canary
from tests.support.cli import SECONDS, Cli
from tests.support.forked import fork_with, wait_for

_PART = re.compile(r"\r|\n|\x1b\[K|\x1b\[[0-9;]*m|[^\x00-\x1f\x7f-\x9f]+")


class Terminal:
    """A command on a terminal of its own, from `with` to the end of it.

    Args:
        cli: what runs it.
        arguments: of the command.
        columns: how wide the terminal is.
        out: where stdout goes instead.
        err: where stderr goes instead.

    Attributes:
        pid: of the command.
        sent: what the terminal was sent.
    """

    def __init__(
        self,
        cli: Cli,
        *arguments: str,
        columns: int = 80,
        out: IO[bytes] | None = None,
        err: IO[bytes] | None = None,
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.sent = ""
        streams = [os.dup(theirs if to is None else to.fileno()) for to in (None, out, err)]
        os.close(theirs)
        self._process = fork_with(streams, cli.forked(*arguments), cli.folder, cli.environment())
        self.pid = self._process.pid or 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        wait_for(self._process)
        os.close(self._ours)
        canary.assert_absent(self.sent)

    def await_text(self, pattern: str) -> re.Match[str]:
        """Wait until something is sent that a pattern matches."""
        until = time.monotonic() + SECONDS
        while not (found := re.search(pattern, self.sent)):
            assert self._reads(until), f"no {pattern} in {self.sent!r}"
        return found

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._ours, text.encode())

    def signal(self, number: signal.Signals) -> None:
        """Send the command a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for the end of the command; its exit code."""
        until = time.monotonic() + SECONDS
        while self._reads(until):
            pass
        self._process.join(SECONDS)
        assert self._process.exitcode is not None, "still running"
        return self._process.exitcode

    @property
    def shown(self) -> Sequence[str]:
        """The lines that it shows at last."""
        return screen(self.sent)

    def _reads(self, until: float) -> bool:
        assert select.select([self._ours], [], [], max(until - time.monotonic(), 0))[0], "nothing was sent"
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other side is closed
            return False
        self.sent += data.decode(errors="replace")
        return bool(data)


def screen(sent: str) -> list[str]:
    """The lines that a terminal shows which is sent this, colours left out.

    It knows no more than the few things that this tool has reason to ask of one.
    """
    lines, column, at = [""], 0, 0
    while at < len(sent):
        part = _PART.match(sent, at)
        assert part, f"the terminal is asked for what it does not know: {sent[at : at + 20]!r}"
        at, text, line = part.end(), part.group(), lines[-1]
        if text == "\n":
            lines.append("")
        elif text == "\r":
            column = 0
        elif text == "\x1b[K":
            lines[-1] = line[:column]
        elif not text.startswith("\x1b"):
            lines[-1] = line[:column] + text + line[column + len(text) :]
            column += len(text)
    return lines
