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
from functools import lru_cache
from typing import Any, TypeAlias

from reconciler.model import Json, Pointer, is_list

_KEY = re.compile(
    r"(?:^|[_.\- ])"
    r"(pass(?:words?|wd|phrase|code)?|pwd|secrets?|token|credentials?|authorization"
    r"|(?:api|access|account|private|secret)[_.\- ]?keys?)"
    r"(?:$|[_.\- ])",
    re.IGNORECASE,
)
_BETWEEN_WORDS = re.compile(r"[^A-Za-z0-9_.\-]")
_COUNTED = frozenset({"pass", "token"})
"""Words that are counts where their value is a number."""
_SPECIAL_TOKENS = re.compile(
    r"(?:(?:decoder|forced)_)?(?:bos|eos|bot|eot|boi|eoi|eod|eom|start|end|begin|stop|decoder_start"
    r"|pad|padding|unk|mask|sep|separator|newline|cls|fill|prefix|middle|suffix|extra|special"
    r"|image|video|audio|user|assistant|system|tool)"
)
"""What may stand before `token` in the configuration of a tokenizer."""
_SPECIAL_TOKEN = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|[\W_]+")
"""What such a token looks like: `</s>`, `[PAD]`, `<|im_end|>`, `###`."""
_SECRET_ASPECTS = re.compile(
    r"types?|rates?|counts?|len|length|size|limits?|budget|policy|reset|expiry|expires|expiration|ttl|age"
    r"|usage|cost|price|names?|field|column|class|index|position|embeddings?|prob|probability|logprobs?"
    r"|accuracy|precision|recall|loss|ratio|share|score|level|dropout|merging|pruning|mixing|mixer|labels"
    r"|classification|throughput|latency|required|enabled|method|mode|strategy|format|version|rotation"
    r"|strength|path|file|url|uri|ref|env|var|variable|arn"
)
"""Last words of keys that hold a property of a credential or where it is kept, but not the credential."""
_Types: TypeAlias = tuple[type, ...]
_TEXT: _Types = (str,)
_MAX_KEY_CHARACTERS = 200
_CAMEL_CASE = re.compile(r"([a-z0-9])([A-Z])")
# Token formats of wide use: the fixed beginnings that their issuers chose so that they can be found, and
# what has to follow. Nothing is followed for long, so that a text of beginnings takes no square of its time.
_BEGINNINGS = {
    "AKIA": r"[A-Z0-9]{16}\b",
    "ASIA": r"[A-Z0-9]{16}\b",
    "AIza": r"[A-Za-z0-9_\-]{35}",
    "gh": r"[pousr]_[A-Za-z0-9]{30}",
    "github_pat_": r"[A-Za-z0-9_]{22}",
    "glpat-": r"[A-Za-z0-9_\-]{20}",
    "hf_": r"[A-Za-z0-9]{30}",
    "rk_": r"(?:live|test)_[A-Za-z0-9]{16}",
    "sk_": r"(?:live|test)_[A-Za-z0-9]{16}",
    "sk-": r"[A-Za-z0-9_\-]{20}",
    "tfy_": r"[A-Za-z0-9_\-]{20}",
    "xox": r"[abprs]-[A-Za-z0-9\-]{10}",
    "eyJ": r"[A-Za-z0-9_\-]{8,1000}+\.[A-Za-z0-9_\-]{8}",
    "sig=": r"[A-Za-z0-9%+/=]{16}",
    "Signature=": r"[A-Za-z0-9%+/=]{16}",
    "AccountKey=": r"[A-Za-z0-9%+/=]{16}",
}
_SHAPE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]+:[^/\s:@]+@|"
    # Of a connection string, but for what stands in for a password.
    r"(?:[Pp]assword|PASSWORD|[Pp]wd|PWD)\s?=\s?[^\s;'\"<{$*]{3}|"
    # Each alternative begins with its letters: where none of them stands, the search goes on at once.
    + "|".join(rf"{begin}(?<![A-Za-z0-9_]{begin}){rest}" for begin, rest in _BEGINNINGS.items())
)
_WORD = re.compile(r"[A-Za-z0-9+/_\-]{32,}={0,2}")
_RANDOM_BITS_A_CHARACTER = 4.6
"""Above this, text is more likely random than written by a person; hexadecimal stays below 4."""
_RUN = b"a" * 20
_IN_RUNS = bytes(_RUN[0] if re.match(rb"[A-Za-z0-9+._\-]", bytes([byte])) else 0 for byte in range(256))
"""Turns into a run, as long as `_RUN` at least, what every credential holds that is known by its looks.

The shapes that `_may_look_secret` names are exempt; and a word with a slash in it is not mixed.
"""
_PLAIN = frozenset({int, float, bool, type(None)})
_MAX_HARMLESS_KEYS = 1000
_harmless_keys: set[str] = set()
"""Keys that name no credential, remembered because manifests have most of their keys in common."""


def is_secret(key: str, value: Json) -> bool:
    """Whether a value, by its key or by itself, looks like a credential."""
    return _is_hidden(value, _list_hidden_types(key))


def find_secrets(value: Json) -> Iterator[Pointer]:
    """The paths of everything in a value that looks like a credential."""
    return _find_secrets(value, (), ()) if _may_hold_secrets(value) else iter(())


