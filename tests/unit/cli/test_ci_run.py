"""Which run of a CI system this is, by its environment."""

from __future__ import annotations

import pytest

from reconciler.cli.ci_run import ci_run

GITHUB = {
    "GITHUB_ACTOR": "ada", "GITHUB_SERVER_URL": "https://git.example.com",
    "GITHUB_REPOSITORY": "example/models", "GITHUB_RUN_ID": "7",
}  # fmt: skip
GITLAB = {"GITLAB_USER_LOGIN": "ada", "CI_JOB_URL": "https://git.example.com/models/-/jobs/7"}
BITBUCKET = {
    "BITBUCKET_STEP_TRIGGERER_UUID": "{1}", "BITBUCKET_GIT_HTTP_ORIGIN": "https://git.example.com/models",
    "BITBUCKET_BUILD_NUMBER": "7",
}  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "actor", "url"),
    [
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
    assert ci_run(environment) == {"actor": actor, "url": url}
