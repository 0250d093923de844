"""Where new manifests are to be written: whether they would be read from there."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from reconciler.errors import SourceError
from reconciler.manifest.settings import make_read_filter
from reconciler.source.check_ignore import find_ignored
from reconciler.source.git import GitNotInstalledError
from reconciler.source.location import find_top, is_link
from reconciler.source.snapshot import EVERYTHING, SourceFile, select_manifests_in


def check_is_read(folder: Path, settings: SourceFile | None) -> None:
    """Check that manifests are read from a folder, which need not exist yet.

    Args:
        folder: the folder.
        settings: of the repository.

    Raises:
        SourceError: it lies outside the repository, or in a folder that is not read or that git ignores.
    """
    if not select_manifests_in(EVERYTHING)(str(locate_below_top(folder) / "manifest.yaml")):
        hint = "give one whose name does not begin with a dot"
        raise SourceError(f"nothing is read from {folder}", hint)
    if not make_filter_below(folder, settings)("manifest.yaml"):
        hint = "give one that it has read: --into"
        raise SourceError(f"reconciler.toml has nothing read from {folder}", hint)
    if find_ignored_below(folder, ["manifest.yaml"]):
        hint = "give one that it does not, or take it out of .gitignore: git check-ignore -v tells where"
        raise SourceError(f"git ignores what is in {folder}, and nothing is read from there", hint)


def make_filter_below(folder: Path, settings: SourceFile | None) -> Callable[[str], bool]:
    """A function that decides for a path below a folder whether the settings have that file read.

    Args:
        folder: the folder.
        settings: of the repository.

    Raises:
        SourceError: it lies outside the repository.
    """
    below, are_read = locate_below_top(folder), make_read_filter(settings, has_paths=False)
    return lambda path: are_read(str(below / path))


def find_ignored_below(folder: Path, paths: Iterable[str]) -> Collection[str]:
    """Those of some paths below a folder that git would ignore if there were files; outside git, none.

    What lies in a repository within this one is that one's, so this one's git ignores it as well.

    Raises:
        SourceError: the folder lies outside the repository, or git failed.
    """
    below, top = locate_below_top(folder), find_top(Path.cwd())
    if top is None:
        return ()
    asked = {str(below / path): path for path in paths}
    above = {path: set(PurePosixPath(path).parents) - {PurePosixPath()} for path in asked}
    folders = set().union(*above.values())
    # Nothing is written behind a link, and git refuses to look there, or into another repository.
    linked = {folder for folder in folders if is_link(top / folder)}
    others = {folder for folder in folders - linked if os.path.lexists(top / folder / ".git")}
    reachable = [path for path in asked if linked.isdisjoint(above[path])]
    within = {path for path in reachable if not others.isdisjoint(above[path])}
    with suppress(GitNotInstalledError):
        within |= find_ignored(top, [path for path in reachable if path not in within])
    return {asked[path] for path in within}


def locate_below_top(folder: Path) -> PurePosixPath:
    """The path of a folder, which need not exist, from the repository's top.

    Raises:
        SourceError: it lies outside the repository, or in another one within.
    """
    repository = find_top(Path.cwd())
    top = repository or Path.cwd()
    absolute = folder.absolute().resolve()
    if not absolute.is_relative_to(top):
        raise SourceError(f"{folder} lies outside {top}", "give a folder of the repository")
    if (other := find_top(absolute)) != repository:
        raise SourceError(f"{folder} lies in another repository, {other}", "run in that one")
    return PurePosixPath(absolute.relative_to(top))
