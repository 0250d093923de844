"""Interruptions at any moment: in time, with every outcome told, and the next run finishes the job."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import canary
from tests.support.cli import Cli
from tests.support.fault_answers import breaks, control_plane
from tests.support.fault_registry import SlowRegistry
from tests.support.fault_runs import declaring
from tests.support.git_repository import GitRepository
from tests.support.processes import Watch, await_idle
from tests.support.raw_server import Exchange, RawServer
from tests.support.scale import replay, seeds
from tests.support.terminal import Terminal

NAMES = tuple(f"scorer-{number}" for number in range(12))
VERSIONS = 5
CHANGES = len(NAMES) * VERSIONS
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
BOTH = tuple(CODES)
WITHIN = 5.0


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return declaring(tmp_path / "repository", *NAMES, versions=VERSIONS)


@contextmanager
def running(cli: Cli, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command under way, which does not outlive the block."""
    process = subprocess.Popen(
        cli.command(*arguments),
        cwd=cli.folder,
        env=cli.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], *numbers: signal.Signals) -> tuple[int, str, str, float]:
    """Send signals; exit code, output, errors, and the seconds that it took."""
    with Watch(process.pid) as watch:
        for number in numbers:
            process.send_signal(number)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    out, err = process.communicate(timeout=30)
    assert "Traceback" not in err, err
    canary.assert_absent(out, err)
    return process.returncode, out, err, watch.seconds


def lines_of(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text().splitlines()]


EVERY = sorted((name, version + 1) for name in NAMES for version in range(VERSIONS))


