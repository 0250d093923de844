"""A repository that is not on this machine: `--repo`, from validate to apply."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.canary import assert_absent
from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.manifests import MANIFEST
from tests.support.registry_server import RegistryServer


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    with RegistryServer(token=TOKEN) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield server


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path / "served" / "team")
    repository.write("fraud/1.yaml", MANIFEST)
    repository.commit()
    return repository


@pytest.fixture
def server(repository: GitRepository, tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(repository.folder.parent, tmp_path / "authority.pem") as server:
        yield server


@pytest.fixture
def cli(registry: RegistryServer, server: GitServer, tmp_path: Path) -> Cli:
    """The tool in an empty folder that is in no repository."""
    folder = tmp_path / "empty"
    folder.mkdir()
    assert server.url
    return Cli(folder, registry.url, env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")})


def test_a_remote_repository_is_validated_planned_and_applied(
    cli: Cli, repository: GitRepository, server: GitServer
) -> None:
    url = f"{server.url}/team"
    assert "1 valid manifest in 1 file" in cli("validate", "--repo", url).err
    plan = cli("plan", "--repo", url, "--format", "json").document
    told = {key: plan["source"][key] for key in ("repository", "commit", "work_tree", "dirty")}
    assert told == {"repository": url, "commit": repository.head, "work_tree": False, "dirty": False}
    assert [change["file"] for change in plan["changes"]] == ["fraud/1.yaml"]
    assert "1 created" in cli("apply", "--repo", url, "--yes").out
    assert "Nothing to do" in cli("plan", "--repo", url).out
    assert list(cli.folder.iterdir()) == []


def test_a_pull_request_is_planned_by_its_ref(cli: Cli, repository: GitRepository, server: GitServer) -> None:
    repository.branch("theirs")
    repository.write("fraud/2.yaml", MANIFEST.replace("version: 1", "version: 2"))
    theirs = repository.commit()
    repository.switch("main")
    repository.git("update-ref", "refs/pull/7/head", theirs)
    repository.git("branch", "-D", "theirs")
    plan = cli(
        "plan", "--repo", f"{server.url}/team", "--ref", "refs/pull/7/head", "--format", "json"
    ).document
    assert plan["source"]["commit"] == theirs
    assert plan["counts"]["create"] == 2


def test_paths_are_those_of_the_remote_repository(
    cli: Cli, repository: GitRepository, server: GitServer
) -> None:
    repository.write("ranking/1.yaml", MANIFEST.replace("scorer", "ranker"))
    repository.commit()
    url = f"{server.url}/team"
    assert "1 to create" in cli("plan", "ranking", "--repo", url).out
    missing = cli("plan", "nothing", "--repo", url, expect=1)
    assert missing.err.startswith("error: no file or folder nothing in commit ")
    for path in ("/etc", "../x"):
        outside = cli("plan", path, "--repo", url, expect=1)
        assert (
            outside.err
            == f"error: {path} is no path in the repository\n  name it from the repository's top\n"
        )


def test_the_token_goes_to_the_control_plane_and_not_to_the_host_of_the_repository(
    cli: Cli, server: GitServer
) -> None:
    cli("plan", "--repo", f"{server.url}/team")
    assert server.headers
    assert_absent("".join(server.headers))


def test_what_can_not_be_fetched_is_one_message(cli: Cli, server: GitServer) -> None:
    ended = cli("plan", "--repo", f"{server.url}/other", expect=1)
    assert ended.err.startswith(f"error: can not fetch {server.url}/other: fatal: repository ")
    assert cli("plan", "--repo", "ext::sh", expect=1).err.startswith("error: ext::sh is no address")


OUTSIDE: dict[str, Callable[[GitRepository], object]] = {
    "a name that is not UTF-8": lambda team: (team.folder / os.fsdecode(b"other/\xff.yaml")).write_text(
        MANIFEST
    ),
    "a broken file": lambda team: team.write("other/broken.yaml", "ml_repo: [\n"),
    "a version that is declared twice": lambda team: team.write("other/twice.yaml", MANIFEST),
    "names that differ in case": lambda team: [team.write(f"other/{name}.yaml", MANIFEST) for name in "aA"],
    "a link that leads out": lambda team: (team.folder / "other/link.yaml").symlink_to("/etc/hostname"),
    "a large file": lambda team: team.write("other/large.yaml", "# ml_repo\n" * 200_000),
    "a folder that is a link": lambda team: (team.folder / "linked").symlink_to("fraud"),
}


@pytest.mark.parametrize("outside", OUTSIDE)
def test_what_is_outside_of_the_paths_matters_to_no_way_of_reading(
    outside: str, cli: Cli, repository: GitRepository, server: GitServer
) -> None:
    (repository.folder / "other").mkdir()
    OUTSIDE[outside](repository)
    repository.commit()
    here = Cli(repository.folder, cli.host)
    ways = ((here, ()), (here, ("--ref", "main")), (cli, ("--repo", f"{server.url}/team")))
    for tool, words in ways:
        assert tool("validate", *words, "fraud").err == "1 valid manifest in 1 file\n"
        plan = tool("plan", *words, "--format", "json", "fraud").document
        assert [change["file"] for change in plan["changes"]] == ["fraud/1.yaml"]
    assert "1 created" in here("apply", "--yes", "fraud").out
