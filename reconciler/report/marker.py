"""The first line of a Markdown document, which no reader sees: programs find by it the comment to update.

    <!-- reconciler plan target=0123456789abcdef digest=DIGEST commit=COMMIT complete=yes -->

The word after `reconciler` is `plan`, or `apply` where it tells of outcomes. `target` is the same for all
plans of the same paths, or the same shard of them, against the same control plane, and another one for any
other: of a pull request that is planned against two control planes, each has a comment of its own. `digest`
is the plan's (64 hexadecimal digits) and `commit` the whole id of the commit read; either may be `none`.
`complete` is `no` where anything is left out for want of room, so that what a reviewer saw is not all of what
the digest stands for.

Only a first line is a marker. No other line of the document begins as it does, whatever the data: data stands
in code spans and code blocks, behind at least one other character.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Literal

from reconciler.planning.document import PlanDocument

_DIGEST = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIGITS_OF_TARGET = 16


def marker(document: PlanDocument, what: Literal["plan", "apply"], *, is_complete: bool) -> str:
    """The line, without its end."""
    asked, source = document.target, document.source
    shard = [[document.share.shard.number, document.share.shard.of]] if document.share else []
    target = json.dumps([asked.host, asked.tenant, *source.paths, *shard]).encode()
    fields = {
        "target": hashlib.sha256(target).hexdigest()[:_DIGITS_OF_TARGET],
        "digest": _if_whole(_DIGEST, document.digest),
        "commit": _if_whole(_COMMIT, source.commit),
        "complete": "yes" if is_complete else "no",
    }
    return f"<!-- reconciler {what} {' '.join(f'{name}={value}' for name, value in fields.items())} -->"


def _if_whole(pattern: re.Pattern[str], text: str | None) -> str:
    """What is as a digest or an id is; anything else could end the comment."""
    return text if text and pattern.fullmatch(text) else "none"
