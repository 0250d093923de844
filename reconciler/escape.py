"""Data from outside, made safe to show: one function for each kind of reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

# What a terminal obeys, and what is invisible: control characters, separators of lines and paragraphs,
# lone surrogates, and Unicode's Default_Ignorable_Code_Point, which holds the marks that reorder text, the
# zero-width ones, blank letters and the tag characters that can spell a whole message. Blanks that take up
# room (U+00A0, U+2800) stay.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufff9-\ufffb"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    # After a pictograph these two only say how to draw it; elsewhere they hide.
    "|[\ufe0e\ufe0f](?<![\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff].)"
)
# Runners of CI jobs compare text by the rules of a language, which give hundreds of marks and three letters
# no weight at all: whatever is not ASCII may stand in a command and not be noticed.
_COMMAND = re.compile(r"^[^!-~]*:(?=[^ -~]*:)")
_OLD_COMMAND = re.compile(r"#(?=[^ -~]*#[^ -/:-@\[-^`{-~]*\[)")
_BACKTICKS = re.compile("`+")


def for_terminal(text: str) -> str:
    """`text` on one line, with nothing in it that a terminal obeys or that can not be seen."""
    if text.isascii() and text.isprintable():
        return text  # as nearly all is, and ten times as quickly found out
    return _UNPRINTABLE.sub(lambda match: _escape_character(match.group()), text)


def for_log(line: str) -> str:
    """A line in which a runner of CI jobs finds no command.

    GitHub's takes a line that begins with `::`, and `##[` anywhere in one, for commands; others know
    `##vso[` and `##teamcity[`.
    """
    line = _COMMAND.sub(lambda match: match.group()[:-1] + r"\x3a", line)
    return _without_old_commands(line)


def for_annotation(text: str) -> str:
    """The message of a GitHub annotation, on one line."""
    text = _without_old_commands(for_terminal(text)).replace("%", "%25")
    # A mark would join the `::` before it, and the message would begin at the next `::` only.
    return text if text[:1].isascii() else f" {text}"


def for_annotation_property(text: str) -> str:
    """The value of a GitHub annotation's property, e.g. of `file`."""
    text = _without_old_commands(for_terminal(text)).replace("%", "%25")
    return text.replace(":", "%3A").replace(",", "%2C")


def as_code_span(text: str) -> str:
    """Markdown that shows `text` as it is: a code span, in which nothing is a link, a mention or HTML.

    It is not for the cells of tables, which end at every `|`.
    """
    text = _without_old_commands(for_terminal(text))
    # A reader takes one blank off both ends, so that a span can begin with a backtick.
    is_bare = not text or "`" in (text[0], text[-1]) or (text[0] == text[-1] == " " and text.strip(" "))
    fence = "`" * (_longest_run(text) + 1)
    return f"{fence} {text} {fence}" if is_bare else f"{fence}{text}{fence}"


def as_code_block(lines: Iterable[str], language: str) -> str:
    """Markdown that shows lines as they are, coloured as `language`: a fence longer than any in them."""
    text = "\n".join(_without_old_commands(for_terminal(line)) for line in lines)
    fence = "`" * max(_longest_run(text) + 1, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def for_html(text: str) -> str:
    """Text of an HTML page, or of an attribute in quotes; ASCII, so that no encoding changes it."""
    if text.isascii() and text.isalnum():
        return text  # as numbers and names of classes are, and ten times as quickly found out
    import html  # noqa: PLC0415  only pages need it

    text = _OLD_COMMAND.sub("&#35;", html.escape(for_terminal(text)))
    return text if text.isascii() else text.encode("ascii", "xmlcharrefreplace").decode()


def for_xml(text: str) -> str:
    """Text of an XML document, or of an attribute, that a library has still to escape for XML itself."""
    # What no XML may hold: the other such characters are unprintable.
    text = _without_old_commands(for_terminal(text))
    return text.replace("\ufffe", r"\ufffe").replace("\uffff", r"\uffff")


def as_json(document: Any, *, ascii_only: bool = False) -> str:
    """A document as JSON on several lines, which neither a terminal nor a runner obeys."""
    return _harmless_json(json.dumps(document, indent=2, ensure_ascii=ascii_only))


def as_json_line(document: Any, *, ascii_only: bool = False) -> str:
    """A document as JSON on one line, which neither a terminal nor a runner obeys."""
    return _harmless_json(json.dumps(document, ensure_ascii=ascii_only))


def _harmless_json(text: str) -> str:
    # Outside of strings, JSON holds nothing of what is replaced here but line ends.
    text = _OLD_COMMAND.sub(r"\\u0023", text)
    if text.isascii() and text.isprintable():
        return text  # as nearly all lines are, and thirty times as quickly found out
    return _UNPRINTABLE.sub(lambda match: _as_json_escape(match.group()), text)


def _without_old_commands(line: str) -> str:
    return _OLD_COMMAND.sub(r"\\x23", line)


def _escape_character(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()


def _as_json_escape(character: str) -> str:
    return character if character == "\n" else json.dumps(character)[1:-1]


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)
