"""Manifests of what is registered: written once, overwriting nothing, and planned without a change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.registry import Behaviour
from reconciler.wire.models import VersionManifest
from tests.support.builders import manifest
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    with RegistryServer() as registry:
        for ml_repo in ("fraud", "search"):
            registry.store.put_ml_repo({"type": "ml-repo", "name": ml_repo})
        for version in (1, 2, 3):
            put(registry, version=version)
        put(registry, version=1, ml_repo="search", name="ranker", version_alias="v-prod")
        registry.forget()
        yield registry


@pytest.fixture
def cli(repository: GitRepository, registry: RegistryServer) -> Cli:
    return Cli(repository.folder, registry.url)


def put(registry: RegistryServer, **fields: Any) -> None:
    registry.store.put_version(VersionManifest.model_validate(manifest(**fields)), Behaviour())


def files(repository: GitRepository) -> list[str]:
    return sorted(str(file.relative_to(repository.folder)) for file in repository.folder.rglob("*.yaml"))


def test_what_is_imported_is_planned_without_a_change_and_imported_once(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    imported = cli("import")
    assert imported.out == "Import: 4 written\n"
    assert "reconciler plan" in imported.err
    assert files(repository) == [
        "fraud/scorer/1.yaml", "fraud/scorer/2.yaml", "fraud/scorer/3.yaml", "search/ranker/1.yaml",
    ]  # fmt: skip
    assert f"# Imported from {registry.url}.\n" in (repository.folder / "fraud/scorer/1.yaml").read_text()
    schema = repository.folder / ".reconciler/artifact-version.schema.json"
    assert schema.read_text() == cli("schema").out
    assert "4 valid manifests" in cli("validate").err
    assert "Nothing to do" in cli("plan").out
    assert cli("import").out == "Import: 4 declared already\n"
    assert registry.writes == []


def test_a_part_can_be_asked_for(cli: Cli, repository: GitRepository, registry: RegistryServer) -> None:
    put(registry, version=4, name="drafts")
    asked = ("--ml-repo", "fraud", "--name", "scor*", "--latest", "1", "--select", "!*:3")
    cli("import", *asked, "--into", "models")
    assert files(repository) == ["models/fraud/scorer/2.yaml"]
    missing = cli("import", "--ml-repo", "nothing", expect=1)
    assert "ML repo nothing does not exist" in missing.err


def test_what_is_declared_and_files_that_there_are_stay(cli: Cli, repository: GitRepository) -> None:
    repository.write("all.yaml", one(2))
    repository.write("fraud/scorer/3.yaml", "type: service\n")
    imported = cli("import", "--ml-repo", "fraud")
    assert imported.out == "Import: 1 written, 1 declared already, 1 existing\n"
    assert "fraud/scorer/3.yaml: there is such a file" in imported.err
    assert (repository.folder / "fraud/scorer/3.yaml").read_text() == "type: service\n"
    assert not (repository.folder / "fraud/scorer/2.yaml").exists()


def one(version: int) -> str:
    return (
        f"type: artifact-version\nml_repo: fraud\nname: scorer\nversion: {version}\n"
        "source: {type: truefoundry}\nmetadata: {}\n"
    )


def test_what_would_collide_with_what_is_declared_is_named_and_left_out(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    put(registry, version=2, version_alias="v-next")
    for name in ("Scorer", "SCORER"):
        put(registry, version=7, name=name)
    repository.write("promoted.yaml", one(1).replace("version: 1", "version: 1\nversion_alias: v-next"))
    imported = cli("import", "--ml-repo", "fraud", expect=1)
    assert "fraud/scorer:2: not imported: alias v-next of fraud/scorer is declared twice" in imported.err
    assert "fraud/Scorer:7: not imported: fraud/Scorer and fraud/" in imported.err
    assert imported.out == "Import: 1 written, 1 declared already, 3 left out\n"
    cli("validate")


def test_nothing_is_written_where_nothing_is_read_or_for_another_control_plane(
    cli: Cli, repository: GitRepository
) -> None:
    assert "nothing is read from .models" in cli("import", "--into", ".models", expect=1).err
    assert "lies outside" in cli("import", "--into", "../models", expect=1).err
    repository.write("reconciler.toml", 'paths = ["models"]\n')
    for arguments in (("import",), ("new", "fraud/scorer")):
        assert "reconciler.toml has nothing read from ." in cli(*arguments, expect=1).err
    repository.write("reconciler.toml", 'expect_host = "https://example.com"\n')
    for arguments in (("import",), ("new", "fraud/scorer")):
        assert "the manifests are for https://example.com" in cli(*arguments, expect=1).err
    assert files(repository) == []


def test_no_link_is_followed(cli: Cli, repository: GitRepository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository.folder / "fraud").symlink_to(outside)
    assert "can not write fraud/scorer/1.yaml" in cli("import", "--ml-repo", "fraud", expect=1).err
    assert list(outside.iterdir()) == []


def test_what_no_manifest_can_declare_is_named_and_the_rest_written(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    put(registry, version=4, metadata={"password": "correct horse battery"})
    imported = cli("import", "--ml-repo", "fraud", expect=1)
    assert "fraud/scorer:4: not imported: metadata.password looks like a credential" in imported.err
    assert "correct horse" not in imported.err + imported.out
    assert imported.out == "Import: 3 written, 1 left out\n"
    assert len(files(repository)) == 3


def test_invalid_manifests_are_told_before_anything_is_written(cli: Cli, repository: GitRepository) -> None:
    repository.write("broken.yaml", "type: artifact-version\nname: [\n")
    assert "broken.yaml:3" in cli("import", expect=1).err
    assert files(repository) == ["broken.yaml"]


def test_a_layout_says_where_manifests_are_and_has_those_of_an_artifact_in_one_file(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.write("search/ranker.yaml", "type: service\n")
    imported = cli("import", "--layout", "{ml_repo}/{name}.yaml", "--select", "!*:2")
    assert imported.out == "Import: 2 written, 1 existing\n"
    assert files(repository) == ["fraud/scorer.yaml", "search/ranker.yaml"]
    text = (repository.folder / "fraud/scorer.yaml").read_text()
    assert [document["version"] for document in yaml.safe_load_all(text)] == [1, 3]
    assert text.startswith("# yaml-language-server: $schema=../.reconciler/artifact-version.schema.json\n")
    flat = cli("import", "--layout", "{ml_repo}-{name}-v{version}.yml", "--into", "models")
    assert flat.out == "Import: 2 written, 2 declared already\n"
    assert (repository.folder / "models/search-ranker-v1.yml").exists()
    assert "Nothing to do" in cli("plan").out
    assert registry.writes == []


@pytest.mark.parametrize("template", ["{name}", "../{name}.yaml", "/{name}.yaml", ".{name}.yaml", "{a}.yaml"])
def test_a_layout_that_nothing_would_be_read_from_is_a_usage_error(
    cli: Cli, repository: GitRepository, template: str
) -> None:
    refused = cli("import", "--layout", template, expect=64)
    assert "--layout" in refused.err
    assert "e.g. {ml_repo}/{name}/{version}.yaml" in refused.err
    assert files(repository) == []


def test_names_that_not_every_file_system_has_get_another_one(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    put(registry, name="NUL")
    put(registry, name="n" * 256)
    imported = cli("import", "--ml-repo", "fraud", "--select", "!*/scorer")
    assert imported.out == "Import: 2 written\n"
    reserved, long = (Path(name).parent.name for name in files(repository))
    assert reserved == "NUL_"
    assert long.startswith("n" * 80 + "-")
    assert "Nothing to do" in cli("plan").out
