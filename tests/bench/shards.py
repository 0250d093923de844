"""From when on shards pay: `python -m tests.bench.shards [MANIFESTS]`.

Each shard is planned and applied by processes of its own, all at once, as machines would; but on this one,
whose cores they share. The embedded registry, in memory and in a process of its own, is some way off, or
takes so many requests a second. Told are the seconds until the last shard has ended, the requests of all, and
how often a shard had to be applied again: it may find no listing that holds together while the others write.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.registry.storage.queries import VersionQuery
from tests.bench import corpus
from tests.support.registry_server import RegistryServer

SHARDS = (1, 2, 4, 8)
_MANIFESTS = 2000
_AT_ONCE = 20
"""Requests that a registry with a rate takes beyond it."""
_SECONDS = 600
_MOST_APPLIES = 3
"""Of a shard, as the job for Kubernetes in the examples has it."""
_LIMITED = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Way:
    """What is between the tool and the registry.

    Attributes:
        name: of it.
        latency: seconds before each answer.
        rate: requests a second that are answered; 0 for all.
    """

    name: str
    latency: float = 0.0
    rate: float = 0.0


WAYS = (Way("50 ms away", latency=0.05), Way("200 requests a second", rate=200.0))


@dataclass(frozen=True, slots=True)
class Figures:
    """What so many shards took.

    Attributes:
        seconds: until the last has ended.
        again: how often one of them was applied again.
        requests: of all of them.
        registered: the versions after it.
    """

    seconds: float
    again: int
    requests: int
    registered: int


class _OnItsWay:
    """Has requests take their time, and refuses those that are too many."""

    def __init__(self, app: ASGIApp, way: Way) -> None:
        self._app = app
        self._way = way
        self._left, self._at = float(_AT_ONCE), time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(self._way.latency)
            if self._way.rate and not self._take_token():
                await Response('{"message": "slower"}', 429, _LIMITED)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _take_token(self) -> bool:
        now = time.monotonic()
        self._left = min(self._left + (now - self._at) * self._way.rate, float(_AT_ONCE))
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def measure(way: Way, count: int, shards: Sequence[int]) -> Iterator[Figures]:
    """Have so many versions created, by one number of shards after the other.

    Raises:
        subprocess.CalledProcessError: a shard failed, each time.
    """
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "repository"
        corpus.make_repository(repository, count, is_checked_out=False)
        for number in shards:
            with _registry(way, count) as (url, told):
                began = time.perf_counter()
                with ThreadPoolExecutor(number) as threads:
                    run = partial(_bring_about, repository, url, number)
                    again = sum(threads.map(run, range(1, number + 1)))
                seconds = time.perf_counter() - began
                told.send(None)
                yield Figures(seconds, again, *told.recv())


def _bring_about(repository: Path, url: str, shards: int, number: int) -> int:
    """Plan a shard, and apply it; how often that was done again."""
    shard = [f"--shard={number}/{shards}"] if shards > 1 else []
    _run(repository, url, "plan", *shard)
    for again in range(_MOST_APPLIES):
        try:
            _run(repository, url, "apply", "--yes", *shard)
        except subprocess.CalledProcessError:
            if again == _MOST_APPLIES - 1:
                raise
        else:
            break
    return again


def _run(repository: Path, url: str, *arguments: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(repository.parent), "TFY_HOST": url, "CI": "true"}
    subprocess.run(
        [sys.executable, "-P", "-m", "reconciler", *arguments, "-q", "--ref", "HEAD"],
        cwd=repository,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        timeout=_SECONDS,
        capture_output=True,
    )


@contextmanager
def _registry(way: Way, count: int) -> Iterator[tuple[str, Connection]]:
    """A registry with its ML repos, in a process; gives its address, and what asks how it went."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(way, count, there), daemon=True)
    process.start()
    try:
        yield here.recv(), here
    finally:
        process.terminate()
        process.join()


def _serve(way: Way, count: int, told: Connection) -> None:
    with RegistryServer(middleware=[Middleware(_OnItsWay, way=way)]) as server:
        for name in corpus.ml_repos(count):
            server.store.put_ml_repo({"type": "ml-repo", "name": name})
        told.send(server.url)
        told.recv()
        told.send((len(server.requests), server.store.list_versions(VersionQuery(limit=1)).total))
        told.recv()  # which never comes: this process is ended


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.shards", description="Measures plan and apply of creations, in shards."
    )
    parser.add_argument("manifests", nargs="?", type=int, default=_MANIFESTS, help=f"({_MANIFESTS})")
    parser.add_argument("--only", default="", metavar="PART", help="what has this in its name")
    asked = parser.parse_args(arguments)
    sys.stdout.write(f"| {asked.manifests:,} creations | shards | seconds | again | requests |\n")
    sys.stdout.write("|---|---|---|---|---|\n")
    for way in (each for each in WAYS if asked.only in each.name):
        for number, found in zip(SHARDS, measure(way, asked.manifests, SHARDS), strict=True):
            told = f"{found.seconds:.1f} | {found.again} | {found.requests:,}"
            sys.stdout.write(f"| {way.name} | {number} | {told} |\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
