"""The command line tool as a process under observation: what it opens, connects to, and what it starts."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import audited
from tests.support.canary import assert_absent
from tests.support.cli import SECONDS, Cli

_EVERY = 0.01
"""Seconds between two listings of the processes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run did.

    Attributes:
        code: its exit code.
        output: all that it printed, on both streams.
        opened: the files that it opened.
        connected: the addresses that it connected to.
        started: the commands that it started.
        descendants: the command lines of every process below it that a listing showed.
    """

    code: int
    output: str
    opened: set[str] = field(default_factory=set)
    connected: set[str] = field(default_factory=set)
    started: list[list[str]] = field(default_factory=list)
    descendants: set[str] = field(default_factory=set)


def watched(cli: Cli, log: Path, *arguments: str) -> Seen:
    """Run a command to its end, and tell what it did."""
    command = [sys.executable, audited.__file__, str(log), *arguments]
    with subprocess.Popen(
        command,
        cwd=cli.folder,
        env=cli.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        listing = _Listing(process.pid)
        printed, _ = process.communicate(timeout=SECONDS)
        descendants = listing.end()
    assert_absent(printed)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    return Seen(
        process.returncode,
        printed.decode(errors="surrogateescape"),
        {name for event, name in (e[:2] for e in events if len(e) > 1) if event == "open"},
        {":".join(about) for event, *about in events if event.startswith("socket.")},
        [about for event, *about in events if event in _STARTING and [event, *about] != _ALREADY_LOADED],
        descendants,
    )


_STARTING = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "ctypes.dlopen"}
_ALREADY_LOADED = ["ctypes.dlopen", "None"]
"""The libraries that the process has anyway: that of C."""


class _Listing:
    """Lists the processes below one, again and again, until it is told to end."""

    def __init__(self, root: int) -> None:
        self._known = {root}
        self._root = root
        self._own: set[str] = {""}
        self._seen: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> set[str]:
        """Stop; the command lines that were seen, but for the root's own, which a fork has for a moment."""
        self._over.set()
        self._thread.join()
        return self._seen - self._own

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            pending = list(self._known)
            for pid in pending:
                started = _list_children(pid) - self._known
                self._known |= started
                pending += started
            self._own |= _command_line(self._root)
            for pid in self._known:
                self._seen |= _command_line(pid)


def _command_line(pid: int) -> set[str]:
    """The words of a process, in one line; nothing of one that is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return set()
    return {os.fsdecode(b" ".join(words)).strip()}


def _list_children(pid: int) -> set[int]:
    """The processes that one has started; none of one that is gone."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found |= set(map(int, (thread / "children").read_text().split()))
    return found
