"""The guard through the whole tool: too much at once fails the plan, and nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import replaced, several
from tests.support.registry_server import RegistryServer
from tests.support.terminal import Terminal

VIOLATION = "4 of 10 registered versions (40 %) would be updated, more than 30 %"


@pytest.fixture
def cli(repository: GitRepository, registry: RegistryServer) -> Cli:
    return Cli(repository.folder, registry.url)


def declare(repository: GitRepository, *, updated: int, versions: int = 10) -> None:
    """Declare versions, of which the first are not as they were."""
    repository.write(
        "scorer.yaml",
        several(
            replaced("version: 1\n", f"version: {number}\n{'description: new' * (number <= updated)}\n")
            for number in range(1, versions + 1)
        ),
    )
    repository.commit(f"update {updated}")


@pytest.fixture
def too_much(repository: GitRepository, registry: RegistryServer, cli: Cli) -> None:
    """Ten versions are registered, and four of them are to be updated."""
    declare(repository, updated=0)
    assert "10 created" in cli("apply", "--yes").out
    declare(repository, updated=4)
    registry.forget()


@pytest.mark.usefixtures("too_much")
def test_every_format_of_a_plan_that_changes_too_much_says_so(cli: Cli) -> None:
    for output_format in ("markdown", "html"):
        assert VIOLATION in cli("plan", "--format", output_format, expect=4).out
    document = cli("plan", "--format", "json", expect=4).document
    assert document["guard"] == {"violations": [VIOLATION], "waived": False, "blocks": True}


@pytest.mark.usefixtures("too_much")
def test_an_apply_of_too_much_sends_nothing(cli: Cli, registry: RegistryServer, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    ended = cli("apply", "--yes", "--report", str(report), expect=4)
    assert "error: this plan changes too much at once, and nothing was applied" in ended.err
    assert VIOLATION in ended.err
    assert "--allow-mass-change" in ended.err
    assert registry.writes == []
    begin, end = map(json.loads, report.read_text().splitlines())
    assert begin["guard"]["blocks"]
    assert (end["counts"], end["exit_code"]) == ({}, 4)
    document = cli("apply", "--yes", "--format", "json", expect=4).document
    assert (document["outcomes"], document["exit_code"]) == ([], 4)
    assert registry.writes == []


@pytest.mark.usefixtures("too_much")
def test_nobody_is_asked_whether_to_apply_what_is_too_much(cli: Cli) -> None:
    with Terminal(cli, "apply") as terminal:
        assert terminal.end() == 4


@pytest.mark.parametrize(("versions", "updated"), [(10, 3), (9, 9)])
def test_what_is_not_too_much_is_applied_as_ever(
    repository: GitRepository, cli: Cli, versions: int, updated: int
) -> None:
    declare(repository, updated=0, versions=versions)
    cli("apply", "--yes")
    declare(repository, updated=updated, versions=versions)
    cli("plan")
    assert f"{updated} updated" in cli("apply", "--yes").out


def test_a_conflict_beside_it_does_not_hide_the_guard(repository: GitRepository, cli: Cli) -> None:
    other = replaced("name: scorer", "name: other")
    repository.write("other.yaml", other)
    declare(repository, updated=0)
    cli("apply", "--yes")
    repository.write("other.yaml", f"{other}step: 7\n")
    declare(repository, updated=4)
    text = cli("plan", expect=4).out
    assert "! conflict" in text
    assert "4 of 11 registered versions (36.4 %) would be updated, more than 30 %" in text
