"""What is remembered of a repository: nothing that was not there, and nothing from anybody else."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import pytest

from reconciler.manifest import memory
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.memory import Memory, find_cache_folder
from reconciler.model import EXACT
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.files_in_memory import FilesInMemory
from tests.support.manifests import MANIFEST, replaced

FILES = {
    "a.yaml": MANIFEST,
    "b.yaml": replaced("version: 1", "version: 2"),
    "copy/of-b.txt.yaml": "type: service\nml_repo: a\n",
    "c.json": '{"type": "service", "ml_repo": "a"}',
    "values.yaml": "replicas: {{ broken",
}


class Watched(FilesInMemory):
    """Files that note which of them are read."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        super().__init__(files)
        self.was_read: list[str] = []

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some of the files."""
        self.was_read += [self.paths[number] for number in numbers]
        return super().read(numbers)


def load(folder: Path, files: dict[str, str], **settings: str) -> tuple[Declaration, list[str]]:
    """What some files declare, and which of them had to be read for it."""
    watched = Watched([SourceFile(path, text.encode()) for path, text in files.items()])
    toml = "\n".join(f"{key} = {value}" for key, value in settings.items()).encode()
    settings_file = SourceFile("reconciler.toml", toml) if settings else None
    snapshot = Snapshot("0" * 40, watched, settings=settings_file, origin="/example/team")
    declared = Loading(snapshot, Memory(folder, snapshot.origin, "1.0")).load_declaration()
    return declared, watched.was_read


def remembered(folder: Path) -> Path:
    (file,) = (file for file in folder.iterdir() if not file.suffix)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache folder in which the files above are remembered."""
    folder = tmp_path / "cache" / "reconciler"
    load(folder, FILES)
    return folder


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first, was_read = load(folder, FILES)
    assert was_read == [*FILES]
    second, was_read = load(folder, FILES)
    assert was_read == []
    assert second.manifests == first.manifests
    assert [outline.label for outline in second.manifests] == ["fraud/scorer:1", "fraud/scorer:2"]
    assert second.others == first.others == 2
    assert second.other_files == first.other_files == 1
    assert second.files == first.files == 4


def test_what_changed_is_read_and_remembered(folder: Path) -> None:
    files = {**FILES, "b.yaml": replaced("version: 1", "version: 3")}
    declared, was_read = load(folder, files)
    assert was_read == ["b.yaml"]
    assert [outline.version for outline in declared.manifests] == [1, 3]
    assert load(folder, files)[1] == []
    assert load(folder, FILES)[1] == ["b.yaml"]


def test_a_file_that_was_moved_or_copied_is_known_by_its_contents(folder: Path) -> None:
    files = {"x/moved.yaml": FILES["a.yaml"], "b.yaml": FILES["b.yaml"]}
    declared, was_read = load(folder, files)
    assert was_read == []
    assert [str(outline.place) for outline in declared.manifests] == ["x/moved.yaml:1:1", "b.yaml:1:1"]


def test_contents_are_known_only_as_what_they_were_read_as(folder: Path) -> None:
    assert load(folder, {"c.yaml": FILES["c.json"]})[1] == ["c.yaml"]


def test_a_file_with_problems_is_read_each_time(tmp_path: Path) -> None:
    files = {"a.yaml": "ml_repo: [", "b.yaml": replaced("metadata: {}", "metadata: {a: yes}")}
    first, _ = load(tmp_path, files)
    second, was_read = load(tmp_path, files)
    assert was_read == ["a.yaml", "b.yaml"]
    assert second.problems == first.problems
    assert len(first.problems) == 2


def test_what_is_ignored_is_part_of_what_is_remembered(folder: Path) -> None:
    ignoring = '["/metadata/a"]'
    assert len(load(folder, FILES, ignore=ignoring)[1]) == len(FILES)
    assert load(folder, FILES, ignore=ignoring)[1] == []


def test_another_version_of_the_program_remembers_nothing(folder: Path) -> None:
    assert recalled(folder, "/example/team", "1.0") == len(FILES)
    assert recalled(folder, "/example/team", "1.1") == 0


def test_another_repository_is_not_remembered(folder: Path) -> None:
    assert recalled(folder, "/example/other", "1.0") == 0


