"""The tool as a process that is forked from one with everything imported, which spares it its start.

A start takes a quarter of a second of the processor, a fork some milliseconds. All else is as on the command
line: a process of its own, with its own folder, environment, streams, signals and exit code. Where the start
itself is looked at, or what Python reads from the environment before it runs anything, it is started anew.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import pkgutil
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import reconciler
from reconciler.cli import main

MAX_SECONDS = 60
"""That a command may take."""
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        __name__,
        "anyio._backends._asyncio",
        "git",
        *(
            name
            for _, name, _ in pkgutil.walk_packages(reconciler.__path__, "reconciler.")
            if "__" not in name
        ),
    ]
)


def fork_command(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path, err: Path
) -> BaseProcess:
    """Start `reconciler` with some arguments; the process, which its caller waits for and closes.

    Args:
        arguments: of the command.
        folder: where it runs.
        environment: all of it.
        out: the file that stdout goes to, emptied first.
        err: the same for stderr; may be the file of stdout.
    """
    words = "reconciler", *arguments
    process = _CONTEXT.Process(target=_run, args=(words, folder, dict(environment), out, err))
    process.start()
    return process


def wait_for(process: BaseProcess, seconds: float = MAX_SECONDS) -> int:
    """Wait for the end of a process; its exit code, or the signal that ended it as a negative number.

    Raises:
        AssertionError: it has not ended in time; it is killed then.
    """
    process.join(seconds)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    process.close()
    assert code is not None, f"still running after {seconds} s"
    return code


def _run(words: Sequence[str], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    """What a forked process does before it is the tool: what Python would have done at its start."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(_open_empty(out), 1)
    os.dup2(1 if err == out else _open_empty(err), 2)
    os.chdir(folder)
    streams = {
        "stdin": io.TextIOWrapper(io.BufferedReader(io.FileIO(0)), "utf-8", "surrogateescape"),
        "stdout": _text_writer(1, "surrogateescape"),
        "stderr": _text_writer(2, "backslashreplace", line_buffering=True),
    }
    for name, stream in streams.items():
        setattr(sys, name, stream)
        # As Python itself does: a stream that is replaced would be closed if nothing else knew it.
        setattr(sys, f"__{name}__", stream)
    sys.argv = list(words)
    main()


def _open_empty(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _text_writer(descriptor: int, errors: str, *, line_buffering: bool = False) -> io.TextIOWrapper:
    stream = io.BufferedWriter(io.FileIO(descriptor, "w"))
    return io.TextIOWrapper(stream, "utf-8", errors, line_buffering=line_buffering)
