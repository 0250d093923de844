"""An edit of nothing but white space: it arrives, or the control plane that trims it is told of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.registry.storage.queries import VersionQuery
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.normalisers import storing, texts_trimmed
from tests.support.registry_server import RegistryServer

MANIFEST = """
type: artifact-version
ml_repo: fraud
name: prompt
version: 1
source: {type: external, uri: "s3://example/prompt"}
metadata:
"""


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    with RegistryServer() as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield registry


def declare(repository: GitRepository, text: str) -> None:
    repository.write("prompt.yaml", f"{MANIFEST}  text: {text}\n")
    repository.commit()


@pytest.mark.parametrize(
    ("before", "after", "arrived"),
    [
        ('","', r'",\n"', ",\n"),
        ("|-\n    a\n    b", "|\n    a\n    b", "a\nb\n"),
        ("|\n    a\n    b\n", "|+\n    a\n    b\n", "a\nb\n\n"),
        ('""', r'"\t"', "\t"),
    ],
)
def test_it_is_an_update_that_arrives(
    repository: GitRepository, registry: RegistryServer, before: str, after: str, arrived: str
) -> None:
    cli = Cli(repository.folder, registry.url)
    declare(repository, before)
    cli("apply", "--yes")
    declare(repository, after)
    assert "1 to update" in cli("plan").out
    cli("apply", "--yes")
    (row,) = registry.store.list_versions(VersionQuery(limit=10)).rows
    assert row.manifest["metadata"]["text"] == arrived
    cli("plan", "--detailed-exitcode")


def test_a_control_plane_that_trims_is_reported_with_the_setting_that_ends_it(
    repository: GitRepository,
) -> None:
    with RegistryServer(middleware=[storing(texts_trimmed)]) as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        cli = Cli(repository.folder, registry.url)
        declare(repository, r'",\n"')
        told = cli("apply", "--yes").out
        assert r'the control plane changed metadata.text from ",\n" to ","' in told
        assert 'normalise = ["trim"] in reconciler.toml' in told
        cli("plan", "--detailed-exitcode", expect=2)
        repository.write("reconciler.toml", 'normalise = ["trim"]\n')
        repository.commit()
        cli("plan", "--detailed-exitcode")
