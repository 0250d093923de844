"""The value of a plain YAML scalar by YAML 1.2's core schema, and where other schemas read another value.

Numbers with a leading zero are an exception: they are text, as in YAML 1.2's JSON schema. The core schema
reads `010` as 10, and YAML 1.1 as 8.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from reconciler.codes import Code
from reconciler.manifest.parse.document import Fault, Position, parse_integer
from reconciler.model import Json

_MAX_NUMBER_CHARACTERS = 40
"""Characters of a scalar that may be meant as a number."""
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
_CORE_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
"""Leading zeros and all."""
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_COMMON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")
"""What most numbers are: exact, finite, and the same to all programs."""
_NUMBER_STARTS = frozenset("-+.0123456789")

_OLD_WORDS = {
    spelling: value
    for word, value in {"yes": "true", "no": "false", "on": "true", "off": "false"}.items()
    for spelling in (word, word.capitalize(), word.upper())
}
# As YAML 1.1's types are defined, in the form that its programs (PyYAML, libyaml's users) have them.
_OLD_READINGS = {
    "a binary number": r"[-+]?0b[01_]+",
    "an octal number": r"[-+]?0[0-7_]+",
    "a hexadecimal number": r"[-+]?0x[0-9a-fA-F_]+",
    "a number to the base 60": (
        r"[-+]?(?:[1-9][0-9_]*(?::[0-5]?[0-9])++|[0-9][0-9_]*(?::[0-5]?[0-9])++\.[0-9_]*)"
    ),
    "a number": (
        r"[-+]?(?:0|[1-9][0-9_]*|[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?)"
        r"|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    ),
    "a date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "a point in time": (
        r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
        r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?"
    ),
}
_OLD_NUMBER = re.compile("|".join(f"({pattern})" for pattern in _OLD_READINGS.values()))
_SPECIAL_STARTS = _NUMBER_STARTS | {word[:1] for word in (*_CONSTANTS, *_OLD_WORDS)}
"""How all begins that some version of YAML reads as anything but text; `""` is for an empty scalar."""


def read_plain_value(text: str, position: Position, faults: list[Fault]) -> Json:
    """The value of a plain scalar without a tag.

    Args:
        text: the scalar as it is written.
        position: where it stands.
        faults: what is wrong is added, and a warning where YAML 1.1 reads something else.
    """
    if text[:1] not in _SPECIAL_STARTS:
        return text
    if number := _COMMON_NUMBER.fullmatch(text):
        return float(text) if number.lastindex else int(text)
    before = len(faults)
    value: Json = resolve_scalar(text, position, faults)
    # All other values are read alike by all versions of YAML.
    if (
        (value is UNRESOLVED or isinstance(value, float) or text.startswith("0o"))
        and len(faults) == before
        and (warning := _find_look_alike(text, value, position))
    ):
        faults.append(warning)
    return text if value is UNRESOLVED else value


def resolve_scalar(text: str, position: Position, faults: list[Fault]) -> Any:
    """The value of a plain scalar, or `UNRESOLVED`; faults are added for what JSON can not hold.

    A number with a leading zero is text: each schema of YAML reads it in another way.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return UNRESOLVED
    if _INTEGER.fullmatch(text):
        return parse_integer(text, 10, position, faults)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if math.isfinite(value):
            return value
    elif _OCTAL.fullmatch(text):
        return parse_integer(text[2:], 8, position, faults)
    elif _HEXADECIMAL.fullmatch(text):
        return parse_integer(text[2:], 16, position, faults)
    elif not _NOT_FINITE.fullmatch(text):
        return UNRESOLVED
    hint = "quote it to keep it as text"
    faults.append(Fault(Code.NUMBER_OUT_OF_RANGE, "not a finite number", position, hint))
    return 0


def _find_look_alike(text: str, value: Any, position: Position) -> Fault | None:
    """A warning, if YAML 1.1 takes a plain scalar for something else.

    Args:
        text: the scalar as it is written.
        value: what `resolve_scalar` made of it, without a fault; no constant.
        position: where it stands.
    """
    if len(text) > _MAX_NUMBER_CHARACTERS:
        return None
    if value is UNRESOLVED:
        reading = _describe_other_reading(text)
        if reading:
            message = f"is read as text, which {reading}"
            hint = "quote it, so that every program reads the same"
            shown = ascii(text)[1:-1]  # there may be tabs between a day and its time
            return Fault(Code.AMBIGUOUS_VALUE, message, position, hint, is_warning=True, subject=shown)
    elif not _name_old_number(text):
        agreed = spell_number(value)
        message = f"is read as the number {agreed}, which YAML 1.1 reads as text"
        hint = f"write {agreed} or quote it, so that every program reads the same"
        return Fault(Code.AMBIGUOUS_VALUE, message, position, hint, is_warning=True, subject=text)
    return None


def _describe_other_reading(text: str) -> str | None:
    """Which version of YAML reads this text as something else, and as what."""
    if text[0] not in _NUMBER_STARTS:
        return f"YAML 1.1 reads as {_OLD_WORDS[text]}" if text in _OLD_WORDS else None
    if old := _name_old_number(text):
        return f"YAML 1.1 reads as {old}"
    return "YAML 1.2's core schema reads as a number" if _CORE_NUMBER.fullmatch(text) else None


def _name_old_number(text: str) -> str | None:
    """The kind of number or time that YAML 1.1 reads a text as, if any."""
    match = _OLD_NUMBER.fullmatch(text)
    return list(_OLD_READINGS)[match.lastindex - 1] if match and match.lastindex else None


def spell_number(number: int | float) -> str:
    """A number as both versions of YAML read it: with a dot before an exponent."""
    text = repr(number)
    return text if "." in text else text.replace("e", ".0e")
