"""Manifests as text, and JSON values as hypothesis draws them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

MANIFEST = """\
type: artifact-version
ml_repo: fraud
name: scorer
version: 1
source:
  type: external
  uri: s3://models/scorer/1
metadata: {}
"""

_LIKE_OTHERS = [
    "no", "on", "010", "1:30", "2026-01-02", "null", "~", "true", "0x1f", "1e3", ".5", "-", "*alias",
    "&anchor", "!tag", "%d", "@a", "`a", "{", "]", "---", "'", '"', "\\", "é", "日本", "<<", "=", "?",
    "a,b", "s3://b/k", "12:30:45", "0o7", "+1", "1_000", "NaN", ".inf", "😀",
]  # fmt: skip
_WITH_BLANKS = [
    "", " ", "a: b", "a #b", " x", "x ", "- a", "line\nline", "\ntop", "end\n\n", "tab\there", "  - item\n",
    "# note\nx", "\u2028", "\ufeff", "\x85a", "---\na", "... \n", "two  spaces", "trailing \nspace", "a\r\nb",
    "deep:\n  yaml: here\n", "\x00", "\x1b[31m", "\U000e0001",
]  # fmt: skip
HARD_TEXTS = (
    *_LIKE_OTHERS,
    *_WITH_BLANKS,
    "007",
    "1.10",
    "no\u0301",
    "a\n\n  b\n\n",
    "\U0001f469\u200d\U0001f52c",
)
"""Texts that a writer of YAML has to take care of, and some that it does not."""


def several(documents: Iterable[str]) -> str:
    """Several documents as one YAML file."""
    return "---\n".join(documents)


def replaced(old: str, new: str, text: str = MANIFEST) -> str:
    """`text` with `new` in place of `old`, which it must hold."""
    assert old in text, old
    return text.replace(old, new)


def hard_fields(number: int) -> dict[str, Any]:
    """Fields of a registered version that are hard to write, by number: all of them after some sixty."""
    text, key = (HARD_TEXTS[place % len(HARD_TEXTS)] for place in (number, number * 7 + 3))
    deep: Any = {key: text, "none": None, "list": [text, [], {}, [number, key]]}
    for level in range(0 if number % 9 else number % 40):
        deep = {key: deep} if level % 3 else [text, deep]
    numbers = [2**63 - 1 - number, -0.0, 1e22 + number, number / 7, 5e-324, number % 2 == 0]
    return {
        "description": text * (number % 3),
        "metadata": {key: text, f"{text}.{number}": [key, {text: key}], "numbers": numbers, "deep": deep},
    }


INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SCALARS = st.none() | st.booleans() | INTEGERS | FLOATS | TEXTS


def json_values(
    scalars: st.SearchStrategy[Any] = SCALARS, keys: st.SearchStrategy[str] = TEXTS
) -> st.SearchStrategy[Any]:
    """JSON values of every type, nested a little."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


def json_documents(
    scalars: st.SearchStrategy[Any] = SCALARS, keys: st.SearchStrategy[str] = TEXTS
) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects."""
    return st.dictionaries(keys, json_values(scalars, keys), max_size=5)
