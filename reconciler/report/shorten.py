"""Long texts, cut so that what matters of them can be seen."""

from __future__ import annotations

_CUT = "..."
_SELECTORS = "\ufe0e\ufe0f"
"""How to draw the pictograph before them: without it, they would hide behind the dots."""


def shortened(text: str, room: int) -> str:
    """`text`, or its beginning and dots, in `room` characters (at least 4)."""
    return text if len(text) <= room else text[: max(room - len(_CUT), 1)] + _CUT


def around_difference(before: str, after: str, room: int) -> tuple[str, str]:
    """Both texts cut to `room` characters in all, so that where they begin to differ can be seen."""
    half = room // 2
    for_before = max(half, room - len(after))
    for_after = max(room - half, room - len(before))
    shorter = min(len(before), len(after))
    common = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    too_long = max(len(before) - for_before, len(after) - for_after) + len(_CUT)
    start = min(max(0, common - half // 3), too_long)
    if start > len(_CUT):
        before, after = (_CUT + text[start + len(_CUT) :].lstrip(_SELECTORS) for text in (before, after))
    return shortened(before, for_before), shortened(after, for_after)
