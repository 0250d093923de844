"""Data from outside, made safe to print: one function for each kind of reader."""

from __future__ import annotations

import json
import re
from typing import Any

# Control characters, line and paragraph separators, and marks that reorder or hide text.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_COMMAND = re.compile(r"^\s*::")
_OLD_COMMAND = re.compile(r"##(?=\[)")


def for_terminal(text: str) -> str:
    """`text` on one line, with nothing in it that a terminal obeys."""
    return _UNPRINTABLE.sub(lambda match: _escaped(match.group()), text)


def for_log(line: str) -> str:
    """A line in which a runner of CI jobs finds no command.

    GitHub's takes a line that begins with `::`, and `##[` anywhere in one, for commands.
    """
    line = _COMMAND.sub(lambda match: match.group().replace("::", r"\x3a:"), line)
    return _OLD_COMMAND.sub(r"\\x23#", line)


def as_json(document: Any, *, ascii_only: bool = False) -> str:
    """A document as JSON on several lines, which neither a terminal nor a runner obeys."""
    text = json.dumps(document, indent=2, ensure_ascii=ascii_only)
    # Outside of strings, JSON holds nothing of what is replaced here but line ends.
    text = _OLD_COMMAND.sub(r"\\u0023#", text)
    return _UNPRINTABLE.sub(lambda match: _as_json_escape(match.group()), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()


def _as_json_escape(character: str) -> str:
    return character if character == "\n" else f"\\u{ord(character):04x}"
