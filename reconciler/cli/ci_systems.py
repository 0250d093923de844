"""CI systems: who started a run and which base it has, by variables of the environment.

The variables are documented in each system's own reference of its predefined variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_MAX_CHARACTERS = 500
_MAX_EVENT_BYTES = 32 * 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ANY = None


@dataclass(frozen=True, slots=True)
class Event:
    """Why a CI system has started a run.

    Args:
        name: as people call it; what is in braces is a variable.
        signs: the variables that show it, each with the value that it has to have, if one has.
        bases: what may name the commit that a branch is compared with, the best first, with variables in
            braces; none where the system does not give it.
    """

    name: str
    signs: Mapping[str, str | None]
    bases: tuple[str, ...] = ()


def _name_branch(variable: str) -> tuple[str, str]:
    """A branch of the remote that was cloned, which the clone may also have as its own."""
    return f"refs/remotes/origin/{{{variable}}}", f"{{{variable}}}"


EVENTS = (
    Event("GitHub merge queue", {"GITHUB_EVENT_NAME": "merge_group"}, ("{MERGE_GROUP_BASE_SHA}",)),
    Event("GitHub pull request", {"GITHUB_BASE_REF": _ANY}, _name_branch("GITHUB_BASE_REF")),
    Event("GitHub {GITHUB_EVENT_NAME}", {"GITHUB_EVENT_NAME": _ANY}),
    # The merge commit of a train: its first parent is the target with the train's earlier merge requests.
    Event("GitLab merge train", {"CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}, ("HEAD^1",)),
    Event(
        "GitLab merge request",
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": _ANY},
        (*_name_branch("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"), "{CI_MERGE_REQUEST_DIFF_BASE_SHA}"),
    ),
    Event(
        "GitLab merge request",
        {"CI_MERGE_REQUEST_DIFF_BASE_SHA": _ANY},
        ("{CI_MERGE_REQUEST_DIFF_BASE_SHA}",),
    ),
    Event("GitLab {CI_PIPELINE_SOURCE}", {"CI_PIPELINE_SOURCE": _ANY}),
    Event(
        "Bitbucket pull request",
        {"BITBUCKET_PR_DESTINATION_BRANCH": _ANY},
        (*_name_branch("BITBUCKET_PR_DESTINATION_BRANCH"), "{BITBUCKET_PR_DESTINATION_COMMIT}"),
    ),
    Event("Bitbucket pipeline", {"BITBUCKET_BUILD_NUMBER": _ANY}),
    Event(
        "Azure pull request",
        {"SYSTEM_PULLREQUEST_TARGETBRANCH": _ANY},
        _name_branch("SYSTEM_PULLREQUEST_TARGETBRANCH"),
    ),
    Event("Azure {BUILD_REASON}", {"BUILD_REASON": _ANY}),
    Event("Jenkins pull request", {"CHANGE_TARGET": _ANY}, _name_branch("CHANGE_TARGET")),
    Event("Jenkins build", {"JENKINS_URL": _ANY}),
    Event(
        "Buildkite pull request",
        {"BUILDKITE_PULL_REQUEST_BASE_BRANCH": _ANY},
        _name_branch("BUILDKITE_PULL_REQUEST_BASE_BRANCH"),
    ),
    Event("Buildkite build", {"BUILDKITE": _ANY}),
    Event("CircleCI pull request", {"CIRCLE_PULL_REQUEST": _ANY}),  # it gives only the address
    Event("CircleCI build", {"CIRCLECI": _ANY}),
)
"""Of those whose signs are there, the first one counts."""

_ACTORS = (
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BITBUCKET_STEP_TRIGGERER_UUID",
    "BUILD_REQUESTEDFOR",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
)
_ADDRESSES = {
    "GITHUB_RUN_ID": "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    "CI_JOB_URL": "{CI_JOB_URL}",
    "BITBUCKET_BUILD_NUMBER": "{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
    "BUILD_BUILDID": "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECTID}/_build/results?buildId={BUILD_BUILDID}",
    "JENKINS_URL": "{BUILD_URL}",
    "BUILDKITE_BUILD_URL": "{BUILDKITE_BUILD_URL}",
    "CIRCLE_BUILD_URL": "{CIRCLE_BUILD_URL}",
}


def find_event(environment: Mapping[str, str]) -> Event | None:
    """Why this run was started; `None` outside of the CI systems known.

    Its name and bases hold the values of the variables; a base is left out where one is missing.
    """
    for event in EVENTS:
        values = [(environment.get(variable), value) for variable, value in event.signs.items()]
        if all(found and value in {_ANY, found} for found, value in values):
            variables = {
                name: value.removeprefix("refs/heads/") for name, value in environment.items() if value
            }
            variables |= _read_merge_group(environment) if event.signs.get("GITHUB_EVENT_NAME") else {}
            name = event.name.format_map(variables)[:_MAX_CHARACTERS]
            return Event(name, event.signs, tuple(_fill_templates(event.bases, variables)))
    return None


def describe_run(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Who started this run, and where it can be looked at; `None` for what is not known.

    Args:
        environment: of one of the CI systems known; Jenkins does not tell who.
    """
    actor = next(filter(None, map(environment.get, _ACTORS)), None)
    templates = [template for variable, template in _ADDRESSES.items() if environment.get(variable)]
    url = next(_fill_templates(templates[:1], environment), None)
    return {"actor": actor and actor[:_MAX_CHARACTERS], "url": url and url[:_MAX_CHARACTERS]}


def _fill_templates(templates: tuple[str, ...] | list[str], variables: Mapping[str, str]) -> Iterator[str]:
    """The templates of which all variables are there, with their values."""
    for template in templates:
        try:
            yield template.format_map(variables)
        except KeyError:
            continue


def _read_merge_group(environment: Mapping[str, str]) -> dict[str, str]:
    """The base commit of an event of GitHub's merge queue, which only the file of the event holds."""
    try:
        with Path(environment["GITHUB_EVENT_PATH"]).open("rb") as file:
            base = json.loads(file.read(_MAX_EVENT_BYTES))["merge_group"]["base_sha"]
    except (KeyError, OSError, ValueError, TypeError, RecursionError):
        return {}
    return {"MERGE_GROUP_BASE_SHA": base} if isinstance(base, str) and _COMMIT.fullmatch(base) else {}
