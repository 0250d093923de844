"""What a shell offers for the values of options; nothing where git, say, has none to tell of."""

from __future__ import annotations

from collections.abc import Iterable

import click


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


def _select(words: Iterable[str], incomplete: str) -> list[str]:
    """Those that begin as a word does; a shell takes each on one line, and as it stands."""
    return [str(word) for word in words if word.startswith(incomplete) and word.isprintable()]
