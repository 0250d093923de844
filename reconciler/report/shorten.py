"""Long texts, cut so that what matters of them can be seen."""

from __future__ import annotations

_CUT = "..."
_SELECTORS = "\ufe0e\ufe0f"
"""How to draw the pictograph before them: without it, they would hide behind the dots."""


def shortened(text: str, room: int) -> str:
    """`text`, or its beginning and dots, in `room` characters (at least 4)."""
    return text if len(text) <= room else text[: max(room - len(_CUT), 1)] + _CUT


def end_of(text: str, room: int) -> str:
    """`text`, or dots and its end, in `room` characters (at least 4)."""
    return text if len(text) <= room else _CUT + text[-max(room - len(_CUT), 1) :]


def around_difference(before: str, after: str, room: int) -> tuple[str, str]:
    """Both texts cut to `room` characters in all, so that where they begin to differ can be seen."""
    half = room // 2
    for_before = max(half, room - len(after))
    for_after = max(room - half, room - len(before))
    too_long = max(len(before) - for_before, len(after) - for_after) + len(_CUT)
    before, after = _begun_at(min(_common(before, after) - half // 3, too_long), before, after)
    return shortened(before, for_before), shortened(after, for_after)


def near_difference(before: str, after: str, seen: int) -> tuple[str, str]:
    """Both texts; where they do not differ among the first `seen` characters, from shortly before they do."""
    common = _common(before, after)
    return _begun_at(common - seen // 2, before, after) if common > seen else (before, after)


def _common(before: str, after: str) -> int:
    """How many characters both texts begin with that are the same."""
    shorter = min(len(before), len(after))
    return next((i for i in range(shorter) if before[i] != after[i]), shorter)


def _begun_at(start: int, before: str, after: str) -> tuple[str, str]:
    """Both texts with dots for what stands before `start`, unless the dots would take as much room."""
    if start <= len(_CUT):
        return before, after
    before, after = (_CUT + text[start + len(_CUT) :].lstrip(_SELECTORS) for text in (before, after))
    return before, after
