"""What is no longer declared: told by a plan, deleted by --prune, left alone where git can not tell."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.model import PARKING_ALIAS
from reconciler.registry import Behaviour, Store
from reconciler.registry.storage.queries import VersionQuery
from reconciler.wire.models import VersionManifest
from tests.bench import corpus
from tests.support.cli import Cli, served_registry
from tests.support.git_repository import GitRepository
from tests.support.manifests import hard_fields, replaced, several
from tests.support.registry_server import RegistryServer
from tests.support.scale import runs

VERSIONS = runs(800, 4_000, 4_000)


@pytest.fixture(scope="module")
def declaring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that every test begins with."""
    repository = GitRepository(tmp_path_factory.mktemp("prune") / "repository")
    for version in range(1, 9):
        repository.write(f"scorer/{version}.yaml", declared(version))
    repository.commit("declare")
    return repository.folder


@pytest.fixture
def repository(tmp_path: Path, declaring: Path) -> GitRepository:
    return GitRepository(shutil.copytree(declaring, tmp_path / "repository"))


@pytest.fixture
def cli(repository: GitRepository, registry: RegistryServer) -> Cli:
    """For a registry that has what the repository begins with."""
    registry.register(*map(document, range(1, 9)))
    return Cli(repository.folder, registry.url)


def declared(version: int, name: str = "scorer") -> str:
    return replaced("version: 1", f"version: {version}").replace("name: scorer", f"name: {name}")


def document(version: int, name: str = "scorer") -> dict[str, Any]:
    """The same as `declared`, as it is registered."""
    return dict(yaml.safe_load(declared(version, name)))


def orphans(cli: Cli, *arguments: str) -> list[str]:
    found = cli("plan", "--format", "json", *arguments).document["orphans"]["found"]
    return [f"{orphan['ml_repo']}/{orphan['name']}:{orphan['version']}" for orphan in found]


def numbers(registry: RegistryServer) -> list[int]:
    return sorted(
        row.manifest["version"] for row in registry.store.list_versions(VersionQuery(limit=1000)).rows
    )


def test_what_is_moved_split_renamed_or_brought_back_is_no_orphan(
    cli: Cli, repository: GitRepository
) -> None:
    repository.git("mv", "scorer/1.yaml", "one.yml")
    repository.git("rm", "--quiet", "scorer/2.yaml", "scorer/3.yaml", "scorer/4.yaml")
    repository.write("more/both.yaml", several([declared(2), declared(3)]))
    repository.commit("move and merge, and drop 4")
    assert orphans(cli) == ["fraud/scorer:4"]
    repository.git("revert", "--no-edit", "HEAD")
    assert orphans(cli) == []


