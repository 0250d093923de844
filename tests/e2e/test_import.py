"""Manifests of what is registered: written once, overwriting nothing, and planned without a change."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from reconciler.model import Json
from reconciler.registry import Behaviour, Store
from reconciler.wire.models import VersionManifest
from tests.support.builders import manifest
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import hard_fields
from tests.support.registry_server import RegistryServer


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    with RegistryServer() as registry:
        for ml_repo in ("fraud", "search"):
            registry.store.put_ml_repo({"type": "ml-repo", "name": ml_repo})
        for version in (1, 2, 3):
            registry.register(manifest(version=version))
        registry.register(manifest(version=1, ml_repo="search", name="ranker", version_alias="v-prod"))
        registry.forget()
        yield registry


@pytest.fixture
def cli(repository: GitRepository, registry: RegistryServer) -> Cli:
    return Cli(repository.folder, registry.url)


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
    registry.register(manifest(version=4, name="drafts"))
    asked = ("--ml-repo", "fraud", "--name", "scor*", "--latest", "1", "--select", "!*:3")
    imported = cli("import", *asked, "--into", "models")
    assert imported.out == "Import: 1 written, 3 not asked for, 1 other ML repo\n"
    assert files(repository) == ["models/fraud/scorer/2.yaml"]
    missing = cli("import", "--ml-repo", "nothing", expect=1)
    assert "ML repo nothing does not exist" in missing.err


def test_what_is_declared_and_files_that_there_are_stay(cli: Cli, repository: GitRepository) -> None:
    repository.write("all.yaml", one(2))
    repository.write("fraud/scorer/3.yaml", "type: service\n")
    imported = cli("import", "--ml-repo", "fraud")
    assert imported.out == "Import: 1 written, 1 declared already, 1 existing, 1 other ML repo\n"
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
    registry.register(manifest(version=2, version_alias="v-next"))
    for name in ("Scorer", "SCORER"):
        registry.register(manifest(version=7, name=name))
    repository.write("promoted.yaml", one(1).replace("version: 1", "version: 1\nversion_alias: v-next"))
    imported = cli("import", "--name", "[sS]*", expect=3)
    assert "fraud/scorer:2: not imported: alias v-next of fraud/scorer is declared twice" in imported.err
    assert "fraud/Scorer:7: not imported: fraud/Scorer and fraud/" in imported.err
    assert imported.out == "Import: 1 written, 1 declared already, 3 left out, 1 not asked for\n"
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


@pytest.mark.parametrize("pattern", ["/models/", "mod*", "*.yaml"])
def test_nothing_is_written_into_a_folder_that_git_ignores(
    cli: Cli, repository: GitRepository, registry: RegistryServer, pattern: str
) -> None:
    repository.write(".gitignore", f"{pattern}\n")
    for arguments in (("import",), ("new", "fraud/scorer")):
        refused = cli(*arguments, "--into", "models", expect=1)
        assert "git ignores what is in models, and nothing is read from there" in refused.err
        assert "git check-ignore -v tells where" in refused.err
    assert not (repository.folder / "models").exists()
    assert registry.requests == []


def test_what_git_ignores_is_reported_and_the_rest_written(cli: Cli, repository: GitRepository) -> None:
    repository.write(".gitignore", "sco*/\n")
    imported = cli("import", "--into", "models", expect=3)
    assert "fraud/scorer:1: not imported: git ignores fraud/scorer/1.yaml\n" in imported.err
    assert imported.out == "Import: 1 written, 3 left out\n"
    assert files(repository) == ["models/search/ranker/1.yaml"]
    assert "git ignores fraud/scorer/4.yaml" in cli("new", "fraud/scorer", expect=1).err
    assert "Nothing to do" in cli("plan").out


def test_what_is_a_repository_of_its_own_is_left_alone(
    cli: Cli, repository: GitRepository, tmp_path: Path
) -> None:
    """Be it a submodule or a clone within: what is written there would not be read."""
    module = GitRepository(tmp_path / "module")
    module.write("readme", "")
    module.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module.folder), "m")
    clone = GitRepository(repository.folder / "fraud")
    for folder in ("m", "m/models", "fraud"):
        for arguments in (("import",), ("new", "fraud/scorer")):
            refused = cli(*arguments, "--into", folder, expect=1).err
            assert f"{folder} lies in another repository, {repository.folder}/" in refused
    imported = cli("import", expect=3)
    assert "fraud/scorer:1: not imported: git ignores fraud/scorer/1.yaml\n" in imported.err
    assert imported.out == "Import: 1 written, 3 left out\n"
    assert [*clone.folder.rglob("*.yaml"), *(repository.folder / "m").rglob("*.yaml")] == []
    assert "Nothing to do" in cli("plan").out


def test_no_link_is_followed(cli: Cli, repository: GitRepository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository.folder / "fraud").symlink_to(outside)
    assert "can not write fraud/scorer/1.yaml" in cli("import", "--ml-repo", "fraud", expect=1).err
    assert list(outside.iterdir()) == []
    assert cli("import", expect=3).out == "Import: 1 written, 3 left out\n"
    assert list(outside.iterdir()) == []


def test_a_file_that_can_not_be_written_is_reported_and_the_rest_written(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    registry.register(manifest(name="ranker", version=1))
    repository.write("fraud/scorer", "a file where a folder is to be\n")
    imported = cli("import", expect=3)
    assert (
        "fraud/scorer:2: not imported: can not write fraud/scorer/2.yaml: Not a directory\n" in imported.err
    )
    assert imported.out == "Import: 2 written, 3 left out\n"
    assert files(repository) == ["fraud/ranker/1.yaml", "search/ranker/1.yaml"]
    assert "2 unchanged" in cli("plan").out


REASONS: dict[str, tuple[Json, str]] = {
    "no-source": ({"source": None}, "source is missing"),
    "local": ({"source": {"type": "local"}}, "source.type local is an upload from one machine"),
    "large": ({"metadata": {"big": 10**30}}, "integer beyond 64 bits"),
    "credential": ({"metadata": {"password": "correct horse"}}, "metadata.password looks like a credential"),
    "deep": ({"metadata": {"in": json.loads("[" * 70 + "]" * 70)}}, "nested deeper than 64 levels"),
    "long": ({"description": "x" * 600}, "description"),
    "negative": ({"step": -1}, "step"),
    "alias": ({"version_alias": "prod"}, "version_alias"),
}
"""By the name of the artifact: what is registered of it, as a merge patch (RFC 7396), and what is told."""


def test_what_no_manifest_can_declare_is_reported_with_its_reason_and_the_rest_written(
    repository: GitRepository, tmp_path: Path
) -> None:
    database = tmp_path / "registry.db"
    with Store(database) as store:
        store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        for name in ("plain", *REASONS):
            store.put_version(VersionManifest.model_validate(manifest(name=name, version=1)), Behaviour())
    # What no client could have put there.
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "UPDATE versions SET manifest = json_patch(manifest, ?) WHERE name = ?",
            [(json.dumps(patch), name) for name, (patch, _) in REASONS.items()],
        )
    cli = Cli(repository.folder, f"sqlite:///{database}")
    refused = cli("import", "--select", "!fraud/plain", expect=1)
    assert refused.out == f"Import: {len(REASONS)} left out, 1 not asked for\n"
    for name, (_, why) in REASONS.items():
        assert f"fraud/{name}:1: not imported: {why}" in refused.err
    assert "correct horse" not in refused.err + refused.out
    assert files(repository) == []
    assert cli("import", expect=3).out == f"Import: 1 written, {len(REASONS)} left out\n"
    again = cli("import", expect=3)
    assert again.out == f"Import: 1 declared already, {len(REASONS)} left out\n"
    assert files(repository) == ["fraud/plain/1.yaml"]
    assert "1 unchanged" in cli("plan").out


def test_where_there_are_defaults_manifests_say_what_is_not_by_them(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.write(
        "reconciler.toml", '[defaults]\ndescription = "Ours."\n[defaults.metadata]\nteam = "risk"\n'
    )
    registry.register(manifest(version=4, description="Ours.", metadata={"team": "own", "none": None}))
    registry.register(manifest(version=5, metadata={"team": None}))
    imported = cli("import", "--ml-repo", "fraud", expect=3)
    assert (
        "fraud/scorer:5: not imported: metadata.team is null, which does without the one of" in imported.err
    )
    assert "4 unchanged" in cli("plan").out
    assert "Nothing to do" in cli("plan").out
    first, last = (yaml.safe_load((repository.folder / f"fraud/scorer/{n}.yaml").read_text()) for n in (1, 4))
    assert (first["description"], first["metadata"]) == (None, {"team": None})
    assert (last["description"], last["metadata"]) == ("Ours.", {"team": "own", "none": None})


def test_nothing_is_written_where_the_settings_leave_it_out(cli: Cli, repository: GitRepository) -> None:
    repository.write("reconciler.toml", 'exclude = ["models/**/scorer"]\n')
    refused = cli("new", "fraud/scorer", "--into", "models", expect=1)
    assert "reconciler.toml leaves out models/fraud/scorer/4.yaml" in refused.err
    imported = cli("import", "--into", "models", expect=3)
    why = "reconciler.toml leaves out fraud/scorer/1.yaml"
    assert f"fraud/scorer:1: not imported: {why}" in imported.err
    assert imported.out == "Import: 1 written, 3 left out\n"
    assert files(repository) == ["models/search/ranker/1.yaml"]
    assert cli("import", "--into", "models", expect=3).out == "Import: 1 declared already, 3 left out\n"


def test_invalid_manifests_are_reported_before_anything_is_written(
    cli: Cli, repository: GitRepository
) -> None:
    repository.write("broken.yaml", "type: artifact-version\nname: [\n")
    assert "broken.yaml:3" in cli("import", expect=1).err
    assert files(repository) == ["broken.yaml"]


def test_a_layout_says_where_manifests_are_and_has_those_of_an_artifact_in_one_file(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.write("search/ranker.yaml", "type: service\n")
    imported = cli("import", "--layout", "{ml_repo}/{name}.yaml", "--select", "!*:2")
    assert imported.out == "Import: 2 written, 1 existing, 1 not asked for\n"
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
    registry.register(manifest(name="NUL"))
    registry.register(manifest(name="n" * 256))
    imported = cli("import", "--ml-repo", "fraud", "--select", "!*/scorer")
    assert imported.out == "Import: 2 written, 3 not asked for, 1 other ML repo\n"
    reserved, long = (Path(name).parent.name for name in files(repository))
    assert reserved == "NUL_"
    assert long.startswith("n" * 80 + "-")
    assert "Nothing to do" in cli("plan").out


def test_from_a_file_of_a_registry_what_is_hard_to_write_is_planned_without_a_change(
    repository: GitRepository, tmp_path: Path
) -> None:
    with Store(tmp_path / "registry.db") as store:
        store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        for number in range(150):
            document = manifest(version=number + 1, **hard_fields(number))
            store.put_version(VersionManifest.model_validate(document), Behaviour())
    cli = Cli(repository.folder, f"sqlite:///{tmp_path / 'registry.db'}")
    assert cli("import", "--layout", "{ml_repo}/{name}.yaml").out == "Import: 150 written\n"
    repository.commit()
    plan = cli("plan", "--format", "json").document
    assert (plan["changes"], plan["counts"]["unchanged"]) == ([], 150)


def test_an_import_that_was_killed_goes_on_and_leaves_nothing_half_written(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    for version in range(4, 501):
        registry.register(manifest(version=version))
    folder = repository.folder / "fraud/scorer"
    with subprocess.Popen(
        cli.command("import"), cwd=repository.folder, env=cli.environment(), stderr=subprocess.DEVNULL
    ) as process:
        while not folder.exists() or len(list(folder.iterdir())) < 20:
            assert process.poll() is None
            time.sleep(0.001)
        process.kill()
    repository.git("add", "-A")
    committed = repository.git("diff", "--cached", "--name-only").splitlines()
    assert all(re.fullmatch(r"fraud/scorer/\d+\.yaml", path) for path in committed)
    assert f"{len(committed):,} valid manifests" in cli("validate").err
    told = f"Import: {501 - len(committed):,} written, {len(committed):,} declared already\n"
    assert cli("import").out == told
    assert not (repository.folder / ".reconciler/unfinished").exists()
    assert "501 unchanged" in cli("plan").out


def test_an_import_into_one_file_an_artifact_goes_on_behind_the_files_that_were_finished(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    for version in range(4, 31):  # two of them are more than is read of one file
        registry.register(manifest(version=version, metadata={"notes": "x" * 50_000}))
    asked = ("import", "--layout", "{ml_repo}/{name}.yaml", "--ml-repo", "fraud")
    cli(*asked)
    first, second = (repository.folder / f"fraud/scorer{part}.yaml" for part in ("", ".2"))
    whole = first.read_bytes(), second.read_bytes()
    second.unlink()  # as where the run was killed between the two
    assert re.fullmatch(r"Import: \d+ written, \d+ declared already, 1 other ML repo\n", cli(*asked).out)
    assert (first.read_bytes(), second.read_bytes()) == whole
    registry.register(manifest(version=31))
    assert cli(*asked).out == "Import: 1 written, 30 declared already, 1 other ML repo\n"
    assert (repository.folder / "fraud/scorer.3.yaml").exists()
