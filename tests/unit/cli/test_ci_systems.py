"""What a CI system tells of a run by its environment: who started it, why, and what its base is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli.ci_systems import EVENTS, describe_run, find_event

GITHUB = {
    "GITHUB_ACTOR": "ada", "GITHUB_SERVER_URL": "https://git.example.com",
    "GITHUB_REPOSITORY": "example/models", "GITHUB_RUN_ID": "7",
}  # fmt: skip
GITLAB = {"GITLAB_USER_LOGIN": "ada", "CI_JOB_URL": "https://git.example.com/models/-/jobs/7"}
BITBUCKET = {
    "BITBUCKET_STEP_TRIGGERER_UUID": "{1}", "BITBUCKET_GIT_HTTP_ORIGIN": "https://git.example.com/models",
    "BITBUCKET_BUILD_NUMBER": "7",
}  # fmt: skip
AZURE = {
    "BUILD_REQUESTEDFOR": "Ada", "BUILD_BUILDID": "7", "SYSTEM_TEAMPROJECTID": "a-b",
    "SYSTEM_COLLECTIONURI": "https://ci.example.com/team/",
}  # fmt: skip
JENKINS = {"JENKINS_URL": "https://ci.example.com", "BUILD_URL": "https://ci.example.com/job/models/7/"}
BUILDKITE = {"BUILDKITE_BUILD_CREATOR": "ada", "BUILDKITE_BUILD_URL": "https://ci.example.com/builds/7"}
CIRCLECI = {"CIRCLE_USERNAME": "ada", "CIRCLE_BUILD_URL": "https://ci.example.com/7"}


@pytest.mark.parametrize(
    ("environment", "actor", "url"),
    [
        (AZURE, "Ada", "https://ci.example.com/team/a-b/_build/results?buildId=7"),
        (JENKINS, None, "https://ci.example.com/job/models/7/"),
        (BUILDKITE, "ada", "https://ci.example.com/builds/7"),
        (CIRCLECI, "ada", "https://ci.example.com/7"),
        (GITHUB, "ada", "https://git.example.com/example/models/actions/runs/7"),
        (GITLAB, "ada", "https://git.example.com/models/-/jobs/7"),
        (BITBUCKET, "{1}", "https://git.example.com/models/pipelines/results/7"),
        ({}, None, None),
        ({"GITHUB_RUN_ID": "7"}, None, None),
        ({"GITHUB_ACTOR": "x" * 600}, "x" * 500, None),
    ],
)
def test_who_started_a_run_and_where_it_is(
    environment: dict[str, str], actor: str | None, url: str | None
) -> None:
    assert describe_run(environment) == {"actor": actor, "url": url}


COMMIT = "0123456789" * 4
ROWS: list[tuple[dict[str, str], str, tuple[str, ...]]] = [
    ({"GITHUB_EVENT_NAME": "push"}, "GitHub push", ()),
    ({"GITHUB_EVENT_NAME": "schedule"}, "GitHub schedule", ()),
    ({"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_BASE_REF": ""}, "GitHub workflow_dispatch", ()),
    ({"GITHUB_EVENT_NAME": "merge_group"}, "GitHub merge queue", ()),
    (
        {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"},
        "GitHub pull request",
        ("refs/remotes/origin/main", "main"),
    ),
    (
        {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_BASE_REF": "release/1"},
        "GitHub pull request",
        ("refs/remotes/origin/release/1", "release/1"),
    ),
    ({"CI_PIPELINE_SOURCE": "push"}, "GitLab push", ()),
    ({"CI_PIPELINE_SOURCE": "schedule"}, "GitLab schedule", ()),
    (
        {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_EVENT_TYPE": "merged_result",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": COMMIT,
        },
        "GitLab merge request",
        ("refs/remotes/origin/main", "main", COMMIT),
    ),
    (
        {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        },
        "GitLab merge train",
        ("HEAD^1",),
    ),
    ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": COMMIT}, "GitLab merge request", (COMMIT,)),
    ({"BITBUCKET_BUILD_NUMBER": "7"}, "Bitbucket pipeline", ()),
    (
        {
            "BITBUCKET_BUILD_NUMBER": "7",
            "BITBUCKET_PR_DESTINATION_BRANCH": "main",
            "BITBUCKET_PR_DESTINATION_COMMIT": COMMIT[:12],
        },
        "Bitbucket pull request",
        ("refs/remotes/origin/main", "main", COMMIT[:12]),
    ),
    ({"BUILD_REASON": "IndividualCI"}, "Azure IndividualCI", ()),
    (
        {"BUILD_REASON": "PullRequest", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/release/1"},
        "Azure pull request",
        ("refs/remotes/origin/release/1", "release/1"),
    ),
    ({"JENKINS_URL": "https://ci.example.com"}, "Jenkins build", ()),
    (
        {"JENKINS_URL": "https://ci.example.com", "CHANGE_TARGET": "main"},
        "Jenkins pull request",
        ("refs/remotes/origin/main", "main"),
    ),
    ({"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": ""}, "Buildkite build", ()),
    (
        {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main"},
        "Buildkite pull request",
        ("refs/remotes/origin/main", "main"),
    ),
    ({"CIRCLECI": "true"}, "CircleCI build", ()),
    (
        {"CIRCLECI": "true", "CIRCLE_PULL_REQUEST": "https://git.example.com/models/pull/7"},
        "CircleCI pull request",
        (),
    ),
]


@pytest.mark.parametrize(("environment", "name", "bases"), ROWS, ids=[name for _, name, _ in ROWS])
def test_each_event_has_its_name_and_its_bases(
    environment: dict[str, str], name: str, bases: tuple[str, ...]
) -> None:
    found = find_event(environment)
    assert found
    assert (found.name, found.bases) == (name, bases)


def test_no_row_of_the_table_is_left_untested() -> None:
    tested = [find_event(environment) for environment, _, _ in ROWS]
    assert {str(event.signs) for event in tested if event} == {str(event.signs) for event in EVENTS}


def test_outside_of_ci_there_is_no_event() -> None:
    assert find_event({"HOME": "/home/ada", "GITHUB_EVENT_NAME": "", "CI": "true"}) is None


@pytest.mark.parametrize(
    ("content", "bases"),
    [
        (json.dumps({"merge_group": {"base_sha": COMMIT}}), (COMMIT,)),
        (json.dumps({"merge_group": {"base_sha": "--output=x"}}), ()),
        (json.dumps({"merge_group": {"base_sha": 7}}), ()),
        (json.dumps({"merge_group": None}), ()),
        (json.dumps([]), ()),
        ("[" * 100_000, ()),
        ("", ()),
    ],
)
def test_the_base_of_a_merge_queue_is_in_the_file_of_its_event(
    content: str, bases: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "event.json").write_text(content)
    environment = {"GITHUB_EVENT_NAME": "merge_group", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    found = find_event(environment)
    assert found
    assert found.bases == bases
