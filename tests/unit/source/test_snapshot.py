"""Which of a repository's files may hold manifests."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from reconciler.source.snapshot import (
    SomeFiles,
    SourceFile,
    are_the_same,
    compute_git_id,
    is_below,
    select_manifests_in,
)
from tests.support.files_in_memory import FilesInMemory


@pytest.mark.parametrize(
    ("path", "scope", "expected"),
    [
        ("a.yaml", ".", True),
        ("a.yml", ".", True),
        ("a.json", ".", True),
        ("a.toml", ".", False),
        ("yaml", ".", False),
        (".yaml", ".", False),
        ("a/b/c.yaml", "a", True),
        ("a/b/c.yaml", "a/b", True),
        ("a/b/c.yaml", "a/b/c.yaml", True),
        ("ab/c.yaml", "a", False),
        ("a.yaml", "b", False),
        (".a.yaml", ".", True),
        (".a/b.yaml", ".", False),
        (".a/b.yaml", ".a", True),
        (".a/.b/c.yaml", ".a", False),
        (".a/b.yaml", ".a/b.yaml", True),
        ("a.txt", "a.txt", False),
    ],
)
def test_a_file_is_read_by_its_suffix_and_scope(path: str, scope: str, *, expected: bool) -> None:
    assert select_manifests_in([PurePosixPath(scope)])(path) is expected


def test_no_scope_holds_nothing() -> None:
    assert not select_manifests_in([])("a.yaml")


def test_a_file_is_read_where_any_scope_holds_it() -> None:
    is_asked_for = select_manifests_in([PurePosixPath("a"), PurePosixPath(".b/c.yaml")])
    paths = ["a/x.yaml", ".b/c.yaml", ".b/d.yaml", "x.yaml"]
    assert list(filter(is_asked_for, paths)) == ["a/x.yaml", ".b/c.yaml"]


@pytest.mark.parametrize(
    ("folder", "expected"), [(".", False), ("a/b", False), ("a/.b", True), (".a/b", True)]
)
def test_a_dot_anywhere_hides(folder: str, *, expected: bool) -> None:
    is_asked_for = select_manifests_in([PurePosixPath()])
    assert is_asked_for(str(PurePosixPath(folder, "x.yaml"))) is not expected


@pytest.mark.parametrize(
    ("path", "scope", "expected"),
    [
        ("a/b.yaml", "a", True),
        ("a/b.yaml", "a/b.yaml", True),
        ("a/b.yaml", "a/b", False),
        ("ab/c.yaml", "a", False),
        ("a", "a/b.yaml", False),
    ],
)
def test_a_path_is_below_the_folders_it_is_in_and_itself(path: str, scope: str, *, expected: bool) -> None:
    assert is_below(path, scope) is expected


def test_some_files_of_others_are_those_files() -> None:
    others = FilesInMemory(SourceFile(f"{name}.yaml", name.encode()) for name in "abcd")
    some = SomeFiles(others, [1, 3])
    assert list(some) == [SourceFile("b.yaml", b"b"), SourceFile("d.yaml", b"d")]
    assert list(some.read([1])) == [b"d"]
    assert some.list_ids() == [compute_git_id(b"b"), compute_git_id(b"d")]
    assert list(some.sizes) == [1, 1]
    assert list(SomeFiles(others, [])) == []
    assert others.select(others.paths.__contains__) is others
    assert others.select({others.paths[1], others.paths[3]}.__contains__).paths == some.paths
    assert list(some.iterate_ids()) == list(zip(some.paths, some.list_ids(), strict=True))


@pytest.mark.parametrize(
    ("data", "other", "expected"),
    [(b"a\n", b"a\r\n", True), (b"a\r\n", b"a\n", True), (b"a\n", b"a", False), (b"a\rb", b"ab", False)],
)
def test_line_ends_make_no_difference(data: bytes, other: bytes, *, expected: bool) -> None:
    assert are_the_same(data, other) is expected
