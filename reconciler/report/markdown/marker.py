"""The first line of a Markdown document: an HTML comment, by which programs find the comment to update.

    <!-- reconciler plan target=0123456789abcdef digest=DIGEST commit=COMMIT complete=yes -->

- The word after `reconciler` is the command: `plan`, `apply` or `validate`.
- `target` is a hash of the control plane, the paths and the shard. All runs about the same have the same
  one, failed runs too; a pull request that is planned against two control planes gets two comments.
- `digest` is the digest of the plan (64 hexadecimal digits), `commit` the whole id of the commit that was
  read; either may be `none`.
- `complete` is `no` if anything was left out for lack of room: then a reviewer has not seen all that the
  digest covers.

Only the first line is a marker. No other line can look like one: data stands in code spans and code blocks,
behind at least one other character.
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
_TARGET_DIGITS = 16


class About(NamedTuple):
    """What a run is about.

    Attributes:
        host: the control plane; empty if none is asked.
        paths: the paths that were asked for, relative to the top of the repository; none for all of it.
        shard: the shard that was asked for, if any.
    """

    host: str
    paths: tuple[str, ...]
    shard: Shard | None


def make_marker(document: PlanDocument, what: Literal["plan", "apply"], *, is_complete: bool) -> str:
    """The marker of a plan or an apply, without a line end."""
    source = document.source
    about = About(document.target.host, source.paths, document.share.shard if document.share else None)
    digest, commit = _match_or_none(_DIGEST, document.digest), _match_or_none(_COMMIT, source.commit)
    return format_marker(what, about, digest, commit, is_complete=is_complete)


def format_marker(
    what: str, about: About, digest: str = "none", commit: str = "none", *, is_complete: bool
) -> str:
    """The marker of a run, without a line end; one that has no plan has no digest and no commit."""
    shard = [[about.shard.number, about.shard.of]] if about.shard else []
    target = hashlib.sha256(json.dumps([about.host, *about.paths, *shard]).encode()).hexdigest()
    complete = "yes" if is_complete else "no"
    return (
        f"<!-- reconciler {what} target={target[:_TARGET_DIGITS]}"
        f" digest={digest} commit={commit} complete={complete} -->"
    )


def _match_or_none(pattern: re.Pattern[str], text: str | None) -> str:
    """`text` if it is a digest or an id, else `none`: anything else could end the HTML comment."""
    return text if text and pattern.fullmatch(text) else "none"
