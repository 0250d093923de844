"""A plan sends nothing but GET, whatever it meets; only an apply that was agreed to sends anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.attacker import accept
from tests.support.cli import Cli
from tests.support.fault_answers import (
    FRAUD,
    Forward,
    answers,
    breaks,
    control_plane,
    in_turn,
    lists,
    page,
    redirects,
    refuses,
    row,
)
from tests.support.fault_runs import MANIFEST, declaring
from tests.support.git_repository import GitRepository
from tests.support.raw_server import Exchange, RawServer, Script
from tests.support.registry_server import RegistryServer


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """A repository with a version of every verdict."""
    repository = declaring(tmp_path / "repository", versions=3)
    repository.write("aliases.yaml", MANIFEST.format(name="ranker", version=1) + "version_alias: v-prod\n")
    repository.commit("aliases")
    return repository


DIFFERENT = [
    row(1, description="theirs"),
    row(2, source={"type": "external", "uri": "s3://example/other"}),
    row(3),
    row(1, "ranker"),
    row(2, "ranker", version_alias="v-prod"),
    row(9, "undeclared"),
]

MET: dict[str, tuple[Script, int]] = {
    "nothing registered": (control_plane(put=accept), 0),
    "every verdict": (control_plane(versions=answers(page(DIFFERENT)), put=accept), 4),
    "failures that pass": (
        control_plane(ml_repos=in_turn(refuses(503, "", "Retry-After: 0"), answers(FRAUD)), put=accept),
        0,
    ),
    "failures that stay": (control_plane(ml_repos=refuses(500), put=accept), 1),
    "answers that are cut": (control_plane(versions=breaks(b"HTTP/1.1 200", Exchange.close), put=accept), 1),
    "a listing that moves": (
        control_plane(versions=lists(lambda offset, _: ([row(offset + 1)], 5)), put=accept),
        1,
    ),
    "a redirect": (redirects(307, "/api/ml/v1/artifact-versions"), 1),
    "a redirect to a read": (redirects(303, "/api/ml/v1/ml-repos"), 1),
    "a refusal of reads": (control_plane(ml_repos=refuses(405, "use PUT", "Allow: PUT"), put=accept), 1),
}


@pytest.mark.parametrize("name", MET)
def test_a_plan_sends_nothing_but_get_whatever_it_meets(name: str, repository: GitRepository) -> None:
    script, code = MET[name]
    with RawServer(script) as server:
        Cli(repository.folder, server.url)("plan", expect=code)
        assert {request.method for request in server.requests} == {"GET"}
        assert {request.body for request in server.requests} == {b""}


OPTIONS = (
    ("--format", "json"),
    ("--format", "markdown"),
    ("--format", "html"),
    ("--api", "svc"),
    ("-v",),
    ("--ref", "HEAD"),
    ("scorer.yaml",),
    ("--timeout", "60", "--detailed-exitcode"),
)


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_no_option_has_a_plan_write(
    options: tuple[str, ...], repository: GitRepository, registry: RegistryServer
) -> None:
    code = 2 if "--detailed-exitcode" in options else 0
    Cli(repository.folder, registry.url)("plan", *options, expect=code)
    assert {request.method for request in registry.requests} == {"GET"}


def test_an_apply_sends_a_write_only_when_it_is_agreed_to(
    repository: GitRepository, registry: RegistryServer
) -> None:
    with RawServer(Forward(registry.url)) as server:
        cli = Cli(repository.folder, server.url)
        cli("apply", expect=64)
        assert server.requests == []
        cli("apply", "--yes")
        assert {request.method for request in server.requests} == {"GET", "PUT"}
        server.requests.clear()
        cli("apply", "--yes")
        assert {request.method for request in server.requests} == {"GET"}
