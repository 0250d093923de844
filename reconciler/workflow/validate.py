"""Whether the manifests of a snapshot are valid, and what they declare."""

from __future__ import annotations

from reconciler.errors import InvalidManifestsError, SourceError
from reconciler.manifest.load import Declaration, Loading


def validate(loading: Loading) -> Declaration:
    """Load the manifests of a snapshot, with every problem in them.

    Raises:
        SourceError: as `check_found`.
    """
    declaration = loading.load_declaration()
    check_found(declaration)
    return declaration


def valid_declaration(loading: Loading) -> Declaration:
    """What the manifests of a snapshot declare, be it nothing.

    Raises:
        InvalidManifestsError: they have errors.
        ReconcilerError: they can not be read.
    """
    declaration = loading.load_declaration()
    if not declaration.is_valid:
        raise InvalidManifestsError(declaration.problems)
    return declaration


def check_found(declaration: Declaration) -> None:
    """See that there was something to read.

    Raises:
        SourceError: no file may hold a manifest, which is more likely a mistake than meant.
    """
    if not declaration.documents and declaration.is_valid:
        snapshot = declaration.snapshot
        where = "the work tree" if snapshot.in_work_tree else f"commit {(snapshot.commit or '')[:10]}"
        others = f" among {declaration.other_files:,} YAML and JSON files" if declaration.other_files else ""
        hint = "check the paths, or write a first manifest: reconciler new ML_REPO/NAME --uri URI"
        raise SourceError(
            f"no artifact version in {where}{others}", f"{hint}; where all else is to go, keep one"
        )
