"""What a branch changes in `reconciler.toml`, which could hide a change of manifests from a reviewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.manifest.load import Declaration
from reconciler.manifest.outlines import load_outlines
from reconciler.manifest.rules.words import shorten_text
from reconciler.manifest.settings import (
    describe_settings,
    find_setting_places,
    load_settings,
    make_read_filter,
)
from reconciler.phrases import format_count, name_first
from reconciler.source.snapshot import EVERYTHING, SETTINGS_FILE, SourceFile, select_manifests_in
from reconciler.workflow.branch.base import Base

_MOST_NAMED = 10
_FILE = str(SETTINGS_FILE)


def find_settings_changes(base: Base, declaration: Declaration) -> tuple[Problem, ...]:
    """A warning for each setting that is not what it is at the base, which names the manifests it leaves out.

    Args:
        base: what to compare with.
        declaration: what is declared now, and by which settings.

    Raises:
        SourceError: git does not give what the base holds.
    """
    now = declaration.snapshot.settings
    base_settings = base.repository.read_settings(base.commit)
    if base_settings == now:
        return ()
    places = find_setting_places(now)
    before = describe_settings(load_settings(base_settings)[0])
    after = describe_settings(declaration.settings)
    changed = [key for key in after if before[key] != after[key]]
    left_out = _find_left_out(base, declaration, base_settings) if {"paths", "exclude"} & set(changed) else ()
    return tuple(
        Problem(
            Place(_FILE, *places.get((key,), (1, 1))),
            Code.SETTINGS_CHANGED,
            f"{key} is not what it is at the base: {', '.join(_describe_change(before[key], after[key]))}"
            + (_describe_left_out(left_out) if key in {"paths", "exclude"} else ""),
            "",
            "warning",
        )
        for key in changed
    )


def _find_left_out(base: Base, declaration: Declaration, base_settings: SourceFile | None) -> Sequence[str]:
    """The manifests that the base declares in files that are not read any more, and nothing declares now."""
    has_paths = base.scopes != EVERYTHING
    are_manifests = select_manifests_in(base.scopes)
    were_read = make_read_filter(base_settings, has_paths=has_paths)
    are_read = make_read_filter(declaration.snapshot.settings, has_paths=has_paths)
    files = base.repository.list_files(
        base.commit, lambda path: are_manifests(path) and were_read(path) and not are_read(path)
    )
    declared = {outline.label for outline in declaration.manifests}
    return [outline.label for outline in load_outlines(files)[0] if outline.label not in declared]


def _describe_change(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """What was added and what was removed."""
    return chain(
        (f"+ {shorten_text(each)}" for each in after if each not in before),
        (f"- {shorten_text(each)}" for each in before if each not in after),
    )


def _describe_left_out(labels: Sequence[str]) -> str:
    if not labels:
        return ""
    count = format_count(len(labels), "manifest")
    return f"; {count} of the base left out: {name_first(sorted(labels), _MOST_NAMED)}"
