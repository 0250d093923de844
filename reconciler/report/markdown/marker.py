"""The first line of a Markdown document, which no reader sees: programs find by it the comment to update.

    <!-- reconciler plan target=0123456789abcdef digest=DIGEST commit=COMMIT complete=yes -->

The word after `reconciler` is `plan`, `apply` where it tells of outcomes, or `validate`. `target` is the
same for all runs on the same paths, or the same shard of them, against the same control plane, also for
those that failed, and another one for any other: of a pull request that is planned against two control
planes, each has a comment of its own. `digest` is the plan's (64 hexadecimal digits) and `commit` the whole
id of the commit read; either may be `none`. `complete` is `no` where anything is left out for want of room,
so that what a reviewer saw is not all of what the digest stands for.

Only a first line is a marker. No other line of the document begins as it does, whatever the data: data stands
in code spans and code blocks, behind at least one other character.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Literal, NamedTuple

from reconciler.compare.selector import Shard
from reconciler.planning.document import PlanDocument

_DIGEST = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIGITS_OF_TARGET = 16


class About(NamedTuple):
    """What a run is about.

    Attributes:
        host: the control plane; empty where none is asked.
        paths: those asked for, below the repository's top; none for all of it.
        shard: the part asked for, if it is one of several.
    """

    host: str
    paths: tuple[str, ...]
    shard: Shard | None


def marker(document: PlanDocument, what: Literal["plan", "apply"], *, is_complete: bool) -> str:
    """The line of a plan, or of what became of one, without its end."""
    source = document.source
    about = About(document.target.host, source.paths, document.share.shard if document.share else None)
    digest, commit = _if_whole(_DIGEST, document.digest), _if_whole(_COMMIT, source.commit)
    return _line(what, about, digest, commit, is_complete=is_complete)


def marker_without_plan(what: str, about: About, *, is_complete: bool) -> str:
    """The line of a run that has come to no plan, without its end."""
    return _line(what, about, "none", "none", is_complete=is_complete)


def _line(what: str, about: About, digest: str, commit: str, *, is_complete: bool) -> str:
    shard = [[about.shard.number, about.shard.of]] if about.shard else []
    target = hashlib.sha256(json.dumps([about.host, *about.paths, *shard]).encode()).hexdigest()
    complete = "yes" if is_complete else "no"
    return (
        f"<!-- reconciler {what} target={target[:_DIGITS_OF_TARGET]}"
        f" digest={digest} commit={commit} complete={complete} -->"
    )


def _if_whole(pattern: re.Pattern[str], text: str | None) -> str:
    """What is as a digest or an id is; anything else could end the comment."""
    return text if text and pattern.fullmatch(text) else "none"