def recalled(folder: Path, origin: str, version: str) -> int:
    """How many of the entries that there are a memory gives."""
    ids = {line.split(b" ")[0].decode(): [0] for line in remembered(folder).read_bytes().splitlines()[1:-1]}
    found = Memory(folder, origin, version)
    count = len(list(found.read_entries(lambda: ids, EXACT)))
    found.give_up()
    return count


@pytest.mark.parametrize("cut", [1, 10, 40, 200])
def test_a_file_that_was_cut_short_is_not_there(folder: Path, cut: int) -> None:
    file = remembered(folder)
    file.write_bytes(file.read_bytes()[:-cut])
    assert len(load(folder, FILES)[1]) == len(FILES)
    assert load(folder, FILES)[1] == []


def test_a_single_changed_byte_is_noticed(folder: Path) -> None:
    file = remembered(folder)
    data = file.read_bytes()
    for at in range(0, len(data), 7):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert len(load(folder, FILES)[1]) == len(FILES)


def sealed(file: Path, lines: Sequence[bytes]) -> None:
    """Write entries as somebody would who knows how."""
    head = file.read_bytes().splitlines(keepends=True)[0]
    check = blake2b(b"".join([head, *lines]), digest_size=16)
    file.write_bytes(b"".join([head, *lines]) + b"end %s\n" % check.hexdigest().encode())


ENTRIES = [
    b"",
    b"x",
    b"[]",
    b"[0]",
    b"[0, 1]",
    b'["0", []]',
    b"[true, []]",
    b"[0, [[]]]",
    b'[0, [["a", "b", 1, null, null, 1, 1, "type", "zz"]]]',
    b'[0, [["a", "b", "1", null, null, 1, 1, "type|", "00"]]]',
    b'[0, [["a", "b", 1, 2, null, 1, 1, "type|", "00"]]]',
    b'[0, [["a", "b", 1, null, null, 1.5, 1, "type|", "00"]]]',
    b'[0, [["a", "b", 1, null, null, 1, 1, "a|b|c", "00"]]]',
    b'[0, [["a", "b", 1, null, null, 1, 1, null, "00"]]]',
    b"[" * 100_000,
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry[:50]))
def test_an_entry_that_is_none_is_not_there(folder: Path, entry: bytes) -> None:
    ids = FilesInMemory([SourceFile("a.yaml", FILES["a.yaml"].encode())]).list_ids()
    sealed(remembered(folder), [f"{ids[0]} ".encode() + entry + b"\n"])
    declared, was_read = load(folder, {"a.yaml": FILES["a.yaml"]})
    assert was_read == ["a.yaml"]
    assert [outline.label for outline in declared.manifests] == ["fraud/scorer:1"]


