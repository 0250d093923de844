"""Which files git would ignore."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import SourceError
from reconciler.source.check_ignore import find_ignored
from tests.support.git_repository import GitRepository

NAMES = ["a b.yaml", ":(glob)*.yaml", '"quoted".yaml', "line\nend.yaml", "*.yaml", "\udcff.yaml"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_a_name_whatever_is_in_it(repository: GitRepository, name: str) -> None:
    repository.write(".gitignore", "/models/\n!*.yaml\n")
    asked = [f"models/{name}", name, "models/deep/1.yaml", "fraud/1.yaml"]
    assert find_ignored(repository.folder, asked) == {f"models/{name}", "models/deep/1.yaml"}


def test_what_is_committed_is_not_ignored(repository: GitRepository) -> None:
    repository.write("models/1.yaml", "a: 1\n")
    repository.commit()
    repository.write(".gitignore", "*.yaml\n")
    assert find_ignored(repository.folder, ["models/1.yaml", "models/2.yaml"]) == {"models/2.yaml"}
    assert find_ignored(repository.folder, []) == frozenset()


def test_a_git_that_fails_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="git can not tell what it ignores"):
        find_ignored(tmp_path, ["a.yaml"])
