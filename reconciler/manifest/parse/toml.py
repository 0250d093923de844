"""TOML text to a table, with the place of each key, which the standard library's parser does not keep."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from reconciler.codes import Code
from reconciler.manifest.parse.document import Position, UnreadableError

Places: TypeAlias = Mapping[Sequence[str], Position]
"""Where each key is first given, by its path."""
_MAX_BYTES = 16 * 1024
_MAX_NESTING = 16
"""Brackets open at a time, and dots of a line: the TOML parser takes the square of long dotted keys' time."""
_MAX_MESSAGE_CHARACTERS = 100
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_QUOTED = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)|"(?:[^"\\\n]|\\[^\n])*+"?|#[^\n]*+'''
    r"""|'''(?:[^']|'(?!''))*+(?:'{3,5}|\Z)|'[^'\n]*+'?""",
    re.DOTALL,
)
_LONG_NUMBER = re.compile(r"[0-9_]{100}")
_KEY = r"""(?:"[^"\n]*+"|'[^'\n]*+'|[A-Za-z0-9_-]++)"""
_KEYS_OF_LINE = re.compile(rf"[ \t]*+(\[{{0,2}})[ \t]*+({_KEY}(?:[ \t]*+\.[ \t]*+{_KEY})*+)[ \t]*+[\]=]")
_PART = re.compile(_KEY)


def parse_toml(data: bytes) -> tuple[Mapping[str, Any], Places]:
    """The table of a file, and where its keys stand.

    Raises:
        UnreadableError: it is no TOML, or more than the parser can read in little time.
    """
    text = _decode_text(data)
    return _parse_text(text), _find_keys(text)


def _decode_text(data: bytes) -> str:
    if len(data) > _MAX_BYTES:
        message = f"larger than {_MAX_BYTES // 1024} KiB, which no settings are"
        raise UnreadableError(Code.SETTINGS_TOO_LARGE, message, (1, 1))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(Code.NOT_UTF_8, "not UTF-8 text", (1, 1), "save the file as UTF-8") from None
    bare = _QUOTED.sub(lambda quoted: "\n" * quoted.group().count("\n"), text)
    depth = 0
    for number, line in enumerate(bare.split("\n"), 1):
        depth += line.count("[") + line.count("{")
        if max(depth, line.count(".")) > _MAX_NESTING or _LONG_NUMBER.search(line):
            message = "more brackets, dots or digits than settings have"
            raise UnreadableError(Code.SETTINGS_TOO_LARGE, message, (number, 1))
        depth = max(0, depth - line.count("]") - line.count("}"))
    return text


def _parse_text(text: str) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415  few repositories have settings

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
    where = _WHERE.search(message)
    if where and where[1]:
        position = int(where[1]), int(where[2])
    else:
        position = text.count("\n") + 1, len(text) - text.rfind("\n")
    reason = _WHERE.sub("", message)
    if len(reason) > _MAX_MESSAGE_CHARACTERS:
        reason = reason[:_MAX_MESSAGE_CHARACTERS] + "..."  # it may quote keys
    raise UnreadableError(Code.INVALID_TOML, f"not valid TOML: {reason[:1].lower()}{reason[1:]}", position)


def _find_keys(text: str) -> Places:
    """The places of keys that begin a line; lines of a text may be mistaken for keys, without harm."""
    places: dict[Sequence[str], Position] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if not (match := _KEYS_OF_LINE.match(line)):
            continue
        keys = tuple(part.strip("\"'") for part in _PART.findall(match[2]))
        if match[1]:
            table = keys
        path = keys if match[1] else (*table, *keys)
        for length in range(1, len(path) + 1):
            places.setdefault(path[:length], (number, match.start(2) + 1))
    return places
