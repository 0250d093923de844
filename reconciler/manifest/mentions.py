"""Which contents can not be about some artifacts, seen without parsing them.

Reading what 10,000 commits have put into files takes seconds; looking for names in it, a tenth of that. In
doubt a content may be about anything: where it could spell a name in another way, and where it may be about
an ML repo of which not everything is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(rb"[A-Za-z0-9._-]+")
"""Neither YAML nor JSON can write a value of these characters alone in pieces, but with a backslash."""
_FIELD = b"ml_repo"
_ML_REPO_VALUE = re.compile(rb"""ml_repo["']?[ ]*:[ ]+["']?([A-Za-z0-9._-]+)["']?[ ]*(?=[\r\n,}#]|\Z)""")


class Mentions:
    """Decides whether some bytes may hold a manifest of certain artifacts.

    Args:
        names: of the artifacts, whatever their ML repos.
        ml_repos: those of which no other artifact matters.
    """

    def __init__(self, names: Iterable[str], ml_repos: Iterable[str]) -> None:
        self._names = frozenset(name.encode() for name in names)
        self._ml_repos = frozenset(name.encode() for name in ml_repos)
        self._can_tell = all(map(_WORD.fullmatch, self._names))

    @property
    def about(self) -> tuple[list[bytes], list[bytes]]:
        """The names and the ML repos, in order."""
        return sorted(self._names), sorted(self._ml_repos)

    def may_be_in(self, data: bytes) -> bool:
        """Whether a content may hold one."""
        if not self._can_tell or b"\\" in data:
            return True
        given = _ML_REPO_VALUE.findall(data)
        if not given or len(given) != data.count(_FIELD) or not self._ml_repos.issuperset(given):
            return True
        return not self._names.isdisjoint(_WORD.findall(data))