def test_only_its_owner_can_use_what_is_remembered(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(remembered(folder).stat().st_mode) == 0o600
    folder.chmod(0o777)
    assert load(folder, FILES)[1] == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_link_in_place_of_the_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    file = remembered(folder)
    elsewhere = file.rename(tmp_path / "elsewhere")
    file.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    assert len(load(folder, FILES)[1]) == len(FILES)
    assert elsewhere.read_bytes() == before
    assert not file.is_symlink()


def listed(folder: Path, version: str = "1.0") -> set[str]:
    return Memory(folder, "/example/team", version).list_identities()


def test_identities_are_listed_as_they_were_declared(tmp_path: Path) -> None:
    texts = [
        MANIFEST,
        replaced("version: 1", "version_alias: v-prod").replace("scorer\n", "by-alias\n"),
        replaced("version: 1\n", "").replace("scorer\n", "by-contents\n"),
        replaced("version: 1", "version: 2").replace("s3://models/scorer/1", """'s3://["x","y",1,null,'"""),
    ]
    load(tmp_path, {f"{number}.yaml": text for number, text in enumerate(texts)})
    assert listed(tmp_path) == {
        "fraud/scorer:1",
        "fraud/scorer:2",
        "fraud/by-alias@v-prod",
        "fraud/by-contents",
    }
    assert listed(tmp_path, "1.1") == set()


def test_identities_are_listed_whatever_the_settings(tmp_path: Path) -> None:
    load(tmp_path, FILES, ignore='["/metadata/a"]')
    assert listed(tmp_path) == {"fraud/scorer:1", "fraud/scorer:2"}


def test_no_identity_is_listed_of_a_broken_file(folder: Path) -> None:
    assert len(listed(folder)) == 2
    file = remembered(folder)
    data = file.read_bytes()
    for broken in (data[:-1], data[:10], b"", data.replace(b"scorer", b"ranker")):
        file.write_bytes(broken)
        assert listed(folder) == set()


def test_no_identity_is_listed_where_nothing_is_remembered_and_nothing_made(tmp_path: Path) -> None:
    assert listed(tmp_path / "missing") == set()
    assert not (tmp_path / "missing").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_no_identity_is_listed_of_somebody_else(folder: Path) -> None:
    os.chown(folder, 12345, 12345)
    assert listed(folder) == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_folder_of_somebody_else_is_not_used(folder: Path) -> None:
    os.chown(folder, 12345, 12345)
    assert len(load(folder, FILES)[1]) == len(FILES)


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for _ in range(2):
        declared, was_read = load(tmp_path / "file" / "cache", FILES)
        assert was_read == [*FILES]
        assert len(declared.manifests) == 2


def test_two_runs_at_once_do_not_spoil_it(folder: Path) -> None:
    first = Memory(folder, "/example/team", "1.0")
    assert list(first.read_entries(lambda: {"x": [0]}, EXACT)) == []  # it writes now, until it is closed
    assert load(folder, {**FILES, "d.yaml": "type: more\n"})[1] == ["d.yaml"]
    first.close()
    assert len(load(folder, FILES)[1]) == len(FILES)
    assert load(folder, FILES)[1] == []


def test_what_is_remembered_of_repositories_not_seen_for_long_is_forgotten(folder: Path) -> None:
    old, recent = folder / "old", folder / "recent"
    for file, days in ((old, 40), (recent, 20)):
        file.write_text("x")
        at = file.stat().st_mtime - days * 24 * 3600
        os.utime(file, (at, at))
    load(folder, {**FILES, "d.yaml": "type: more\n"})
    assert not old.exists()
    assert recent.exists()


def test_what_is_read_every_day_is_kept_also_if_nothing_changes(folder: Path) -> None:
    file = remembered(folder)
    at = file.stat().st_mtime - 40 * 24 * 3600
    os.utime(file, (at, at))
    assert load(folder, FILES)[1] == []
    Memory(folder, "/example/other", "1.0").write_note("key", "another repository")
    assert load(folder, FILES)[1] == []


def test_what_a_run_that_was_killed_has_left_is_removed_by_any_other(folder: Path) -> None:
    left, recent = folder / "left.new", folder / "recent.new"
    for file, hours in ((left, 2.0), (recent, 0.5)):
        file.write_text("x")
        at = file.stat().st_mtime - hours * 3600
        os.utime(file, (at, at))
    load(folder, {**FILES, "d.yaml": "type: more\n"})
    assert not left.exists()
    assert recent.exists()


@pytest.mark.parametrize("chunk", [16, 1024 * 1024], ids=["found out at once", "found out at the end"])
def test_a_full_disk_leaves_nothing_unfinished(
    folder: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is full is stood in for by a limit on the size of files."""
    monkeypatch.setattr(memory, "_CHUNK_BYTES", chunk)
    before = remembered(folder).read_bytes()
    more = {f"{number}.yaml": replaced("version: 1", f"version: {number}") for number in range(3, 20)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
    try:
        declared, _ = load(folder, {**FILES, **more})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(declared.manifests) == 2 + len(more)
    assert [file.name for file in folder.iterdir()] == [remembered(folder).name]
    assert remembered(folder).read_bytes() == before


def test_the_cache_folder_is_where_users_have_theirs(tmp_path: Path) -> None:
    assert find_cache_folder({"XDG_CACHE_HOME": "/x", "HOME": str(tmp_path)}) == Path("/x/reconciler")
    assert find_cache_folder({"HOME": str(tmp_path)}) == tmp_path / ".cache/reconciler"
    assert find_cache_folder({"HOME": str(tmp_path / "missing")}) is None
    assert find_cache_folder({"XDG_CACHE_HOME": "relative"}) is None
    assert find_cache_folder({}) is None
