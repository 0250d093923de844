"""What looks like a credential: it is warned about, and shown by a fingerprint only.

Metadata is readable by everyone who may read the registry, and plans by everyone who may read the
repository. The rules err on the side of hiding.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from reconciler.model import Json, Pointer, is_list

_KEY = re.compile(
    r"(?:^|[_.\- ])"
    r"(?:pass(?:word|wd|phrase)?|secret|token|credentials?|(?:api|access|private|secret)[_.\- ]?key)"
    r"(?:$|[_.\- ])",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Token formats of wide use: the fixed beginnings that their issuers chose so that they can be found.
_SHAPE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bglpat-[A-Za-z0-9_\-]{20,}"
    r"|\bxox[abprs]-[A-Za-z0-9\-]{10,}"
    r"|\bsk-[A-Za-z0-9_\-]{20,}"
    r"|\btfy_[A-Za-z0-9_\-]{20,}"
    r"|\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*"
    r"|://[^/\s:@]+:[^/\s:@]+@"
)
_WORD = re.compile(r"[A-Za-z0-9+/_\-]{32,}={0,2}")
_RANDOM_BITS = 4.6
"""Per character, of text that is more likely drawn at random than written; hexadecimal stays below 4."""


def is_secret(key: str, value: Json) -> bool:
    """Whether a value, by its key or by itself, looks like a credential."""
    if not isinstance(value, str) or not value:
        return False
    return bool(_KEY.search(_CAMEL.sub("_", key)) or _SHAPE.search(value) or _looks_random(value))


def secrets(value: Json, path: Pointer = ()) -> Iterator[Pointer]:
    """The paths of everything in a value that looks like a credential."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secrets(inner, (*path, key))
    elif is_list(value):
        for index, inner in enumerate(value):
            yield from secrets(inner, (*path, str(index)))
    elif is_secret(_name(path), value):
        yield path


def masked(value: Json, path: Pointer = ()) -> Json:
    """A value in which fingerprints stand for what looks like a credential; equal ones stay equal."""
    if isinstance(value, Mapping):
        return {key: masked(inner, (*path, key)) for key, inner in value.items()}
    if is_list(value):
        return [masked(inner, (*path, str(index))) for index, inner in enumerate(value)]
    if isinstance(value, str) and is_secret(_name(path), value):
        return f"*** (sha256:{hashlib.sha256(value.encode(errors='surrogatepass')).hexdigest()[:8]})"
    return value


def _name(path: Pointer) -> str:
    """The key that a value stands under, whatever lists are between."""
    return next((step for step in reversed(path) if not step.isdigit()), "")


def _looks_random(text: str) -> bool:
    return any(_bits(word) > _RANDOM_BITS and _is_mixed(word) for word in _WORD.findall(text))


def _is_mixed(word: str) -> bool:
    return all(re.search(kind, word) for kind in ("[a-z]", "[A-Z]", "[0-9]")) and "/" not in word


def _bits(word: str) -> float:
    counts = Counter(word).values()
    return -sum(count / len(word) * math.log2(count / len(word)) for count in counts)
