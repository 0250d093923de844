"""How quick the embedded registry is for a team: `python -m tests.bench.embedded [--seconds N]`.

`reconciler registry serve` keeps a file on disk. 16 clients, each with a connection of its own, in two
processes of their own, call it one after another. Told are the answers a second, the median of five turns,
in which the kinds of calls take their turns, and the longest time that one answer in a hundred took.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench import corpus

CLIENTS = 16
PROCESSES = 2
TURNS = 5
_VERSIONS = "/api/ml/v1/artifact-versions"
_ML_REPO = "embedded"
_WARM_UP = 200
"""Versions registered before anything is measured, so that a page is full."""


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of call: what it is, and its method, path and body, given a number that nobody else has."""

    name: str
    make: Callable[[int], tuple[str, str, bytes]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a kind of call: answers a second, and seconds of the slowest one in a hundred."""

    name: str
    per_second: float
    slowest: float


def create(number: int) -> tuple[str, str, bytes]:
    """Register a version that is not there."""
    return _put(_document(number))


def update(number: int) -> tuple[str, str, bytes]:
    """Change the description of a version that is there."""
    return _put({**_document(number % _WARM_UP), "description": f"Written {number} times."})


def _document(number: int) -> dict[str, Any]:
    """Versions of one artifact, none with an alias, of which each can have one holder."""
    document = corpus.manifest(number).document
    fields = {"ml_repo": _ML_REPO, "name": "model", "version": number + 1, "version_alias": None}
    return {**document, **fields}


def _put(document: dict[str, Any]) -> tuple[str, str, bytes]:
    return "PUT", _VERSIONS, json.dumps({"manifest": document}).encode()


def one(number: int) -> tuple[str, str, bytes]:
    """Read one version."""
    return "GET", f"{_VERSIONS}?limit=1&offset={number % _WARM_UP}", b""


def page(_: int) -> tuple[str, str, bytes]:
    """Read a full page."""
    return "GET", f"{_VERSIONS}?limit=100&include_internal_metadata=true", b""


CALLS = (Call("create", create), Call("update", update), Call("read one", one), Call("read 100", page))


def measure(seconds: float) -> Iterator[Figures]:
    """Measure each kind of call, for so many seconds a turn.

    Raises:
        AssertionError: an answer was no success.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        _registry(Path(folder) / "registry.db") as address,
        ProcessPoolExecutor(PROCESSES, get_context("spawn")) as processes,
    ):
        for number in range(_WARM_UP):
            _times(address, create, range(number, number + 1), None)
        rates: dict[str, list[float]] = {call.name: [] for call in CALLS}
        slowest: dict[str, list[float]] = {call.name: [] for call in CALLS}
        for turn in range(TURNS):
            for call in CALLS:
                first = _WARM_UP + turn * 10_000_000
                clients = [range(first + client, first + 9_000_000, CLIENTS) for client in range(CLIENTS)]
                began = [
                    processes.submit(_clients, address, call.make, clients[share::PROCESSES], seconds)
                    for share in range(PROCESSES)
                ]
                times = sorted(chain.from_iterable(map(Future.result, began)))
                rates[call.name].append(len(times) / seconds)
                slowest[call.name].append(times[int(len(times) * 0.99)])
        for call in CALLS:
            yield Figures(
                call.name, statistics.median(rates[call.name]), statistics.median(slowest[call.name])
            )


def _clients(
    address: str, make: Callable[[int], tuple[str, str, bytes]], clients: list[range], seconds: float
) -> list[float]:
    """Call in as many threads as there are clients; the seconds that each answer took."""
    with ThreadPoolExecutor(len(clients)) as threads:
        return list(
            chain.from_iterable(threads.map(partial(_times, address, make, seconds=seconds), clients))
        )


def _times(
    address: str, make: Callable[[int], tuple[str, str, bytes]], numbers: range, seconds: float | None
) -> list[float]:
    connection = HTTPConnection(address, timeout=60)
    times: list[float] = []
    end = time.perf_counter() + (seconds or 60)
    for number in numbers:
        method, path, body = make(number)
        began = time.perf_counter()
        if began > end:
            break
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        answered = answer.read()
        assert answer.status == 200, answered[:200]
        times.append(time.perf_counter() - began)
    connection.close()
    return times


@contextmanager
def _registry(file: Path) -> Iterator[str]:
    """A registry in a process of its own; gives its host and port."""
    tool = [sys.executable, "-P", "-m", "reconciler", "registry"]
    subprocess.run([*tool, "create", "--db", str(file), _ML_REPO], check=True, capture_output=True)
    with subprocess.Popen(
        [*tool, "serve", "--db", str(file), "--port", "0"], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr
            line = next(line for line in process.stderr if "http://" in line)
            address = urlsplit(line[line.index("http://") :].split()[0]).netloc
            # Whatever else it says must not fill the pipe.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield address
        finally:
            process.terminate()


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.embedded", description="Measures the embedded registry, on disk."
    )
    parser.add_argument("--seconds", type=float, default=2.0, metavar="N", help="of each turn (2)")
    given = parser.parse_args(arguments)
    sys.stdout.write(f"| {CLIENTS} clients | a second | 99 of 100 within |\n|---|---|---|\n")
    for figures in measure(given.seconds):
        sys.stdout.write(
            f"| {figures.name} | {figures.per_second:,.0f} | {figures.slowest * 1000:.0f} ms |\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
