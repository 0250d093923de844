"""Whether the manifests of a snapshot are valid, and what they declare."""

from __future__ import annotations

from reconciler.errors import SourceError
from reconciler.manifest.load import Declaration, Loading


def validate(loading: Loading) -> Declaration:
    """Load the manifests of a snapshot, with every problem in them.

    Raises:
        SourceError: there is no document at all, which is more likely a mistake than meant.
    """
    declaration = loading.declaration()
    check_found(declaration)
    return declaration


def check_found(declaration: Declaration) -> None:
    """See that there was something to read.

    Raises:
        SourceError: there is no document at all, which is more likely a mistake than meant.
    """
    if not declaration.documents and declaration.is_valid:
        snapshot = declaration.snapshot
        where = "the work tree" if snapshot.in_work_tree else f"commit {(snapshot.commit or '')[:10]}"
        raise SourceError(
            f"no YAML or JSON document in {where}", "check the paths: is this the right folder?"
        )
