"""By which settings files were read when, asked of real repositories."""

from __future__ import annotations

from functools import cache

import pytest

from reconciler.source.history.chronicle import Chronicle
from reconciler.source.history.eras import AreRead
from reconciler.source.repository import open_repository
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import SourceFile, compute_git_id
from tests.support.git_repository import GitRepository

SETTINGS = "reconciler.toml"


@pytest.fixture(autouse=True, params=[1, 10_000])
def _held(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are found among what a commit did, or by the parent of one that did too much to hold."""
    monkeypatch.setattr("reconciler.source.history.record._MOST_HELD", request.param)


@cache
def _read_all_but(path: str) -> AreRead:
    return lambda other: other not in {path, SETTINGS}


def read_by(settings: SourceFile | None) -> AreRead:
    """As if the settings were the path of the one file that is not read."""
    return _read_all_but(settings.data.decode().strip() if settings else "")


def of(repository: GitRepository) -> Chronicle:
    return open_repository(repository.folder).read_chronicle(repository.head, read_by)


def known(repository: GitRepository) -> set[bytes]:
    chronicle = of(repository)
    return {file.data for file in chronicle.open_contents(chronicle.list_names())}


def name(data: bytes) -> str:
    return compute_git_id(data) + ".yaml"


def test_each_commit_is_read_by_its_own_settings(repository: GitRepository) -> None:
    for settings, data in (("a.yaml", "1"), ("b.yaml", "2"), ("a.yaml", "3"), ("a.yaml ", "4")):
        repository.write(SETTINGS, settings)
        repository.write("a.yaml", data)
        repository.commit()
    repository.remove(SETTINGS)
    repository.write("a.yaml", "5")
    repository.commit()
    assert known(repository) == {b"2", b"5"}


def test_a_file_that_stays_as_it_is_comes_and_goes_with_settings(repository: GitRepository) -> None:
    repository.write(SETTINGS, "a.yaml")
    repository.write("a.yaml", "1")
    repository.commit()
    assert known(repository) == set()
    repository.write(SETTINGS, "b.yaml")
    repository.commit()
    assert known(repository) == {b"1"}
    assert of(repository).find_removals({"thing": [name(b"1")]}) == {}
    repository.write(SETTINGS, "a.yaml")
    repository.write("other.yaml", "2")
    left_out = repository.commit()
    repository.write("a.yaml", "3")
    repository.commit()
    assert known(repository) == {b"1", b"2"}
    assert of(repository).find_removals({"thing": [name(b"1")]}) == {"thing": left_out}


def test_what_a_merge_brought_counts_as_the_settings_of_the_merge_say(repository: GitRepository) -> None:
    repository.commit()
    repository.branch("side")
    repository.write("a.yaml", "1")
    repository.commit()
    repository.write(SETTINGS, "a.yaml")
    repository.commit()
    repository.switch("main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    assert known(repository) == set()


@pytest.mark.parametrize("size", [None, MAX_FILE_BYTES + 1])
def test_settings_that_can_not_be_read_had_nothing_read(repository: GitRepository, size: int | None) -> None:
    if size:
        repository.write(SETTINGS, "#" * size)
    else:
        (repository.folder / SETTINGS).symlink_to("a.yaml")
    repository.write("a.yaml", "1")
    repository.commit()
    repository.remove(SETTINGS)
    repository.remove("a.yaml")
    repository.commit()
    assert known(repository) == set()
