"""What files have been, asked of real repositories: every content once, and what took it away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.errors import SourceError
from reconciler.source.history import commits
from reconciler.source.history.chronicle import Chronicle
from reconciler.source.repository import open_repository
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import compute_git_id
from tests.support.git_repository import GitRepository


def of(repository: GitRepository, *paths: str) -> Chronicle:
    are_read = paths.__contains__ if paths else read_all
    return open_repository(repository.folder).read_chronicle(repository.head, lambda _: are_read)


def read_all(path: str) -> bool:
    return path != "reconciler.toml"


def contents(chronicle: Chronicle) -> dict[str, bytes]:
    return {file.path: file.data for file in chronicle.open_contents(chronicle.list_names())}


def name(data: bytes, suffix: str = ".yaml") -> str:
    return compute_git_id(data) + suffix


def test_every_content_is_given_once_named_by_what_it_is(repository: GitRepository) -> None:
    for data in (b"1", b"2", b"1"):
        repository.write("a.yaml", data)
        repository.write("copy.yml", data)
        repository.commit()
    repository.write("a.json", b"1")  # which JSON may read in another way
    repository.commit()
    assert contents(of(repository)) == {
        name(b"1"): b"1", name(b"2"): b"2", name(b"1", ".json"): b"1",
    }  # fmt: skip
    assert contents(of(repository, "a.json")) == {name(b"1", ".json"): b"1"}


def test_contents_that_are_known_and_those_too_large_are_left_out(repository: GitRepository) -> None:
    for data in (b"1", b"2", b"x" * (MAX_FILE_BYTES + 1)):
        repository.write("a.yaml", data)
        repository.commit()
    chronicle = of(repository)
    found = chronicle.open_contents(chronicle.list_names([("a.yaml", compute_git_id(b"1"))]))
    assert found.paths == [name(b"2")]
    assert list(found.list_ids()) == [compute_git_id(b"2")]


def test_the_last_commit_that_took_a_thing_away_is_found(repository: GitRepository) -> None:
    repository.write("a.yaml", "1")
    repository.commit()
    repository.remove("a.yaml")
    repository.commit()
    repository.write("b.yaml", "2")  # says it too
    repository.commit()
    repository.git("mv", "b.yaml", "c.yaml")
    repository.commit()
    repository.write("c.yaml", "3")
    last = repository.commit()
    repository.write("d.yaml", "4")
    repository.commit()
    holders = {"thing": [name(b"1"), name(b"2")], "other": [name(b"4")]}
    assert of(repository).find_removals(holders) == {"thing": last}


def test_a_merge_is_one_change_and_what_came_and_went_on_its_side_was_never_here(
    repository: GitRepository,
) -> None:
    repository.write("a.yaml", "0")
    repository.commit()
    repository.branch("side")
    for data in ("somebody else's", "1"):
        repository.write("a.yaml", data)
        repository.commit()
    repository.switch("main")
    repository.write("a.yaml", "2")
    repository.commit()
    repository.git("merge", "--quiet", "--no-commit", "--strategy=ours", "side")
    repository.write("a.yaml", "3")
    merge = repository.commit()
    chronicle = of(repository)
    assert contents(chronicle).keys() == {name(data) for data in (b"0", b"2", b"3")}
    assert chronicle.find_removals({"main": [name(b"2")]}) == {"main": merge}


def test_what_nobody_can_reach_is_no_history(repository: GitRepository) -> None:
    repository.write("a.yaml", "1")
    repository.commit()
    repository.write("a.yaml", "2")
    repository.commit()
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    assert contents(of(repository)).keys() == {name(b"1")}


def test_an_end_is_put_to_a_history_without_one(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_MOST_FIELDS", 5)
    for data in ("1", "2", "3"):
        repository.write("a.yaml", data)
        repository.commit()
    with pytest.raises(SourceError, match="in this repository's history"):
        of(repository)


def test_a_content_that_is_not_here_is_an_error(repository: GitRepository) -> None:
    repository.write("a.yaml", "1")
    repository.commit()
    repository.remove("a.yaml")
    repository.commit()
    oid = compute_git_id(b"1")
    (repository.folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(SourceError, match="does not have all contents"):
        contents(of(repository))


def test_who_made_a_commit_is_known_by_name_and_date(repository: GitRepository) -> None:
    repository.write("a.yaml", "1")
    commit = repository.commit()
    found = open_repository(repository.folder).history.read_signatures([commit])
    assert found.keys() == {commit}
    assert found[commit].author == "Tester"
    assert datetime.fromisoformat(found[commit].date or "") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
