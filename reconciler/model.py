"""The nouns: what git declares, what the control plane has registered. Frozen, and no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple, TypeAlias, TypeGuard

from reconciler.errors import Place

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Pointer: TypeAlias = tuple[str, ...]
"""Keys and indices from a document down to a part of it."""
Document: TypeAlias = Mapping[str, Json]
"""A whole manifest as JSON: what a `PUT` carries and what an answer gives back."""
Shape: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""What a manifest declares: the names of its fields, and of those of its source."""


PARKING_ALIAS = "v-reconciler-parked-"
"""An alias of ours, completed by the version that holds it: only ever seen while aliases change hands."""


class Limits(NamedTuple):
    """How much may be changed at once.

    Attributes:
        percent: of the registered versions in scope, that are updated, or deleted.
        at_least: registered versions from which on that counts for updates; for deletions it always does.
    """

    percent: int = 30
    at_least: int = 10


class Ignore(NamedTuple):
    """Parts of documents that are left to others.

    Attributes:
        everywhere: in every manifest.
        by_identity: in those whose identity fits a glob: `fraud/*`, or `fraud/scorer:4` where the version is
            given.
    """

    everywhere: tuple[Pointer, ...] = ()
    by_identity: tuple[tuple[str, tuple[Pointer, ...]], ...] = ()

    def in_manifest(self, manifest: Declared | Outline) -> tuple[Pointer, ...]:
        """The parts that are left to others in one manifest."""
        if not self.by_identity:
            return self.everywhere
        artifact, version = str(manifest.artifact), manifest.version
        names = (artifact,) if version is None else (artifact, f"{artifact}:{version}")
        fitting = (
            pointers for glob, pointers in self.by_identity if any(fnmatchcase(name, glob) for name in names)
        )
        return (*self.everywhere, *chain.from_iterable(fitting))


class Comparison(NamedTuple):
    """What a repository says of how its manifests are compared with what is registered.

    Attributes:
        ignore: parts of documents that are left to others.
        normalise: ways in which the control plane writes values other than it was sent, of `NORMALISERS`.
        defaults: what every manifest declares that does not say otherwise: a description, keys of metadata.
    """

    ignore: Ignore = Ignore()
    normalise: frozenset[str] = frozenset()
    defaults: Document = MappingProxyType({})

    @property
    def default_parts(self) -> tuple[tuple[Pointer, Json], ...]:
        """The parts of manifests that `defaults` give, and what they are."""
        parts: list[tuple[Pointer, Json]] = []
        for field, value in self.defaults.items():
            if isinstance(value, Mapping):
                parts += (((field, key), each) for key, each in value.items())
            else:
                parts.append(((field,), value))
        return tuple(sorted(parts, key=lambda part: part[0]))

    def with_defaults(self, declared: Declared) -> Declared:
        """A manifest that declares the defaults too, but for keys of metadata that it has `None` for."""
        if not self.defaults:
            return declared
        document = {**self.defaults, **declared.document}
        theirs, given = self.defaults.get("metadata"), declared.document.get("metadata")
        if isinstance(theirs, Mapping) and isinstance(given, Mapping):
            merged = {**theirs, **given}
            document["metadata"] = {k: v for k, v in merged.items() if v is not None or k not in theirs}
        return replace(declared, document=document)


EXACT = Comparison()
"""By value, and nothing left to others."""
NORMALISERS = ("drop-null", "trim")
"""`null` is dropped from mappings; white space at the ends of texts is cut off."""
LIMITS = Limits()
"""The default; the settings of a repository can only be stricter."""


@dataclass(frozen=True, slots=True, order=True)
class Artifact:
    """All versions of one name in one ML repo."""

    ml_repo: str
    name: str

    def __str__(self) -> str:
        return f"{self.ml_repo}/{self.name}"


@dataclass(frozen=True, slots=True)
class Declared:
    """One manifest in git, as a whole.

    `document` holds the fields that the manifest gives and no others: a field that is absent is not
    ours, a field that is `None` is to be cleared.
    """

    artifact: Artifact
    document: Document
    place: Place

    @property
    def version(self) -> int | None:
        """The pinned version, or `None` where alias or `source.uri` names the version."""
        version = self.document.get("version")
        assert version is None or isinstance(version, int)
        return version

    @property
    def alias(self) -> str | None:
        """The declared alias, or `None` where the manifest gives none or clears it."""
        return _text(self.document.get("version_alias"))

    @property
    def uri(self) -> str | None:
        """The declared `source.uri`."""
        return source_uri(self.document)

    @property
    def label(self) -> str:
        """The identity as people write it, e.g. `fraud/scorer:4`; unpinned, by alias or contents."""
        return f"{self.artifact}{version_label(self.version, self.alias, self.uri)}"


@dataclass(frozen=True, slots=True)
class Outline:
    """What is kept of a manifest: what names it, where it stands, and a digest of what it says.

    Args:
        artifact: the artifact.
        version: the pinned version, if one is.
        alias: the declared alias, if one is.
        uri: the declared `source.uri`, if one is.
        place: where the manifest begins.
        shape: what it declares.
        digest: of its canonical value.
    """

    artifact: Artifact
    version: int | None
    alias: str | None
    uri: str | None
    place: Place
    shape: Shape
    digest: bytes

    @property
    def label(self) -> str:
        """The identity as people write it, as `Declared` gives it."""
        return f"{self.artifact}{version_label(self.version, self.alias, self.uri)}"


@dataclass(frozen=True, slots=True)
class Registered:
    """One version that the control plane has.

    `document` is its whole manifest, internal metadata and fields unknown to us among them. `tags` are no
    part of that: other calls set them.
    """

    id: str
    fqn: str
    artifact: Artifact
    version: int
    document: Document
    tags: tuple[str, ...] = ()

    @property
    def alias(self) -> str | None:
        """The alias that this version holds."""
        return _text(self.document.get("version_alias"))

    @property
    def uri(self) -> str | None:
        """The registered `source.uri`."""
        return source_uri(self.document)

    @property
    def label(self) -> str:
        """The identity, as people write it, e.g. `fraud/scorer:4`."""
        return f"{self.artifact}:{self.version}"

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True)
class Target:
    """The control plane that was asked: its host, the flavour of its API, and its tenant, if known."""

    host: str
    api: str
    tenant: str | None


def source_uri(document: Document) -> str | None:
    """`source.uri` of a manifest, or `None` where it gives none."""
    source = document.get("source")
    return _text(source.get("uri")) if isinstance(source, Mapping) else None


def version_label(version: int | None, alias: str | None, uri: str | None) -> str:
    """The part of a label that names the version: `:4`, else `@v-prod`, else ` (s3://...)`."""
    if version is not None:
        return f":{version}"
    return f"@{alias}" if alias else f" ({uri})"


def write_pointer(path: Sequence[str]) -> str:
    """Keys and indices as a JSON pointer (RFC 6901)."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def write_path(path: Sequence[str]) -> str:
    """Keys for people, with dots between them; a key that holds one, or nothing, in quotation marks."""
    return ".".join(key if key and "." not in key else json.dumps(key, ensure_ascii=False) for key in path)


def is_list(value: object) -> TypeGuard[Sequence[Json]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list | tuple)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
