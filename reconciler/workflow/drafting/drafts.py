"""Drafts of manifests, and the schema file that editors find beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import NamedTuple

from reconciler.errors import Place
from reconciler.manifest.rules.schema import make_manifest_json_schema
from reconciler.manifest.write import NO_NOTES, format_manifest, make_manifest_document
from reconciler.model import EXACT, Artifact, Declared, Document, Outline, Registered
from reconciler.source.new_files import NewFiles
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.workflow.drafting.layout import Layout

_LAST_PATH = "\U0010ffff/"
"""Put before the paths of drafts, so that they come last: collisions are problems of the later place."""
_SCHEMA_FILE = ".reconciler/artifact-version.schema.json"
"""Where editors find the schema: in a folder that nothing is read from."""
_SEPARATOR = "---\n"


class Draft(NamedTuple):
    """A manifest to be written.

    Attributes:
        outline: its outline, at a place after all others.
        path: of its file, from the top of the folder.
        text: its text.
    """

    outline: Outline
    path: str
    text: str


def make_document(row: Registered, defaults: Document = EXACT.defaults) -> Document:
    """The document of a manifest that declares a registered version as it is.

    Args:
        row: the version.
        defaults: what the repository has every manifest declare that does not say otherwise.

    Raises:
        NotDeclarableError: with these defaults no manifest does.
    """
    artifact = row.artifact
    named = {**row.document, "ml_repo": artifact.ml_repo, "name": artifact.name, "version": row.version}
    return make_manifest_document(named, defaults)


def make_draft(
    document: Document,
    layout: Layout,
    comments: tuple[str, ...],
    notes: Mapping[str, Sequence[str]] = NO_NOTES,
) -> Draft:
    """The manifest of a version.

    Args:
        document: its document, with the version.
        layout: says in which file it is to be.
        comments: lines to stand above it.
        notes: lines to stand above its fields.

    Raises:
        NotDeclarableError: no manifest can say it.
    """
    artifact = Artifact(str(document["ml_repo"]), str(document["name"]))
    declared = Declared(artifact, document, Place("", 1, 1))
    assert declared.version is not None
    path = layout.find_path(artifact, declared.version)
    schema = os.path.relpath(_SCHEMA_FILE, os.path.dirname(path))  # noqa: PTH120  paths in the repository
    text = format_manifest(document, (f"yaml-language-server: $schema={schema}", *comments), notes)
    place = Place(_LAST_PATH + declared.label, 1, 1)  # several may share a file
    return Draft(
        Outline(artifact, declared.version, declared.alias, declared.uri, place, ((), ()), b""), path, text
    )


def bundle_drafts(
    drafts: Iterable[Draft], declare_already: Callable[[str], bool]
) -> Iterator[tuple[str, Sequence[Draft]]]:
    """The files that drafts make, each with its path and the drafts in it.

    Those of one path are documents of one file, or of several where one would be larger than is read. Files
    that declare something already, such as those of a run that was killed, are not written again.

    Args:
        drafts: the manifests.
        declare_already: whether the file at a path is such a file.
    """
    by_path: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_path.setdefault(draft.path, []).append(draft)
    for path, together in by_path.items():
        free = (file for file in _iterate_numbered(PurePosixPath(path)) if not declare_already(file))
        size = 0
        rest: list[Draft] = []
        for draft in together:
            more = len(draft.text.encode()) + len(_SEPARATOR)
            if rest and size + more > MAX_FILE_BYTES:
                yield next(free), rest
                rest, size = [], 0
            rest.append(draft)
            size += more
        yield next(free), rest


def _iterate_numbered(plain: PurePosixPath) -> Iterator[str]:
    """A path, and further ones for what does not fit into its file."""
    yield str(plain)
    for number in count(2):
        yield str(plain.with_stem(f"{plain.stem}.{number}"))


def join_contents(drafts: Iterable[Draft]) -> bytes:
    """The contents of a file that holds several drafts."""
    return _SEPARATOR.join(draft.text for draft in drafts).encode()


def add_schema(files: NewFiles) -> None:
    """Write the schema that the manifests name, unless it is there.

    Raises:
        SourceError: it can not be written.
    """
    text = json.dumps(make_manifest_json_schema(), indent=2, ensure_ascii=False)
    files.add(_SCHEMA_FILE, f"{text}\n".encode())
