"""Other processes that read a share of the files, where there are enough of them."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice, takewhile
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_Result = TypeVar("_Result")
_MIN_SHARE_BYTES = 256 * 1024
"""Bytes that are worth a process: about 330 manifests, which take a twentieth of a second."""
_BLOCK_FILES = 50
"""Files in a row that go to the same process: facts about neighbours lie on the same pages of memory."""
_RESULTS_TOGETHER = 200
"""Results that are handed over together."""


def divide_files(numbers: Sequence[int], sizes: Sequence[int]) -> list[Sequence[int]]:
    """Files divided among as many processes as there are cores and work for.

    Args:
        numbers: of the files to read.
        sizes: of all files, in bytes, by their numbers.
    """
    worth = sum(sizes[number] for number in numbers) // _MIN_SHARE_BYTES
    count = max(1, min(_count_cores(), worth, len(numbers)))
    size = max(1, min(_BLOCK_FILES, len(numbers) // (4 * count)))
    blocks = [numbers[begin : begin + size] for begin in range(0, len(numbers), size)]
    return [list(chain.from_iterable(blocks[first::count])) for first in range(count)]


def _count_cores() -> int:
    """How many cores this process may use; one where it can not be forked, as while it has threads."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Work(Generic[_Result]):
    """Work on shares of files: a single share in this process, several in a process each, begun at once.

    Args:
        work: is called with a share; other processes are copies of this one, as it is now.
        shares: the numbers of the files in each.
    """

    def __init__(
        self, work: Callable[[Sequence[int]], Iterable[_Result]], shares: Sequence[Sequence[int]]
    ) -> None:
        self._work = work
        self._shares = shares
        self._is_stopped = False
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []
        if len(shares) > 1:
            self._start_processes()

    def collect_results(self) -> Iterator[Sequence[_Result]]:
        """The results, some at a time, in no particular order; nothing when called again.

        Raises:
            ReconcilerError: a process was ended; or what the work itself raises.
        """
        try:
            if self._processes:
                yield from self._receive_results()
            else:
                for share in self._shares:
                    yield from _batch_results(takewhile(lambda _: not self._is_stopped, self._work(share)))
            self._shares = ()
        finally:
            self.stop()

    def stop(self) -> None:
        """Do no more; may be called from another thread than the one that asks for results."""
        self._is_stopped = True
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()

    def _start_processes(self) -> None:
        from multiprocessing import get_context  # noqa: PLC0415  10 ms, which few runs need

        gc.freeze()  # or each copy's collector would write to, and so copy, all that there is
        context = get_context("fork")
        for share in self._shares:
            here, there = context.Pipe(duplex=False)
            self._pipes.append(here)
            process = context.Process(
                target=_do_share, args=(self._work, share, there, tuple(self._pipes)), daemon=True
            )
            process.start()
            there.close()
            self._processes.append(process)

    def _receive_results(self) -> Iterator[Sequence[_Result]]:
        from multiprocessing.connection import wait  # noqa: PLC0415

        while self._pipes:
            for pipe in wait(self._pipes):
                results = _receive_next(pipe)  # type: ignore[arg-type]  # it gives back what it was given
                if results is None:
                    self._pipes.remove(pipe)  # type: ignore[arg-type]
                else:
                    yield results


def _receive_next(pipe: Connection) -> Sequence[Any] | None:
    """What a process has found since; `None` when that was all.

    Raises:
        ReconcilerError: it has ended before; or what its work has raised.
    """
    try:
        received = pipe.recv()
    except (EOFError, OSError):  # it ended between two messages, or amid one
        raise ReconcilerError(
            "a process that reads manifests was ended by somebody else", "is there enough memory? run again"
        ) from None
    if isinstance(received, Exception):
        raise received
    results: Sequence[Any] | None = received
    return results


def _batch_results(results: Iterable[_Result]) -> Iterator[Sequence[_Result]]:
    """Results, some at a time."""
    left = iter(results)
    while batch := list(islice(left, _RESULTS_TOGETHER)):
        yield batch


def _do_share(
    work: Callable[[Sequence[int]], Iterable[Any]],
    share: Sequence[int],
    pipe: Connection,
    not_ours: Sequence[Connection],
) -> None:
    """Do a share, and hand over what is found, or what was raised."""
    # Whoever interrupts the program means the first process, which ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in not_ours:
        other.close()
    with suppress(BrokenPipeError):  # the first process reads no more
        try:
            for batch in _batch_results(work(share)):
                pipe.send(batch)
            pipe.send(None)
        except Exception as error:  # noqa: BLE001  it is raised where somebody handles it
            pipe.send(error)
