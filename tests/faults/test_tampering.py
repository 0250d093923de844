"""Whatever byte or field of a plan file is not as it was written: nothing is applied, and nothing asked."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli.group import cli as commands
from reconciler.errors import Place, Problem, SavedFileError
from reconciler.model import Artifact
from reconciler.planning.document import GuardResult, LeftAlone, PlanDocument, PromotionDocument
from reconciler.terminal.terminal import Terminal
from tests.support.cli import TOKEN, Cli
from tests.support.documents import change, document
from tests.support.fault_runs import declaring
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer
from tests.support.saved_plans import as_file, fields, laid_out, named, resealed, saved_plan, without_field
from tests.support.scale import choose_cases, first_seed, is_cut_short, replay, runs

RICH = named(
    document(
        replace(change(0, "conflict"), left_alone=(LeftAlone("/metadata/a", "ignored"),)),
        replace(change(1), origin="branch", commit="c" * 40, author="Tester"),
        replace(change(2, "create"), version=None, waits_for="fraud/scorer-0:1"),
        promotions=(PromotionDocument(Artifact("fraud", "scorer-1"), "v-prod", 1, None),),
        diagnostics=(Problem(Place("a.yaml", 1, 2), "some-rule", "looks wrong", "do this", "warning"),),
        guard=GuardResult(("12 of 30",), is_waived=True),
    )
)
DATA = as_file(RICH)
_ONE_IN = 16
"""Bytes, of which one is flipped where a commit is tested."""


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with RegistryServer(token=TOKEN) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield server


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    return declaring(tmp_path_factory.mktemp("tampering") / "repository", versions=3)


@pytest.fixture
def apply(
    registry: RegistryServer, repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bytes], None]:
    """Runs `apply --plan` in this process, which is a hundred times as quick, on what a file holds."""
    monkeypatch.chdir(repository.folder)
    monkeypatch.setenv("TFY_HOST", registry.url)
    monkeypatch.setenv("TFY_API_KEY", TOKEN)
    file = tmp_path / "plan.json"

    def run(data: bytes) -> None:
        file.write_bytes(data)
        words = ["apply", "--yes", "--plan", str(file)]
        commands.main(words, standalone_mode=False, obj=Terminal(sys.stdout, sys.stderr, os.environ))

    registry.forget()
    return run


def is_refused(apply: Callable[[bytes], None], data: bytes) -> bool:
    """Whether a file is said to be none that can be relied on."""
    try:
        apply(data)
    except SavedFileError:
        return True
    return False


def flips(data: bytes, seed: int) -> Iterator[tuple[int, bytes]]:
    """The data with each of its bytes flipped, once by the last bit and once by others."""
    choice = random.Random(seed)  # noqa: S311
    for at in choose_cases(range(len(data)), _ONE_IN):
        for mask in (1, choice.randrange(2, 256)):
            yield at, data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


@pytest.mark.law
def test_every_flipped_byte_is_refused_before_anything_is_asked(
    apply: Callable[[bytes], None], registry: RegistryServer
) -> None:
    seed = first_seed()
    unnoticed = [at for at, data in flips(DATA, seed) if not is_refused(apply, data)]
    assert unnoticed == [], replay(seed)
    assert registry.requests == []


@pytest.mark.law
def test_every_dropped_field_is_refused_also_under_a_right_checksum(
    apply: Callable[[bytes], None], registry: RegistryServer
) -> None:
    plan = json.loads(DATA)
    paths = [path for path in fields(plan) if path != ("checksum",)]
    assert len(paths) > 100
    assert [path for path in paths if not is_refused(apply, laid_out(without_field(plan, path)))] == []
    without_checksum = DATA[: DATA.rindex(b'  "checksum"')]
    for data in (
        without_checksum,
        without_checksum + b"}\n",
        without_checksum.removesuffix(b",\n") + b"\n}\n",
    ):
        assert is_refused(apply, data)
    for number in range(3):
        left = plan["changes"][:number] + plan["changes"][number + 1 :]
        assert is_refused(apply, laid_out({**plan, "changes": left}))
    assert registry.requests == []


@pytest.mark.law
def test_a_byte_flipped_under_a_right_checksum_changes_nothing_that_is_approved() -> None:
    seed = first_seed()
    read = 0
    for at, data in flips(DATA[: DATA.rindex(b'  "checksum"')], seed):
        try:
            found = saved_plan(resealed(data + b'  "checksum": '))
        except SavedFileError:
            continue
        read += 1
        assert approved(found) == approved(RICH), f"byte {at}: {replay(seed)}"
    assert read or is_cut_short()  # e.g. of an author's name, which is not approved


def approved(plan: PlanDocument) -> object:
    """What an apply goes by."""
    changes = [(c.action, c.artifact, c.version, c.id, c.before, c.after) for c in plan.changes]
    return plan.digest, plan.target.host, plan.target.tenant, json.dumps(changes, default=str)


@pytest.mark.law
def test_the_tool_says_so_and_ends_with_a_code_of_its_own(
    repository: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    seed = first_seed()
    choice = random.Random(seed)  # noqa: S311
    cli, file = Cli(repository.folder, registry.url), tmp_path / "plan.json"
    cli("plan", "--out", str(file))
    whole = file.read_bytes()
    registry.forget()
    for _ in range(runs(2, 8, 100)):
        at = choice.randrange(len(whole))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ choice.randrange(1, 256)]) + whole[at + 1 :])
        for command in (("apply", "--yes", "--plan"), ("show",)):
            ended = cli(*command, str(file), expect=1)
            assert ended.err.startswith(f"error: {file}: it "), replay(seed)
    assert registry.requests == []
    file.write_bytes(whole)
    assert "3 created" in cli("apply", "--yes", "--plan", str(file)).out
