"""Where in a repository manifests are: paths of files and folders, and globs of those that are left out.

In a glob `*` and `?` stay within a folder, and `**` goes through all. What is below a folder that fits, fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence


def make_path_filter(paths: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """A function that says of a path whether it is in one of the paths, and in none that is excluded.

    Args:
        paths: files and folders; none for all.
        exclude: globs.
    """
    wanted = _compile_any(map(re.escape, map(_strip_slash, paths)))
    excluded = _compile_any(map(_translate_glob, exclude))
    if not exclude and not paths:
        return lambda _: True
    return lambda path: (
        (not paths or bool(wanted.fullmatch(path))) and not (exclude and excluded.fullmatch(path))
    )


def _compile_any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})(?:/.*)?" for pattern in patterns), re.DOTALL)


def _translate_glob(glob: str) -> str:
    """A glob as a regular expression.

    Whoever opens a pull request writes it, so it must not take exponential time to see that a path does not
    fit: of what `**` and `*` may stand for the shortest is taken, and by an atomic group never reconsidered.
    """
    first, *others = _split_at_double_stars(_strip_slash(glob).split("/"))
    if not others:
        return first
    *between, last = others
    passed = "".join(f"(?>(?:[^/]+/)*?{group}/)" for group in between if group)
    return first + passed + (f"(?>(?:[^/]+/)*?{last}(?=/|\\Z))" if last else ".*")


def _split_at_double_stars(names: Sequence[str]) -> list[str]:
    """The expressions of what stands before, between and behind the `**`; the first with its last `/`."""
    groups: list[list[str]] = [[]]
    for name in names:
        if name == "**":
            groups.append([])
        else:
            groups[-1].append(_translate_name(name))
    before = "".join(f"{name}/" for name in groups[0]) if len(groups) > 1 else "/".join(groups[0])
    return [before, *map("/".join, groups[1:])]


def _translate_name(name: str) -> str:
    """The expression of a name of a file or folder, in which every star but the last takes the least."""
    first, *others = (re.escape(part).replace(r"\?", "[^/]") for part in re.split(r"\*+", name))
    if not others:
        return first
    *between, last = others
    return first + "".join(f"(?>[^/]*?{part})" for part in between) + f"[^/]*{last}"


def _strip_slash(path: str) -> str:
    return path.removesuffix("/")
