"""Repositories in which most files belong to other tools: they stop nothing, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.manifests import MANIFEST
from tests.support.monorepo import OTHER_FILES, make_monorepo
from tests.support.registry_server import RegistryServer


@pytest.fixture
def team(tmp_path: Path) -> GitRepository:
    """An empty repository."""
    return GitRepository(tmp_path / "served/team")


@pytest.fixture
def cli(team: GitRepository, tmp_path: Path) -> Iterator[Cli]:
    with RegistryServer() as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield Cli(team.folder, registry.url, env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")})


@pytest.mark.parametrize("way", ["work tree", "commit", "remote"])
def test_manifests_are_found_among_the_files_of_other_tools(
    cli: Cli, team: GitRepository, tmp_path: Path, way: str
) -> None:
    make_monorepo(team.folder, ignored=5_000 if way == "work tree" else 0)
    with GitServer(team.folder.parent, tmp_path / "authority.pem") as server:
        chosen = {"work tree": (), "commit": ("--ref", "HEAD"), "remote": ("--repo", f"{server.url}/team")}[
            way
        ]
        validated = cli("validate", *chosen).err
        assert validated == f"2 valid manifests in 2 files, {OTHER_FILES} other files\n"
        planned = cli("plan", *chosen).out
        assert f"Left alone: {OTHER_FILES} other files\n" in planned
        assert "2 to create" in planned
        assert "2 created" in cli("apply", "--yes", *chosen).out
        assert "0 in conflict, 2 unchanged" in cli("plan", *chosen).out


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
@pytest.mark.parametrize("path", ["ml", "ml/fraud", "ml/fraud/x.yaml"])
def test_a_link_below_the_top_leads_nowhere(
    cli: Cli, team: GitRepository, tmp_path: Path, command: str, path: str
) -> None:
    outside = GitRepository(tmp_path / "outside")
    outside.write("fraud/x.yaml", MANIFEST)
    team.write("reconciler.toml", 'expect_host = "https://example.com"\n')
    (team.folder / "ml").symlink_to(outside.folder, target_is_directory=True)
    team.commit()
    refused = cli(command, path, *(["--yes"] if command == "apply" else []), expect=1)
    assert refused.out == ""
    assert (
        refused.err
        == "error: ml is a symbolic link, which is not followed\n  give the path that it leads to\n"
    )
