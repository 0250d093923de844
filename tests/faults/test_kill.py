"""`kill -9` at a random moment of an apply of 200 changes; then another run.

All is real: the tool and the registry are processes, the repository is git's, the registry a file.
"""

from __future__ import annotations

import json
import mmap
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from reconciler.registry import Behaviour, Store
from reconciler.registry.storage.queries import VersionQuery
from reconciler.wire.models import VersionManifest
from tests.support.cli import SECONDS, Cli
from tests.support.forked import fork_command
from tests.support.git_repository import GitRepository
from tests.support.scale import replay, seeds

Manifest: TypeAlias = dict[str, Any]
State: TypeAlias = dict[tuple[str, int], Manifest]

ARTIFACTS = 20
CHANGES = 200
SHARES = 2
"""Each a test of its own, so that they can run side by side."""
MAX_PAUSE_SECONDS = 0.02
"""Between what is waited for and the kill, so that it finds a write at any point."""
APPLY = ("apply", "--yes", "--allow-mass-change", "--settle", "1", "--report")


def manifest(name: str, version: int | None, content: object, **more: Any) -> Manifest:
    """A version; what tells it from all others is its `source.uri`."""
    document: Manifest = {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": name,
        "metadata": {"owner": "us"},
        "source": {"type": "external", "uri": f"s3://example/{name}/{content}"},
    }
    return document | ({} if version is None else {"version": version}) | more


def registered_before(name: str) -> list[Manifest]:
    """Three versions of an artifact, of which the first is in production."""
    return [manifest(name, 1, 1, version_alias="v-prod"), manifest(name, 2, 2), manifest(name, 3, 3)]


def declared(name: str) -> list[Manifest]:
    """Ten changes of an artifact: a promotion, an update, four pinned creations and three that are not."""
    return [
        manifest(name, 1, 1),
        manifest(name, 2, 2, version_alias="v-prod"),
        manifest(name, 3, 3, description="new"),
        *(manifest(name, n, n) for n in (4, 5, 6, 7)),
        *(manifest(name, None, n, version_alias=f"v-{n}") for n in "ab"),
        manifest(name, None, "c"),
    ]


