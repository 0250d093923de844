"""`reconciler.toml` at work: which files are read by plans, bases and histories; and its schema."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from reconciler.manifest.settings import load_settings
from reconciler.source.snapshot import SourceFile
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import replaced
from tests.support.registry_server import RegistryServer

SETTINGS = 'paths = ["models"]\nexclude = ["**/drafts"]\n'


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path / "repository")
    places = ("models/1", "models/drafts/2", "examples/3", "models/deep/4")
    for version, place in enumerate(places, start=1):
        repository.write(f"{place}.yaml", replaced("version: 1", f"version: {version}"))
    repository.write("models/drafts/broken.yaml", "type: artifact-version\nname: [\n")
    repository.write("reconciler.toml", SETTINGS)
    repository.commit()
    return repository


@pytest.fixture
def cli(repository: GitRepository) -> Iterator[Cli]:
    with RegistryServer() as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield Cli(repository.folder, registry.url)


def planned(cli: Cli, *arguments: str) -> list[int]:
    return [change["version"] for change in cli("plan", "--format", "json", *arguments).document["changes"]]


def test_a_path_that_is_not_there_is_a_warning_where_it_counts(cli: Cli, repository: GitRepository) -> None:
    repository.write("reconciler.toml", 'paths = ["modles", "models/1.yaml"]\n')
    repository.commit()
    (warning,) = cli("plan", "--format", "json").document["diagnostics"]
    assert (warning["code"], warning["severity"]) == ("unused-path", "warning")
    assert "unused-path" in cli("validate").out
    assert "unused-path" not in cli("validate", "models/1.yaml").out
    repository.write("reconciler.toml", 'paths = ["modles"]\n')
    assert "check the paths, and what reconciler.toml says of them" in cli("validate", expect=1).err


@pytest.mark.parametrize(
    "way", ["subfolder", "linked folder", "path", "path through a link", "path from below"]
)
def test_the_settings_count_wherever_the_command_is_started(
    cli: Cli, repository: GitRepository, tmp_path: Path, way: str
) -> None:
    (tmp_path / "link").symlink_to(repository.folder, target_is_directory=True)
    folder, *paths = {
        "subfolder": (repository.folder / "models/deep",),
        "linked folder": (tmp_path / "link/models",),
        "path": (repository.folder, "models"),
        "path through a link": (tmp_path, "link/models"),
        "path from below": (repository.folder / "models/drafts", "../../models"),
    }[way]
    assert planned(Cli(Path(folder), cli.host), *map(str, paths)) == [1, 4]


def test_the_base_is_read_as_the_branch_is(cli: Cli, repository: GitRepository) -> None:
    repository.branch("next")
    repository.write("models/6.yaml", replaced("version: 1", "version: 6"))
    repository.write("examples/7.yaml", replaced("version: 1", "version: 7"))
    repository.commit()
    changes = cli("plan", "--base", "main", "--format", "json").document["changes"]
    assert [(each["version"], each["origin"]) for each in changes] == [
        (1, "pending"), (4, "pending"), (6, "branch"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('exclude = ["models/4.yaml"]', "+ models/4.yaml; 1 manifest of the base left out: fraud/scorer:4"),
        ('ignore = ["/metadata"]', "ignore is not what it is at the base: + /metadata"),
    ],
)
def test_a_branch_can_not_hide_a_change_behind_the_settings(
    cli: Cli, repository: GitRepository, text: str, told: str
) -> None:
    repository.write("reconciler.toml", "")
    repository.write("models/4.yaml", replaced("version: 1", "version: 4"))
    for name in ("models/deep/4.yaml", "models/drafts/broken.yaml", "models/drafts/2.yaml"):
        repository.remove(name)
    repository.commit()
    repository.branch("hostile")
    repository.write("reconciler.toml", f"{text}\n")
    repository.write("models/4.yaml", replaced("version: 1", "version: 4").replace("{}", "{owner: nobody}"))
    repository.commit()
    base = ("--base", "main")
    assert told in cli("plan", *base).err
    assert told in cli("plan", *base, "--format", "markdown").out
    (diagnostic,) = cli("plan", *base, "--format", "json").document["diagnostics"]
    assert (diagnostic["code"], diagnostic["file"]) == ("settings-changed", "reconciler.toml")
    assert told in diagnostic["message"]
    assert told in cli("validate", *base).out
    assert "settings-changed" not in cli("plan").err


def test_what_is_left_to_others_by_identity_is_no_change_there_and_one_elsewhere(
    cli: Cli, repository: GitRepository
) -> None:
    cli("apply", "--yes")
    for version, place in ((1, "models/1"), (4, "models/deep/4")):
        edited = replaced("version: 1", f"version: {version}").replace("{}", "{owner: risk, live: 1}")
        repository.write(f"{place}.yaml", edited)
    assert planned(cli) == [1, 4]
    repository.write("reconciler.toml", SETTINGS + '[ignore]\n"fraud/*:1" = ["/metadata"]\n')
    assert planned(cli) == planned(cli) == [4]
    repository.write("reconciler.toml", SETTINGS + '[ignore]\n"fraud/scorer" = ["/metadata"]\n')
    assert planned(cli) == []


def test_defaults_are_declared_under_every_manifest_and_reported(cli: Cli, repository: GitRepository) -> None:
    cli("apply", "--yes")
    repository.write(
        "models/4.yaml", replaced("version: 1", "version: 4").replace("{}", "{team: own, a: null}")
    )
    repository.remove("models/deep/4.yaml")
    defaults = '[defaults]\ndescription = "Ours."\n[defaults.metadata]\nteam = "risk"\na = [1]\n'
    repository.write("reconciler.toml", SETTINGS + defaults)
    for plan in (cli("plan", "--format", "json").document for _ in range(2)):  # then it is remembered
        found = {change["version"]: change["after"]["metadata"] for change in plan["changes"]}
        kept = {".truefoundry": {"artifact_size": 0}}
        assert found == {1: {"team": "risk", "a": [1], **kept}, 4: {"team": "own", **kept}}
        assert {change["after"]["description"] for change in plan["changes"]} == {"Ours."}
        assert plan["source"]["defaults"] == ["/description", "/metadata/a", "/metadata/team"]
    told = "/description, /metadata/a, /metadata/team"
    assert f"Defaults, from reconciler.toml: {told}\n" in cli("plan").out
    assert "Defaults, from `reconciler.toml`: `/description`, " in cli("plan", "--format", "markdown").out
    assert "<dt>Defaults</dt>" in cli("plan", "--format", "html").out
    repository.commit()
    assert "2 updated" in cli("apply", "--yes", "--allow-mass-change").out
    assert planned(cli) == []
    repository.branch("hostile")
    repository.write("reconciler.toml", SETTINGS + defaults.replace("risk", "nobody"))
    repository.commit()
    changes = cli("plan", "--base", "main", "--format", "json").document["changes"]
    assert [(change["version"], change["origin"]) for change in changes] == [(1, "branch")]
    said = "defaults is not what it is at the base: "
    for form in (("--format", "markdown"), ("--format", "json")):
        assert said in cli("plan", "--base", "main", *form).out
    assert said in cli("plan", "--base", "main").err


FILES = {
    SETTINGS: True,
    "": True,
    'ignore = ["/description", "/metadata/a~1b"]\nexpect_host = "https://example.com"': True,
    'ignore = "/description"': True,
    'exclude = ["a*b?c", "x/**/y/"]\npaths = []': True,
    'pahts = ["models"]': False,
    'paths = "models"': False,
    'paths = ["models/*"]': False,
    'paths = ["../models"]': False,
    'exclude = ["/a"]': False,
    'exclude = ["a//b"]': False,
    'exclude = ["*a*a*a*a*a*a*a*a*a"]': False,
    "exclude = [1]": False,
    'ignore = ["/version"]': False,
    '[ignore]\n"fraud/*" = ["/description"]\n"*/scorer:4" = ["/metadata/owner"]': True,
    '[ignore]\n"fraud" = ["/description"]': False,
    '[ignore]\n"fraud/*" = "/description"': False,
    '[ignore]\n"fraud/*" = ["/version"]': False,
    '[ignore]\n"fraud/*" = [1]': False,
    'ignore = ["description"]': False,
    "expect_host = 1": False,
    'expect_host = ""': False,
    'expect_host = "example.com"': False,
    'expect_host = "https://example.com/api"': False,
    'expect_host = "https://me:secret@example.com"': False,
    'expect_host = "HTTPS://Example.com:443/"': True,
    'expect_host = "http://[::1]:8080"': True,
    "[guard]\npercent = 30\nat_least = 1": True,
    "[guard]": True,
    "guard = 10": False,
    "[guard]\npercent = 31": False,
    "[guard]\npercent = 0": False,
    "[guard]\npercent = true": False,
    "[guard]\nat_least = 11": False,
    "[guard]\nshare = 1": False,
    '[defaults]\ndescription = "x"\n[defaults.metadata]\nteam = {name = "risk", size = 3}': True,
    "[defaults]\nmetadata = 1": False,
    "[defaults]\nversion = 1": False,
    "[defaults]\ndescription = 1": False,
}


@pytest.mark.parametrize(("text", "is_valid"), FILES.items(), ids=FILES)
def test_the_schema_and_the_reader_agree(text: str, is_valid: bool, schema: dict[str, Any]) -> None:  # noqa: FBT001  a case
    _, problems = load_settings(SourceFile("reconciler.toml", text.encode()))
    assert (not problems) is is_valid
    assert Draft202012Validator(schema).is_valid(tomllib.loads(text)) is is_valid


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = Cli(tmp_path_factory.mktemp("nothing"))("schema", "settings").document
    Draft202012Validator.check_schema(found)
    return found
