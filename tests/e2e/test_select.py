"""Plans and applies of a part: by globs, and by shards, which together are the whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import replaced, several
from tests.support.registry_server import RegistryServer

NAMES = [f"model-{number}" for number in range(12)]


@pytest.fixture
def cli(tmp_path: Path, registry: RegistryServer) -> Cli:
    repository = GitRepository(tmp_path / "repository")
    for name in NAMES:
        versions = (f"name: {name}\nversion: {number}" for number in (1, 2))
        repository.write(f"{name}.yaml", several(map(declared, versions)))
    # Nobody who may not read this ML repo has to, as long as it is not selected.
    repository.write("elsewhere.yaml", replaced("ml_repo: fraud", "ml_repo: elsewhere"))
    repository.commit("declare")
    return Cli(repository.folder, registry.url)


def declared(identity: str) -> str:
    return replaced("name: scorer\n", "").replace("version: 1", identity, 1)


def labels(cli: Cli, *arguments: str) -> list[str]:
    changes = cli("plan", "--format", "json", *arguments).document["changes"]
    return [f"{change['ml_repo']}/{change['name']}:{change['version']}" for change in changes]


def test_shards_together_are_the_whole_plan_and_applied_leave_nothing(cli: Cli) -> None:
    whole = labels(cli, "--select", "fraud/*")
    shards = [labels(cli, "--select", "fraud/*", "--shard", f"{number}/3") for number in (1, 2, 3)]
    assert sorted(label for shard in shards for label in shard) == sorted(whole)
    assert len(whole) == 24
    for number in (1, 2, 3):
        cli("apply", "--yes", "--select", "fraud/*", "--shard", f"{number}/3")
    assert labels(cli, "--select", "fraud/*") == []


def test_what_is_not_selected_is_no_free_version(cli: Cli, registry: RegistryServer) -> None:
    theirs = replaced("name: scorer\n", "name: model-0\n").replace("s3://", "s3://other-")
    registry.register(yaml.safe_load(theirs))
    for glob in ("fraud/model-0", "fraud/model-0:1"):
        conflict, *_ = cli("plan", "--format", "json", "--select", glob, expect=4).document["changes"]
        assert conflict["hint"] == "declare it as a new version: 3 is free"