def test_versions_that_git_never_declared_are_nobodys(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    other = GitRepository(repository.folder.parent / "other")
    other.write("a.yaml", several([declared(20), declared(1, "ranker")]))
    other.commit()
    Cli(other.folder, registry.url)("apply", "--yes")
    assert orphans(cli) == []
    assert "Nothing to do" in cli("apply", "--yes", "--prune").out
    assert "2 registered versions not declared" in cli("plan").out


def test_the_last_manifest_of_an_artifact_may_be_pruned_too(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.write("ranker.yaml", declared(1, "ranker"))
    repository.commit()
    cli("apply", "--yes")
    repository.remove("ranker.yaml")
    repository.commit()
    assert "1 deleted" in cli("apply", "--yes", "--prune").out
    assert numbers(registry) == list(range(1, 9))


def test_what_has_no_manifest_left_is_found_also_where_it_is_not_listed(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    gone = replaced("ml_repo: fraud", "ml_repo: gone", declared(1))
    repository.write("ranker.yaml", several([declared(1, "ranker"), gone]))
    repository.commit()
    registry.store.put_ml_repo({"type": "ml-repo", "name": "gone"})
    cli("apply", "--yes")
    theirs = document(1, "theirs")
    for version in range(1, 301):  # more pages than artifacts, which are asked for by name then
        registry.register({**theirs, "version": version})
    repository.remove("ranker.yaml")
    repository.commit()
    assert orphans(cli) == ["fraud/ranker:1", "gone/scorer:1"]


def test_history_that_is_hidden_is_not_known_and_what_is_replaced_counts_as_it_was(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.remove("scorer/3.yaml")
    commit = repository.commit()
    repository.git("replace", "--graft", commit)
    assert repository.git("log", "--format=%H") == commit
    assert orphans(cli) == ["fraud/scorer:3"]
    repository.git("replace", "--delete", commit)
    repository.write(".git/info/grafts", f"{commit}\n")
    assert repository.git("log", "--format=%H") == commit
    assert "Orphans: not known, this clone is grafted, without the whole history" in cli("plan").out
    assert "remove the file info/grafts" in cli("apply", "--yes", "--prune", expect=1).err
    assert registry.writes == []


def test_what_a_merged_branch_declared_and_took_out_again_stays_somebody_elses(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    registry.register(document(1, "theirs"))
    repository.branch("side")
    repository.write("theirs.yaml", declared(1, "theirs"))
    repository.commit("declare what is not ours")
    repository.remove("theirs.yaml")
    repository.commit("and look as if nothing were")
    repository.switch("main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    assert orphans(cli) == []
    assert "Nothing to do" in cli("apply", "--yes", "--prune").out
    assert registry.writes == []


def theirs_in_a_branch(repository: GitRepository, registry: RegistryServer, uri: str = "") -> None:
    """A branch that declares what somebody else has registered, and takes it out again."""
    theirs = document(1, "theirs")
    registry.register(theirs)
    repository.branch("side")
    theirs["source"]["uri"] = uri or theirs["source"]["uri"]
    repository.write("theirs.yaml", yaml.safe_dump(theirs))
    repository.commit("declare what is not ours")
    repository.remove("theirs.yaml")
    repository.write("scorer/1.yaml", declared(1) + "description: new\n")
    repository.commit("and look as if nothing were")
    repository.switch("main")


def test_a_branch_that_is_squashed_owns_what_it_leaves_and_no_more(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    theirs_in_a_branch(repository, registry)
    repository.git("merge", "--quiet", "--squash", "side")
    repository.remove("scorer/3.yaml")
    commit = repository.commit("squashed")
    (orphan,) = cli("plan", "--format", "json").document["orphans"]["found"]
    assert (orphan["name"], orphan["version"], orphan["commit"]) == ("scorer", 3, commit)


@pytest.mark.parametrize(("uri", "found"), [("", ["fraud/theirs:1"]), ("s3://guessed", [])])
def test_a_branch_that_is_rebased_owns_what_any_of_its_commits_declared_with_its_contents(
    cli: Cli, repository: GitRepository, registry: RegistryServer, uri: str, found: list[str]
) -> None:
    theirs_in_a_branch(repository, registry, uri)
    repository.git("merge", "--quiet", "--ff-only", "side")
    assert orphans(cli) == found


def test_a_line_that_was_rewritten_owns_only_what_it_declared_itself(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.git("checkout", "--quiet", "--orphan", "rewritten")
    repository.remove("scorer/3.yaml")
    repository.commit("as if 3 had never been")
    assert orphans(cli) == []
    assert "Nothing to do" in cli("apply", "--yes", "--prune").out
    assert registry.writes == []


def test_a_repository_without_any_manifest_deletes_nothing_and_says_what_to_do(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.git("rm", "--quiet", "-r", ".")
    repository.commit("remove everything")
    for command in (("plan", "--prune"), ("apply", "--yes", "--prune", "--allow-mass-change")):
        refused = cli(*command, expect=1)
        assert "no artifact version in" in refused.err
        assert "where all else is to go, keep one" in refused.err
    assert registry.writes == []


def test_the_whole_cycle_against_a_registry_in_process(repository: GitRepository, tmp_path: Path) -> None:
    database = tmp_path / "registry.db"
    cli = Cli(repository.folder, f"sqlite:///{database}")
    cli("registry", "create", "--db", str(database), "fraud")
    assert "8 created" in cli("apply", "--yes").out
    repository.remove("scorer/3.yaml")
    repository.commit()
    assert orphans(cli) == ["fraud/scorer:3"]
    assert "1 deleted" in cli("apply", "--yes", "--prune").out
    assert orphans(cli) == []
    assert "Nothing to do" in cli("apply", "--yes", "--prune").out
    with Store(database) as store:
        left = sorted(row.manifest["version"] for row in store.list_versions(VersionQuery(limit=100)).rows)
    assert left == [1, 2, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("is_merged", [False, True])
def test_what_a_branch_declares_in_passing_is_warned_of_and_of_the_branch(
    cli: Cli, repository: GitRepository, registry: RegistryServer, *, is_merged: bool
) -> None:
    registry.register(document(1, "theirs"))
    repository.remove("scorer/3.yaml")
    repository.commit("which the base has done")
    repository.branch("next")
    for data in (several([declared(1, "theirs"), declared(3)]), declared(9)):
        repository.write("more.yaml", data)
        repository.commit()
    if is_merged:  # as a pull request is checked out
        repository.git("switch", "--quiet", "--detach", "main")
        repository.git("merge", "--quiet", "--no-ff", "--no-edit", "next")
    planned = cli("plan", "--prune", "--base", "main", "--format", "json")
    (warning,) = planned.document["diagnostics"]
    assert (warning["code"], warning["severity"]) == ("declared-in-passing", "warning")
    assert "within this branch: fraud/theirs:1" in warning["message"]
    assert "by a rebase the base comes to own it" in planned.err
    origins = {each["name"]: each["origin"] for each in planned.document["changes"] if each["version"] != 9}
    assert origins == {"scorer": "pending"} if is_merged else {"scorer": "pending", "theirs": "branch"}
    assert "### Warnings" in cli("plan", "--base", "main", "--format", "markdown").out


def test_what_only_settings_in_passing_had_declared_is_warned_of_too(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    registry.register(document(1, "theirs"), document(1, "others"))
    repository.write("drafts/theirs.yaml", declared(1, "theirs"))
    repository.write("reconciler.toml", 'exclude = ["drafts"]\n')
    repository.commit()
    repository.branch("next")
    repository.write("drafts/others.yaml", declared(1, "others"))
    repository.write("reconciler.toml", "exclude = []\n")
    repository.commit()
    repository.remove("drafts/others.yaml")
    repository.write("reconciler.toml", 'exclude = ["drafts"]\n')
    repository.commit()
    (warning,) = cli("plan", "--base", "main", "--format", "json").document["diagnostics"]
    assert "within this branch: fraud/others:1, fraud/theirs:1" in warning["message"]
    repository.switch("main")
    repository.git("merge", "--quiet", "--ff-only", "next")  # as by a rebase: so the warning is right
    assert orphans(cli) == ["fraud/others:1", "fraud/theirs:1"]


def test_what_settings_keep_is_no_orphan(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    for version in (2, 3):
        repository.remove(f"scorer/{version}.yaml")
    repository.write("reconciler.toml", 'keep = ["fraud/*:3", "search/*"]\n')
    repository.commit()
    assert orphans(cli) == ["fraud/scorer:2"]
    assert "1 registered version not declared" in cli("plan").out
    assert "1 deleted" in cli("apply", "--yes", "--prune").out
    assert numbers(registry) == [1, 3, 4, 5, 6, 7, 8]


def test_what_settings_keep_or_a_selection_leaves_out_by_its_alias_is_not_deleted(
    used: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    left_out = ("--prune-used", "--select", "fraud/*", "--select", "!*@v-prod", "--allow-mass-change")
    assert "1 orphan not selected" in used("plan", *left_out).out
    assert [
        change["version"] for change in used("plan", *left_out, "--format", "json").document["changes"]
    ] == [4]
    repository.write("reconciler.toml", 'keep = ["*@v-prod"]\n')
    repository.commit()
    used("apply", "--yes", "--prune-used")
    assert numbers(registry) == [1, 2, 3, 5, 6, 7, 8]


def test_settings_can_forbid_to_prune_and_a_branch_that_lifts_it_is_reported(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.remove("scorer/3.yaml")
    repository.write("reconciler.toml", 'prune = "never"\n')
    repository.commit()
    registry.forget()
    refused = cli("apply", "--yes", "--prune", expect=1)
    assert refused.err.startswith('error: nothing may be deleted: reconciler.toml says prune = "never"\n')
    assert registry.requests == []
    assert 'Orphans: not known, reconciler.toml says prune = "never"\n' in cli("plan").out
    repository.branch("next")
    repository.write("reconciler.toml", 'keep = ["other/*"]\n')
    repository.commit()
    told = [
        each["message"] for each in cli("plan", "--base", "main", "--format", "json").document["diagnostics"]
    ]
    assert told == [
        "keep is not what it is at the base: + other/*",
        "prune is not what it is at the base: + report, - never",
    ]


def test_of_a_further_branch_that_is_ours_is_left_what_it_no_longer_declares(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.branch("release")
    for version in (20, 21):
        repository.write(f"{version}.yaml", declared(version))
    repository.commit()
    cli("apply", "--yes")
    repository.remove("20.yaml")
    commit = repository.commit()
    repository.switch("main")
    registry.forget()
    assert orphans(cli) == []
    assert orphans(cli, "--owned-by", "release") == ["fraud/scorer:20"]
    assert f"removed in {commit[:10]}" in cli("plan", "--owned-by", "main", "--owned-by", "release").out
    assert "Nothing to do" in cli("apply", "--yes", "--prune").out
    assert registry.writes == []
    assert "1 deleted" in cli("apply", "--yes", "--prune", "--owned-by", "release").out
    assert numbers(registry) == [*range(1, 9), 21]


@pytest.mark.parametrize(
    ("path", "text"),
    [("20.yaml", f"{declared(20)}---\ntype: [\n"), ("reconciler.toml", "exclude = 1\n")],
    ids=["manifests", "settings"],
)
def test_where_a_further_branch_can_not_be_read_nothing_that_it_may_declare_is_deleted(
    cli: Cli, repository: GitRepository, registry: RegistryServer, path: str, text: str
) -> None:
    repository.branch("release")
    repository.write("20.yaml", declared(20))
    repository.commit()
    cli("apply", "--yes")
    repository.write(path, text)
    commit = repository.commit()
    repository.switch("main")
    registry.forget()
    told = cli("plan", "--owned-by", "release").out
    assert f"Orphans: not known, {path}:" in told
    assert f"of {commit[:10]}, which is ours too, can not be read" in " ".join(told.split())
    assert path in cli("apply", "--yes", "--prune", "--owned-by", "release", expect=1).err
    assert registry.writes == []


def test_a_further_branch_that_there_is_not_is_refused_before_anything_is_asked(
    cli: Cli, registry: RegistryServer
) -> None:
    for command in (("plan",), ("apply", "--yes")):
        refused = cli(*command, "--owned-by", "relaese", expect=1)
        assert refused.err == "error: no commit named relaese\n  fetch it first, or check the name\n"
    assert registry.requests == []


def test_what_the_settings_of_its_time_left_out_was_never_declared(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    registry.register(document(1, "theirs"))
    repository.write("examples/theirs.yaml", declared(1, "theirs"))
    repository.write("reconciler.toml", 'exclude = ["examples"]\n')
    repository.commit("show how a manifest looks")
    repository.remove("examples/theirs.yaml")
    repository.remove("reconciler.toml")
    repository.commit("show it no longer")
    assert orphans(cli) == []
    assert "Nothing to do" in cli("apply", "--yes", "--prune").out
    assert registry.writes == []


def test_what_settings_come_to_leave_out_is_no_longer_declared(cli: Cli, repository: GitRepository) -> None:
    repository.write("reconciler.toml", 'exclude = ["scorer/3.yaml"]\n')
    commit = repository.commit("leave 3 out")
    repository.write("scorer/3.yaml", declared(30))
    repository.commit("which nobody sees")
    assert orphans(cli) == ["fraud/scorer:3"]
    assert f"removed in {commit[:10]} by Tester" in cli("plan").out


def test_a_deletion_is_of_the_branch_that_removed_the_manifest(cli: Cli, repository: GitRepository) -> None:
    repository.remove("scorer/3.yaml")
    repository.commit()
    repository.branch("next")
    repository.remove("scorer/4.yaml")
    commit = repository.commit()
    earlier, own = cli("plan", "--prune", "--base", "main", "--format", "json").document["changes"]
    assert (earlier["version"], earlier["origin"]) == (3, "pending")
    assert (own["version"], own["origin"], own["commit"]) == (4, "branch", commit)
    left = cli("plan", "--base", "main", "--format", "json").document["orphans"]["found"]
    assert [(each["version"], each["origin"]) for each in left] == [(3, "pending"), (4, "branch")]
    alone = cli("plan", "--format", "json").document["orphans"]["found"]
    assert [each["origin"] for each in alone] == [None, None]


def test_an_orphan_is_deleted_by_its_name_and_no_other(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.remove("scorer/3.yaml")
    repository.remove("scorer/4.yaml")
    repository.commit()
    assert orphans(cli, "--select", "fraud/scorer:3") == ["fraud/scorer:3"]
    target = cli("plan", "--select", "fraud/scorer:3", "--format", "json").document["control_plane"]
    assert target == cli("plan", "--format", "json").document["control_plane"]
    deleted = cli("apply", "--yes", "--prune", "--allow-mass-change", "--select", "fraud/scorer:3").out
    assert "deleted   fraud/scorer:3" in deleted
    assert numbers(registry) == [1, 2, 4, 5, 6, 7, 8]
    told = "nothing that is declared is selected"
    assert told in cli("plan", "--select", "fraud/scorer:3", expect=1).err
    assert told in cli("plan", "--prune", "--select", "fraud/scorer:99", expect=1).err


def test_a_plan_counts_the_orphans_that_are_not_selected(
    cli: Cli, repository: GitRepository, tmp_path: Path
) -> None:
    for version in (2, 3, 4):
        repository.remove(f"scorer/{version}.yaml")
    repository.commit()
    selected = ("--select", "fraud/*", "--select", "!*:2", "--select", "!*:3")
    assert "2 orphans not selected" in cli("plan", *selected).out
    assert "2 orphans not selected" in cli("plan", *selected, "--format", "markdown").out
    assert "2 orphans not selected" in cli("plan", *selected, "--format", "html").out
    plans = [str(tmp_path / f"{number}.json") for number in (1, 2)]
    for number, file in enumerate(plans, start=1):
        cli("plan", *selected, "--shard", f"{number}/2", "--out", file)
    whole = cli("plan", *selected, "--format", "json").document
    merged = cli("show", *plans, "--format", "json").document
    assert merged["scope"]["orphans_not_selected"] == whole["scope"]["orphans_not_selected"] == 2
    assert merged["counts"] == whole["counts"]
    assert whole["counts"]["undeclared"] == 0


def test_no_ml_repo_is_asked_of_which_nothing_is_selected(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.write("elsewhere.yaml", declared(1).replace("ml_repo: fraud", "ml_repo: elsewhere"))
    repository.commit()
    repository.remove("elsewhere.yaml")
    repository.remove("scorer/3.yaml")
    repository.commit()
    registry.forget()
    assert "1 to delete" in cli("plan", "--prune", "--select", "fraud/*:3", "--allow-mass-change").out
    assert not [request for request in registry.requests if "elsewhere" in str(request)]


def test_orphans_that_were_not_to_be_there_fail_the_plan_which_names_them(
    cli: Cli, repository: GitRepository, tmp_path: Path
) -> None:
    cli("plan", "--expect-no-orphans")
    repository.remove("scorer/3.yaml")
    repository.commit()
    told = cli("plan", "--expect-no-orphans", expect=4)
    assert "fraud/scorer:3: removed in" in told.err
    cli("plan", "--expect-no-orphans", "--prune")
    shallow = Cli(repository.clone(tmp_path / "clone", shallow=True).folder, cli.host)
    assert "not known, this clone is shallow" in shallow("plan", "--expect-no-orphans", expect=4).err


def test_what_somebody_registers_under_the_number_of_a_deleted_version_is_theirs(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.remove("scorer/3.yaml")
    repository.commit()
    cli("apply", "--yes", "--prune")
    registry.register({**document(3), "source": {"type": "external", "uri": "s3://somebody/else"}})
    assert orphans(cli) == []
    assert "Nothing to do" in cli("apply", "--yes", "--prune").out
    assert numbers(registry) == list(range(1, 9))


def test_an_approved_deletion_takes_prune_again(cli: Cli, repository: GitRepository, tmp_path: Path) -> None:
    repository.remove("scorer/3.yaml")
    repository.commit()
    file = str(tmp_path / "plan.json")
    cli("plan", "--prune", "--out", file)
    assert "it deletes 1 version: give --prune too" in cli("apply", "--yes", "--plan", file, expect=4).err
    assert "1 deleted" in cli("apply", "--yes", "--prune", "--plan", file).out
    assert "Nothing to do" in cli("apply", "--yes", "--prune", "--plan", file).out


@pytest.fixture
def used(cli: Cli, repository: GitRepository, registry: RegistryServer) -> Cli:
    """Of eight versions, 3 is dropped though it has an alias, and 4 though it has a tag."""
    repository.write("scorer/3.yaml", declared(3) + "version_alias: v-prod\n")
    repository.commit()
    cli("apply", "--yes")
    tag(registry, 4, "champion")
    repository.remove("scorer/3.yaml")
    repository.remove("scorer/4.yaml")
    repository.commit("drop two that are in use")
    registry.forget()
    return cli


def tag(registry: RegistryServer, version: int, *tags: str) -> None:
    rows = registry.store.list_versions(VersionQuery(name="scorer", limit=1000)).rows
    (found,) = (row.id for row in rows if row.manifest["version"] == version)
    registry.store.tag_version(found, tags)


def test_what_is_in_use_is_kept_until_that_is_waived(used: Cli, registry: RegistryServer) -> None:
    plan = used("plan", "--prune")
    assert "still in use: alias v-prod\n      --prune-used deletes it" in plan.out
    assert "still in use: tag champion\n      --prune-used deletes it" in plan.out
    assert orphans(used, "--prune") == ["fraud/scorer:3", "fraud/scorer:4"]
    assert "Nothing to do" in used("apply", "--yes", "--prune").out
    assert registry.writes == []
    assert "2 to delete" in used("plan", "--prune-used").out
    assert "2 deleted" in used("apply", "--yes", "--prune-used").out
    assert numbers(registry) == [1, 2, 5, 6, 7, 8]


def test_an_alias_that_the_same_plan_moves_away_is_no_use(
    used: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.write("scorer/8.yaml", declared(8) + "version_alias: v-prod\n")
    repository.commit("promote 8")
    assert orphans(used, "--prune") == ["fraud/scorer:4"]
    assert "deleted   fraud/scorer:3" in used("apply", "--yes", "--prune").out
    assert numbers(registry) == [1, 2, 4, 5, 6, 7, 8]


def test_an_alias_that_an_interrupted_swap_has_parked_is_no_use(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    registry.register({**document(1, "ranker"), "version_alias": f"{PARKING_ALIAS}1"})
    repository.write("ranker.yaml", declared(1, "ranker"))
    repository.commit()
    repository.remove("ranker.yaml")
    repository.commit("drop the whole artifact")
    assert "1 deleted" in cli("apply", "--yes", "--prune").out
    assert numbers(registry) == list(range(1, 9))


def test_an_approved_deletion_of_what_is_in_use_takes_prune_used_again(used: Cli, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    used("plan", "--prune-used", "--out", file)
    told = "it deletes 2 versions in use: give --prune-used too"
    assert told in used("apply", "--yes", "--prune", "--plan", file, expect=4).err
    assert "2 deleted" in used("apply", "--yes", "--prune-used", "--plan", file).out


def test_what_comes_into_use_after_the_approval_is_not_approved(
    cli: Cli, repository: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    repository.remove("scorer/3.yaml")
    repository.commit()
    file = str(tmp_path / "plan.json")
    cli("plan", "--prune-used", "--out", file)
    tag(registry, 3, "champion")
    for option in ("--prune", "--prune-used"):
        refused = cli("apply", "--yes", option, "--plan", file, expect=4)
        assert "delete fraud/scorer:3: in use since then: tag champion" in refused.err
    assert registry.writes == []


def test_an_approved_deletion_goes_on_after_its_alias_was_moved(
    used: Cli, repository: GitRepository, tmp_path: Path
) -> None:
    repository.write("scorer/8.yaml", declared(8) + "version_alias: v-prod\n")
    repository.commit("promote 8")
    file = str(tmp_path / "plan.json")
    used("plan", "--prune", "--out", file)
    used("apply", "--yes")
    assert "1 deleted" in used("apply", "--yes", "--prune", "--plan", file).out


def test_the_guard_holds_back_mass_deletion(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    for version in range(1, 5):
        repository.remove(f"scorer/{version}.yaml")
    repository.commit()
    assert "4 of 8 registered versions (50 %) would be deleted" in cli("plan", "--prune", expect=4).out
    cli("apply", "--yes", "--prune", expect=4)
    assert registry.writes == []


@pytest.fixture
def search(cli: Cli, repository: GitRepository, registry: RegistryServer) -> Cli:
    """Beside the eight versions of fraud, of four of search all but one are dropped."""
    registry.store.put_ml_repo({"type": "ml-repo", "name": "search"})
    for version in range(1, 5):
        repository.write(f"search/{version}.yaml", of_search(version))
    repository.commit()
    cli("apply", "--yes")
    for version in range(1, 4):
        repository.remove(f"search/{version}.yaml")
    repository.commit()
    return cli


def of_search(version: int) -> str:
    return declared(version, "ranker").replace("ml_repo: fraud", "ml_repo: search")


def test_the_guard_holds_back_the_deletion_of_most_of_one_ml_repo(search: Cli) -> None:
    told = "3 of 4 registered versions in ML repo search (75 %) would be deleted, more than 30 %"
    assert told in search("plan", "--prune", expect=4).out
    assert "3 deleted" in search("apply", "--yes", "--prune", "--allow-mass-change").out
    assert "Nothing to do" in search("plan", "--prune").out


def test_shards_put_together_hold_it_back_too(search: Cli, tmp_path: Path) -> None:
    told = "3 of 4 registered versions in ML repo search (75 %) would be deleted, more than 30 %"
    files = [str(tmp_path / f"{number}.json") for number in (1, 2)]
    for number, file in enumerate(files, start=1):
        search.run("plan", "--prune", "--ref", "HEAD", "--shard", f"{number}/2", "--out", file)
    merged = search("show", *files, "--format", "json", expect=4).document
    assert told in merged["guard"]["violations"]
    assert merged["digest"] == search("plan", "--prune", "--format", "json", expect=4).document["digest"]


@pytest.mark.parametrize("given", ["text", "markdown", "html", "concise"])
def test_another_name_in_a_manifest_is_reported_in_one_line_with_both_names(
    cli: Cli, repository: GitRepository, given: str
) -> None:
    repository.write("scorer/3.yaml", declared(3, "renamed"))
    repository.commit()
    said = "a new name for fraud/scorer:3, which is no longer declared"
    for options in ((), ("--prune",)):
        assert said in cli("plan", "--format", given, *options).out


def test_another_name_is_reported_also_where_the_file_is_moved_and_the_ml_repo_another(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    registry.store.put_ml_repo({"type": "ml-repo", "name": "search"})
    repository.remove("scorer/3.yaml")
    renamed = declared(3, "renamed").replace("ml_repo: fraud", "ml_repo: search")
    repository.write("search/all.yaml", several([declared(9, "new"), renamed]))
    repository.commit()
    (created,) = (
        each
        for each in cli("plan", "--prune", "--format", "json").document["changes"]
        if each["name"] == "renamed"
    )
    assert (created["ml_repo"], created["renamed_from"]) == ("search", "fraud/scorer:3")


def test_deletions_wait_until_nothing_is_in_conflict(
    cli: Cli, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.remove("scorer/3.yaml")
    repository.write("scorer/1.yaml", declared(1) + "step: 7\n")
    repository.write("scorer/20.yaml", declared(1, "ranker"))
    repository.commit("a conflict, a deletion, a creation")
    told = "waits until nothing is in conflict, as fraud/scorer:1 is"
    for given in ("text", "markdown", "html", "concise"):
        assert told in cli("plan", "--prune", "--format", given, expect=4).out
    applied = cli("apply", "--yes", "--prune", expect=4).out
    assert "1 created, 2 skipped" in applied
    assert "waits until nothing is in conflict" in applied
    assert numbers(registry) == [1, 1, 2, 3, 4, 5, 6, 7, 8]
    cli("apply", "--yes", "--prune", expect=4)


@pytest.mark.law
def test_of_thousands_of_imported_versions_exactly_those_whose_files_were_deleted_are(tmp_path: Path) -> None:
    database = tmp_path / "registry.db"
    with Store(database) as store:
        store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        for number in range(VERSIONS):
            document = {**corpus.manifest(number).document, **hard_fields(number), "ml_repo": "fraud"}
            store.put_version(VersionManifest.model_validate(document), Behaviour())
    before = rows(database)
    repository = GitRepository(tmp_path / "repository")
    with served_registry(database) as url:
        cli = Cli(repository.folder, url)
        assert cli("import").out == f"Import: {VERSIONS:,} written\n"
        repository.commit()
        plan = cli("plan", "--format", "json").document
        assert (plan["changes"], plan["counts"]["unchanged"], plan["orphans"]["found"]) == ([], VERSIONS, [])
        files = sorted(file.relative_to(repository.folder) for file in repository.folder.glob("*/*/*.yaml"))
        doomed = files[5 : VERSIONS : VERSIONS // 10]
        texts = {file: (repository.folder / file).read_text() for file in files[101:151] + files[201:206]}
        put_together(repository, texts, files[201:206])
        repository.commit("put five into one file")
        gone: dict[str, str] = {}
        for half in (doomed[::2], doomed[1::2]):
            for file in half:
                repository.remove(str(file))
            gone |= dict.fromkeys((str(file.with_suffix("")) for file in half), repository.commit())
        repository.remove("five.yaml")
        for file, text in texts.items():
            repository.write(f"moved/{file}", text)
            if file in files[101:151]:
                repository.remove(str(file))
        repository.commit("move fifty, and split five")
        found = cli("plan", "--format", "json").document["orphans"]["found"]
        assert {
            f"{each['ml_repo']}/{each['name']}/{each['version']}": each["commit"] for each in found
        } == gone
        assert "10 deleted" in cli("apply", "--yes", "--prune").out
        assert orphans(cli) == []
    assert len(before) == VERSIONS
    assert rows(database) == {key: row for key, row in before.items() if key.replace(":", "/") not in gone}


def put_together(repository: GitRepository, texts: dict[Path, str], files: list[Path]) -> None:
    repository.write("five.yaml", several([texts[file] for file in files]))
    for file in files:
        repository.remove(str(file))


def rows(database: Path) -> dict[str, tuple[object, ...]]:
    """All versions in a registry's file, column by column, by identity."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "SELECT json_extract(manifest, '$.ml_repo') || '/' || json_extract(manifest, '$.name')"
            " || ':' || json_extract(manifest, '$.version'), * FROM versions"
        ).fetchall()
    return {key: tuple(row) for key, *row in found}
