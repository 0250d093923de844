"""What a plain YAML scalar says: YAML 1.2's core schema, and where YAML 1.1 says something else."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from reconciler.manifest.document import Fault, Position, integer
from reconciler.model import Json

_LONGEST = 40
UNRESOLVED: Final[Any] = object()
"""The scalar is text."""

_CONSTANTS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS = frozenset("-+.0123456789")

_OLD_WORDS = {
    spelling: value
    for word, value in {"yes": "true", "no": "false", "on": "true", "off": "false"}.items()
    for spelling in (word, word.capitalize(), word.upper())
}
_OLD_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_OLD_BINARY = re.compile(r"[-+]?0b[01_]+")
_OLD_UNDERSCORES = re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)")
_OLD_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")


def resolve(text: str, position: Position, faults: list[Fault]) -> Any:
    """The value of a plain scalar, or `UNRESOLVED`; faults are added for what JSON can not hold.

    A number with a leading zero is text: the versions of YAML read it differently.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return UNRESOLVED
    if _INTEGER.fullmatch(text):
        return integer(text, 10, position, faults)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if math.isfinite(value):
            return value
    elif _OCTAL.fullmatch(text):
        return integer(text[2:], 8, position, faults)
    elif _HEXADECIMAL.fullmatch(text):
        return integer(text[2:], 16, position, faults)
    elif not _NOT_FINITE.fullmatch(text):
        return UNRESOLVED
    faults.append(Fault("not a finite number", position, "quote it to keep it as text"))
    return 0


def look_alike(text: str, position: Position) -> Fault | None:
    """A warning, if YAML 1.1 takes a plain scalar that is text for something else."""
    reading = _old_number(text) if text[0] in _NUMBER_STARTS else _OLD_WORDS.get(text)
    if not reading:
        return None
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    message = f"{shown} is read as text, which YAML 1.1 reads as {reading}"
    return Fault(message, position, "quote it, so that every program reads the same", is_warning=True)


def _old_number(text: str) -> str:
    """What YAML 1.1 takes the text for, if it is a number there."""
    if _OLD_OCTAL.fullmatch(text):
        return "an octal number"
    if _OLD_BINARY.fullmatch(text):
        return "a binary number"
    if _OLD_SEXAGESIMAL.fullmatch(text):
        return "a number to the base 60"
    return "a number" if "_" in text and _OLD_UNDERSCORES.fullmatch(text) else ""
