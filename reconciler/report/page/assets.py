"""The style and the script of a page, and the hashes by which its policy allows them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.templates import read_asset


@dataclass(frozen=True, slots=True)
class Assets:
    """The style and the script of a page, and the hash of each as a Content-Security-Policy names it."""

    style: str
    style_hash: str
    script: str
    script_hash: str


def make_assets(counts: Mapping[str, int]) -> Assets:
    """The assets of a page.

    Args:
        counts: how many changes there are of each kind.
    """
    style = f"\n{read_asset(__package__, 'style.css')}{_style_counts(counts)}"
    script = f"\n{read_asset(__package__, 'script.js')}"
    return Assets(style, _hash(style), script, _hash(script))


def _style_counts(counts: Mapping[str, int]) -> str:
    """The rules for each kind: how wide its part of the bar is, and what the filter for it hides."""
    return "".join(
        f".bar .{name} {{ flex-grow: {count}; }}\n"
        f".tools:has(#only-{name}:checked) ~ .group:not(.has-{name}),\n"
        f".tools:has(#only-{name}:checked) ~ .group > article:not(.{name}) "
        "{ display: none; }\n"
        for name, count in counts.items()
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
