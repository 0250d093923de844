"""Whether the work tree declares what the commit declares, however that is written."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.manifest.outlines import load_outlines
from reconciler.model import Outline, Shape
from reconciler.source.search import may_hold_manifests
from reconciler.source.snapshot import SETTINGS_FILE, Files, Snapshot, are_the_same


def find_edits(committed: Snapshot, in_work_tree: Snapshot) -> tuple[str, ...]:
    """What the work tree declares differently: identities, or files that can not be read.

    Comments, layout, line ends and file names make no difference.

    Raises:
        SourceError: git or the file system does not give a file.
    """
    if committed.settings != in_work_tree.settings:
        return (str(SETTINGS_FILE),)
    before, after = _select_differing(committed.files, in_work_tree.files)
    manifests, problems = load_outlines(after)
    broken = {problem.place.file for problem in problems if problem.severity == "error"}
    if broken:
        return tuple(sorted(broken))
    then, now = _index_by_label(load_outlines(before)[0]), _index_by_label(manifests)
    return tuple(sorted(label for label in then.keys() | now.keys() if then.get(label) != now.get(label)))


def have_edits(committed: Files, in_work_tree: Files) -> bool:
    """Whether files that may hold manifests differ in anything but line ends, which git may change.

    Raises:
        SourceError: git or the file system does not give a file.
    """
    before, after = _select_differing(committed, in_work_tree)
    sides = ((before, after), (after, before))
    for files, others in sides:
        if any(may_hold_manifests(file.data) for file in _select_others(files, others.paths)):
            return True
    then, now = (files.select(frozenset(others.paths).__contains__) for files, others in sides)
    contents = ((one.data, other.data) for one, other in zip(then, now, strict=True))
    return any(not are_the_same(*both) and any(map(may_hold_manifests, both)) for both in contents)


def _select_differing(committed: Files, in_work_tree: Files) -> tuple[Files, Files]:
    """The files of each that are not the same in the other."""
    then, now = (set(files.iterate_ids()) for files in (committed, in_work_tree))
    same = {path for path, _ in then & now}
    return _select_others(committed, same), _select_others(in_work_tree, same)


def _select_others(files: Files, paths: Iterable[str]) -> Files:
    """The files that are at none of some paths."""
    left_out = frozenset(paths)
    return files.select(lambda path: path not in left_out)


def _index_by_label(manifests: Iterable[Outline]) -> dict[str, tuple[Shape, bytes]]:
    return {outline.label: (outline.shape, outline.digest) for outline in manifests}
