"""The tool as a process that is forked from one with everything imported, which spares it its start.

A start takes a quarter of a second of the processor, a fork some milliseconds. All else is as on the command
line: a process of its own, with its own folder, environment, streams, signals and exit code. Where the start
itself is looked at, or what Python reads from the environment before it runs anything, it is started anew.

Half of what a forked command takes is the copying of pages. Where nothing but its exit code and its output
counts, the same process therefore runs one command after another: `run_command`.

For scripts there is a program that takes the place of `reconciler` and has each call of it forked here.
"""

from __future__ import annotations

import atexit
import io
import json
import multiprocessing
import os
import pkgutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import reconciler
from reconciler.cli import main

MAX_SECONDS = 60
"""That a command may take."""
_PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as call:
    call.connect({address!r})
    socket.send_fds(call, [b" "], [0, 1, 2])
    call.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
    call.shutdown(socket.SHUT_WR)
    sys.exit(int(call.recv(9)))
"""
_CONTEXT = multiprocessing.get_context("forkserver")
_PRELOADED = [
    __name__,
    "anyio._backends._asyncio",
    "concurrent.futures.thread",
    "git",
    "jinja2",
    *(name for _, name, _ in pkgutil.walk_packages(reconciler.__path__, "reconciler.") if "__" not in name),
]
_CONTEXT.set_forkserver_preload(_PRELOADED)
"""For all processes that are forked: who sets it elsewhere too has every one of them import the rest anew."""


def run_command(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path, err: Path
) -> int:
    """Run `reconciler` with some arguments to its end, in a process that is free; its exit code.

    Args:
        arguments: of the command.
        folder: where it runs.
        environment: all of it.
        out: the file that stdout goes to, emptied first.
        err: the same for stderr.

    Raises:
        AssertionError: it has crashed, or not ended in time; the process is killed then.
    """
    process = _FREE.pop() if _FREE else _ReusedProcess()
    code = process.run(["reconciler", *arguments], folder, environment, out, err)
    _FREE.append(process)
    return code


def fork_command(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    out: Path,
    err: Path,
    run: Callable[[], object] = main,
) -> BaseProcess:
    """Start `reconciler` with some arguments; the process, which its caller waits for and closes.

    Args:
        arguments: of the command.
        folder: where it runs.
        environment: all of it.
        out: the file that stdout goes to, emptied first.
        err: the same for stderr; may be the file of stdout.
        run: the tool, or what is to take its place.
    """
    streams = [os.open(os.devnull, os.O_RDONLY), _open_empty(out)]
    streams.append(os.dup(streams[1]) if err == out else _open_empty(err))
    return fork_with(streams, ["reconciler", *arguments], folder, environment, run)


def fork_with(
    streams: Sequence[int],
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    run: Callable[[], object] = main,
) -> BaseProcess:
    """The same with descriptors of stdin, stdout and stderr, which become its own and are closed here.

    The words are those of `reconciler`, or of another program, which takes the place of the forked process.
    """
    given = list(words), folder, dict(environment), _Streams(streams), run
    process = _CONTEXT.Process(target=_run, args=given)
    process.start()
    for stream in streams:
        os.close(stream)
    return process


@contextmanager
def serve_forking_program() -> Iterator[Path]:
    """A program `reconciler` for scripts, in a folder of its own that may be put into `PATH`.

    Signals that it gets do not reach the process that is forked for it.
    """
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        address, program = f"{folder}/calls", Path(folder, "bin/reconciler")
        program.parent.mkdir()
        program.write_text(_PROGRAM.format(python=sys.executable, address=address))
        program.chmod(0o755)
        listener.bind(address)
        listener.listen()
        threading.Thread(target=_take_calls, args=(listener,), daemon=True).start()
        yield program
        with suppress(OSError):  # not every system knows that of a socket that listens
            listener.shutdown(socket.SHUT_RDWR)


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


def _take_calls(listener: socket.socket) -> None:
    """Answer each call of the program, side by side, until the listener is shut down."""
    with suppress(OSError):
        while True:
            threading.Thread(target=_answer_call, args=(listener.accept()[0],), daemon=True).start()


def _answer_call(call: socket.socket) -> None:
    """Run what the program was asked for, with its streams, and send it the exit code."""
    with call, call.makefile("rb") as asked:
        _, streams, _, _ = socket.recv_fds(call, 1, 3)
        arguments, folder, environment = json.load(asked)
        code = wait_for(fork_with(streams, ["reconciler", *arguments], Path(folder), environment))
        call.sendall(str(code if code >= 0 else 128 - code).encode())


class _ReusedProcess:
    """A process that runs one command after another."""

    def __init__(self) -> None:
        self._calls, calls = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_run_calls, args=(calls,))
        self._process.start()
        calls.close()
        atexit.register(self._calls.close)  # before all processes are waited for

    def run(self, *call: object) -> int:
        self._calls.send(call)
        with suppress(EOFError):
            if self._calls.poll(MAX_SECONDS):
                code: int = self._calls.recv()
                return code
        self._process.kill()
        raise AssertionError(f"crashed, or still running after {MAX_SECONDS} s: {call[0]}")


_FREE: list[_ReusedProcess] = []


def _run_calls(calls: Connection) -> None:
    """Run each command that is called for, until nobody calls any more."""
    with suppress(EOFError):
        while True:
            words, folder, environment, out, err = calls.recv()
            streams = [os.open(os.devnull, os.O_RDONLY), _open_empty(out), _open_empty(err)]
            try:
                _run(words, folder, environment, streams, main)
            except SystemExit as ended:
                sys.stdout.flush()
                sys.stderr.flush()
                calls.send(int(ended.code or 0))


class _Streams(list[int]):
    """Descriptors, which are handed over to the process that they are sent to."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _receive, tuple(map(DupFd, self))


def _receive(*sent: Any) -> list[int]:
    return [each.detach() for each in sent]


def _run(
    words: list[str],
    folder: Path,
    environment: dict[str, str],
    given: list[int],
    run: Callable[[], object],
) -> None:
    """What a process does before it is the tool: what Python would have done at its start."""
    assert sys.modules.keys() >= set(_PRELOADED), "forked from a process that has not everything imported"
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None  # which is found out once
    for number, descriptor in enumerate(given):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    if words[0] != "reconciler":
        os.execvp(words[0], words)  # noqa: S606  a program without a shell is what is meant
    streams = {
        "stdin": io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8", "surrogateescape"),
        "stdout": _text_writer(1, "surrogateescape", line_buffering=os.isatty(1)),
        "stderr": _text_writer(2, "backslashreplace", line_buffering=True),
    }
    for name, stream in streams.items():
        setattr(sys, name, stream)
        # As Python itself does: a stream that is replaced would be closed if nothing else knew it.
        setattr(sys, f"__{name}__", stream)
    sys.argv = words
    run()


def _open_empty(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _text_writer(descriptor: int, errors: str, *, line_buffering: bool = False) -> io.TextIOWrapper:
    stream = io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False))
    return io.TextIOWrapper(stream, "utf-8", errors, line_buffering=line_buffering)
