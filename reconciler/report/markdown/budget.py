"""How large a Markdown document may be, in bytes of UTF-8 with a line end after each line."""

from __future__ import annotations

FOR_A_COMMENT = 60_000
"""GitHub takes 65,536 characters."""
FOR_A_SUMMARY = 1_000_000
"""GitHub takes 1 MiB from all programs of a step together."""
LEAST = 4_000
"""What every plan, and every apply, can be told in."""
