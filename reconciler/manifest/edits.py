"""Whether the work tree declares what the commit declares, whatever the bytes are."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.manifest.collisions import collisions
from reconciler.manifest.outlines import load_outlines
from reconciler.model import Outline, Shape
from reconciler.source.snapshot import SETTINGS_FILE, Snapshot


def edited(committed: Snapshot, in_work_tree: Snapshot) -> tuple[str, ...]:
    """What the work tree declares differently: identities, or files that can not be read.

    Comments, layout, line ends and file names make no difference.
    """
    if committed.settings != in_work_tree.settings:
        return (str(SETTINGS_FILE),)
    if committed.files.hold_the_same(in_work_tree.files):
        return ()
    manifests, problems = load_outlines(in_work_tree.files)
    wrong = (*in_work_tree.problems, *problems, *collisions(manifests))
    broken = {problem.place.file for problem in wrong if problem.severity == "error"}
    if broken:
        return tuple(sorted(broken))
    before, after = _by_label(load_outlines(committed.files)[0]), _by_label(manifests)
    return tuple(
        sorted(label for label in before.keys() | after.keys() if before.get(label) != after.get(label))
    )


def _by_label(manifests: Iterable[Outline]) -> dict[str, tuple[Shape, bytes]]:
    return {outline.label: (outline.shape, outline.digest) for outline in manifests}
