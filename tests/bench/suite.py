"""The measuring: repositories made, the registry begun anew for each run, contenders in turns, all checked.

Contenders take turns (A B C, A B C, ...), because a machine's speed drifts within minutes. Before the turns
that count, each runs once under watch of its memory, which also warms what there is to be warmed.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench import launch
from tests.bench.contenders import (
    EVERYONE,
    LARGEST_CHECKED_OUT,
    OF_CREATIONS,
    PLAN_FILE,
    TOOL,
    VALIDATED,
    Contender,
    Work,
)
from tests.bench.corpus import make_repository
from tests.bench.registry import TOKEN
from tests.bench.results import Measured

ROOT = Path(__file__).parents[2]
LATENCIES_MS = (0, 20)
_SHORT = 4
"""Works of a tenth of a second have as many times the turns: chance is a larger part of them."""
_SECONDS = 1800
_LONG_SECONDS, _MOST_LONG = 60.0, 2
"""Who takes longer has so many turns that count: chance is a small part of them."""
_TELLING = ("reconciler", "click", "httpx", "pydantic", "PyYAML", "aiohttp", "uvloop", "orjson", "yaml-rs")


class FailedRunError(Exception):
    """A contender failed, or found or wrote something else than there is."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a contender: what it took, and what the registry saw of it."""

    wall: float
    cpu: float
    mib: float
    mib_together: float
    seen: dict[str, int]


