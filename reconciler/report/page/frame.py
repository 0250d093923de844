"""The frame of a page: what it may do, its one style and its one script, and nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files

from reconciler.escape import for_html

_STYLE, _SCRIPT = (
    f"\n{files(__package__).joinpath(name).read_text(encoding='utf-8')}"
    for name in ("style.css", "script.js")
)
PAGE_END = f"<script>{_SCRIPT}</script>\n</body>\n</html>"


def render_page_start(title: str, counts: Mapping[str, int]) -> str:
    """Everything up to the content.

    Args:
        title: of the page.
        counts: the names of classes of changes, and how many changes have each.
    """
    style = f"{_STYLE}{_style_counts(counts)}"
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(_SCRIPT)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{for_html(title)}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#changes">Skip to the changes</a>"""


def _style_counts(counts: Mapping[str, int]) -> str:
    """The rules for what this page counts: how wide its parts of the bar are, and what picking one leaves."""
    return "".join(
        f".bar .{name} {{ flex-grow: {count}; }}\n"
        f".tools:has(#only-{name}:checked) ~ .group:not(.has-{name}),\n"
        f".tools:has(#only-{name}:checked) ~ .group > article:not(.{name}) "
        "{ display: none; }\n"
        for name, count in counts.items()
    )


def _hash(text: str) -> str:
    """How a policy names a style or a script that may be there."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
