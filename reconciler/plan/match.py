"""Which registered version a manifest is about: by version, else by alias, else by `source.uri`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model import Declared, Registered


@dataclass(frozen=True, slots=True)
class Match:
    """A manifest and the registered versions that it fits: none, one, or (by contents only) several."""

    declared: Declared
    candidates: tuple[Registered, ...]

    @property
    def registered(self) -> Registered | None:
        """The registered version, where there is exactly one."""
        return self.candidates[0] if len(self.candidates) == 1 else None


def match(declared: Declared, registered: Sequence[Registered]) -> Match:
    """Find the versions of its artifact that a manifest fits."""
    if declared.version is not None:
        found = [version for version in registered if version.version == declared.version]
    elif declared.alias is not None:
        found = [version for version in registered if version.alias == declared.alias]
    else:
        found = [version for version in registered if version.uri == declared.uri]
    return Match(declared, tuple(found))
