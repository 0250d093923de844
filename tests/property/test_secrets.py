"""The quick look through a value misses no credential: what is found is what each part by itself shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.manifest.rules.secrets import find_secrets, is_secret
from reconciler.model import Pointer
from tests.support.manifests import TEXTS, json_values
from tests.support.scale import law

BEGINNINGS = [
    *(
        "AKIA",
        "ASIA",
        "AIza",
        "ghp_",
        "ghs_",
        "github_pat_",
        "glpat-",
        "hf_",
        "rk_live_",
        "sk_test_",
        "sk-",
        "tfy_",
    ),
    *("xoxb-", "xoxp-", "eyJ", "sig=", "Signature=", "AccountKey=", "://", "://a:b@", "@", "="),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"),
    *("-", "_", "/", "+", ".", " ", "\n", "é", "\ud800", "\u2028"),
]
"""And ends, and what is around."""
RANDOM = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0xR2fL5q-_+/"
PARTS = (
    st.sampled_from(BEGINNINGS)
    | st.integers(0, 41).map(lambda length: RANDOM[:length])
    | st.integers(8, 36).map(lambda length: "A" * length)
    | st.text("abcXYZ019_-+", min_size=8, max_size=40)
)
LOOKS = st.lists(PARTS, max_size=5).map("".join)
KEYS = st.sampled_from(
    [
        *(
            "token",
            "tokens",
            "tokenizer",
            "max_tokens",
            "password",
            "passed",
            "pass",
            "apiKey",
            "API-Key",
            "key",
        ),
        *(
            "to\u212aen",
            "\u017fecret",
            "credent\u0130al",
            "author\u0131zation",
            "0",
            "12",
            "",
            "note",
            "a\ntoken",
        ),
        *("x" * 194 + "_token", "x" * 194 + "_tokens", "x" * 195 + "_token", "x" * 193 + ".pwd "),
    ]
)
VALUES = json_values(
    LOOKS | TEXTS | st.none() | st.booleans() | st.integers(0, 9) | st.floats(), KEYS | TEXTS
)


def shown(value: Any, path: Pointer = (), key: str = "") -> Iterator[Pointer]:
    """The paths of the parts that look like a credential when each is asked about by itself."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from shown(inner, (*path, name), key if name.isdigit() else name)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from shown(inner, (*path, str(index)), key)
    elif is_secret(key, value):
        yield path


@law(75, 1_000, 20_000)
@given(VALUES)
@example({"a": "eyJaaaaaaaa.aaaaaaaa"})
@example({"a": "AKIA" + "A" * 16})
@example({"a": "xoxb-" + "a" * 10})
@example({"a": [{"b": ("x", "postgres://user:pass@db.example.com")}]})
@example("q7Zt3KpL9vXw2RnB8mYc5HsD1fGj6TkQ")
@example("q7Zt3KpL9vXw2RnB+mYc5HsD1fGj6TkQ")
def test_every_part_that_shows_a_credential_is_found(value: Any) -> None:
    assert list(find_secrets(value)) == list(shown(value))


@law(50, 500, 20_000)
@given(LOOKS)
def test_a_text_is_found_wherever_it_is(text: str) -> None:
    found = is_secret("note", text)
    assert bool(list(find_secrets({"a": ["before", text, "after"], "b": {"c": text}}))) == found
