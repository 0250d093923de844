"""Versions whose contents a branch would change, found without asking what is registered.

A registered version's contents can not change: what the base declares is, or will be, registered so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from reconciler.codes import Code
from reconciler.compare.desired import join_field_names
from reconciler.compare.match import get_version_key
from reconciler.errors import Problem
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.rules.problems import Problems
from reconciler.model import Artifact, Outline
from reconciler.planning.origin import find_edited_contents
from reconciler.workflow.branch.base import Base, Before
from reconciler.workflow.branch.settings_changes import find_settings_changes

_TOGETHER = 1000
"""Manifests whose documents are held at a time."""


def check_contents(base: Base, declaration: Declaration, loading: Loading) -> Declaration:
    """What is declared, with a problem for each manifest or setting that differs from the base.

    Args:
        base: what to compare it with.
        declaration: what is declared.
        loading: has read it.

    Raises:
        SourceError: git or the file system does not give the files.
    """
    problems = Problems()
    changed = find_settings_changes(base, declaration)
    problems.add(chain(declaration.problems, changed, _iterate_problems(base, declaration, loading)))
    return replace(declaration, problems=problems.list_by_place())


def _iterate_problems(base: Base, declaration: Declaration, loading: Loading) -> Iterator[Problem]:
    comparison = declaration.settings.comparison
    before = Before(base, declaration.snapshot, comparison)
    suspects: list[tuple[Outline, Outline]] = []
    for outline in declaration.manifests:
        if not before.has_same(outline.place.file):
            earlier = before.outlines.get((outline.artifact, get_version_key(outline)))
            if earlier and (earlier.shape, earlier.digest) != (outline.shape, outline.digest):
                suspects.append((outline, earlier))
    if not suspects:
        return
    free = _FreeNumbers(declaration.manifests, before)
    for begin in range(0, len(suspects), _TOGETHER):
        ours, theirs = zip(*suspects[begin : begin + _TOGETHER], strict=True)
        edits = [
            (declared, at_base, parts)
            for declared, at_base in zip(loading.read_again(ours), before.read_again(theirs), strict=True)
            if (parts := find_edited_contents(declared, at_base, comparison.ignore))
        ]
        places = loading.places.find_places({declared.place: parts for declared, _, parts in edits})
        earlier_places = before.places.find_places({at_base.place: parts for _, at_base, parts in edits})
        for declared, at_base, parts in edits:
            message = (
                f"{join_field_names(parts)} of {declared.label} can not change: commit {base.commit[:10]}"
                f" declares it otherwise, at {earlier_places[at_base.place]}"
            )
            number = free.take_next(declared.artifact)
            hint = f"declare it as a new version: {number} is free, as far as git knows"
            yield Problem(places[declared.place], Code.EDITED_CONTENTS, message, hint)


class _FreeNumbers:
    """Numbers that no version has, as far as git knows."""

    def __init__(self, manifests: Sequence[Outline], before: Before) -> None:
        self._highest: dict[Artifact, int] = defaultdict(int)
        for outline in (*manifests, *before.outlines.values()):
            self._highest[outline.artifact] = max(self._highest[outline.artifact], outline.version or 0)

    def take_next(self, artifact: Artifact) -> int:
        """The number after the highest of an artifact; another one each time."""
        self._highest[artifact] += 1
        return self._highest[artifact]
