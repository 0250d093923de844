"""The frame of a page: what it may do, its one style and its one script, and nothing fetched."""

from __future__ import annotations

import base64
import hashlib

from reconciler.report.escape import for_html
from reconciler.report.page.script import SCRIPT
from reconciler.report.page.style import STYLE

PAGE_END = f"<script>{SCRIPT}</script>\n</body>\n</html>"


def page_begin(title: str, rules: str) -> str:
    """Everything up to the content.

    Args:
        title: of the page.
        rules: of style, those that only this page has.
    """
    style = f"{STYLE}{rules}"
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(SCRIPT)}'; "
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


def _hash(text: str) -> str:
    """How a policy names a style or a script that may be there."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
