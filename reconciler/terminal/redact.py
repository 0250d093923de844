"""The token, kept out of everything that the process writes.

Nothing here prints the token on purpose, but servers quote what they were sent, and descriptions hold
what people paste. So all text passes a `Redactor` on its way out: both standard streams, and all files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial

_MASK = "***"
_MIN_CHARACTERS = 8
"""Shorter tokens are not redacted: output may hold them by chance."""
_CERTAIN_CHARACTERS = 12
"""Characters by which a token is recognised, so that one that was cut off is redacted too."""

_NO_TOKEN_CHARACTERS = re.compile(r"[^!-~]+")
_CUT_MARKS = ("...", "…")
_AFTER_A_CUT = re.compile(r"(\.{3,}|…)([!-~]{12,})")
_ESCAPING = re.compile(r"[%&\\~]")
_ALIKE_IN_BASE64 = str.maketrans("-_", "+/")
# base64 has two alphabets, and JSON pointers have escapes for two characters.
_ALIKE = {"+": r"\+|-", "/": "/|_|~0{,4}1", "~": "~0{,4}"}
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


class Redactor:
    """Knows the tokens of a process, and takes them out of text."""

    def __init__(self) -> None:
        self._spellings: list[str] = []
        """The texts to look for: each token, and its forms in base64 at each offset."""

    def learn(self, token: str) -> None:
        """Redact a token from now on; of a malformed one, each piece that could be a token."""
        for piece in _NO_TOKEN_CHARACTERS.split(token):
            # The quotes and backslashes around a token may be those of JSON, which has to stay JSON.
            secret = piece.strip("\"'\\")
            if len(secret) >= _MIN_CHARACTERS:
                self._spellings.extend(
                    each for each in _list_spellings(secret) if each not in self._spellings
                )

    def redact(self, text: str) -> str:
        """`text` with `***` for every token: raw or base64, escaped for JSON, URLs or HTML, whole or cut."""
        for spelling in self._spellings:
            text = _mask_spelling(spelling, text)
        if any(mark in text for mark in _CUT_MARKS):
            for spelling in self._spellings:
                text = _AFTER_A_CUT.sub(partial(_mask_rest, spelling), text)
        return text


def _list_spellings(secret: str) -> Iterator[str]:
    from base64 import b64encode

    yield secret
    data = secret.encode()
    for before in range(3):  # bytes in front, which shift the digits of the token
        digits = b64encode(bytes(before) + data).decode()
        # Without the digits at both ends that depend on the bytes beside the token.
        yield digits[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]


def _mask_spelling(spelling: str, text: str) -> str:
    # A text without escapes is searched for the characters themselves: most texts are, and most processes
    # make no pattern.
    if not _ESCAPING.search(text) and not _contains(text, spelling[:_CERTAIN_CHARACTERS]):
        return text
    begin = _make_pattern(spelling[:_CERTAIN_CHARACTERS])
    parts: list[str] = []
    at = 0
    while found := begin.search(text, at):
        parts += text[at : found.start()], _MASK
        whole = _make_pattern(spelling).match(text, found.start())
        at = whole.end() if whole else _find_end_of_cut(spelling, text, found.end())
    return "".join((*parts, text[at:])) if parts else text


def _contains(text: str, characters: str) -> bool:
    return characters.translate(_ALIKE_IN_BASE64) in text.translate(_ALIKE_IN_BASE64)


def _find_end_of_cut(spelling: str, text: str, at: int) -> int:
    """The end of a spelling that is cut off after its beginning."""
    for character in spelling[_CERTAIN_CHARACTERS:]:
        more = _make_pattern(character).match(text, at)
        if more is None:
            break
        at = more.end()
    return at


def _mask_rest(spelling: str, cut: re.Match[str]) -> str:
    """The text after a cut mark, without the rest of a token at its beginning."""
    mark, left = cut.groups()
    length = 0
    while length < len(left) and left[: length + 1] in spelling:
        length += 1
    return mark + (_MASK + left[length:] if length >= _CERTAIN_CHARACTERS else left)


@cache
def _make_pattern(characters: str) -> re.Pattern[str]:
    return re.compile("".join(map(_match_forms, characters)))


def _match_forms(character: str) -> str:
    """A character as it is, and as JSON, Python, URLs and HTML escape it, perhaps one after another.

    Each form begins with a fixed character and has a bound: a search skips most of a text, and there is
    no text that it is slow in. Escapes come first, because a token may hold the characters that they begin
    with.
    """
    itself = _ALIKE.get(character, re.escape(character))
    code = "".join(f"[{digit}{digit.upper()}]" for digit in f"{ord(character):02x}")
    entities = f"#0{{,4}}{ord(character)}|#[xX]0{{,4}}{code}"
    if character in _ENTITIES:
        entities += f"|{_ENTITIES[character]}"
    return rf"(?:%(?:25){{,4}}{code}|&(?:{entities});|\\\\{{,7}}(?:(?:x|u00){code}|{itself})|{itself})"
