"""Which contents may hold manifests, and how much of a file is read to know."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.source import search
from reconciler.source.search import MAX_FILE_BYTES, may_hold_manifests, read_if_ours
from reconciler.wire import rules
from tests.support.golden import GOLDEN

WORDS = ("ml_repo", rules.MANIFEST_TYPE)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_word_of_every_manifest_is_found_in_every_encoding_that_an_editor_writes(
    word: str, encoding: str
) -> None:
    assert may_hold_manifests(f"# {word}:\n".encode(encoding))
    assert may_hold_manifests(word.encode(encoding))


@pytest.mark.parametrize(
    "data", [b"", b"{{ .Values }}", b"\0" * 99, b"ml-repo artifact_version", b"m\0l\0_\0r\0e\0p\0"]
)
def test_what_has_none_of_the_words_is_not_ours(data: bytes) -> None:
    assert not may_hold_manifests(data)


@given(st.sampled_from([0, 1, MAX_FILE_BYTES - 8, MAX_FILE_BYTES - 3, MAX_FILE_BYTES, 2 * MAX_FILE_BYTES]))
def test_a_large_file_is_searched_to_its_end_and_read_in_part(before: int) -> None:
    data = b"#" * before + b"ml_repo" + b"#" * MAX_FILE_BYTES
    assert read_if_ours(io.BytesIO(data).read, len(data), is_named=False) == data[: MAX_FILE_BYTES + 1]
    wide = b"#" * before + "artifact-version".encode("utf-16-be") + b"#" * MAX_FILE_BYTES
    assert read_if_ours(io.BytesIO(wide).read, len(wide), is_named=False) == wide[: MAX_FILE_BYTES + 1]


def test_nothing_is_kept_of_a_large_file_of_another_tool_unless_it_was_named() -> None:
    data = b"#" * (3 * MAX_FILE_BYTES)
    assert read_if_ours(io.BytesIO(data).read, len(data), is_named=False) == b""
    assert len(read_if_ours(io.BytesIO(data).read, len(data), is_named=True)) == MAX_FILE_BYTES + 1


@pytest.mark.parametrize("size", [0, 1, MAX_FILE_BYTES])
def test_a_file_of_a_usual_size_is_read_whole_also_by_pieces(size: int) -> None:
    data = b"#" * size
    pieces = io.BytesIO(data)
    assert read_if_ours(lambda most: pieces.read(min(most, 1000)), size, is_named=False) == data


@given(st.integers(0, 40))
def test_a_word_is_found_wherever_reads_cut_it(cut: int) -> None:
    data = b"#" * (MAX_FILE_BYTES + 1) + b"#" * 16 + b"artifact-version" + b"#" * 16
    reads = [
        data[: MAX_FILE_BYTES + 1],
        data[MAX_FILE_BYTES + 1 :][:cut],
        data[MAX_FILE_BYTES + 1 + cut :],
        b"",
    ]
    rest = iter([read for read in reads if read] + [b""])
    assert len(read_if_ours(lambda _: next(rest), len(data), is_named=False)) == MAX_FILE_BYTES + 1


@given(
    before=st.integers(0, 9000), word=st.sampled_from([b"ml_repo", b"artifact-version"]), is_cut=st.booleans()
)
def test_the_c_library_finds_what_python_finds(before: int, word: bytes, *, is_cut: bool) -> None:
    data = b"ml_rep" * (before // 6) + word[: len(word) - is_cut] + b"\0" * (9000 - before)
    assert may_hold_manifests(data) is not is_cut


def test_without_a_c_library_words_are_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_find_memmem", lambda: None)
    assert may_hold_manifests(b"#" * 9000 + b"ml_repo")
    assert not may_hold_manifests(b"#" * 9000)


@pytest.mark.parametrize("name", ["plan.json", "plan-empty.json", "problems/problems.json"])
def test_what_this_program_writes_is_not_ours_however_large(name: str) -> None:
    data = (GOLDEN / name).read_bytes()
    assert not may_hold_manifests(data)
    large = data + b" " * MAX_FILE_BYTES
    assert not may_hold_manifests(read_if_ours(io.BytesIO(large).read, len(large), is_named=False))
