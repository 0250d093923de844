"""Cut long texts so that the part that matters stays visible."""

from __future__ import annotations

_CUT = "..."
_SELECTORS = "\ufe0e\ufe0f"
"""How to draw the pictograph before them: without it, they would hide behind the dots."""


def shorten_end(text: str, room: int) -> str:
    """At most `room` characters (at least 4) of `text`: where it is longer, its beginning and `...`."""
    return text if len(text) <= room else text[: max(room - len(_CUT), 1)] + _CUT


def shorten_start(text: str, room: int) -> str:
    """At most `room` characters (at least 4) of `text`: where it is longer, `...` and its end."""
    return text if len(text) <= room else _CUT + text[-max(room - len(_CUT), 1) :]


def shorten_around_difference(before: str, after: str, room: int) -> tuple[str, str]:
    """Both texts, cut to `room` characters together, around the place where they begin to differ."""
    half = room // 2
    for_before = max(half, room - len(after))
    for_after = max(room - half, room - len(before))
    too_long = max(len(before) - for_before, len(after) - for_after) + len(_CUT)
    before, after = _skip_start(min(_count_common(before, after) - half // 3, too_long), before, after)
    return shorten_end(before, for_before), shorten_end(after, for_after)


def skip_to_difference(before: str, after: str, seen: int) -> tuple[str, str]:
    """Both texts; if their first `seen` characters are the same, only from shortly before they differ."""
    common = _count_common(before, after)
    return _skip_start(common - seen // 2, before, after) if common > seen else (before, after)


def _count_common(before: str, after: str) -> int:
    """The length of the longest common beginning, in characters."""
    shorter = min(len(before), len(after))
    return next((i for i in range(shorter) if before[i] != after[i]), shorter)


def _skip_start(start: int, before: str, after: str) -> tuple[str, str]:
    """Both texts from `start` on, after `...`; unchanged where the dots would save nothing."""
    if start <= len(_CUT):
        return before, after
    before, after = (_CUT + text[start + len(_CUT) :].lstrip(_SELECTORS) for text in (before, after))
    return before, after
