"""The manifest of the next version: which one it is, what it says, and what two that take one number meet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.builders import external, manifest
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer

SCHEMA = "# yaml-language-server: $schema=../../.reconciler/artifact-version.schema.json\n"
URI = ("--uri", "s3://example-models/fraud/scorer/1")


@pytest.fixture
def cli(repository: GitRepository) -> Cli:
    """Without a control plane."""
    return Cli(repository.folder)


@pytest.fixture(scope="module")
def registered() -> Iterator[str]:
    """A registry that has versions 2 and 3 of fraud/scorer, which no test changes; its address."""
    with RegistryServer() as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        for version, alias in ((2, None), (3, "v-prod")):
            fields = {"version": version, "version_alias": alias, "description": f"Fit {version}."}
            registry.register(manifest(**fields))
        yield registry.url
        assert registry.writes == []


@pytest.fixture
def asking(repository: GitRepository, registered: str) -> Cli:
    """With that control plane."""
    return Cli(repository.folder, registered)


def declare(repository: GitRepository, version: int | None, text: str = "") -> None:
    number = "" if version is None else f"version: {version}\n"
    repository.write(
        f"{version}.yaml",
        f"type: artifact-version\nml_repo: fraud\nname: scorer\n{number}"
        f"source: {{type: external, uri: s3://models/scorer/{version}}}\n{text or 'metadata: {}'}\n",
    )


def read(repository: GitRepository, version: int, into: str = ".") -> Any:
    return yaml.safe_load((repository.folder / into / f"fraud/scorer/{version}.yaml").read_text())


# The first one


def test_the_first_manifest_explains_itself_and_is_valid(cli: Cli, repository: GitRepository) -> None:
    made = cli("new", "fraud/scorer", *URI)
    assert made.out == "fraud/scorer/1.yaml\n"
    assert "the first version of this artifact: read it, commit it, and have it reviewed\n" in made.err
    assert "no control plane was asked" in made.err
    text = (repository.folder / "fraud/scorer/1.yaml").read_text()
    assert text.startswith(SCHEMA)
    document = yaml.safe_load(text)
    assert document == manifest(source=external(URI[1]))
    above = dict(zip(text.splitlines()[1:], text.splitlines(), strict=False))
    for field in ("ml_repo: fraud", "version: 1", "source:", "metadata: {}"):
        assert above[field].startswith("# "), field
    shown = text.replace("# version_alias:", "version_alias:").replace("# description:", "description:")
    assert yaml.safe_load(shown).keys() - document.keys() == {"version_alias", "description"}
    schema = repository.folder / ".reconciler/artifact-version.schema.json"
    assert schema.read_text() == cli("schema").out
    assert cli("validate").err == "1 valid manifest in 1 file\n"


def test_a_first_manifest_needs_to_know_where_the_contents_are(cli: Cli, repository: GitRepository) -> None:
    refused = cli("new", "fraud/scorer", expect=1)
    assert refused.err == (
        "error: nothing of fraud/scorer is there to copy, and a first manifest has to say where the contents"
        " are\n"
        "  give their address, e.g. --uri s3://example-models/fraud/scorer/1\n"
    )
    assert not (repository.folder / "fraud").exists()
    cli("new", "fraud/scorer", *URI, "--alias", "v-prod")
    assert read(repository, 1)["version_alias"] == "v-prod"


def test_a_first_manifest_is_written_where_the_control_plane_has_its_ml_repo(asking: Cli) -> None:
    refused = asking("new", "froud/other", *URI, expect=1)
    assert "ML repo froud does not exist on http" in refused.err
    assert "--offline" in refused.err
    made = asking("new", "fraud/other", *URI)
    assert made.out == "fraud/other/1.yaml\n"
    assert "no control plane was asked" not in made.err
    assert asking("new", "froud/other", *URI, "--offline").out == "froud/other/1.yaml\n"
    assert "no control plane was asked" in asking("new", "fraud/other", "--offline").err


# The next one


@pytest.mark.parametrize(("declared", "copied", "made"), [(1, 3, 4), (3, 3, 4), (7, 7, 8)])
def test_the_next_version_is_above_all_and_copied_from_the_newest(
    asking: Cli, repository: GitRepository, declared: int, copied: int, made: int
) -> None:
    declare(repository, declared, "description: Declared.\nversion_alias: v-next\nmetadata: {}")
    ended = asking("new", "fraud/scorer")
    assert ended.out == f"fraud/scorer/{made}.yaml\n"
    assert f"copied from fraud/scorer:{copied}: read it" in ended.err
    document = read(repository, made)
    assert document["description"] == ("Declared." if copied == declared else "Fit 3.")
    assert document["version"] == made
    assert "version_alias" not in document
    assert (
        f"# Copied from fraud/scorer:{copied}: say what is new, source.uri above all.\n"
        in (repository.folder / f"fraud/scorer/{made}.yaml").read_text()
    )
    asking("validate")
    assert asking("new", "fraud/scorer").out == f"fraud/scorer/{made + 1}.yaml\n"


def test_a_version_that_is_declared_and_registered_is_copied_from_its_manifest(
    asking: Cli, repository: GitRepository
) -> None:
    declare(repository, 2, "metadata: {from: git}")
    asking("new", "fraud/scorer", "--from", "2", "--into", "models")
    assert read(repository, 4, "models")["metadata"] == {"from": "git"}
    asking("new", "fraud/scorer", "--from", "3", "--into", "models")
    assert read(repository, 5, "models")["description"] == "Fit 3."


def test_a_copy_says_what_the_manifest_says_and_no_more(cli: Cli, repository: GitRepository) -> None:
    repository.write(
        "reconciler.toml", '[defaults]\ndescription = "By default."\n[defaults.metadata]\nteam = "a"\n'
    )
    said = {
        "step": 0,
        "run_id": "0123",
        "description": None,
        "metadata": {"code": "010", "on": "no", "day": "2026-01-02", "n": 1.0, "s": "1:30", "t": "a: b\n"},
    }
    declare(repository, 4, yaml.safe_dump(said))
    cli("new", "fraud/scorer", "--uri", "s3://models/scorer/new", "--alias", "v-new")
    assert read(repository, 5) == {
        **manifest(version=5, version_alias="v-new", source=external("s3://models/scorer/new")), **said,
    }  # fmt: skip
    assert "say what is new, run_id above all" in (repository.folder / "fraud/scorer/5.yaml").read_text()


def test_of_a_file_with_several_documents_the_right_one_is_copied(
    cli: Cli, repository: GitRepository
) -> None:
    texts = []
    for version in (3, 1, 2):
        declare(repository, version, f"description: Fit {version}.\nmetadata: {{}}")
        texts.append((repository.folder / f"{version}.yaml").read_text())
        repository.remove(f"{version}.yaml")
    repository.write("all.yaml", "type: service\n---\n" + "---\n".join(texts))
    cli("new", "fraud/scorer")
    assert read(repository, 4)["description"] == "Fit 3."
    cli("new", "fraud/scorer", "--from", "1")
    assert read(repository, 5)["description"] == "Fit 1."


# What is refused


def test_an_unknown_version_to_copy_is_reported_with_those_that_there_are(
    cli: Cli, asking: Cli, repository: GitRepository
) -> None:
    assert cli("new", "fraud/scorer", "--from", "9", *URI, expect=1).err == (
        "error: fraud/scorer:9 is not declared, and no control plane was asked\n  versions: none\n"
    )
    for version in range(4, 10):
        declare(repository, version)
    assert asking("new", "fraud/scorer", "--from", "1", expect=1).err == (
        "error: fraud/scorer:1 is neither declared nor registered\n  the last ones are 5, 6, 7, 8, 9\n"
    )


def test_no_number_is_made_up_where_manifests_give_none(cli: Cli, repository: GitRepository) -> None:
    declare(repository, None)
    refused = cli("new", "fraud/scorer", *URI, expect=1)
    assert "no manifest of fraud/scorer gives its version" in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scorer",), "give it as ML_REPO/NAME"),
        (("f/scorer",), "ml_repo must be 3 to 100 letters"),
        (("fraud/sco.rer",), "name may hold only letters"),
        (("fraud/" + "x" * 257,), "name is longer than 256"),
        (("fraud/scorer", "--alias", "prod"), "version_alias must be v, then"),
        (("fraud/scorer", "--uri", "s3://a\u200bb"), "source.uri holds U+200B"),
        (("fraud/scorer", "--uri", "s3://a:correcthorse@example.com/b"), "uri looks like a credential"),
        (("fraud/scorer", "--from", "0"), "0 is not in the range"),
    ],
)
def test_what_no_manifest_may_say_is_a_usage_error(
    cli: Cli, repository: GitRepository, arguments: tuple[str, ...], said: str
) -> None:
    ended = cli("new", *arguments, expect=64)
    assert said in ended.err
    assert "correcthorse" not in ended.err
    assert list(repository.folder.iterdir()) == [repository.folder / ".git"]


def test_a_file_in_the_way_stays_as_it_is(cli: Cli, repository: GitRepository) -> None:
    repository.write("models/fraud/scorer/1.yaml", "type: service\n")
    refused = cli("new", "fraud/scorer", *URI, "--into", "models", expect=1)
    assert "there is a file models/fraud/scorer/1.yaml already" in refused.err
    assert (repository.folder / "models/fraud/scorer/1.yaml").read_text() == "type: service\n"
    assert sorted(path.name for path in repository.folder.iterdir()) == [".git", "models"]


def test_what_would_collide_with_another_manifest_is_not_written(cli: Cli, repository: GitRepository) -> None:
    declare(repository, 4, "version_alias: v-prod\nmetadata: {}")
    refused = cli("new", "fraud/scorer", "--alias", "v-prod", expect=1)
    assert "fraud/scorer:5 is not written: alias v-prod of fraud/scorer is declared twice" in refused.err
    assert "also at 4.yaml:1:1" in refused.err
    assert "differ in the case" in cli("new", "fraud/Scorer", *URI, expect=1).err
    assert not (repository.folder / "fraud").exists()


def test_what_can_not_be_copied_is_reported(cli: Cli, repository: GitRepository) -> None:
    declare(repository, 4, 'metadata: {password: "correct horse battery"}')
    refused = cli("new", "fraud/scorer", expect=1)
    assert "fraud/scorer:4 can not be copied: metadata.password looks like a credential" in refused.err
    assert "correct horse" not in refused.err
    declare(repository, 2**31 - 1)
    assert "version must be 2147483647 or less" in cli("new", "fraud/scorer", expect=1).err


def test_manifests_with_errors_and_folders_without_a_repository_are_reported(
    cli: Cli, repository: GitRepository, tmp_path: Path
) -> None:
    repository.write("broken.yaml", "type: artifact-version\nname: [\n")
    refused = cli("new", "fraud/scorer", *URI, expect=1)
    assert "broken.yaml:3" in refused.err
    outside = Cli(tmp_path)("new", "fraud/scorer", *URI, expect=1)
    assert "is not in a git repository\n  run inside a clone, or git init one" in outside.err


def test_what_says_half_of_a_control_plane_is_no_offline(
    repository: GitRepository, registered: str, tmp_path: Path
) -> None:
    asking_nobody = Cli(repository.folder, env={"TFY_API_KEY": "x"})
    assert "TFY_API_KEY is set, but no host is" in asking_nobody("new", "fraud/scorer", *URI, expect=1).err
    saved = tmp_path / "home/.truefoundry/credentials.json"
    saved.parent.mkdir(parents=True)
    saved.write_text(json.dumps({"host": registered, "access_token": "x"}))
    home = Cli(repository.folder, home=tmp_path / "home")
    assert home("new", "fraud/scorer").out == "fraud/scorer/4.yaml\n"
    assert home("new", "fraud/other", *URI, "--offline").out == "fraud/other/1.yaml\n"


# Two pull requests that take one number


@pytest.fixture
def merged(repository: GitRepository, registry: RegistryServer) -> Cli:
    """On branch `second`, which took the number that `first` took, which is merged and applied."""
    cli = Cli(repository.folder, registry.url)
    cli("new", "fraud/scorer", "--uri", "s3://models/scorer/1")
    repository.commit("Declare the first version")
    cli("apply", "--yes")
    for branch in ("first", "second"):
        repository.git("switch", "--quiet", "--create", branch, "main")
        into = ("--into", "models") if branch == "second" else ()
        cli("new", "fraud/scorer", "--uri", f"s3://models/scorer/{branch}", *into)
        repository.commit(f"Declare what {branch} made")
    repository.switch("main")
    repository.git("merge", "--quiet", "first")
    cli("apply", "--yes")
    repository.switch("second")
    return cli


def test_two_that_take_one_number_in_one_file_conflict_in_git(merged: Cli, repository: GitRepository) -> None:
    repository.git("mv", "models/fraud/scorer/2.yaml", "fraud/scorer/2.yaml")
    repository.commit("Keep it where the others are")
    with pytest.raises(AssertionError, match="ended with 1"):
        repository.git("merge", "--quiet", "main")
    assert "AA fraud/scorer/2.yaml" in repository.git("status", "--porcelain")
    assert "fraud/scorer/2.yaml:" in merged("validate", expect=1).err + merged("validate", expect=1).out
    # Whoever settles it for the second one meets what is registered.
    repository.git("checkout", "--quiet", "--ours", "fraud/scorer/2.yaml")
    repository.commit("Take ours")
    planned = merged("plan", "--base", "main", expect=4)
    assert "conflict" in planned.out
    assert "fraud/scorer:2" in planned.out
    assert "declare it as a new version: 3 is free" in planned.out
    assert "1 to create" not in planned.out
    edited = merged("validate", "--base", "main", expect=1)
    assert "edited-contents" in edited.out


def test_two_that_take_one_number_in_two_files_are_declared_twice(
    merged: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.git("merge", "--quiet", "--no-edit", "main")
    registry.forget()
    planned = merged("plan", "--base", "main", expect=1)
    assert "fraud/scorer:2 is declared twice" in planned.err
    assert "models/fraud/scorer/2.yaml:3:1" in planned.err
    assert "also at fraud/scorer/2.yaml:3:1" in planned.err
    assert merged("apply", "--yes", expect=1).code == 1
    assert registry.writes == []
    # The way out is the command itself, run again on the merged state.
    repository.remove("models/fraud/scorer/2.yaml")
    again = merged("new", "fraud/scorer", "--uri", "s3://models/scorer/second")
    assert again.out == "fraud/scorer/3.yaml\n"
    repository.commit("Take the next number")
    assert "1 to create" in merged("plan", "--base", "main").out
