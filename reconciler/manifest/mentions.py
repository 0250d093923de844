"""Which contents can not be about some artifacts, found out without parsing them.

Parsing what 10,000 commits have put into files takes seconds; searching it for names, a tenth of that. In
doubt a content counts: where it could spell a name in another way, or names an ML repo that is not listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(rb"[A-Za-z0-9._-]+")
"""A value of these characters stands in YAML and JSON as it is, unless there is a backslash."""
_FIELD = b"ml_repo"
_ML_REPO_VALUE = re.compile(rb"""ml_repo["']?[ ]*:[ ]+["']?([A-Za-z0-9._-]+)["']?[ ]*(?=[\r\n,}#]|\Z)""")


class Mentions:
    """Decides whether some bytes may hold a manifest of certain artifacts.

    Args:
        names: of the artifacts, whatever their ML repos.
        ml_repos: in which no other artifact matters.
    """

    def __init__(self, names: Iterable[str], ml_repos: Iterable[str]) -> None:
        self._names = frozenset(name.encode() for name in names)
        self._ml_repos = frozenset(name.encode() for name in ml_repos)
        self._can_search = all(map(_WORD.fullmatch, self._names))

    @property
    def key(self) -> tuple[list[bytes], list[bytes]]:
        """The names and the ML repos, sorted: the same for the same question."""
        return sorted(self._names), sorted(self._ml_repos)

    def may_be_in(self, data: bytes) -> bool:
        """Whether a content may hold such a manifest."""
        if not self._can_search or b"\\" in data:
            return True
        given = _ML_REPO_VALUE.findall(data)
        if not given or len(given) != data.count(_FIELD) or not self._ml_repos.issuperset(given):
            return True
        return not self._names.isdisjoint(_WORD.findall(data))
