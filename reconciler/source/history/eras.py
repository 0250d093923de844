"""Which files were read when: by the settings that held in each commit on the first-parent line of one.

What settings left out was not declared then, whatever later settings read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from reconciler.source.git import Git
from reconciler.source.history.commits import History, Touch
from reconciler.source.objects import LINK, SUBMODULE, read_entries
from reconciler.source.snapshot import SETTINGS_FILE, SourceFile

AreRead: TypeAlias = Callable[[str], bool]
"""Says of a path below the top whether manifests are read from there."""
ReadBy: TypeAlias = Callable[[SourceFile | None], AreRead]
"""Which files settings have read; the same object where that is the same, as then no era begins."""
_PATH = str(SETTINGS_FILE)


class Eras:
    """The times in each of which the same files were read, the last first.

    By settings that are a link, a submodule or too large, no file is read.

    Args:
        git: that repository's git.
        history: the repository's.
        commit: the full id of the last commit that counts.
        read_by: says what is read by the settings of a commit.

    Attributes:
        are_read: what was read in each, by its number, as far back as it was gone.

    Raises:
        SourceError: git failed.
    """

    def __init__(self, git: Git, history: History, commit: str, read_by: ReadBy) -> None:
        self._git = git
        self._history = history
        self._read_by = read_by
        self._known: dict[str, AreRead] = {}
        self.are_read = [self._find_filter_at(commit)]

    def go_back(self, touch: Touch) -> bool:
        """Go back past a commit that touched the settings; true where another era was before it.

        Raises:
            SourceError: git failed.
        """
        if touch.before:
            earlier = self._find_filter_by(touch.before[0])
        else:
            parent = self._git.read_output(
                "rev-parse", "--verify", "--quiet", f"{touch.commit}^", absent_with=1
            )
            earlier = self._find_filter_at(parent) if parent else self._read_by(None)
        if earlier is self.are_read[-1]:
            return False
        self.are_read.append(earlier)
        return True

    def _find_filter_at(self, commit: str) -> AreRead:
        """What was read in a commit."""
        with read_entries(self._git, commit, _PATH) as entries:
            for entry in entries:
                if entry.path == _PATH:
                    if entry.mode in {LINK, SUBMODULE}:
                        return _read_nothing
                    return self._find_filter_by(entry.oid.decode())
        return self._read_by(None)

    def _find_filter_by(self, oid: str) -> AreRead:
        """What was read by one version of the settings."""
        if oid not in self._known:
            (data,) = self._history.read_contents([oid])
            self._known[oid] = _read_nothing if data is None else self._read_by(SourceFile(_PATH, data))
        return self._known[oid]


def _read_nothing(_path: str) -> bool:
    return False
