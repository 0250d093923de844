"""Which of a repository's files may hold manifests."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from reconciler.errors import SourceError
from reconciler.source.snapshot import check_scopes_exist, is_hidden, may_hold_manifests


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
    assert may_hold_manifests(PurePosixPath(path), [PurePosixPath(scope)]) is expected


def test_no_scope_holds_nothing() -> None:
    assert not may_hold_manifests(PurePosixPath("a.yaml"), [])


@pytest.mark.parametrize(
    ("folder", "expected"), [(".", False), ("a/b", False), ("a/.b", True), (".a/b", True)]
)
def test_a_dot_anywhere_hides(folder: str, *, expected: bool) -> None:
    assert is_hidden(PurePosixPath(folder)) is expected


def test_every_scope_has_to_exist() -> None:
    present = [PurePosixPath("a/b.yaml")]
    check_scopes_exist([PurePosixPath(), PurePosixPath("a"), PurePosixPath("a/b.yaml")], present, "here")
    with pytest.raises(SourceError, match=r"^no file or folder a/b in here$"):
        check_scopes_exist([PurePosixPath("a"), PurePosixPath("a/b")], present, "here")
