"""A plan in shards: put together, approved as a whole, applied in shards, and told of as one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from reconciler.compare.selector import Shard
from reconciler.model import Artifact
from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import replaced, several
from tests.support.registry_server import RegistryServer

NAMES = [f"model-{number}" for number in range(12)]
OF_COMMIT = ("--ref", "HEAD", "--base", "HEAD~1")
OF_A_RUN = ('  "made": ', '    "pages": ', '  "checksum": ')
"""What begins the lines that tell how a plan was made."""


class Fleet:
    """A repository with two versions of each of twelve artifacts, and a registry to register them in."""

    def __init__(self, folder: Path, server: RegistryServer) -> None:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        self.repository = GitRepository(folder / "repository")
        self.cli = Cli(self.repository.folder, server.url)
        self.folder = folder
        self.server = server
        for name in NAMES:
            self.declare(name, "metadata: {}")
        self.repository.write("service.yaml", "type: service\n")
        self.repository.commit("declare")

    def declare(self, name: str, metadata: str) -> None:
        """Write the manifests of an artifact."""
        text = replaced("name: scorer", f"name: {name}", replaced("metadata: {}", metadata))
        versions = (replaced("version: 1", f"version: {number}", text) for number in (1, 2))
        self.repository.write(f"{name}.yaml", several(versions))

    def shards(self, of: int, *expect: int) -> list[str]:
        """The files of the plans of all shards, which end so."""
        files = [str(self.folder / f"plan-{number}.json") for number in range(1, of + 1)]
        for number, (file, code) in enumerate(zip(files, expect or [0] * of, strict=True), start=1):
            self.cli("plan", "--shard", f"{number}/{of}", *OF_COMMIT, "--out", file, "-q", expect=code)
        return files


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with RegistryServer(token=TOKEN) as server:
        yield Fleet(tmp_path, server)


def test_a_plan_in_shards_is_approved_as_a_whole_and_applied_in_shards(fleet: Fleet) -> None:
    cli, merged = fleet.cli, str(fleet.folder / "merged.json")
    cli("apply", "--yes", "model-1.yaml")
    fleet.declare("model-1", "metadata: {rows: 1}")
    fleet.repository.commit("another model-1")
    whole = cli("plan", *OF_COMMIT, "--format", "json").out
    files = fleet.shards(3)
    shown = cli("show", *reversed(files), "--format", "json", "--out", merged).out
    assert without_run(shown) == without_run(whole)
    assert Path(merged).read_text() == shown
    digest = json.loads(whole)["digest"]
    assert ", shard 1/3" in cli("show", files[0]).out
    for output_format in ("text", "markdown", "html"):
        assert digest in cli("show", *files, "--format", output_format).out
    assert "missing: shard 2/3" in cli("show", files[0], files[2], expect=1).err

    refused = cli("apply", "--yes", "--shard", "1/3", "--expect", digest, expect=4)
    assert "its digest is" in refused.err
    reports = [str(fleet.folder / f"report-{number}.jsonl") for number in (1, 2, 3)]
    for number, report in enumerate(reports, start=1):
        cli("apply", "--yes", "-q", "--shard", f"{number}/3", "--plan", merged, "--report", report)
    applied = cli("show", *reports, "--format", "json").document
    assert (applied["digest"], applied["exit_code"]) == (digest, 0)
    assert [change["name"] for change in applied["changes"]] == [
        change["name"] for change in json.loads(whole)["changes"]
    ]
    assert "Apply: 22 created, 2 updated" in cli("show", *reports).out
    assert "is a plan" in cli("show", files[0], *reports, expect=1).err
    assert "--out is for plans" in cli("show", *reports, "--out", merged, expect=64).err


def test_the_guard_of_a_shard_is_that_of_the_plan_approved(fleet: Fleet) -> None:
    cli, merged = fleet.cli, str(fleet.folder / "merged.json")
    cli("apply", "--yes")
    first = [name for name in NAMES if Shard(1, 2).includes(Artifact("fraud", name))]
    for name in first[:3]:
        fleet.declare(name, "metadata: {rows: 1}")
    fleet.repository.commit("6 of 24 versions, all in one shard")
    files = fleet.shards(2, 4, 0)
    cli("show", *files, "--out", merged)
    assert "too much at once" in cli("apply", "--yes", "--shard", "1/2", expect=4).err
    assert "Apply: 6 updated" in cli("apply", "--yes", "--shard", "1/2", "--plan", merged).out

    for name in NAMES:
        fleet.declare(name, "metadata: {rows: 2}")
    fleet.repository.commit("all of them")
    assert "24 of 24 registered versions" in cli("show", *fleet.shards(2, 4, 4), expect=4).out


def test_a_shard_asks_for_the_orphans_of_its_own_artifacts_alone(fleet: Fleet) -> None:
    fleet.cli("apply", "--yes", "-q")
    for name in NAMES[:8]:
        fleet.repository.remove(f"{name}.yaml")
    fleet.repository.commit("declare four still")
    for number in (1, 2, 3):
        own = {name for name in NAMES[:8] if Shard(number, 3).includes(Artifact("fraud", name))}
        fleet.server.forget()
        told = fleet.cli("plan", "--shard", f"{number}/3", "--format", "json").document
        queries = (parse_qs(request.query) for request in fleet.server.requests)
        asked = {query["name"][0] for query in queries if "name" in query}
        assert {orphan["name"] for orphan in told["orphans"]["found"]} == own
        assert own <= asked <= {name for name in NAMES if Shard(number, 3).includes(Artifact("fraud", name))}
        assert told["scope"]["orphans_not_selected"] == 0


def without_run(plan: str) -> list[str]:
    """The lines of a plan, but for those that tell how it was made."""
    return [line for line in plan.splitlines() if not line.startswith(OF_A_RUN)]