@dataclass
class Process:
    """The command line tool as a process.

    Args:
        cli: where it runs, and against what.
        output: where its output goes.
        is_cold: whether it starts from nothing, as on the command line.
    """

    cli: Cli
    output: Path
    is_cold: bool = False
    _process: Any = field(default=None, init=False)

    def start(self, *arguments: str) -> None:
        """Run a command."""
        if self.is_cold:
            with self.output.open("wb") as output:
                self._process = subprocess.Popen(
                    self.cli.command(*arguments),
                    cwd=self.cli.folder,
                    env=self.cli.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
        else:
            self._process = fork_command(
                arguments, self.cli.folder, self.cli.environment(), self.output, self.output
            )

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None if self.is_cold else self._process.is_alive()

    def kill(self) -> None:
        """Kill it, which nothing in it can notice."""
        self._process.kill()

    def ended(self) -> int:
        """Wait for its end; its exit code, or the signal that killed it as a negative number."""
        if self.is_cold:
            code: int = self._process.wait(SECONDS)
            return code
        self._process.join(SECONDS)
        code = self._process.exitcode
        self._process.close()
        return code

    def run(self, *arguments: str, expect: int = 0) -> None:
        """Run a command to its end."""
        self.start(*arguments)
        code = self.ended()
        assert code == expect, f"exit code {code}\n{self.output.read_text()}"


class Registry:
    """`registry serve` as a process, on one file and one port for good."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "registry.db"
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process = Process(Cli(folder), folder / "registry.txt")
        self._pristine = folder / "pristine.db"
        with Store(self._pristine) as store:
            store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
            for document in (d for n in range(ARTIFACTS) for d in registered_before(f"model-{n}")):
                store.put_version(VersionManifest.model_validate(document), Behaviour())

    def start(self) -> None:
        """Serve, and wait until it does."""
        self._process.start("registry", "serve", "--db", str(self.file), "--port", str(self._port))
        give_up = time.monotonic() + SECONDS
        while True:
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            assert time.monotonic() < give_up, "the registry does not listen"
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        assert self._process.ended() == -signal.SIGKILL

    def reset(self) -> None:
        """Go back to what was registered at first, also below a process that serves it."""
        with closing(sqlite3.connect(self._pristine)) as source, closing(sqlite3.connect(self.file)) as file:
            source.backup(file)

    def state(self) -> State:
        """Every version registered, internal metadata included."""
        with Store(self.file) as store:
            rows = store.list_versions(VersionQuery(limit=1000)).rows
            return {(row.manifest["name"], row.manifest["version"]): row.manifest for row in rows}


@dataclass
class Scene:
    """A repository, a registry that serves, and how an apply ends that nobody kills.

    Args:
        repository: its folder.
        registry: the registry.
        expected: what is registered at the end.
        seconds: how long it takes until it writes, by whether it starts from nothing.
    """

    repository: Path
    registry: Registry
    expected: State
    seconds: dict[bool, float] = field(default_factory=dict)

    @property
    def changes_left(self) -> int:
        """How many versions are not yet as they are to be."""
        state = self.registry.state()
        return sum(state.get(key) != document for key, document in self.expected.items())

    def wait_for_lines(self, process: Process, lines: int) -> None:
        """Wait until an apply has reported as many lines, the first about the plan, or has ended."""
        give_up = time.monotonic() + SECONDS
        while (self.report.read_bytes().count(b"\n") if self.report.exists() else 0) < lines:
            if not process.is_running:
                return
            assert time.monotonic() < give_up, process.output.read_text()
            time.sleep(0.001)

    @property
    def report(self) -> Path:
        """What the last run said that it did."""
        return self.repository.with_name("report.jsonl")

    def process(self, *, is_cold: bool = False) -> Process:
        """A process yet to be started."""
        cli = Cli(self.repository, self.registry.url)
        return Process(cli, self.repository.with_name("output.txt"), is_cold)

    def told(self) -> list[dict[str, Any]]:
        """The lines of the report, each of which is whole but the last.

        Each is one write. Where a process is killed in the middle of one, the kernel has copied whole pages.
        """
        report = self.report.read_bytes() if self.report.exists() else b""
        *lines, rest = report.split(b"\n")
        assert not rest or len(report) % mmap.PAGESIZE == 0, rest
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("kill")
    repository = GitRepository(folder / "repository")
    for name in (f"model-{n}" for n in range(ARTIFACTS)):
        repository.write(f"{name}.yaml", "\n---\n".join(map(json.dumps, declared(name))))
    repository.commit()
    registry = Registry(folder)
    registry.reset()
    registry.start()
    try:
        scene = Scene(repository.folder, registry, {})
        for is_cold in (False, True, False):  # the first of all takes longer, and does not count
            registry.reset()
            scene.report.unlink(missing_ok=True)
            process, began = scene.process(is_cold=is_cold), time.monotonic()
            process.start(*APPLY, str(scene.report))
            scene.wait_for_lines(process, 1)
            scene.seconds[is_cold] = time.monotonic() - began
            assert process.ended() == 0, process.output.read_text()
        scene.expected = registry.state()
        scene.process(is_cold=True).run("plan", "--detailed-exitcode")
        yield scene
    finally:
        registry.kill()


def test_the_apply_that_is_killed_has_200_changes_of_every_kind(scene: Scene) -> None:
    scene.registry.reset()
    scene.process().run("plan", "--detailed-exitcode", "--allow-mass-change", expect=2)
    before = scene.registry.state()
    scene.process().run(*APPLY, str(scene.report))
    begin, *outcomes, end = scene.told()
    assert begin["changes"] == len(outcomes) == CHANGES
    assert end["counts"] == {"created": 7 * ARTIFACTS, "updated": 3 * ARTIFACTS}
    assert len(scene.expected) == len(before) + 7 * ARTIFACTS
    assert scene.registry.state() == scene.expected


@pytest.mark.law
@pytest.mark.parametrize("share", range(SHARES))
def test_after_kill_9_at_a_random_moment_the_next_run_converges(scene: Scene, share: int) -> None:
    phases: Counter[str] = Counter()
    with_registry = 0
    began = time.monotonic()
    for seed in islice(seeds(6, 50, 500), share, None, SHARES):
        choice = random.Random(seed)  # noqa: S311
        for is_anew in (True, False):  # the second is killed while it mends what the first one left
            with_registry += _kill(scene, choice, is_anew=is_anew)
            told = scene.told()
            phases[_phase(told)] += 1
            _check_told(told, scene.registry.state(), scene.expected, seed)

        scene.process().run(*APPLY, str(scene.report))
        end = scene.told()[-1]
        assert end["event"] == "end", replay(seed)
        assert end["counts"].keys() <= {"created", "updated"}, replay(seed)
        _check_state(scene.registry.state(), scene.expected, seed)
        if seed // SHARES % 5 == 0:  # the same state has the same plan, so now and then is enough
            scene.process().run("plan", "--detailed-exitcode")
    kills, seconds = phases.total(), time.monotonic() - began
    sys.stdout.write(
        f"{kills} kills, {with_registry} with the registry: all converged, 0 duplicates, 0 lost,"
        f" {seconds:.0f} s; {dict(phases)}\n"
    )
    assert kills < 20 or phases["while writing"] > kills / 5, phases


@pytest.mark.law
def test_after_kill_9_the_same_approved_plan_goes_on_and_finishes(scene: Scene, tmp_path: Path) -> None:
    scene.registry.reset()
    approved = str(tmp_path / "plan.json")
    scene.process().run("plan", "--allow-mass-change", "--out", approved)
    phases: Counter[str] = Counter()
    for seed in seeds(2, 8, 100):
        choice = random.Random(seed)  # noqa: S311
        for is_anew in (True, False):
            _kill(scene, choice, is_anew=is_anew, options=("--plan", approved))
            phases[_phase(scene.told())] += 1
        scene.process().run(*APPLY, str(scene.report), "--plan", approved)
        _check_state(scene.registry.state(), scene.expected, seed)
    sys.stdout.write(f"{phases.total()} kills of an approved plan: all converged; {dict(phases)}\n")
    assert phases.total() < 10 or phases["while writing"], phases


@pytest.fixture
def pruned(tmp_path: Path) -> Iterator[Scene]:
    """A repository that has declared three versions of each artifact, and declares the first alone."""
    repository = GitRepository(tmp_path / "repository")
    for name in (f"model-{n}" for n in range(ARTIFACTS)):
        for document in registered_before(name):
            repository.write(f"{name}/{document['version']}.json", json.dumps(document))
    repository.commit("declare")
    for n, version in product(range(ARTIFACTS), (2, 3)):
        repository.remove(f"model-{n}/{version}.json")
    repository.commit("drop two of three")
    registry = Registry(tmp_path)
    registry.reset()
    kept = {key: document for key, document in registry.state().items() if key[1] == 1}
    registry.start()
    try:
        yield Scene(repository.folder, registry, kept)
    finally:
        registry.kill()


@pytest.mark.law
def test_after_kill_9_in_a_prune_the_next_one_deletes_what_is_left_and_nothing_else(pruned: Scene) -> None:
    registry, report = pruned.registry, pruned.report
    kills = 0
    for seed in seeds(3, 15, 200):
        registry.reset()
        report.unlink(missing_ok=True)
        process = pruned.process()
        process.start(*APPLY, str(report), "--prune")
        pruned.wait_for_lines(process, random.Random(seed).randint(2, 30))  # noqa: S311
        process.kill()
        kills += process.ended() == -signal.SIGKILL
        state = registry.state()
        assert {key: state.get(key) for key in pruned.expected} == pruned.expected, replay(seed)
        deleted = {
            (line["name"], line["version"]) for line in pruned.told() if line.get("result") == "deleted"
        }
        assert not deleted & state.keys(), replay(seed)
        pruned.process().run(*APPLY, str(report), "--prune")
        assert registry.state() == pruned.expected, replay(seed)
    assert kills


def _kill(scene: Scene, choice: random.Random, *, is_anew: bool, options: Sequence[str] = ()) -> bool:
    """Kill an apply before it ends, and in one of four cases the registry, a moment before or after.

    Args:
        scene: where.
        choice: what chance decides by.
        is_anew: whether it has all of its changes before it, or what the last one left.
        options: more of the apply.

    Returns:
        Whether the registry was killed as well.
    """
    is_cold, with_registry = choice.random() < 0.2, choice.random() < 0.25
    registry_first = with_registry and choice.random() < 0.5
    for _ in range(10):
        if is_anew:
            scene.registry.reset()
        scene.report.unlink(missing_ok=True)
        # Most of a run is over before the first write: two kills in three come later.
        lines = choice.choice((0, 1, 1)) and choice.randint(1, 1 + scene.changes_left)
        process = scene.process(is_cold=is_cold)
        process.start(*APPLY, str(scene.report), *options)
        scene.wait_for_lines(process, lines)
        time.sleep(choice.uniform(0, MAX_PAUSE_SECONDS if lines else scene.seconds[is_cold]))
        if registry_first:
            scene.registry.kill()
            time.sleep(choice.uniform(0, MAX_PAUSE_SECONDS))
        process.kill()
        code = process.ended()
        if with_registry:
            if not registry_first:
                scene.registry.kill()
            scene.registry.start()
        if code == -signal.SIGKILL:
            return with_registry
        is_anew = True  # it was over before
    return pytest.fail("every apply ended before it could be killed")


def _phase(told: list[dict[str, Any]]) -> str:
    """How far a run came."""
    if not told:
        return "before it wrote"
    if len(told) == 1:
        return "at its first writes"
    return "after its last write" if len(told) > CHANGES else "while writing"


def _check_told(told: list[dict[str, Any]], state: State, expected: State, seed: int) -> None:
    """What the report of a killed run names is registered, and as it is to be."""
    for line in told:
        if line.get("result") in {"created", "updated"}:
            key = line["name"], line["version"]
            assert state.get(key) == expected[key], f"{line} is not registered: {replay(seed)}"


def _check_state(state: State, expected: State, seed: int) -> None:
    """Nothing twice, nothing lost, and each document as a run leaves it that nobody killed."""
    uris = Counter(version["source"]["uri"] for version in state.values())
    assert max(uris.values()) == 1, f"registered twice: {replay(seed)}"
    assert expected.keys() - state.keys() == set(), f"lost: {replay(seed)}"
    assert state == expected, replay(seed)
