"""Which registered version a manifest is about: by version, else by alias, else by `source.uri`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model import Declared, Outline, Registered


def get_version_key(manifest: Declared | Outline) -> tuple[str, object]:
    """What names the version of its artifact that a manifest is about: what it is, and its value."""
    if manifest.version is not None:
        return "version", manifest.version
    return ("alias", manifest.alias) if manifest.alias is not None else ("uri", manifest.uri)


def list_version_keys(row: Registered) -> tuple[tuple[str, object], ...]:
    """What may name a registered version in a manifest, see `get_version_key`; the best first."""
    return ("version", row.version), ("alias", row.alias), ("uri", row.uri)


@dataclass(frozen=True, slots=True)
class Match:
    """A manifest and the registered versions that it fits: none, one, or (by contents only) several."""

    declared: Declared
    candidates: tuple[Registered, ...]

    @property
    def registered(self) -> Registered | None:
        """The registered version, where there is exactly one."""
        return self.candidates[0] if len(self.candidates) == 1 else None


class RegisteredVersions:
    """The registered versions of one artifact, by everything that a manifest can name them by."""

    def __init__(self, registered: Iterable[Registered]) -> None:
        self._by: dict[tuple[str, object], list[Registered]] = {}
        for version in registered:
            for key in list_version_keys(version):
                self._by.setdefault(key, []).append(version)

    def match(self, declared: Declared) -> Match:
        """Find the versions that a manifest fits."""
        return Match(declared, tuple(self._by.get(get_version_key(declared), ())))
