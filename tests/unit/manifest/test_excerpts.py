"""The lines that problems stand in: the right ones, and none that may hold a credential."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from reconciler.errors import Place, Problem, SourceError
from reconciler.manifest import excerpts as module
from reconciler.manifest.excerpts import Excerpt, read_excerpts
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.files_in_memory import FilesInMemory


def lines_at(data: str | bytes, *positions: tuple[int, int], path: str = "a.yaml") -> list[Excerpt | None]:
    """What is shown of the lines at some positions of a file."""
    written = data.encode() if isinstance(data, str) else data
    read = Snapshot(None, FilesInMemory([SourceFile(path, written)]))
    places = [Place(path, *position) for position in positions]
    found = read_excerpts(read, [Problem(place, "some-rule", "wrong") for place in places])
    return [found.get(place) for place in places]


def shown(text: str) -> list[str]:
    """The lines of a file that are shown."""
    count = text.count("\n") + 1
    found = lines_at(text, *((number, 1) for number in range(1, count + 1)))
    return [excerpt.behind.strip() for excerpt in found if excerpt]


def test_a_line_is_parted_at_its_place() -> None:
    assert lines_at("a: 1\nname: b c\n", (2, 7), (1, 1)) == [("name: ", "b c"), ("", "a: 1")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_yaml_has_them(end: str) -> None:
    assert lines_at(f"a: 1{end}b: x\u2028\x85y{end}", (2, 4)) == [("b: ", "x\u2028\x85y")]


def test_the_mark_at_the_begin_of_a_file_is_no_column() -> None:
    assert lines_at("\ufeffa: 1\n", (1, 1)) == [("", "a: 1")]


def test_what_is_no_utf8_is_shown_as_bytes() -> None:
    assert lines_at(b"name: caf\xe9\n", (1, 10)) == [("name: caf", r"\xe9")]


@pytest.mark.parametrize("position", [(2, 1), (3, 1), (99, 1)])
def test_an_empty_line_and_one_that_there_is_not_are_not_shown(position: tuple[int, int]) -> None:
    assert lines_at("a: 1\n  \n", position) == [None]


def test_a_place_behind_the_end_of_a_line_is_shown() -> None:
    assert lines_at("ignore = [", (1, 11)) == [("ignore = [", "")]


def test_of_a_long_line_what_is_near_is_kept() -> None:
    (found,) = lines_at("a" * 1000 + "b" * 1000, (1, 1001))
    assert found == ("a" * 400, "b" * 400)


def test_settings_are_shown_as_well() -> None:
    settings = SourceFile("reconciler.toml", b"ignroe = []\n")
    problem = Problem(Place("reconciler.toml", 1, 1), "unknown-setting", "unknown key ignroe")
    read = Snapshot(None, FilesInMemory(()), settings=settings)
    assert read_excerpts(read, [problem]) == {problem.place: ("", "ignroe = []")}


# Credentials


@pytest.mark.parametrize(
    "line",
    [
        "password: hunter2",
        '"password": "hunter2",',
        "{a: 1, apiKey: hunter2}",
        "api-key: hunter2",
        '{"api key": "hunter2"}',
        "uri: https://me:hunter2@example.com/x",
        "note: ghp_0123456789abcdefghijABCDEFGHIJ0123",
        "export TOKEN=hunter2",
    ],
)
def test_a_line_that_may_hold_a_credential_is_not_shown(line: str) -> None:
    assert shown(f"first: 1\n{line}\nlast: 1") == ["first: 1", "last: 1"]


@pytest.mark.parametrize(
    "text",
    [
        "password: |\n  hunter2\n  hunter3\n",
        "password:\n  store:\n    name: hunter2\n",
        "secret:\n- hunter2\n- hunter3\n",
        "- secret:\n  - hunter2\n",
        '{\n"password":\n"hunter2"\n}\n',
        'password: "hunter2\nhunter3"\n',
        "key: |\n  -----BEGIN PRIVATE KEY-----\n  aGVsbG8v\n  d29ybGQv\n  -----END PRIVATE KEY-----\n",
    ],
)
def test_what_belongs_to_a_credential_is_not_shown_either(text: str) -> None:
    told = shown(f"first: 1\n{text}last: 1")
    assert told[0] == "first: 1"
    assert told[-1] == "last: 1"
    assert not [line for line in told[1:-1] if line not in {"{", "}", "key: |"}]


def test_what_stands_beside_a_credential_is_shown() -> None:
    text = "store:\n  password: hunter2\n  host: a.example.com\nother:\n  - b"
    assert shown(text) == ["store:", "host: a.example.com", "other:", "- b"]


# Bounds


class _Counted(FilesInMemory):
    """Files that remember which were asked for."""

    asked: tuple[int, ...] = ()

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        self.asked += tuple(numbers)
        return super().read(numbers)


def problems_of(paths: Sequence[str]) -> list[Problem]:
    return [Problem(Place(path, 1, 1), "some-rule", "wrong") for path in paths for _ in range(2)]


def test_only_files_with_problems_are_read_and_each_once() -> None:
    files = _Counted(SourceFile(f"{name}.yaml", b"a: 1\n") for name in "abc")
    assert len(read_excerpts(Snapshot(None, files), problems_of(["a.yaml", "c.yaml"]))) == 2
    assert files.asked == (0, 2)


def test_nothing_is_read_where_nothing_is_wrong() -> None:
    files = _Counted([SourceFile("a.yaml", b"a: 1\n")])
    assert read_excerpts(Snapshot(None, files), []) == {}
    assert files.asked == ()


def test_files_are_read_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_BYTES", 10)
    files = _Counted(SourceFile(f"{name}.yaml", b"a: 1\n") for name in "abc")
    found = read_excerpts(Snapshot(None, files), problems_of(files.paths))
    assert [place.file for place in found] == ["a.yaml", "b.yaml"]
    assert files.asked == (0, 1)


class _Gone(FilesInMemory):
    """Files that can not be read any more."""

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        yield from super().read(numbers[:1])
        raise SourceError("can not read b.yaml")


def test_a_file_that_has_gone_is_no_failure() -> None:
    files = _Gone(SourceFile(f"{name}.yaml", b"a: 1\n") for name in "ab")
    found = read_excerpts(Snapshot(None, files), problems_of(files.paths))
    assert [place.file for place in found] == ["a.yaml"]
