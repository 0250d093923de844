"""Repositories in which most files belong to other tools: they stop nothing, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.manifests import MANIFEST, replaced
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


def test_what_git_ignores_stops_no_apply(cli: Cli, team: GitRepository) -> None:
    team.write(".gitignore", "build/\nvenv/\n")
    team.write("ml/1.yaml", MANIFEST)
    team.commit()
    team.write("build/ml/1.yaml", MANIFEST)
    team.write("venv/pkg/fixture.yaml", "type: artifact-version\nname: [\n")
    assert cli("validate").err == "1 valid manifest in 1 file\n"
    assert "1 created" in cli("apply", "--yes").out


def test_an_apply_names_what_differs_from_the_commit_and_nothing_else(cli: Cli, team: GitRepository) -> None:
    team.write("ml/1.yaml", MANIFEST)
    team.write("ml/broken.yaml", "type: artifact-version\nname: [\n")
    team.commit()
    team.write("ml/2.yaml", replaced("version: 1", "version: 2"))
    team.write("charts/values.yaml", "{{ edited, and nobody's business")
    said = cli("apply", "--yes", expect=1).err
    assert "the work tree differs from the commit at HEAD: fraud/scorer:2\n" in said
    team.write("ml/2.yaml", "ml_repo: [")
    assert "the work tree differs from the commit at HEAD: ml/2.yaml\n" in cli("apply", "--yes", expect=1).err


def test_a_file_named_on_the_command_line_is_judged_whatever_is_in_it(cli: Cli, team: GitRepository) -> None:
    team.write(".gitignore", "draft.yaml\n")
    team.write("draft.yaml", MANIFEST)
    team.write("chart.yaml", "{{- if .Values.image }}\nimage: x\n{{- end }}\n")
    team.write("large.json", " " * (1024 * 1024 + 1))
    assert cli("validate", "draft.yaml").err == "1 valid manifest in 1 file\n"
    refused = cli("validate", "chart.yaml", "large.json", "draft.yaml", "--format", "concise", expect=1).out
    assert sorted(line.partition(": ")[0] for line in refused.splitlines()) == [
        "chart.yaml:1:3",
        "large.json:1:1",
    ]
    template = cli("validate", "chart.yaml", expect=1).out
    assert "if it is a template, leave it out: exclude in reconciler.toml" in template


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


def test_what_a_run_writes_into_the_repository_is_never_read_as_a_manifest(
    cli: Cli, team: GitRepository
) -> None:
    team.write("ml/1.yaml", MANIFEST)
    team.commit()
    first = cli("plan", "--out", "plan.json").out
    assert cli("validate").err == "1 valid manifest in 1 file, 1 other file\n"
    assert cli("plan", "--out", "plan.json").out == first.replace("Plan:", "Left alone: 1 other file\nPlan:")
    assert "1 created" in cli("apply", "--yes", "--plan", "plan.json", "--report", "report.json").out
    assert cli("validate").err == "1 valid manifest in 1 file, 2 other files\n"
