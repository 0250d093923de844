"""An apply from the commit to the outcomes, seen by a program: nothing is printed and nobody is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from json import dumps
from pathlib import Path

import pytest

from reconciler.applying.outcome import Outcome, Result
from reconciler.applying.stop import Stop
from reconciler.manifest.load import Declaration, Loading
from reconciler.planning.change import Plan
from reconciler.planning.document import PlanDocument
from reconciler.workflow.apply import ApplyWatcher, BeginApplying, Ended, run_apply
from reconciler.workflow.approval import Approval
from reconciler.workflow.control_plane import ControlPlane, create_ml_repos, open_embedded
from reconciler.workflow.options import ApplyOptions, PlanOptions
from reconciler.workflow.plan import BeginPlanning
from tests.support.builders import manifest
from tests.support.git_repository import GitRepository

CREATED = ["planned", "shown 1", "created", "applied"]


class Watcher:
    """Notes what happens, in order.

    Args:
        answer: to the question whether to go on.
    """

    def __init__(self, *, answer: bool = True) -> None:
        self.seen: list[str] = []
        self._answer = answer

    def watch_planning(self, loading: Loading, begin: BeginPlanning) -> tuple[Declaration, Plan]:
        """Run the call, of a commit."""
        self.seen.append("planned")
        assert loading.snapshot.commit
        return asyncio.run(begin(lambda reader: reader))

    def show_plan(self, plan: Plan, document: PlanDocument) -> None:
        """Note how much there is to do."""
        assert len(plan.changes) == len(document.changes)
        self.seen.append(f"shown {len(document.changes)}")

    def confirm(self) -> bool:
        """Answer."""
        self.seen.append("asked")
        return self._answer

    def watch_applying(self, begin: BeginApplying, stop: Stop) -> tuple[tuple[Outcome, ...], int | None]:
        """Run the call, and note each result."""
        assert not stop.reason
        outcomes = asyncio.run(begin(lambda outcome: self.seen.append(str(outcome.result))))
        self.seen.append("applied")
        return outcomes, None


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    made = GitRepository(tmp_path / "repository")
    made.write("scorer.yaml", dumps(manifest()))
    made.commit("one")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    create_ml_repos(str(tmp_path / "registry.db"), ["fraud"])
    with open_embedded(f"sqlite:///{tmp_path}/registry.db", "auto") as opened:
        yield opened


def applied(plane: ControlPlane, watcher: ApplyWatcher, asked: ApplyOptions) -> Ended:
    with run_apply(asked, nullcontext(plane), watcher) as ended:
        return ended


@pytest.mark.parametrize("must_ask", [False, True])
def test_a_commit_is_applied_and_everything_is_seen_in_order(
    plane: ControlPlane, capfd: pytest.CaptureFixture[str], *, must_ask: bool
) -> None:
    watcher = Watcher()
    ended = applied(plane, watcher, ApplyOptions(PlanOptions(), must_ask=must_ask))
    assert [outcome.result for outcome in ended.outcomes] == [Result.CREATED]
    assert watcher.seen == [*CREATED[:2], *["asked"] * must_ask, *CREATED[2:]]
    again = Watcher()
    assert not applied(plane, again, ApplyOptions(PlanOptions(), must_ask=must_ask)).outcomes
    assert again.seen == ["planned", "shown 0", "applied"]  # and nobody is asked about nothing
    assert capfd.readouterr() == ("", "")


def test_nothing_is_written_that_is_not_agreed_to(plane: ControlPlane) -> None:
    watcher = Watcher(answer=False)
    ended = applied(plane, watcher, ApplyOptions(PlanOptions(), must_ask=True))
    assert (ended.is_agreed, ended.is_held_back, ended.outcomes) == (False, False, ())
    assert watcher.seen == ["planned", "shown 1", "asked"]


def test_nothing_is_written_and_nobody_asked_where_another_plan_was_approved(plane: ControlPlane) -> None:
    watcher = Watcher()
    ended = applied(plane, watcher, ApplyOptions(PlanOptions(), Approval(digest="0" * 12), must_ask=True))
    assert ended.is_held_back
    assert ended.document.digest in ended.mismatches[0]
    assert watcher.seen == ["planned", "shown 1"]
    approved = Approval(digest=ended.document.digest)
    assert applied(plane, watcher, ApplyOptions(PlanOptions(), approved)).outcomes
