"""The lines that problems stand in, read again to be shown; never one that may hold a credential.

What is wrong may be what keeps a file from being parsed, so credentials are looked for in the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.errors import Place, Problem, SourceError
from reconciler.manifest.rules.secrets import may_hold_credential
from reconciler.source.snapshot import Snapshot, SourceFile

_MAX_BYTES = 2 * 1024 * 1024
"""Of files read again; problems in further files are shown without their lines."""
_REACH_CHARACTERS = 400
"""Characters on either side of a place; more than any terminal is wide."""
_LINE_END = re.compile("\r\n|[\r\n]")
"""What ends a line in YAML 1.2, and in JSON."""
_BOM = "\ufeff"


class Excerpt(NamedTuple):
    """The line of a place, in two parts: before the place and from it on; long lines are cut."""

    before: str
    behind: str


def read_excerpts(snapshot: Snapshot, problems: Iterable[Problem]) -> Mapping[Place, Excerpt]:
    """The lines of problems, as far as they can be read and shown.

    Args:
        snapshot: where the files are, which have to be at hand still.
        problems: whose lines are wanted.
    """
    wanted: dict[str, list[Place]] = {}
    for problem in problems:
        wanted.setdefault(problem.place.file, []).append(problem.place)
    found: dict[Place, Excerpt] = {}
    try:
        for file in _read_files(snapshot, wanted):
            found.update(_find_excerpts(file, wanted[file.path]))
    except SourceError:
        pass  # the files have changed meanwhile: the problems are shown all the same
    return found


def _read_files(snapshot: Snapshot, wanted: Collection[str]) -> Iterator[SourceFile]:
    if not wanted:
        return
    if snapshot.settings and snapshot.settings.path in wanted:
        yield snapshot.settings
    yield from snapshot.files.read_at(wanted, _MAX_BYTES)


def _find_excerpts(file: SourceFile, places: Sequence[Place]) -> Iterator[tuple[Place, Excerpt]]:
    text = file.data.decode(errors="backslashreplace").removeprefix(_BOM)
    lines = _LINE_END.split(text)
    harmless = _find_harmless_lines(lines, max(place.line for place in places))
    for place in places:
        if place.line - 1 in harmless and lines[place.line - 1].strip():
            line, at = lines[place.line - 1], place.column - 1
            yield place, Excerpt(line[max(0, at - _REACH_CHARACTERS) : at], line[at : at + _REACH_CHARACTERS])


def _find_harmless_lines(lines: Sequence[str], count: int) -> frozenset[int]:
    """Which of the first lines hold no credential, neither alone nor as part of a line above.

    A line is part of those above that are indented less, and goes on the last one that has a key.
    """
    harmless: list[int] = []
    # Of each line above that this one belongs to: its indentation, and whether it may hold a credential.
    above: list[tuple[int, bool]] = []
    goes_on = False
    for number, line in enumerate(lines[:count]):
        content = line.lstrip(" \t")
        if not content:
            continue
        # An item of a list may be indented as much as the key of the list.
        indentation = len(line) - len(content) + (content[0] == "-")
        while above and above[-1][0] >= indentation:
            above.pop()
        has_key = ":" in content
        is_secret = (
            may_hold_credential(content) or (bool(above) and above[-1][1]) or (goes_on and not has_key)
        )
        above.append((indentation, is_secret))
        goes_on = is_secret if has_key else goes_on or is_secret
        if not is_secret:
            harmless.append(number)
    return frozenset(harmless)
