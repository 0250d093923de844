"""How large a Markdown document may be, in bytes of UTF-8, line ends included."""

from __future__ import annotations

MAX_COMMENT_BYTES = 60_000
"""GitHub takes 65,536 characters."""
MAX_SUMMARY_BYTES = 1_000_000
"""GitHub takes 1 MiB from all programs of a step together."""
MIN_BYTES = 4_000
"""Every plan and every apply can be summarised in as many."""
