"""Data from outside, made safe to print: one function for each kind of reader."""

from __future__ import annotations

import re

# Control characters, line and paragraph separators, and marks that reorder or hide text.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def for_terminal(text: str) -> str:
    """`text` on one line, with nothing in it that a terminal obeys."""
    return _UNPRINTABLE.sub(lambda match: _escaped(match.group()), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()
