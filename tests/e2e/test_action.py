"""The GitHub Action, run as a runner does: each step by bash, in a real repository, against a real server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from reconciler.registry.storage.queries import VersionQuery
from tests.support.actions_runner import INSTALLED, OFFLINE, ActionsRunner, Used
from tests.support.cli import TOKEN, Cli
from tests.support.faulty_registry import NONE, Call, Fault, FaultyServer
from tests.support.git_repository import GitRepository
from tests.support.github_cli import GitHub
from tests.support.registry_server import RegistryServer

ACTION = Path(__file__).parents[2] / ".github/actions/reconcile"
PULL_REQUEST = "7"


def manifest(version: int, uri: str = "s3://example/scorer", name: str = "scorer") -> str:
    return json.dumps(
        {
            "type": "artifact-version",
            "ml_repo": "fraud",
            "name": name,
            "version": version,
            "source": {"type": "external", "uri": uri},
            "metadata": {},
        }
    )


@dataclass(frozen=True)
class Job:
    """A job on a runner, with what it works on."""

    repository: GitRepository
    github: GitHub
    registry: RegistryServer
    runner: ActionsRunner
    program: Path

    def use(self, command: str, pull_request: str = PULL_REQUEST, **inputs: str) -> Used:
        """Use the action."""
        usual = {"host": self.registry.url, "token": TOKEN, "github_token": "given"}
        usual["executable"] = str(self.program)
        return self.runner.use(ACTION, pull_request, **{**usual, **inputs, "command": command})

    @property
    def comments(self) -> list[str]:
        """What the comments on the pull request say."""
        return [comment["body"] for comment in self.github["comments"]]

    def declare(self, **files: str) -> None:
        """Commit manifests."""
        for name, content in files.items():
            self.repository.write(f"{name}.json", content)
        self.repository.commit()


@pytest.fixture
def job(tmp_path: Path, forking_program: Path) -> Iterator[Job]:
    github = GitHub(tmp_path / "github")
    with RegistryServer(token=TOKEN) as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        repository = GitRepository(tmp_path / "repository")
        environment = {
            **Cli(repository.folder).environment(),
            **github.environment,
            **OFFLINE,
            "PATH": os.pathsep.join([str(github.path), str(INSTALLED.parent), os.environ["PATH"]]),
            "CI": "true",
            "GITHUB_REPOSITORY": "example/models",
        }
        runner = ActionsRunner(tmp_path / "temp", repository.folder, environment)
        made = Job(repository, github, registry, runner, forking_program)
        made.declare(one=manifest(1))
        yield made


def test_a_plan_by_the_tool_as_the_action_installs_it(job: Job) -> None:
    planned = job.use("plan", executable="")
    assert planned.code == 0, planned.log
    markdown = Path(planned.outputs["markdown"])
    assert len(planned.outputs["digest"]) == 64
    assert planned.outputs == {
        "changes": "1", "create": "1", "update": "0", "delete": "0", "conflict": "0", "exit_code": "0",
        "digest": planned.outputs["digest"], "approval": planned.outputs["approval"],
        "markdown": str(markdown),
    }  # fmt: skip
    assert "+ create    fraud/scorer:1" in planned.log
    assert "\n## Plan: 1 to create" in planned.summary
    assert job.comments == [markdown.read_text()]
    assert job.registry.writes == []


def test_one_comment_is_kept_up_to_date(job: Job) -> None:
    job.use("plan")
    (first,) = job.comments
    forged = {"databaseId": 1, "viewerDidAuthor": False, "body": first}
    job.github.set(comments=[forged, *job.github["comments"]])
    job.declare(two=manifest(2))
    updated = job.use("plan").outputs["markdown"]
    assert job.comments == [first, Path(updated).read_text()]
    assert "## Plan: 2 to create" in job.comments[1]

    job.use("plan", paths="two.json\n")
    assert len(job.comments) == 3, "the plan of other paths has a comment of its own"
    assert "## Plan: 1 to create" in job.comments[2]


def test_there_is_no_comment_where_none_can_or_should_be(job: Job) -> None:
    for planned in (
        job.use("plan", github_token=""),
        job.use("plan", pull_request=""),
        job.use("plan", comment="false"),
    ):
        assert (planned.code, job.github["calls"]) == (0, 0)
        assert "## Plan: 1 to create" in planned.summary


def test_a_token_that_can_not_write_comments_fails_nothing(job: Job) -> None:
    job.github.set(may_write=False)
    planned = job.use("plan")
    assert planned.code == 0
    assert "::notice::The comment could not be written" in planned.log
    assert job.comments == []


def test_an_apply_goes_no_further_than_what_was_approved(job: Job) -> None:
    digest = job.use("plan", "").outputs["digest"]
    job.declare(two=manifest(2))
    refused = job.use("apply", "", expect=digest)
    assert (refused.code, refused.outputs["exit_code"]) == (4, "4"), refused.log
    assert job.registry.writes == []

    planned = job.use("plan", "").outputs
    digest, approval = planned["digest"], planned["approval"]
    assert job.use("apply", "", expect=digest, paths="two.json").code == 4
    assert "1 created" in job.use("apply", "", expect=approval, paths="two.json").log
    assert "1 created" in job.use("apply", "", expect=approval).log, "what is left of the approved plan"
    assert len(job.registry.writes) == 2


def test_an_apply_tells_of_itself_in_its_outputs_and_its_summary(job: Job) -> None:
    job.declare(two=manifest(2))
    digest = job.use("plan", "").outputs["digest"]
    applied = job.use("apply", "", expect=digest)
    assert applied.code == 0, applied.log
    assert (applied.outputs["create"], applied.outputs["digest"]) == ("2", digest)
    assert "\n## Apply: 2 created\n" in applied.summary
    assert Path(applied.outputs["markdown"]).read_text().startswith("<!-- reconciler apply target=")
    assert len(job.registry.writes) == 2
    assert job.use("plan", "").outputs["changes"] == "0"


def test_an_apply_that_fails_midway_tells_what_was_done_and_what_was_not(job: Job) -> None:
    job.declare(two=manifest(1, name="ranker"))
    with FaultyServer(refuse_rankers, ml_repos=["fraud"]) as server:
        applied = job.use("apply", host=server.url)
    assert (applied.code, applied.outputs["exit_code"]) == (3, "3"), applied.log
    (comment,) = job.comments
    assert comment in applied.summary
    assert "\n## Apply: 1 created, 1 failed\n" in comment
    assert "- `fraud/ranker:1` · `PUT /api/ml/v1/artifact-versions: 422`" in comment


def refuse_rankers(call: Call) -> Fault:
    return Fault("never", 422) if call.manifest and call.manifest["name"] == "ranker" else NONE


def test_a_conflict_fails_the_step_and_is_shown_all_the_same(job: Job) -> None:
    job.use("apply", "")
    job.declare(one=manifest(1, uri="s3://example/other"))
    planned = job.use("plan")
    assert (planned.code, planned.outputs["conflict"]) == (4, "1")
    (comment,) = job.comments
    assert "\n### Conflicts (1)\n" in comment


def test_manifests_are_validated_without_host_and_token(job: Job) -> None:
    job.declare(two=manifest(1))
    checked = job.use("validate", host="", token="")
    assert checked.code == 1
    assert "::error file=" in checked.log
    assert "two.json" in checked.log
    assert checked.outputs["exit_code"] == "1"
    (comment,) = job.comments
    assert Path(checked.outputs["markdown"]).read_text() == comment
    assert "## Validate: 1 error, " in comment
    assert "fraud/scorer:1 is declared twice" in comment
    assert job.registry.requests == []
    assert job.use("validate", paths="one.json", host="", token="").code == 0
    assert job.comments == [comment], "that all is valid, nobody has to be told"
    job.declare(two=manifest(2))
    assert job.use("validate", host="", token="").outputs["exit_code"] == "0"
    assert "## Validate: 2 valid manifests in 2 files" in job.comments[0]


@pytest.mark.parametrize("paths", ["", "one.json\ntwo.json\n"])
def test_a_plan_that_fails_takes_the_place_of_an_earlier_one(job: Job, paths: str) -> None:
    """Nobody is to approve what an earlier commit of the pull request would have done."""
    job.declare(two=manifest(2))
    job.use("plan", paths=paths)
    job.declare(two=manifest(1))
    failed = job.use("plan", paths=paths)
    assert (failed.code, failed.outputs["exit_code"], failed.outputs["digest"]) == (1, "1", "")
    (comment,) = job.comments
    assert "## Plan failed: an earlier plan does not count any more" in comment
    assert "fraud/scorer:1 is declared twice" in comment
    assert comment in failed.summary
    assert "digest=none" in comment
    job.declare(two=manifest(2))
    job.use("plan", paths=paths)
    assert "## Plan: 2 to create" in job.comments[0]
    assert len(job.comments) == 1


def test_a_control_plane_that_is_not_there_takes_the_place_of_a_plan_too(job: Job) -> None:
    job.use("plan")
    (before,) = job.comments
    failed = job.use("plan", token="wrong")  # noqa: S106
    assert failed.outputs["exit_code"] == "1"
    (comment,) = job.comments
    assert "401" in comment
    assert comment.split()[3] == before.split()[3], "the same target"


def test_inputs_are_values_and_nothing_else(job: Job) -> None:
    for used in (
        job.use("plan; touch hacked"),
        job.use("registry"),
        job.use("plan", paths="$(touch hacked)"),
        job.use("plan", paths="--out=hacked"),
        job.use("plan", base="; touch hacked"),
        job.use("plan", expect="123456789abc"),
        job.use("plan", owned_by="main\n$(touch hacked)"),
        job.use("plan", owned_by="--out=hacked"),
        job.use("apply", base="HEAD"),
    ):
        assert used.code in {1, 64}, used.log
    assert list(job.repository.folder.rglob("hacked")) == []
    assert job.registry.writes == []


def test_a_conflict_that_is_only_reported_lets_the_rest_be_applied(job: Job) -> None:
    job.use("apply")
    job.declare(one=manifest(1, uri="s3://example/other"), other=manifest(1, name="ranker"))
    planned = job.use("plan", conflicts="report")
    assert (planned.code, planned.outputs["conflict"], planned.outputs["create"]) == (0, "1", "1")
    applied = job.use("apply", expect=planned.outputs["digest"])
    assert (applied.code, applied.outputs["exit_code"]) == (4, "4")
    assert "1 created" in applied.log


def test_what_is_no_longer_declared_is_deleted_where_that_is_asked_for(job: Job) -> None:
    job.declare(**{f"v{version}": manifest(version, f"s3://example/{version}") for version in range(2, 7)})
    assert job.use("apply").code == 0
    job.repository.remove("v6.json")
    job.repository.commit()
    assert job.use("plan").outputs["delete"] == "0"
    assert job.use("plan", prune="true").outputs["delete"] == "1"
    assert job.use("apply", prune="true").code == 0
    assert [request.method for request in job.registry.writes].count("DELETE") == 1


def test_what_is_in_use_is_deleted_where_that_is_asked_for(job: Job) -> None:
    job.declare(**{f"v{version}": manifest(version, f"s3://example/{version}") for version in range(2, 7)})
    assert job.use("apply").code == 0
    (found,) = (
        row for row in job.registry.store.list_versions(VersionQuery()).rows if row.manifest["version"] == 6
    )
    job.registry.store.tag_version(found.id, ["champion"])
    job.repository.remove("v6.json")
    job.repository.commit()
    assert job.use("plan", prune="true").outputs["delete"] == "0"
    assert job.use("plan", prune_used="true").outputs["delete"] == "1"


def test_what_further_branches_no_longer_declare_is_deleted_where_they_are_named(job: Job) -> None:
    for number in (2, 3):
        job.repository.branch(f"release-{number}")
        job.declare(**{f"v{number}{each}": manifest(10 * number + each) for each in (1, 2, 3)})
        assert job.use("apply").code == 0
        job.repository.remove(f"v{number}1.json")
        job.repository.commit()
        job.repository.switch("main")
    assert job.use("plan", prune="true", owned_by="release-2\n").outputs["delete"] == "1"
    both = {"prune": "true", "owned_by": "release-2\n\nrelease-3\n", "allow_mass_change": "true"}
    assert job.use("plan", **both).outputs["delete"] == "2"
    assert job.use("apply", **both).code == 0
    assert [request.method for request in job.registry.writes].count("DELETE") == 2


def test_no_script_is_made_of_inputs_and_the_token_is_given_to_one_step() -> None:
    steps = yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]
    assert all("${{" not in step["run"] for step in steps)
    assert [step["name"] for step in steps if "inputs.token" in str(step)] == ["Run"]
