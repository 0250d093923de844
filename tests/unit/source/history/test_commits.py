"""What led to a commit, asked of real repositories: ancestors, last touches, earlier contents, remotes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import SourceError
from reconciler.source.history import commits
from reconciler.source.history.commits import History, Touch
from reconciler.source.repository import open_repository
from reconciler.source.search import MAX_FILE_BYTES
from tests.support.git_repository import GitRepository

AUTHOR = "Ada Example <ada@example.com>"


def of(repository: GitRepository) -> History:
    return open_repository(repository.folder).history


def touches(repository: GitRepository, *paths: str) -> list[Touch]:
    return list(of(repository).iterate_touches(repository.head, paths))


def written(repository: GitRepository, content: str, path: str = "a.yaml", author: str = AUTHOR) -> str:
    """Write a file and commit it; the id of the commit."""
    repository.write(path, content)
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=change", f"--author={author}")
    return repository.head


def blob(repository: GitRepository, path: str = "a.yaml", commit: str = "HEAD") -> str:
    return repository.git("rev-parse", f"{commit}:{path}")


# Touches


def test_each_commit_that_changed_a_file_is_reported_the_last_first(repository: GitRepository) -> None:
    first = written(repository, "1")
    old = blob(repository)
    second = written(repository, "2", author="Grace Example <grace@example.com>")
    written(repository, "x", path="other.yaml")
    new = blob(repository)
    assert touches(repository, "a.yaml") == [
        Touch(second, "Grace Example", "a.yaml", (old,), new),
        Touch(first, "Ada Example", "a.yaml", (), old),
    ]


def test_a_file_that_is_removed_is_none_afterwards(repository: GitRepository) -> None:
    written(repository, "1")
    old = blob(repository)
    repository.remove("a.yaml")
    gone = repository.commit()
    assert touches(repository, "a.yaml")[0] == Touch(gone, "Tester", "a.yaml", (old,), None)


def test_a_link_in_the_place_of_a_file_is_no_file(repository: GitRepository) -> None:
    written(repository, "1")
    repository.remove("a.yaml")
    (repository.folder / "a.yaml").symlink_to("/etc/passwd")
    repository.commit()
    assert [touch.after for touch in touches(repository, "a.yaml")] == [
        None,
        blob(repository, commit="HEAD~"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "new\nline.yaml",
        ":(exclude)x.yaml",
        ":!x.yaml",
        "-rf.yaml",
        "*.yaml",
        "a b/[c]?.yaml",
        "\\x.yaml",
        "ä.yaml",
    ],
)
def test_a_file_of_any_name_is_reported_and_no_other(repository: GitRepository, name: str) -> None:
    commit = written(repository, "1", path=name)
    written(repository, "2", path="x.yaml")
    assert [(touch.commit, touch.path) for touch in touches(repository, name)] == [(commit, name)]


def test_a_file_whose_name_is_not_utf_8_is_in_nobodys_way(repository: GitRepository) -> None:
    repository.write("\udcff.yaml", "1")
    commit = written(repository, "1")
    many = (f"{number}.yaml" for number in range(100))
    assert [touch.commit for touch in touches(repository, "a.yaml", *many)] == [commit]


@pytest.mark.parametrize("count", [3, 100])
def test_many_files_are_reported_as_few_are(repository: GitRepository, count: int) -> None:
    paths = [f"models/{number}.yaml" for number in range(count)]
    for path in paths:
        repository.write(path, path)
    first = repository.commit()
    second = written(repository, "new", path=paths[-1])
    written(repository, "x", path="other.yaml")
    found = touches(repository, *paths)
    assert [(touch.commit, touch.path) for touch in found[:1]] == [(second, paths[-1])]
    assert {(touch.commit, touch.path) for touch in found[1:]} == {(first, path) for path in paths}
    assert len(found) == count + 1


def test_history_of_sha_256_ids_is_read(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "team", "sha256")
    commit = written(repository, "1")
    assert touches(repository, "a.yaml") == [Touch(commit, "Ada Example", "a.yaml", (), blob(repository))]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"author :100644 100644 x y M <x@example.com> 1 +0000", ":100644 100644 x y M"),
        (b"author \x1b[31mred <x@example.com> 1 +0000", "\x1b[31mred"),
        (b"author " + b"x" * 5000 + b" <x@example.com> 1 +0000", "x" * 100),
        ("author Ä \u202eevil <x@example.com> 1 +0000".encode(), "Ä \u202eevil"),
        (b"author \xff\xfe <x@example.com> 1 +0000", "\ufffd\ufffd"),
        (b"author  <x@example.com> 1 +0000", ""),
        (b"author <<<>>>", ""),
        (b"author", ""),
    ],
)
def test_an_author_is_reported_as_written_and_no_longer_than_a_name(
    repository: GitRepository, line: bytes, told: str
) -> None:
    written(repository, "1")
    tree = repository.git("rev-parse", "HEAD^{tree}")
    data = b"tree %s\n%s\ncommitter C <c@example.com> 1 +0000\n\nmade by hand\n" % (tree.encode(), line)
    first = repository.store("commit", data)
    repository.git("update-ref", "HEAD", first)
    second = written(repository, "2")
    found = [(touch.commit, touch.author) for touch in touches(repository, "a.yaml")]
    assert found == [(second, "Ada Example"), (first, told)]


def test_a_merge_is_reported_only_where_it_made_the_file_what_it_is(repository: GitRepository) -> None:
    written(repository, "1\n")
    repository.branch("side")
    side = written(repository, "side\n")
    written(repository, "side\n", path="b.yaml")
    repository.switch("main")
    ours = written(repository, "main\n")
    with pytest.raises(AssertionError):
        repository.git("merge", "--quiet", "side")
    both = written(repository, "both\n")
    found = touches(repository, "a.yaml", "b.yaml")
    assert found[0].commit == both
    assert set(found[0].before) == {blob(repository, commit=ours), blob(repository, commit=side)}
    assert {touch.commit for touch in found if touch.path == "b.yaml"} == {
        repository.git("rev-parse", "side")
    }


def test_what_a_shallow_clone_has_cut_off_is_not_reported(repository: GitRepository, tmp_path: Path) -> None:
    written(repository, "1")
    written(repository, "1", path="b.yaml")
    shallow = repository.clone(tmp_path / "shallow", shallow=True)
    assert touches(shallow, "a.yaml", "b.yaml") == []
    last = written(shallow, "2")
    assert [touch.commit for touch in touches(shallow, "a.yaml", "b.yaml")] == [last]


def test_reading_ends_when_nobody_asks_for_more(repository: GitRepository) -> None:
    written(repository, "1")
    last = written(repository, "2")
    found = of(repository).iterate_touches(last, ["a.yaml"])
    assert isinstance(found, Iterator)
    assert next(found).commit == last
    found.close()  # type: ignore[attr-defined]


def test_there_is_an_end_to_it(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        written(repository, str(number))
    assert len(touches(repository, "a.yaml")) == 5
    monkeypatch.setattr(commits, "_MOST_FIELDS", 10)
    monkeypatch.setattr(commits, "_CHUNK_BYTES", 200)
    assert 0 < len(touches(repository, "a.yaml")) < 5


def test_a_field_without_end_is_refused(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    written(repository, "1", author=f"{'x' * 500} <x@example.com>")
    monkeypatch.setattr(commits, "_LONGEST_FIELD_BYTES", 100)
    monkeypatch.setattr(commits, "_CHUNK_BYTES", 100)
    with pytest.raises(SourceError, match="an author or parents without end"):
        touches(repository, "a.yaml")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of what runs already")
def test_a_commit_that_stands_for_billions_of_files_is_refused(repository: GitRepository) -> None:
    written(repository, "1")
    one = blob(repository)
    tree = repository.store_tree(*(("100644", b"%04d.yaml" % number, one) for number in range(5000)))
    for _ in range(6):
        tree = repository.store_tree(*(("40000", b"%d" % number, tree) for number in range(10)))
    repository.git("update-ref", "HEAD", repository.git("commit-tree", "-p", "HEAD", "-m", "bomb", tree))
    written(repository, "2")
    with pytest.raises(SourceError, match=r"git log failed: .*memory"):
        touches(repository, *(f"{number}.yaml" for number in range(100)))


def test_a_commit_that_is_not_there_is_refused(repository: GitRepository) -> None:
    written(repository, "1")
    with pytest.raises(SourceError, match="git log failed: fatal: bad object"):
        list(of(repository).iterate_touches("0" * 39 + "1", ["a.yaml"]))


SETTINGS = {
    "log.follow": "true",
    "log.showRoot": "false",
    "log.diffMerges": "off",
    "log.decorate": "full",
    "log.mailmap": "true",
    "diff.renames": "copies",
    "diff.relative": "true",
    "diff.orderFile": "/no/such/file",
    "diff.submodule": "log",
    "format.pretty": "oneline",
    "i18n.logOutputEncoding": "UTF-16",
    "color.ui": "always",
    "core.abbrev": "4",
    "core.quotePath": "true",
    "notes.displayRef": "*",
}


def test_no_setting_of_the_repository_changes_what_is_reported(repository: GitRepository) -> None:
    repository.write(".mailmap", "Somebody Else <ada@example.com>\n")
    written(repository, "1")
    repository.git("mv", "a.yaml", "ä.yaml")
    repository.commit()
    expected = touches(repository, "ä.yaml", "a.yaml")
    assert len(expected) == 3
    for name, value in SETTINGS.items():
        repository.configure(name, value)
    assert touches(repository, "ä.yaml", "a.yaml") == expected


def test_no_signature_is_checked_and_no_file_compared(repository: GitRepository, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {marker}\n")
    trap.chmod(0o755)
    repository.write(".gitattributes", "*.yaml diff=trap\n")
    written(repository, "1")
    tree = repository.git("rev-parse", "HEAD^{tree}")
    signed = repository.store(
        "commit",
        b"tree %s\nauthor A <a@example.com> 1 +0000\ncommitter A <a@example.com> 1 +0000\n"
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nsigned\n"
        % tree.encode(),
    )
    repository.git("update-ref", "HEAD", signed)
    for name in ("gpg.program", "diff.external", "diff.trap.textconv", "diff.trap.command", "core.pager"):
        repository.configure(name, str(trap))
    repository.configure("log.showSignature", "true")
    repository.git("log", "-1")
    assert marker.exists()  # by git's own habits
    marker.unlink()
    assert [touch.commit for touch in touches(repository, "a.yaml")] == [signed]
    assert not marker.exists()


# Earlier contents


def test_what_a_file_was_is_read_from_the_store(repository: GitRepository) -> None:
    written(repository, "1")
    written(repository, "2")
    ids = [touch.after or "" for touch in touches(repository, "a.yaml")]
    assert list(of(repository).read_contents(ids)) == [b"2", b"1"]
    assert list(of(repository).read_contents([])) == []


def test_what_is_missing_or_no_manifests_size_is_none(repository: GitRepository) -> None:
    written(repository, "1")
    large = repository.store("blob", b"x" * (MAX_FILE_BYTES + 1))
    most = repository.store("blob", b"x" * MAX_FILE_BYTES)
    found = of(repository).read_contents([large, "f" * 40, most, blob(repository)])
    assert list(found) == [None, None, b"x" * MAX_FILE_BYTES, b"1"]


# Ancestors


def test_two_branches_have_the_commit_in_common_where_they_part(repository: GitRepository) -> None:
    base = written(repository, "1")
    repository.branch("side")
    side = written(repository, "2")
    repository.switch("main")
    main = written(repository, "3")
    assert of(repository).find_common_ancestor(side, main) == base
    assert of(repository).find_common_ancestor(base, main) == base
    assert of(repository).find_common_ancestor(main, main) == main


def test_histories_that_never_met_have_nothing_in_common(repository: GitRepository) -> None:
    main = written(repository, "1")
    repository.git("checkout", "--quiet", "--orphan", "other")
    other = written(repository, "2")
    assert of(repository).find_common_ancestor(main, other) is None


def test_of_several_commits_in_common_one_is_given(repository: GitRepository) -> None:
    written(repository, "1")
    repository.branch("side")
    side = written(repository, "2", path="b.yaml")
    repository.switch("main")
    main = written(repository, "3")
    repository.git("merge", "--quiet", "--no-edit", side)
    ours = repository.head
    repository.switch("side")
    repository.git("merge", "--quiet", "--no-edit", main)
    assert of(repository).find_common_ancestor(ours, repository.head) in {side, main}


# Remotes


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://example.com/team/models.git", "https://example.com/team/models.git"),
        ("https://user:secret@example.com/team/models", "https://example.com/team/models"),
        ("https://secret@example.com:8443/team/models", "https://example.com:8443/team/models"),
        ("https://a@secret@example.com/team", "https://example.com/team"),
        ("https://example.com/team/models?token=secret#secret", "https://example.com/team/models"),
        ("ssh://git:secret@example.com:22/team/models", "ssh://git@example.com:22/team/models"),
        ("git@example.com:team/models.git", "git@example.com:team/models.git"),
        ("SECRET-1@example.com:team/models.git", "example.com:team/models.git"),
        ("ssh://SECRET-1@example.com/team", "ssh://example.com/team"),
        ("example.com:team/models.git", "example.com:team/models.git"),
        ("secret:secret@example.com:team/models.git", None),
        ("/srv/git/models", None),
        ("../models", None),
        ("file:///srv/git/models", None),
        ("ext::sh -c secret", None),
        ("https://[secret", None),
        ("https://example.com/\x1b[31m", None),
        ("", None),
    ],
)
def test_a_remote_is_reported_without_credentials(
    repository: GitRepository, url: str, told: str | None
) -> None:
    repository.configure("remote.origin.url", url)
    assert of(repository).find_remote() == told


def test_origin_comes_before_others_and_of_several_others_none_is_reported(repository: GitRepository) -> None:
    assert of(repository).find_remote() is None
    repository.configure("remote.up.stream.url", "https://example.com/one")
    assert of(repository).find_remote() == "https://example.com/one"
    repository.configure("remote.fork.url", "https://example.com/two")
    assert of(repository).find_remote() is None
    repository.configure("remote.origin.url", "https://example.com/three")
    assert of(repository).find_remote() == "https://example.com/three"


def test_a_remote_in_an_included_file_is_not_looked_for(repository: GitRepository, tmp_path: Path) -> None:
    (tmp_path / "included").write_text('[remote "origin"]\n\turl = https://example.com/other\n')
    repository.configure("include.path", str(tmp_path / "included"))
    assert of(repository).find_remote() is None