@pytest.mark.law
@pytest.mark.parametrize("seed", list(seeds(5, 20, 200)))
def test_a_signal_at_any_moment_ends_with_every_outcome_reported(
    seed: int, repository: GitRepository, tmp_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311  replayable, not secret
    number = chance.choice(BOTH)
    times = (chance.choice([0.0, 0.01, 0.05]), chance.choice([0.01, 0.03]))
    report = tmp_path / "report.jsonl"
    with SlowRegistry(*times) as registry:
        cli = Cli(repository.folder, registry.url)
        concurrency = str(chance.choice([1, 4, 8]))
        arguments = ("apply", "--yes", "--report", str(report), "--concurrency", concurrency)
        with running(cli, *arguments) as process:
            registry.await_arrival(chance.randint(1, CHANGES - 8))
            time.sleep(chance.uniform(0, sum(times)))
            code, out, err, seconds = ended(process, number)
        told = lines_of(report)
        assert (code, err) == (CODES[number], ""), replay(seed)
        assert seconds < WITHIN, replay(seed)
        assert [line["event"] for line in told] == ["begin", *["outcome"] * CHANGES, "end"], replay(seed)
        assert sorted((line["name"], line["version"]) for line in told[1:-1]) == EVERY, replay(seed)
        assert told[-1]["exit_code"] == CODES[number]
        shown = Counter(line.split()[2] for line in out.splitlines() if line[2:3] in {"+", "-", "?", "x"})
        for name, version in EVERY:  # once in the plan, once as an outcome
            assert shown[f"fraud/{name}:{version}"] == 2, replay(seed)
        created = sorted((line["name"], line["version"]) for line in told if line.get("result") == "created")
        assert set(created) <= set(registry.registered), replay(seed)
        assert "interrupted" in {line.get("message") for line in told} or len(created) == CHANGES
        registry.times = (0.0, 0.0)
        again = cli("apply", "--yes", "--format", "json").document
        assert {outcome["result"] for outcome in again["outcomes"]} <= {"created"}, replay(seed)
        assert registry.registered == EVERY, replay(seed)


@pytest.mark.parametrize("number", BOTH)
def test_what_is_not_answered_is_abandoned_in_time_and_called_unknown(
    number: signal.Signals, repository: GitRepository, tmp_path: Path
) -> None:
    report = tmp_path / "report.jsonl"
    with RawServer(control_plane(put=Exchange.stall)) as server:
        cli = Cli(repository.folder, server.url)
        with running(cli, "apply", "--yes", "--report", str(report)) as process:
            _await(lambda: server.connections >= 9)
            code, out, _, seconds = ended(process, number)
    assert code == CODES[number]
    assert 3.5 < seconds < WITHIN
    results = Counter(line["result"] for line in lines_of(report)[1:-1])
    assert results == {"unknown": 8, "skipped": CHANGES - 8}
    assert "Apply: 8 unknown, 52 skipped" in out
    assert out.count("interrupted before the answer came") == 8
    assert "see what is registered with: reconciler plan" in out


def test_a_second_ctrl_c_ends_at_once(repository: GitRepository, tmp_path: Path) -> None:
    with RawServer(control_plane(put=Exchange.stall)) as server:
        cli = Cli(repository.folder, server.url)
        with running(cli, "apply", "--yes", "--report", str(tmp_path / "report.jsonl")) as process:
            _await(lambda: server.connections >= 9)
            process.send_signal(signal.SIGINT)
            await_idle(process.pid)
            code, _, _, seconds = ended(process, signal.SIGINT)
    assert code == 130
    assert seconds < 1


def test_what_runners_send_one_after_another_changes_nothing(
    repository: GitRepository, tmp_path: Path
) -> None:
    report = tmp_path / "report.jsonl"
    with SlowRegistry(0.3) as registry:
        cli = Cli(repository.folder, registry.url)
        with running(cli, "apply", "--yes", "--report", str(report)) as process:
            registry.await_arrival(5)
            process.send_signal(signal.SIGINT)
            await_idle(process.pid)
            code, _, err, seconds = ended(process, signal.SIGTERM)
    assert (code, err) == (130, "")
    assert seconds < WITHIN
    assert lines_of(report)[-1]["event"] == "end"


@pytest.mark.parametrize("number", BOTH)
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_a_signal_while_planning_ends_at_once(
    number: signal.Signals, command: list[str], repository: GitRepository
) -> None:
    with RawServer(control_plane(versions=Exchange.stall)) as server:
        with running(Cli(repository.folder, server.url), *command) as process:
            _await(lambda: len(server.requests) >= 1 and server.connections >= 1)
            code, out, err, seconds = ended(process, number)
        assert server.of_method("PUT") == []
    assert (code, out, err) == (CODES[number], "", "interrupted\n")
    assert seconds < 1


def test_a_signal_while_a_lane_waits_ends_the_waiting(repository: GitRepository, tmp_path: Path) -> None:
    """A write whose answer was lost is waited for; an interruption does not wait that long."""
    text = (repository.folder / "scorer-0.yaml").read_text().partition("---")[0].replace("version: 1\n", "")
    alone = GitRepository(tmp_path / "alone")
    alone.write("scorer.yaml", text)
    alone.commit()
    with RawServer(control_plane(put=breaks(b"", Exchange.reset))) as server:
        with running(Cli(alone.folder, server.url), "apply", "--yes") as process:
            _await(lambda: len(server.of_method("PUT")) == 1)
            await_idle(process.pid)
            code, out, _, seconds = ended(process, signal.SIGINT)
        assert len(server.of_method("PUT")) == 1
    assert code == 130
    assert seconds < 2
    assert "Apply: 1 unknown" in out


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_at_the_question_applies_nothing(number: signal.Signals, repository: GitRepository) -> None:
    with SlowRegistry() as registry:
        cli = Cli(repository.folder, registry.url, env={"TERM": "dumb"})
        with Terminal(cli, "apply") as terminal:
            terminal.await_text(r"Apply this\?")
            await_idle(terminal.pid)  # the question is asked before the answer is waited for
            terminal.signal(number)
            assert terminal.end() == CODES[number]
        assert registry.arrived == 0
    assert terminal.sent.rstrip().endswith("interrupted")


@pytest.mark.law
@pytest.mark.parametrize("seed", list(seeds(2, 3, 50)))
def test_after_a_kill_the_report_has_a_line_for_every_write_that_was_answered(
    seed: int, repository: GitRepository, tmp_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311  replayable, not secret
    report = tmp_path / "report.jsonl"
    with SlowRegistry(0.01, 0.01) as registry:
        cli = Cli(repository.folder, registry.url)
        with running(cli, "apply", "--yes", "--report", str(report), "--concurrency", "4") as process:
            registry.await_arrival(chance.randint(5, CHANGES - 5))
            time.sleep(chance.uniform(0, 0.02))
            process.kill()
            process.wait(timeout=10)
        begin, *told = [json.loads(line) for line in report.read_text().splitlines(keepends=True)]
        assert (begin["event"], begin["changes"]) == ("begin", CHANGES)
        assert {line["result"] for line in told} == {"created"}, replay(seed)
        listed = {(line["name"], line["version"]) for line in told}
        assert len(listed) == len(told)
        # An answer that was on its way at the moment of the kill is one for each slot at most.
        assert registry.answered - 4 <= len(told) <= registry.answered, replay(seed)
        assert listed <= set(registry.registered)
        cli("apply", "--yes")
        assert registry.registered == EVERY, replay(seed)


def _await(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)
