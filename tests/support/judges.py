"""What the readers of our output would do with it: runners of CI jobs, terminals, Markdown and HTML.

A runner's rules are ported from its source, and read as generously as they can be. Markdown and HTML are
read by parsers that follow the specifications which the real readers follow.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser, LexborNode

# Runners of CI jobs


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a runner takes it from a line: its name, properties and data."""

    name: str
    properties: Mapping[str, str]
    data: str


def runner_commands(text: str) -> list[Command]:
    """The commands that any runner finds in what a step prints, whatever their names."""
    found = [command for line in _lines(text) for command in _commands(line)]
    sections = [Command("section", {}, match.group()) for match in _GITLAB_SECTION.finditer(text)]
    return found + sections


_GITLAB_SECTION = re.compile(r"section_(?:start|end):[0-9]+:[\w.-]+(?:\[[^\]]*\])?\r\x1b\[0K")
_LINE_END = re.compile(r"\r\n|\n|\r")


def _lines(text: str) -> list[str]:
    return _LINE_END.split(text)


def _commands(line: str) -> Iterator[Command]:
    """The command in a line, first as it is and then as a comparison by the rules of a language sees it.

    GitHub's runner asks .NET whether a line starts with `::` or holds `##[` without saying how to compare,
    and .NET then leaves out what has no weight in its collation.
    """
    for seen in dict.fromkeys((line, line.translate(_WEIGHTLESS))):
        if found := _second_form(seen) or _first_form(seen):
            yield found
            return


def _second_form(line: str) -> Command | None:
    """`::name key=value,key=value::data`, after blanks."""
    line = line.lstrip(_DOTNET_BLANKS)
    if not line.startswith("::"):
        return None
    about, end, data = line[2:].partition("::")
    if not end:
        return None
    name, _, properties = about.partition(" ")
    return Command(
        name,
        {
            key: _unescaped(value, "%0D", "%0A", "%3A", "%2C", "%25")
            for key, _, value in (pair.partition("=") for pair in properties.strip().split(","))
            if value
        },
        _unescaped(data, "%0D", "%0A", "%25"),
    )


def _first_form(line: str) -> Command | None:
    """`##[name]data`, anywhere; Azure Pipelines and TeamCity have a word before the bracket."""
    found = re.search(r"##\w*\[(?P<name>[^\]]*)(?P<data>.*)", line)
    return Command(found["name"], {}, found["data"]) if found else None


def _unescaped(text: str, *codes: str) -> str:
    for code in codes:
        text = text.replace(code, chr(int(code[1:], 16)))
    return text


_DOTNET_BLANKS = "".join(
    chr(code)
    for code in range(0x10000)
    if chr(code) in "\t\n\v\f\r\x85" or unicodedata.category(chr(code)) in {"Zs", "Zl", "Zp"}
)


class _Weightless(dict[int, int | None]):
    """For `str.translate`: drops every character that may have no weight in ICU's root collation.

    Measured with `Intl.Collator` over all of Unicode: marks, controls, formats, three letters, two signs.
    """

    def __missing__(self, code: int) -> int | None:
        is_light = unicodedata.category(chr(code)) in {"Mn", "Mc", "Me", "Cc", "Cf", "Cn"}
        self[code] = None if is_light or chr(code) in "\u0640\u07fa\u180a\u1cd3\ufe73" else code
        return self[code]


_WEIGHTLESS = _Weightless()


# Terminals


def terminal_actions(text: str) -> list[str]:
    """What a terminal by ECMA-48 does beside printing: each control, and each sequence, that it obeys."""
    actions: list[str] = []
    rest = iter(text)
    for character in rest:
        code = ord(character)
        if character == "\x1b":
            actions.append("ESC " + _sequence(next(rest, ""), rest))
        elif 0x80 <= code < 0xA0:
            actions.append("C1 " + _sequence(chr(code - 0x40), rest))
        elif code < 0x20 or code == 0x7F:
            actions.append(f"C0 {code:#x}")
    return actions


def _sequence(introducer: str, rest: Iterator[str]) -> str:
    """A control sequence up to its end: a final byte, or for strings a terminator."""
    if introducer == "[":
        taken = ""
        for character in rest:
            taken += character
            if "@" <= character <= "~":
                break
        return introducer + taken
    if introducer in {"]", "P", "X", "^", "_"}:
        taken = ""
        for character in rest:
            taken += character
            if character in "\x07\x9c" or taken.endswith("\x1b\\"):
                break
        return introducer + taken
    return introducer


# Unicode's Default_Ignorable_Code_Point, and what reorders lines or ends them.
_UNSEEN = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    r"\u2028\u2029\ud800-\udfff]"
)
_DRAWN_IN_COLOUR = re.compile("[^\x00-\x7f]\ufe0f")


def unseen(text: str) -> list[str]:
    """Characters that nobody sees or that reorder others; a variation selector after a symbol is none."""
    return _UNSEEN.findall(_DRAWN_IN_COLOUR.sub(_symbol, text))


def _symbol(match: re.Match[str]) -> str:
    category = unicodedata.category(match.group()[0])
    return "" if category[0] in "SPN" or category == "Cn" else match.group()


# Markdown


@dataclass(frozen=True, slots=True)
class Markdown:
    """A text as a reader of GitHub's Markdown has it.

    Attributes:
        structure: everything but code: kind, tag and text of each token.
        code: the contents of code spans and code blocks, in order.
    """

    structure: tuple[tuple[str, str, str], ...]
    code: tuple[str, ...]


_MARKDOWN = MarkdownIt("gfm-like2")


def read_markdown(text: str) -> Markdown:
    """Read Markdown as GitHub does: CommonMark, tables, strikethrough, bare addresses, alerts, HTML."""
    structure: list[tuple[str, str, str]] = []
    code: list[str] = []
    for block in _MARKDOWN.parse(text):
        for token in (block, *(block.children or ())):
            if token.type in {"code_inline", "fence"}:
                code.append(token.content.removesuffix("\n"))
                structure.append((token.type, token.info, ""))
            else:
                structure.append((token.type, token.tag, token.content * (token.type != "inline")))
    return Markdown(tuple(structure), tuple(code))


# HTML


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a page: how deep it stands, its tag, its attributes, and the text right in it."""

    depth: int
    tag: str
    attributes: tuple[tuple[str, str | None], ...]
    text: str

    @property
    def shape(self) -> tuple[int, str, tuple[tuple[str, str | None], ...]]:
        """All but the text."""
        return self.depth, self.tag, self.attributes


def read_html(page: str) -> list[Element]:
    """The elements of a page in order, as the parser of a browser makes them."""
    root = LexborHTMLParser(page).root
    assert root
    return list(_elements(root, 0))


def _elements(node: LexborNode, depth: int) -> Iterator[Element]:
    children = list(node.iter(include_text=True))
    text = "".join(child.text_content or "" for child in children if child.tag == "-text")
    yield Element(depth, str(node.tag), tuple(node.attributes.items()), text)
    for child in children:
        if child.tag != "-text":
            yield from _elements(child, depth + 1)