def mask_secrets(value: Json, path: Pointer = ()) -> Json:
    """A value in which fingerprints stand for what looks like a credential; equal ones stay equal."""
    hidden = _list_hidden_types(_find_key(path))
    return _mask_parts(value, hidden) if hidden or _may_hold_secrets(value) else value


def may_hold_credential(line: str) -> bool:
    """Whether a line of a file, in whatever language, holds what looks like a credential or its key."""
    return bool(_KEY.search(_BETWEEN_WORDS.sub(" ", _CAMEL_CASE.sub(r"\1_\2", line)))) or _looks_secret(line)


def _may_hold_secrets(value: Json) -> bool:
    """Whether a value may hold a credential: a check that takes a sixth of the time of the search."""
    texts: list[str] = []
    parts: list[Any] = [[value]]
    for part in parts:  # the list grows meanwhile
        members = part
        if type(part) is dict:
            if not _harmless_keys.issuperset(part) and any(map(_is_secret_key, part)):
                return True
            members = part.values()
        for member in members:
            kind = type(member)
            if kind is str:
                texts.append(member)
            elif kind is dict or kind is list:
                parts.append(member)
            elif kind not in _PLAIN:
                return True
    # Joined by line ends, behind which no shape and no word goes on.
    text = "\n".join(texts)
    return _may_look_secret(text) and _looks_secret(text)


def _is_secret_key(key: str) -> bool:
    """Whether a key names a credential of any type; the keys that do not are remembered."""
    if _list_hidden_types(key):
        return True
    if len(key) <= _MAX_KEY_CHARACTERS:
        if len(_harmless_keys) >= _MAX_HARMLESS_KEYS:
            _harmless_keys.clear()
        _harmless_keys.add(key)
    return False


def _may_look_secret(text: str) -> bool:
    """Whether a text may hold a shape or a random word: a check in a tenth of the time of the search."""
    return (
        "@" in text  # behind a password
        or "=" in text  # before a signature
        or "xox" in text
        or "-----BEGIN" in text
        or _RUN in text.encode(errors="replace").translate(_IN_RUNS)
    )


# A key is examined once for all values under it, of which there may be many.


def _find_secrets(value: Json, path: Pointer, hidden: _Types) -> Iterator[Pointer]:
    if isinstance(value, str | int | float):  # most values, and quicker to recognise than the others
        if _is_hidden(value, hidden):
            yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _find_secrets(
                inner, (*path, key), hidden if key.isdigit() else _list_hidden_types(key)
            )
    elif is_list(value):
        for index, inner in enumerate(value):
            yield from _find_secrets(inner, (*path, str(index)), hidden)


def _mask_parts(value: Json, hidden: _Types) -> Json:
    if isinstance(value, Mapping):
        return {
            key: _mask_parts(inner, hidden if key.isdigit() else _list_hidden_types(key))
            for key, inner in value.items()
        }
    if is_list(value):
        return [_mask_parts(inner, hidden) for inner in value]
    if _is_hidden(value, hidden):
        encoded = str(value).encode(errors="surrogatepass")
        return f"*** (sha256:{hashlib.sha256(encoded).hexdigest()[:8]})"
    return value


def _is_hidden(value: Json, hidden: _Types) -> bool:
    if isinstance(value, str):
        is_by_key = str in hidden and not (hidden == _TEXT and _SPECIAL_TOKEN.fullmatch(value))
        return bool(value) and (is_by_key or _looks_secret(value))
    return isinstance(value, hidden) and not isinstance(value, bool)


def _find_key(path: Pointer) -> str:
    """The key that a value stands under, be it in a list."""
    return next((step for step in reversed(path) if not step.isdigit()), "")


def _list_hidden_types(key: str) -> _Types:
    """What types of values are credentials under a key."""
    return _find_hidden_types(key[:_MAX_KEY_CHARACTERS])


@lru_cache(maxsize=1024)  # manifests have their keys in common
def _find_hidden_types(key: str) -> _Types:
    words = _CAMEL_CASE.sub(r"\1_\2", key).replace("-", "_").replace(".", "_").replace(" ", "_")
    match = _KEY.search(words)
    if not match or _SECRET_ASPECTS.fullmatch(words.rpartition("_")[2].lower()):
        return ()
    if match[1].lower() not in _COUNTED:
        return (str, int, float)
    return () if _SPECIAL_TOKENS.fullmatch(words[: match.start()].lower()) else _TEXT


def _looks_secret(text: str) -> bool:
    return bool(_SHAPE.search(text)) or _looks_random(text)


def _looks_random(text: str) -> bool:
    return any(
        _is_mixed(word) and _measure_entropy_bits(word) > _RANDOM_BITS_A_CHARACTER
        for word in _WORD.findall(text)
    )


def _is_mixed(word: str) -> bool:
    return all(re.search(kind, word) for kind in ("[a-z]", "[A-Z]", "[0-9]")) and "/" not in word


def _measure_entropy_bits(word: str) -> float:
    counts = Counter(word).values()
    return -sum(count / len(word) * math.log2(count / len(word)) for count in counts)
