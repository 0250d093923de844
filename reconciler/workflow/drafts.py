"""Manifests that are yet to be written, and the schema that editors are to find beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reconciler.errors import Place
from reconciler.manifest.schema import manifest_json_schema
from reconciler.manifest.write import NO_NOTES, declarable, manifest_text
from reconciler.model import Artifact, Declared, Document, Outline, Registered
from reconciler.source.new_files import NewFiles

_BEHIND = "\U0010ffff/"
"""Before a path: what collides is told of the place that comes later, and so of what is yet to be written."""
_SCHEMA_FILE = ".reconciler/artifact-version.schema.json"
"""Where editors find the schema: in a folder that nothing is read from."""


class Draft(NamedTuple):
    """A manifest to be written.

    Attributes:
        outline: what it says, at a place behind all that there are.
        path: of its file, from the top of the folder.
        text: of its file.
    """

    outline: Outline
    path: str
    text: str


def document_of(row: Registered) -> Document:
    """What a manifest says that declares a registered version as it is."""
    artifact = row.artifact
    return declarable(
        {**row.document, "ml_repo": artifact.ml_repo, "name": artifact.name, "version": row.version}
    )


def drafted(
    document: Document, comments: tuple[str, ...], notes: Mapping[str, Sequence[str]] = NO_NOTES
) -> Draft:
    """The manifest of a version, in a file of its own.

    Args:
        document: what it says, its version among that.
        comments: lines to stand above it.
        notes: lines to stand above its fields.

    Raises:
        NotDeclarableError: no manifest can say it.
    """
    artifact = Artifact(str(document["ml_repo"]), str(document["name"]))
    path = f"{artifact.ml_repo}/{artifact.name}/{document['version']}.yaml"
    schema = os.path.relpath(_SCHEMA_FILE, os.path.dirname(path))  # noqa: PTH120  paths in the repository
    text = manifest_text(document, (f"yaml-language-server: $schema={schema}", *comments), notes)
    told = Declared(artifact, document, Place(_BEHIND + path, 1, 1))
    outline = Outline(artifact, told.version, told.alias, told.uri, told.place, ((), ()), b"")
    return Draft(outline, path, text)


def add_schema(files: NewFiles) -> None:
    """Write the schema that the manifests name, unless it is there.

    Raises:
        SourceError: it can not be written.
    """
    text = json.dumps(manifest_json_schema(), indent=2, ensure_ascii=False)
    files.add(_SCHEMA_FILE, f"{text}\n".encode())
