"""Runs `reconciler` and writes down what it opens, starts and connects to, as Python's audit events tell.

Usage: python audited.py LOG ARGUMENTS... A line of the log is a JSON list: what was done, and to what.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

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


def _watch(log: int) -> None:
    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _WATCHED:
            about = arguments[_WATCHED[event]]
            shown = list(map(_text, about)) if isinstance(about, list | tuple) else [_text(about)]
            os.write(log, (json.dumps([event, *shown]) + "\n").encode())

    sys.addaudithook(note)


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, str | bytes | os.PathLike) else repr(value)


if __name__ == "__main__":
    log, *arguments = sys.argv[1:]
    _watch(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    sys.argv = ["reconciler", *arguments]
    del sys.path[0]  # the folder of this file

    from reconciler.cli import main

    main()
