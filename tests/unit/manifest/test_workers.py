"""Work that is spread over other processes: all of it is done, and nobody is left behind."""

from __future__ import annotations

import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError, SourceError
from reconciler.manifest import workers
from reconciler.manifest.workers import Work, divide_files
from tests.support.builders import load_manifests, snapshot
from tests.support.manifests import MANIFEST, replaced, several

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="spreads nothing")
THREE = [range(0, 10, 3), range(1, 10, 3), range(2, 10, 3)]


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with four cores, on which every byte is worth a process."""
    monkeypatch.setattr(workers, "_count_cores", lambda: 4)
    monkeypatch.setattr(workers, "_MIN_SHARE_BYTES", 1)


# What is dealt out


@given(st.lists(st.integers(0, 2**20), max_size=50), st.integers(1, 9))
def test_every_file_is_dealt_out_once(sizes: list[int], cores: int) -> None:
    wanted = [number for number, size in enumerate(sizes) if size % 3]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_count_cores", lambda: cores)
        dealt = divide_files(wanted, sizes)
    assert sorted(number for share in dealt for number in share) == wanted
    assert 1 <= len(dealt) <= cores


def test_a_process_that_has_threads_is_not_copied() -> None:
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    try:
        assert len(divide_files(range(1000), [2**20] * 1000)) == 1
    finally:
        ends.set()
        thread.join()


@pytest.mark.parametrize(
    ("sizes", "processes"),
    [
        ([], 1),
        ([0] * 100, 1),
        ([1024] * 500, 1),
        ([1024] * 520, 2),
        ([1024] * 100_000, 4),
        ([2**20] * 3, 3),
        ([100 * 2**20], 1),
    ],
)
def test_there_are_as_many_shares_as_there_are_cores_and_work_for(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], processes: int
) -> None:
    monkeypatch.setattr(workers, "_count_cores", lambda: 4)
    assert len(divide_files(range(len(sizes)), sizes)) == processes


# What comes of it


def spread(work: Callable[[Sequence[int]], Iterable[Any]], dealt: Sequence[Sequence[int]]) -> Iterator[Any]:
    return chain.from_iterable(Work(work, dealt).collect_results())


def squares(numbers: Sequence[int]) -> Iterator[int]:
    return (number**2 for number in numbers)


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1000])
@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_one_process_and_several_have_the_same_results(count: int, processes: int) -> None:
    dealt = [range(first, count, processes) for first in range(processes)]
    assert sorted(spread(squares, dealt)) == [number**2 for number in range(count)]


def test_results_larger_than_a_pipe_holds_arrive_whole() -> None:
    found = spread(lambda numbers: (bytes([number]) * 2**20 for number in numbers), THREE)
    assert sorted(found) == [bytes([number]) * 2**20 for number in range(10)]


def test_one_share_is_done_here_and_several_elsewhere() -> None:
    assert set(spread(whereabouts, THREE[:1])) == {os.getpid()}
    elsewhere = set(spread(whereabouts, THREE))
    assert len(elsewhere) == 3
    assert os.getpid() not in elsewhere
    assert not any(map(is_alive, elsewhere))


def test_a_repository_is_read_the_same_in_one_process_and_in_several(
    request: pytest.FixtureRequest,
) -> None:
    files: dict[str, str | bytes] = {
        f"{number}.yaml": several([replaced("version: 1", f"version: {number}"), "type: service\n"])
        for number in range(1, 20)
    }
    files |= {
        "20.yaml": MANIFEST,
        "21.yaml": replaced("version: 1", "version: 0"),
        "22.yaml": "ml_repo: [",
        "23.yaml": replaced("s3://", "https://"),
        "24.json": b"ml_repo \xff",
    }
    here = load_manifests(snapshot(files))
    request.getfixturevalue("four_cores")
    assert len(divide_files(range(24), snapshot(files).files.sizes)) == 4
    elsewhere = load_manifests(snapshot(files))
    assert elsewhere.manifests == here.manifests
    assert elsewhere.problems == here.problems
    assert (elsewhere.others, elsewhere.settings) == (here.others, here.settings)
    assert len(here.problems) == 6


@pytest.mark.usefixtures("four_cores")
def test_a_flood_of_problems_is_cut_off_at_the_same_place_in_several_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files: dict[str, str | bytes] = {f"{number:02}.yaml": "ml_repo: [" for number in range(30)}
    monkeypatch.setattr("reconciler.manifest.rules.problems.MAX_PROBLEMS_IN_ALL", 3)
    elsewhere = load_manifests(snapshot(files)).problems
    monkeypatch.setattr(workers, "_count_cores", lambda: 1)
    assert load_manifests(snapshot(files)).problems == elsewhere
    assert str(elsewhere[-1]).startswith("03.yaml:2:1: more than 3 errors in all")


# What goes wrong


def whereabouts(numbers: Sequence[int]) -> Iterator[int]:
    return (os.getpid() for _ in numbers)


def is_alive(process: int) -> bool:
    """Whether there is such a process, or what is left of one that nobody has waited for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("processes", [1, 3])
