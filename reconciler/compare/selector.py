"""Which versions a run is about: those that globs name, of one shard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from hashlib import blake2b
from typing import Protocol

from reconciler.errors import SettingsError
from reconciler.model import Artifact

_SHARD = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", re.ASCII)
_MAX_GLOB_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several equal parts: `number` of `of`, counted from 1. No artifact is in two of them."""

    number: int
    of: int

    @classmethod
    def parse(cls, given: str) -> Shard:
        """The shard that a text like `2/8` names.

        Raises:
            SettingsError: it names none.
        """
        found = _SHARD.fullmatch(given)
        if found is None or int(found[1]) > int(found[2]):
            raise SettingsError(
                f"{ascii(given[:20])[1:-1]} is no shard", "give K/N, with K from 1 to N, e.g. 2/8"
            )
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def includes(self, artifact: Artifact) -> bool:
        """Whether an artifact is in it: by a digest of its name, the same on every machine."""
        digest = blake2b(str(artifact).encode(), digest_size=8).digest()
        return int.from_bytes(digest) % self.of == self.number - 1


class Labelled(Protocol):
    """A version, declared or registered, by its identity."""

    @property
    def artifact(self) -> Artifact:
        """What it is a version of."""

    @property
    def label(self) -> str:
        """The identity, as people write it."""


class Selector:
    """Decides whether a version is selected.

    A glob names artifacts (`fraud/*`), or versions of them (`fraud/scorer:4`, `fraud/*@v-prod`); `*` stands
    for any text, a `/` within it too. With `!` in front it leaves out what it names, whatever the others say;
    where all globs leave out, the rest is selected.

    Args:
        globs: as the caller gives them; none select everything.
        shard: the part of it that this run is about; `None` for all.

    Raises:
        SettingsError: a glob is empty, or longer than 1,000 characters.
    """

    def __init__(self, globs: Sequence[str] = (), shard: Shard | None = None) -> None:
        self.globs = tuple(globs)
        self.shard = shard
        self._wanted = [_Glob(glob) for glob in globs if not glob.startswith("!")]
        self._left_out = [_Glob(glob[1:]) for glob in globs if glob.startswith("!")]

    def __call__(self, version: Labelled) -> bool:
        """Whether a version is selected."""
        if not self.is_in_shard(version.artifact):
            return False
        if self._wanted and not _names_any(self._wanted, version):
            return False
        return not self.leaves_out(version)

    def is_in_shard(self, artifact: Artifact) -> bool:
        """Whether an artifact is of the shard, whatever the globs say."""
        return self.shard is None or self.shard.includes(artifact)

    def leaves_out(self, version: Labelled) -> bool:
        """Whether a glob with `!` in front names a version."""
        return _names_any(self._left_out, version)

    def may_select(self, artifact: Artifact) -> bool:
        """Whether any version of an artifact may be selected."""
        if not self.is_in_shard(artifact):
            return False
        return not self._wanted or any(glob.may_name_one_of(artifact) for glob in self._wanted)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out, whatever is declared."""
        return not self.globs and self.shard is None


EVERYTHING = Selector()


class _Glob:
    """One glob, without the `!` in front of it."""

    def __init__(self, glob: str) -> None:
        if not glob or len(glob) > _MAX_GLOB_CHARACTERS:
            message = "a selection is empty" if not glob else "a selection is longer than any identity"
            raise SettingsError(message, "give a glob of identities, e.g. 'fraud/*' or '!fraud/scorer:4'")
        # Names of artifacts hold neither character; a version or an alias begins with one of them.
        self._is_of_versions = ":" in glob or "@" in glob
        self._fits = re.compile(translate(glob)).match
        of_artifacts = re.split("[:@]", glob, maxsplit=1)[0]
        # Within brackets, neither character begins a version.
        self._fits_artifact = re.compile(translate("*" if "[" in of_artifacts else of_artifacts)).match

    def may_name_one_of(self, artifact: Artifact) -> bool:
        """Whether it may name a version of an artifact."""
        return self._fits_artifact(str(artifact)) is not None

    def names(self, version: Labelled) -> bool:
        return self._fits(version.label if self._is_of_versions else str(version.artifact)) is not None


def _names_any(globs: Iterable[_Glob], version: Labelled) -> bool:
    return any(glob.names(version) for glob in globs)
