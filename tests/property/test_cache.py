"""What a run remembers of the ones before makes it quicker, and never different."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.errors import Problem
from reconciler.manifest.load import Loading
from reconciler.manifest.memory import Memory
from reconciler.model import Outline
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.files_in_memory import FilesInMemory
from tests.support.manifests import MANIFEST, replaced
from tests.support.scale import law

Edit: TypeAlias = tuple[str, str | None]
"""A path, and what it says from then on; nothing where it is removed."""
Told: TypeAlias = tuple[Sequence[Outline], tuple[int, int, int], Sequence[Problem]]
CONTENTS = (
    MANIFEST,
    replaced("version: 1", "version: 2"),
    replaced("version: 1", "version: 0"),
    f"{MANIFEST}---\ntype: model\n",
    "type: model\n---\nkind: Service\n---\n[ml_repo]\n",
    "{}",
    '{"type": "artifact-versions"}',
    "a: [",
    "ml_repo: [",
    "ml_repo: {}",
    "",
)
PATHS = ("a.yaml", "b.yaml", "sub/a.yml", "c.json")
edits = st.tuples(st.sampled_from(PATHS), st.none() | st.sampled_from(CONTENTS))
histories = st.lists(st.lists(edits, max_size=4), min_size=2, max_size=5)


@law(30, 1_000, 20_000)
@given(histories)
@example([[("a.yaml", MANIFEST), ("b.yaml", MANIFEST)], [("b.yaml", None)], []])
@example([[(path, CONTENTS[4]) for path in PATHS[:3]], [], []])
@example([[("a.yaml", "{}"), ("c.json", "{}")], [], [("a.yaml", None)]])
def test_a_run_that_remembers_tells_what_one_without_tells(history: list[list[Edit]]) -> None:
    files: dict[str, str] = {}
    with TemporaryDirectory() as folder:
        for step in history:
            for path, content in step:
                files.pop(path, None)
                if content is not None:
                    files[path] = content
            assert _tell(files, Memory(Path(folder), "here", "1.0")) == _tell(files, None)


@pytest.mark.parametrize("room", [0, 10, 100, 200])
def test_a_disk_that_is_full_changes_nothing(tmp_path: Path, room: int) -> None:
    files = {"a.yaml": MANIFEST, "b.yaml": CONTENTS[1], "c.json": CONTENTS[5]}
    expected = _tell(files, None)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limit[1]))  # writes beyond it fail, as on a full disk
    try:
        assert [_tell(files, Memory(tmp_path, "here", "1.0")) for _ in range(2)] == [expected] * 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert [_tell(files, Memory(tmp_path, "here", "1.0")) for _ in range(2)] == [expected] * 2


def test_what_another_version_remembers_changes_nothing(tmp_path: Path) -> None:
    files = {"a.yaml": MANIFEST, "b.yaml": CONTENTS[4]}
    told = [_tell(files, Memory(tmp_path, "here", version)) for version in ("1.0", "1.1", "1.0")]
    assert told == [_tell(files, None)] * 3


def test_two_runs_on_one_folder_at_once_tell_the_same(tmp_path: Path) -> None:
    files = dict.fromkeys(PATHS[:3], MANIFEST)
    first, second = (Loading(_snapshot(files), Memory(tmp_path, "here", "1.0")) for _ in range(2))
    expected = _tell(files, None)
    assert [_declared(second), _declared(first), _tell(files, Memory(tmp_path, "here", "1.0"))] == [
        expected
    ] * 3


def test_copies_are_remembered_once(tmp_path: Path) -> None:
    _tell(dict.fromkeys(PATHS[:3], MANIFEST), Memory(tmp_path, "here", "1.0"))
    for _ in range(2):
        _tell(dict.fromkeys(PATHS[:2], MANIFEST), Memory(tmp_path, "here", "1.0"))
    (file,) = tmp_path.iterdir()
    assert len(file.read_bytes().splitlines()) == 3  # its head, the entry, its end


def _snapshot(files: dict[str, str]) -> Snapshot:
    sources = [SourceFile(path, text.encode()) for path, text in sorted(files.items())]
    return Snapshot("0" * 40, FilesInMemory(sources), in_work_tree=False)


def _tell(files: dict[str, str], memory: Memory | None) -> Told:
    return _declared(Loading(_snapshot(files), memory))


def _declared(loading: Loading) -> Told:
    declaration = loading.load_declaration()
    counts = (declaration.files, declaration.other_files, declaration.others)
    return declaration.manifests, counts, declaration.problems