class RegistryProcess:
    """The registry, from `with` to the end of it."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.bench.registry"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout
        self._port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # its stdin ends, and so does it

    def begin(self, work: Work) -> None:
        """Have it forget everything, and register what is to be registered before a work."""
        query = f"manifests={work.count}&registered={work.registered}&latency_ms={work.latency_ms}"
        self._ask("POST", f"/_begin?{query}")

    def seen(self) -> dict[str, int]:
        """What it was asked since."""
        return self._ask("GET", "/_stats")

    def _ask(self, method: str, target: str) -> dict[str, int]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=300)
        try:
            connection.request(method, target)
            told: dict[str, int] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return told


class Suite:
    """Measures.

    Args:
        folder: an empty one, for repositories, homes and outputs.
        registry: what the contenders talk to.
        say: is told how far things are.
    """

    def __init__(self, folder: Path, registry: RegistryProcess, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._registry = registry
        self._say = say
        self._homes = 0

    def measure(
        self, works: Iterable[Work], repeats: int, chosen: Callable[[str], bool]
    ) -> Iterator[list[Measured]]:
        """The rows of one work after another: a row for each contender that takes part and is chosen by name.

        Raises:
            FailedRunError: a run failed, or found or wrote what it should not.
        """
        for work in works:
            taking_part = [each for each in contenders(work) if chosen(f"{work}, {each.name}")]
            turns = repeats * _SHORT if work.kind in {"help", "validate"} else repeats
            if taking_part:
                yield self._take_turns(work, taking_part, turns)

    def _take_turns(self, work: Work, taking_part: Sequence[Contender], repeats: int) -> list[Measured]:
        turns: dict[str, list[Turn]] = {each.name: [] for each in taking_part}
        for number in range(repeats + 1):
            for each in taking_part:
                if number > _MOST_LONG and turns[each.name][-1].wall > _LONG_SECONDS:
                    continue
                self._say(f"{work}, {each.name}: {number} of {repeats}")
                turns[each.name].append(self._run(work, each, is_watched=number == 0))
        return [_measured(work, each, *turns[each.name]) for each in taking_part]

    def _run(self, work: Work, contender: Contender, *, is_watched: bool) -> Turn:
        command = contender.command(work)
        assert command
        self._registry.begin(work)
        self._save_plan(work)
        out, err = self._folder / "out", self._folder / "err"
        home = self._home(contender, work)
        launched = subprocess.run(
            [
                sys.executable, "-I", "-S", launch.__file__, "watched" if is_watched else "alone",
                str(_SECONDS), str(out), str(err), str(self._repository(work)), *command,
            ],
            env=self._environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            check=True, text=True,
        )  # fmt: skip
        if not contender.is_run_again:
            shutil.rmtree(home)
        code, wall, cpu, largest, together = launched.stdout.split()
        turn = Turn(float(wall), float(cpu), float(largest), float(together), self._registry.seen())
        self._check(work, contender, int(code), turn)
        return turn

    def _check(self, work: Work, contender: Contender, code: int, turn: Turn) -> None:
        """See that it has done all of its work, by its own account and by the registry's."""
        who = f"{work}, {contender.name}"
        said = "".join((self._folder / name).read_text(errors="replace") for name in ("err", "out"))
        if code:
            raise FailedRunError(f"{who}: exit code {code}\n{said.strip()[-2000:]}")
        told = contender.told(said)
        if told != contender.expected(work):
            raise FailedRunError(f"{who}: found {told}, where there is {contender.expected(work)}")
        seen, created = turn.seen, contender.expected_created(work)
        wanted = {"created": created, "registered": work.registered + created, "refused": 0}
        if not contender.is_tfy:
            wanted |= {"updated": 0, "puts": created}
        wrong = {name: seen[name] for name in wanted if seen[name] != wanted[name]}
        if wrong:
            raise FailedRunError(f"{who}: the registry has {wrong}, not {wanted}")

    def _home(self, contender: Contender, work: Work) -> Path:
        """A home folder: a new one for each run, or the one that the runs of a work share."""
        self._homes += 1
        home = self._folder / "homes" / (f"of {work}" if contender.is_run_again else str(self._homes))
        home.mkdir(parents=True, exist_ok=True)
        return home

    def _repository(self, work: Work) -> Path:
        """A repository of as many manifests; without a work tree where nobody reads one."""
        folder = self._folder / f"repository-{work.count}"
        if not folder.exists():
            self._say(f"a repository of {work.count:,} manifests")
            is_checked_out = work.count <= LARGEST_CHECKED_OUT
            make_repository(folder, work.count, is_checked_out=is_checked_out)
        return folder

    def _save_plan(self, work: Work) -> None:
        """Have the plan that a work begins with saved, beside the repository."""
        repository = self._repository(work)
        saved = (repository / PLAN_FILE.format(count=work.count)).resolve()
        if work.kind in OF_CREATIONS and not saved.exists():
            self._say(f"a plan of {work.count:,} creations")
            command = TOOL.command(Work("plan --out", work.count))
            assert command
            environment = self._environment(self._folder)
            subprocess.run(command, cwd=repository, env=environment, capture_output=True, check=True)
            self._registry.begin(work)

    def _environment(self, home: Path) -> dict[str, str]:
        """All that a run knows of this machine."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
            "PYTHONPATH": str(ROOT),
            "TFY_HOST": self._registry.url,
            "TFY_API_KEY": TOKEN,
        }


def works(sizes: Sequence[int]) -> list[Work]:
    """Everything that there is to do, at some sizes."""
    return [
        Work("help"),
        Work("validate", VALIDATED),
        *(Work("plan", size) for size in sizes),
        *(Work("plan", size, undeclared=9 * size) for size in sizes if size > LARGEST_CHECKED_OUT),
        *(Work(kind, size) for size in sizes if size > LARGEST_CHECKED_OUT for kind in OF_CREATIONS),
        *(
            Work("apply", size, latency)
            for size in sizes
            for latency in LATENCIES_MS
            if size <= LARGEST_CHECKED_OUT
        ),
    ]


def contenders(work: Work) -> list[Contender]:
    """Who takes part in a work, of those that are installed."""
    return [each for each in EVERYONE if each.command(work) and not each.missing()]


def left_out() -> list[str]:
    """Who takes no part for want of something, and of what."""
    return [f"{each.name}: {missing}" for each in EVERYONE if (missing := each.missing())]


def about(repeats: int) -> dict[str, str]:
    """What the figures are of."""
    found = {"measured": datetime.now(UTC).date().isoformat(), "turns": str(repeats)}
    found |= {"cores": str(os.cpu_count()), "system": f"{platform.system()} {platform.machine()}"}
    found |= {"python": platform.python_version()}
    for package in _TELLING:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _measured(work: Work, contender: Contender, watched: Turn, *turns: Turn) -> Measured:
    seen = turns[-1].seen
    return Measured(
        work.kind,
        work.count,
        work.latency_ms,
        contender.name,
        wall=[turn.wall for turn in turns],
        cpu=[turn.cpu for turn in turns],
        mib=max(turn.mib for turn in turns),
        mib_together=watched.mib_together,
        requests=seen["requests"],
        connections=seen["connections"],
        peak_in_flight=seen["peak_in_flight"],
        undeclared=work.undeclared,
    )
