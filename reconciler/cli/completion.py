"""What a shell offers for the values of options; nothing where git, say, has none to tell of.

Names of artifacts are those that `validate` or `plan` has remembered last: nothing of the repository is read,
so that they may be of yesterday, and none are known where nothing is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import click

_STAGES = ("[^/]*/", "[^:@]*")
"""What is offered of identities while there are several of it: ML repos, then artifacts."""


def complete_codes(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The codes of problems that begin as the word does."""
    from reconciler.codes import Code

    return _select(Code, incomplete)


def complete_refs(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The branches and tags of the repository around the current folder that begin as the word does."""
    from pathlib import Path

    from reconciler.errors import SourceError
    from reconciler.source.git import Git

    try:
        listed = Git(Path.cwd()).read_output("for-each-ref", "--format=%(refname:short)")
    except SourceError:
        return []
    return _select(["HEAD", *listed.splitlines()], incomplete)


def complete_selection(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Identities, with or without `!` in front."""
    mark = incomplete[: incomplete.startswith("!")]
    return [f"{mark}{word}" for word in _offer(_list_identities(), incomplete.removeprefix("!"))]


def complete_artifacts(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Artifacts with their ML repos."""
    return _offer(_cut(_list_identities(), _STAGES[-1]), incomplete)


def complete_names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of artifacts, of all ML repos."""
    artifacts = _cut(_list_identities(), _STAGES[-1])
    return _select(sorted({artifact.partition("/")[2] for artifact in artifacts}), incomplete)


def complete_ml_repos(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """ML repos that something is declared in."""
    return _select(sorted(_cut(_list_identities(), "[^/]*")), incomplete)


def _list_identities() -> Collection[str]:
    """Those remembered of the repository around the current folder, e.g. `fraud/scorer:4`."""
    from pathlib import Path

    from reconciler.cli.cache import open_memory
    from reconciler.errors import SourceError
    from reconciler.source.location import find_top

    try:
        here = Path.cwd()
        memory = open_memory(str((find_top(here) or here).resolve()))
    except (SourceError, OSError):
        return ()
    return memory.list_identities() if memory else ()


def _offer(identities: Iterable[str], incomplete: str) -> list[str]:
    """The next part of identities that begin as the word does, so that a few are shown and not 10,000."""
    fitting = _select(identities, incomplete)
    for stage in _STAGES:
        words = _cut(fitting, stage)
        if len(words) > 1:
            return sorted(words)
    fitting += _cut(fitting, _STAGES[-1])  # the artifact as a whole, beside its versions
    return _select(sorted({*fitting}, key=lambda word: (len(word), word)), incomplete)


def _cut(identities: Iterable[str], part: str) -> set[str]:
    return {found[0] for found in map(re.compile(part).match, identities) if found}


def _select(words: Iterable[str], incomplete: str) -> list[str]:
    """Those that begin as a word does; a shell takes each on one line, and as it stands."""
    return [str(word) for word in words if word.startswith(incomplete) and word.isprintable()]
