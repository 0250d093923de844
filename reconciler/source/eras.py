"""Which files were read when: by the settings that held in each commit on the first-parent line of one.

What settings left out was not declared then, whatever is said now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from reconciler.source.git import Git
from reconciler.source.history import History
from reconciler.source.objects import read_entries
from reconciler.source.snapshot import SETTINGS_FILE, SourceFile

AreRead: TypeAlias = Callable[[str], bool]
"""Says of a path below the top whether manifests are read from there."""
ReadBy: TypeAlias = Callable[[SourceFile | None], AreRead]
"""What is read by settings; the very same for those that say the same of it, so that no era begins."""
_PATH = str(SETTINGS_FILE)


class Eras:
    """The times in each of which the same files were read, the last first.

    Settings that are no file of their own, or too large for one, have nothing read.

    Args:
        git: git, told where the repository is.
        commit: the full id of the last commit that counts.
        read_by: says what is read by the settings of a commit.

    Attributes:
        are_read: what was read in each, by its number.
        began: the commits with which one began, but for the first of all, which began with nothing.

    Raises:
        SourceError: git failed.
    """

    def __init__(self, git: Git, commit: str, read_by: ReadBy) -> None:
        self._git = git
        touches = History(git).first_parent_touches(commit, _PATH.__eq__, (_PATH,))
        versions = {touch.commit: touch.after for touch in touches}
        readings = self._readings({oid for oid in versions.values() if oid}, read_by)
        self.are_read: list[AreRead] = [read_by(None)]
        began: list[str] = []
        for since, oid in reversed(versions.items()):
            are_read = readings[oid] if oid else self._without_file(since, read_by)
            if are_read is not self.are_read[-1]:
                self.are_read.append(are_read)
                began.append(since)
        self.are_read.reverse()
        self.began: Collection[str] = dict.fromkeys(reversed(began))

    def ever_read(self, path: str) -> bool:
        """Whether a file was read in any of them."""
        return any(are_read(path) for are_read in self.are_read)

    def _readings(self, oids: Collection[str], read_by: ReadBy) -> Mapping[str, AreRead]:
        """What is read by each version of the settings."""
        contents = History(self._git).contents(list(oids))
        return {
            oid: _read_nothing if data is None else read_by(SourceFile(_PATH, data))
            for oid, data in zip(oids, contents, strict=True)
        }

    def _without_file(self, commit: str, read_by: ReadBy) -> AreRead:
        """What is read by a commit that has no settings, or a link in their place."""
        is_something = any(entry.path == _PATH for entry in read_entries(self._git, commit, _PATH))
        return _read_nothing if is_something else read_by(None)


def _read_nothing(_path: str) -> bool:
    return False
