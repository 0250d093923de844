"""`apply --format html`: the page tells what became of each change, and shows no part of the token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.canary import assert_absent
from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.judges import read_html
from tests.support.registry_server import RegistryServer


def manifest(version: int, description: str) -> str:
    return (
        f"type: artifact-version\nname: scorer\nml_repo: fraud\nversion: {version}\n"
        f"description: {description}\nmetadata: {{}}\nsource: {{type: external, uri: s3://example/{version}}}\n"
    )


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path / "repository")
    repository.write("scorer.yaml", manifest(1, "first"))
    repository.commit("one version")
    return repository


@pytest.fixture
def cli(repository: GitRepository) -> Iterator[Cli]:
    with RegistryServer(token=TOKEN) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield Cli(repository.folder, server.url)


def test_the_page_of_an_apply_has_its_outcomes_and_how_long_they_took(
    repository: GitRepository, cli: Cli
) -> None:
    cli("apply", "--yes")
    repository.write("scorer.yaml", f"{manifest(1, 'other')}---\n{manifest(2, 'second')}")
    repository.commit("another version")
    page = cli("apply", "--yes", "--format", "html").out
    found = read_html(page)
    assert [element.text for element in found if element.tag == "title"] == ["Apply: 1 created, 1 updated"]
    articles = [dict(element.attributes)["class"] for element in found if element.tag == "article"]
    assert articles == ["updated", "created"]
    assert re.search(r"2 changes in \d+ ms, on average \d+ ms each\.", page)
    assert "Nothing to do" in cli("apply", "--yes", "--format", "html").out


def test_a_token_that_is_part_of_a_text_is_not_told_apart_word_by_word(
    repository: GitRepository, cli: Cli, planted: set[Path]
) -> None:
    pieces = re.split(r"(\W)", TOKEN)
    registered = manifest(1, f"begin {' '.join(pieces)} end")
    repository.write("scorer.yaml", registered)
    repository.commit("the pieces of the token")
    cli("apply", "--yes")
    planted.add(repository.folder / "scorer.yaml")
    repository.write("scorer.yaml", manifest(1, f"'begin {TOKEN}/{TOKEN} end'"))
    page = cli("plan", "--format", "html").out
    assert_absent(re.sub("<[^>]*>", "", page))
    assert "***" in page
