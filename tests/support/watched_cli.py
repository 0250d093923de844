"""The command line tool as a process under observation: what it opens, connects to, and what it starts.

It writes down its own audit events, and the processes below it are listed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.cli import main
from tests.support.canary import assert_absent
from tests.support.cli import Cli
from tests.support.forked import fork_command, wait_for

_EVERY = 0.01
"""Seconds between two listings of the processes."""
_LONGEST_BYTES = 1 << 20
"""Of a command line that is read."""


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


def run_watched(cli: Cli, log: Path, *arguments: str, run: Callable[[], object] = main) -> Seen:
    """Run a command to its end, and tell what it did.

    Args:
        cli: where, and with which environment.
        log: a file for what it does.
        arguments: of the command.
        run: the tool, or what is to be seen in its place.
    """
    with TemporaryDirectory() as folder:
        output = Path(folder, "output")
        begin = partial(_run_watched, log, run)
        process = fork_command(arguments, cli.folder, cli.environment(), output, output, begin)
        assert process.pid
        listing = _Listing(process.pid)
        code = wait_for(process)
        descendants = listing.end()
        printed = output.read_bytes()
    assert_absent(printed)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    return Seen(
        code,
        printed.decode(errors="surrogateescape"),
        {name for event, name in (e[:2] for e in events if len(e) > 1) if event == "open"},
        {":".join(about) for event, *about in events if event.startswith("socket.")},
        [about for event, *about in events if event in _STARTING and [event, *about] != _ALREADY_LOADED],
        descendants,
    )


_WATCHED = {
    "open": 0,
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.bind": 1,
    "subprocess.Popen": 1,
    "os.system": 0,
    "os.exec": 0,
    "os.posix_spawn": 0,
    "os.spawn": 1,
    "ctypes.dlopen": 0,
}
"""The events, and which of their arguments is told."""


def _run_watched(log: Path, run: Callable[[], object]) -> None:
    """Run something, and write down what this process does; a line is a JSON list: what was done, to what."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _WATCHED:
            about = arguments[_WATCHED[event]]
            shown = list(map(_text, about)) if isinstance(about, list | tuple) else [_text(about)]
            os.write(descriptor, (json.dumps([event, *shown]) + "\n").encode())

    sys.addaudithook(note)
    run()


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, str | bytes | os.PathLike) else repr(value)


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
    """The words of a process, in one line; nothing of one that is gone.

    They are read at once: between two reads the process may have become another program, or ended.
    """
    try:
        with Path(f"/proc/{pid}/cmdline").open("rb", buffering=0) as file:
            words = (file.read(_LONGEST_BYTES) or b"").split(b"\0")
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
