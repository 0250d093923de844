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


def several(documents: Iterable[str]) -> str:
    """Several documents as one YAML file."""
    return "---\n".join(documents)


def replaced(old: str, new: str, text: str = MANIFEST) -> str:
    """`text` with `new` in place of `old`, which it must hold."""
    assert old in text, old
    return text.replace(old, new)


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