def test_what_the_work_raises_arrives_as_it_is(processes: int) -> None:
    def work(numbers: Sequence[int]) -> Iterator[int]:
        for number in numbers:
            if number == 6:
                raise SourceError("can not read 6.yaml", "mend it")
            yield number

    with pytest.raises(SourceError, match=r"^can not read 6\.yaml$") as caught:
        list(spread(work, THREE[:processes]))
    assert type(caught.value) is SourceError
    assert caught.value.hint == "mend it"


@pytest.mark.parametrize(
    "error", [MemoryError(), RecursionError("too deep"), OSError(5, "Input/output error")]
)
def test_what_python_itself_raises_arrives_too(error: Exception) -> None:
    def work(numbers: Sequence[int]) -> Iterator[int]:
        yield from numbers
        raise error

    with pytest.raises(type(error)) as caught:
        list(spread(work, THREE))
    assert str(caught.value) == str(error)


ENDED = r"^a process that reads manifests was ended by somebody else$"


def test_a_process_that_is_killed_is_reported() -> None:
    def work(numbers: Sequence[int]) -> Iterator[int]:
        yield from numbers
        if 1 in numbers:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ReconcilerError, match=ENDED) as caught:
        list(spread(work, THREE))
    assert caught.value.hint == "is there enough memory? run again"


def test_a_process_that_is_killed_while_it_hands_over_is_reported() -> None:
    def work(numbers: Sequence[int]) -> Iterator[int]:
        if 1 in numbers:
            Connection._send_bytes = cut_short  # type: ignore[attr-defined]  # noqa: SLF001  of this process only
        yield from numbers

    def cut_short(self: Connection, message: bytes) -> None:
        os.write(self.fileno(), struct.pack("!i", len(message)) + bytes(message[:1]))
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ReconcilerError, match=ENDED):
        list(spread(work, THREE))


def test_after_an_error_no_other_process_goes_on(tmp_path: Path) -> None:
    def work(numbers: Sequence[int]) -> Iterator[int]:
        (tmp_path / str(os.getpid())).touch()
        if 0 in numbers:
            while len(list(tmp_path.iterdir())) < 3:
                time.sleep(0.01)
            raise SourceError("enough")
        signal.pause()
        yield 0

    with pytest.raises(SourceError, match=r"^enough$"):
        list(spread(work, THREE))
    assert not any(map(is_alive, started(tmp_path)))


def endless(tmp_path: Path) -> Callable[[Sequence[int]], Iterator[int]]:
    """Work without an end, and a file named after each process that is at it."""

    def work(numbers: Sequence[int]) -> Iterator[int]:
        (tmp_path / str(os.getpid())).touch()
        while True:
            yield from numbers

    return work


def started(tmp_path: Path) -> list[int]:
    """The processes, once there are three."""
    while len(found := [int(path.name) for path in tmp_path.iterdir()]) < 3:
        time.sleep(0.01)
    return found


def test_whoever_wants_no_more_results_leaves_no_process_behind(tmp_path: Path) -> None:
    results = Work(endless(tmp_path), THREE).collect_results()
    assert set(next(results)) <= set(range(10))
    processes = started(tmp_path)
    assert all(map(is_alive, processes))
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert not any(map(is_alive, processes))


def test_work_that_is_stopped_before_anybody_asks_for_results_leaves_no_process_behind(
    tmp_path: Path,
) -> None:
    work = Work(endless(tmp_path), THREE)
    processes = started(tmp_path)
    work.stop()
    assert not any(map(is_alive, processes))


@pytest.mark.parametrize("dealt", [THREE[:1], THREE], ids=["here", "elsewhere"])
def test_work_is_stopped_from_another_thread(tmp_path: Path, dealt: Sequence[Sequence[int]]) -> None:
    work = Work(endless(tmp_path), dealt)

    def read() -> None:
        with suppress(ReconcilerError):
            for _ in work.collect_results():
                is_read.set()

    is_read = threading.Event()
    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    assert is_read.wait(10)
    work.stop()
    reading.join(10)
    assert not reading.is_alive()


def test_results_are_given_once() -> None:
    for dealt in (THREE[:1], THREE):
        work = Work(squares, dealt)
        assert sum(map(len, work.collect_results())) == sum(map(len, dealt))
        assert list(work.collect_results()) == []


def test_other_processes_begin_before_anybody_asks_for_results(tmp_path: Path) -> None:
    work = Work(endless(tmp_path), THREE)
    assert os.getpid() not in started(tmp_path)
    work.stop()


def test_no_file_stays_open() -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        list(spread(squares, THREE))
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_an_interrupt_from_the_terminal_is_for_the_first_process_to_handle() -> None:
    """Ctrl-C reaches all processes of a terminal's foreground: the others go on until they are ended."""

    def work(numbers: Sequence[int]) -> Iterator[int]:
        os.kill(os.getpid(), signal.SIGINT)
        yield from numbers

    assert sorted(spread(work, THREE)) == list(range(10))
