"""Whether the work tree declares what the commit declares, whatever the bytes are."""

from __future__ import annotations

import json

from reconciler.manifest.load import Declaration, load_manifests
from reconciler.source.snapshot import SETTINGS_FILE, Snapshot


def edited(committed: Snapshot, in_work_tree: Snapshot) -> tuple[str, ...]:
    """What the work tree declares differently: identities, or files that can not be read.

    Comments, layout, line ends and file names make no difference.
    """
    if committed.settings != in_work_tree.settings:
        return (str(SETTINGS_FILE),)
    if committed.files == in_work_tree.files:
        return ()
    declaration = load_manifests(in_work_tree)
    broken = {problem.place.file for problem in declaration.problems if problem.severity == "error"}
    if broken:
        return tuple(sorted(broken))
    before, after = _by_label(load_manifests(committed)), _by_label(declaration)
    return tuple(
        sorted(label for label in before.keys() | after.keys() if before.get(label) != after.get(label))
    )


def _by_label(declaration: Declaration) -> dict[str, str]:
    return {
        declared.label: json.dumps(declared.document, sort_keys=True) for declared in declaration.manifests
    }
