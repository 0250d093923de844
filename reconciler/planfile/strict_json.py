"""JSON from a file that anybody may have written: what can be read in two ways is refused."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from typing import Any, Never

from reconciler.model import Json

MAX_DEPTH = 100
"""Of what is nested; manifests have 64 at most."""


class HostileJsonError(Exception):
    """A text that is no JSON, or not what everybody would read as the same. Says why."""


def parse_strict_json(text: str) -> Json:
    """The value of a JSON text.

    Raises:
        HostileJsonError: it is no JSON, gives a key twice, nests too deeply, or holds a number that is none
            (`NaN`), is not finite, or has thousands of digits.
    """
    try:
        value: Json = _decoder.decode(text)
        if text.count("{") + text.count("[") > MAX_DEPTH:  # else it can not nest as deeply
            _check_depth(value)
    except json.JSONDecodeError as error:
        raise HostileJsonError(f"it is not valid JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise _make_depth_error() from None
    except ValueError:  # Python's own bound on the digits of a number
        raise HostileJsonError("a number in it has too many digits") from None
    return value


def _check_depth(value: Json) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for part in level for inner in _list_members(part)]
        if not level:
            return
    raise _make_depth_error()


def _list_members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _make_depth_error() -> HostileJsonError:
    return HostileJsonError(f"it nests more than {MAX_DEPTH} levels deep")


def _make_object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    # The same few names come up in every change of a plan: each is kept once.
    members = {sys.intern(key): value for key, value in pairs}
    if len(members) != len(pairs):
        raise HostileJsonError("a key in it is given twice")
    return members


def _refuse_constant(_text: str) -> Never:
    raise HostileJsonError("it holds a number that JSON does not know")


def _parse_number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise HostileJsonError("a number in it is too large")
    return value


_decoder = json.JSONDecoder(
    object_pairs_hook=_make_object, parse_constant=_refuse_constant, parse_float=_parse_number
)
