"""New files: whole or not there, never in the way of others, and nothing left that git would commit."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import SourceError
from reconciler.source.new_files import NewFiles, NoRoomError
from tests.support.git_repository import GitRepository


def found(folder: Path) -> list[str]:
    """All files below a folder but git's own."""
    paths = (str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
    return sorted(path for path in paths if not path.startswith(".git/"))


def killed_in_the_middle(top: Path) -> None:
    """Have a process killed after it wrote a file and before that has its name."""
    pid = os.fork()
    if pid == 0:
        os.link = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        with NewFiles(top) as files:
            files.add("a/1.yaml", b"whole\n")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_what_a_killed_run_leaves_is_not_committed_and_gone_after_the_next(repository: GitRepository) -> None:
    killed_in_the_middle(repository.folder)
    assert [path for path in found(repository.folder) if path.endswith(".part")]
    repository.git("add", "-A")
    assert repository.git("diff", "--cached", "--name-only") == ""
    with NewFiles(repository.folder) as files:
        assert files.add("a/1.yaml", b"whole\n")
        assert not files.add("a/1.yaml", b"other\n")
    assert found(repository.folder) == ["a/1.yaml"]
    assert (repository.folder / "a/1.yaml").read_bytes() == b"whole\n"
    assert not (repository.folder / ".reconciler").exists()


def test_runs_side_by_side_do_not_take_each_others_files(tmp_path: Path) -> None:
    with NewFiles(tmp_path) as one:
        with NewFiles(tmp_path) as other:
            assert other.add("2.yaml", b"2")
        assert one.add("1.yaml", b"1")
    assert found(tmp_path) == ["1.yaml", "2.yaml"]


def test_where_nothing_can_be_made_nothing_is_begun(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".reconciler").symlink_to("elsewhere")
    with pytest.raises(SourceError, match=r"can not write .*: Not a directory"), NewFiles(tmp_path):
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that has room for a few files."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=12", "none", str(folder)]
    try:
        subprocess.run(mounted, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root can mount a file system, and not everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_reported_and_what_is_there_is_whole(small_disk: Path) -> None:
    with NewFiles(small_disk) as files:
        with pytest.raises(NoRoomError, match="can not write large: No space left on device") as raised:
            files.add("large", bytes(100_000))
        assert "make room, and run again" in raised.value.hint
        with pytest.raises(NoRoomError):
            assert all(files.add(f"{number}.yaml", b"small") for number in range(20))
    written = found(small_disk)
    assert written
    assert {(small_disk / path).read_bytes() for path in written} == {b"small"}
