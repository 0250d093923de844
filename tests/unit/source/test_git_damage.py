"""A repository that is damaged, or not the one that the environment speaks of."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from reconciler.errors import SourceError
from reconciler.source.repository import open_repository
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import EVERYTHING
from tests.support.git_repository import GitRepository


def damage(repository: GitRepository, path: str, keep: int) -> None:
    """Cut the stored blob of a file at `HEAD` to its first bytes."""
    oid = repository.git("rev-parse", f"HEAD:{path}").strip()
    stored = repository.folder / ".git" / "objects" / oid[:2] / oid[2:]
    data = stored.read_bytes()
    stored.chmod(0o644)
    stored.write_bytes(data[:keep])


def contents(repository: GitRepository) -> list[bytes]:
    """What the files of the commit hold."""
    found = open_repository(repository.folder).take_snapshot("HEAD", EVERYTHING)
    return [file.data for file in found.files]


def with_a_blob_cut_short(folder: Path, size: int, kept: float) -> GitRepository:
    """A repository whose only file, so large, is there in part."""
    repository = GitRepository(folder)
    repository.write("a.yaml", os.urandom(size // 2).hex())
    repository.commit("one")
    oid = repository.git("rev-parse", "HEAD:a.yaml").strip()
    stored = repository.folder / ".git" / "objects" / oid[:2] / oid[2:]
    damage(repository, "a.yaml", int(stored.stat().st_size * kept))
    return repository


@pytest.mark.parametrize("size", [60_000, MAX_FILE_BYTES])
@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_a_blob_cut_short_is_an_error_and_not_a_shorter_file(tmp_path: Path, size: int, kept: float) -> None:
    repository = with_a_blob_cut_short(tmp_path / "repository", size, kept)
    with pytest.raises(SourceError) as caught:
        contents(repository)
    assert "damaged or partial" in caught.value.hint


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_a_blob_too_large_for_a_manifest_that_is_cut_short_is_an_error(tmp_path: Path, kept: float) -> None:
    repository = with_a_blob_cut_short(tmp_path / "repository", MAX_FILE_BYTES + 60_000, kept)
    with pytest.raises(SourceError) as caught:
        contents(repository)
    assert "damaged or partial" in caught.value.hint


def test_a_blob_that_is_missing_is_an_error(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "repository")
    repository.write("a.yaml", "a: 1")
    repository.commit("one")
    oid = repository.git("rev-parse", "HEAD:a.yaml").strip()
    (repository.folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(SourceError, match=f"git has no object {oid[:10]}"):
        open_repository(repository.folder).take_snapshot("HEAD", EVERYTHING)


def test_a_blob_that_claims_another_length_is_an_error(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "repository")
    repository.write("a.yaml", "a: 1")
    repository.commit("one")
    oid = repository.git("rev-parse", "HEAD:a.yaml").strip()
    stored = repository.folder / ".git" / "objects" / oid[:2] / oid[2:]
    stored.chmod(0o644)
    stored.write_bytes(zlib.compress(b"blob 9\0a: 1"))
    with pytest.raises(SourceError):
        contents(repository)


@pytest.mark.parametrize(
    "name",
    ["GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_INDEX_FILE", "GIT_DIR", "GIT_WORK_TREE"],
)
def test_what_the_environment_says_of_another_repository_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    repository = GitRepository(tmp_path / "repository")
    repository.write("a.yaml", "a: 1")
    commit = repository.commit("one")
    monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    snapshot = open_repository(repository.folder).take_snapshot("HEAD", EVERYTHING)
    assert snapshot.commit == commit
    assert [file.data for file in snapshot.files] == [b"a: 1"]
    assert os.environ[name] == str(tmp_path / "elsewhere")


@pytest.mark.parametrize("revision", ["^HEAD", "HEAD..HEAD", "a\0b", "HEAD:", "", "-h", "HEAD^{tree}"])
def test_what_names_no_commit_is_reported_as_such(tmp_path: Path, revision: str) -> None:
    repository = GitRepository(tmp_path / "repository")
    repository.write("a.yaml", "a: 1")
    repository.commit("one")
    with pytest.raises(SourceError, match="no commit named"):
        open_repository(repository.folder).resolve(revision)


def test_a_broken_configuration_is_reported_and_not_taken_for_an_empty_repository(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "repository")
    repository.write("a.yaml", "a: 1")
    repository.commit("one")
    (repository.folder / ".git" / "config").write_text("[core\n")
    with pytest.raises(SourceError, match="config"):
        open_repository(repository.folder).take_snapshot("HEAD", EVERYTHING)
