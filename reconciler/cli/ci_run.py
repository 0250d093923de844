"""The run of a CI system that this process is part of, as that system's environment tells."""

from __future__ import annotations

from collections.abc import Mapping

_LONGEST = 500


def ci_run(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Who started the run, and where it can be looked at; `None` for what is not known.

    Args:
        environment: of GitHub Actions, GitLab CI or Bitbucket Pipelines; others tell nothing.
    """
    actor = next(filter(None, map(environment.get, _ACTORS)), None)
    return {"actor": actor and actor[:_LONGEST], "url": _url(environment)}


_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BITBUCKET_STEP_TRIGGERER_UUID")


def _url(environment: Mapping[str, str]) -> str | None:
    addresses = {
        "GITHUB_RUN_ID": "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        "CI_JOB_URL": "{CI_JOB_URL}",
        "BITBUCKET_BUILD_NUMBER": "{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
    }
    for name, address in addresses.items():
        if environment.get(name):
            try:
                return address.format_map(environment)[:_LONGEST]
            except KeyError:
                return None
    return None
