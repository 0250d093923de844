"""Names from manifests as messages show them: shortened, escaped, and with the known name that is similar."""

from __future__ import annotations

from collections.abc import Sequence

_MAX_WORD_CHARACTERS = 40
_MAX_CHARACTERS = 40
_FIRST_STEPS, _LAST_STEPS = 3, 2


def find_similar_word(word: str, words: list[str], cutoff: float = 0.7) -> str | None:
    """The one of `words` that `word` may be a typo of, if any."""
    if len(word) > _MAX_WORD_CHARACTERS:
        return None
    import difflib  # noqa: PLC0415  for the few documents in which something is wrong

    matches = difflib.get_close_matches(word.lower(), words, n=1, cutoff=cutoff)
    return matches[0] if matches else None


def format_path(path: Sequence[str | int]) -> str:
    """A path as people write it, shortened in the middle, each step as an excerpt."""
    if len(path) > _FIRST_STEPS + _LAST_STEPS + 1:
        return f"{format_path(path[:_FIRST_STEPS])}...{format_path(path[-_LAST_STEPS:])}"
    return ".".join(shorten_text(str(step)) for step in path)


def shorten_text(text: str) -> str:
    """The beginning of `text`, escaped and at most 40 characters wide, to be named in a message."""
    shown = ""
    for character in text:
        escaped = ascii(character)[1:-1]
        if len(shown) + len(escaped) > _MAX_CHARACTERS:
            return shown + "..."
        shown += escaped
    return shown
