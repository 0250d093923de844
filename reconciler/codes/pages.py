"""What there is to read about a code: a page, written as Markdown beside this module.

A page says what is wrong, shows an example that is wrong and the same one mended, where a file can show
it, and why the rule is there.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

from reconciler.codes import Code

_PAGE = re.compile(
    r"# (?P<code>[a-z0-9-]+): (?P<title>[^\n]+)\n\n(?P<about>.+?)\n\n"
    r"(?:## Wrong\n\n```(?P<wrong_language>\w+)\n(?P<wrong>.+?)\n```\n\n"
    r"## Right\n\n```(?P<right_language>\w+)\n(?P<right>.+?)\n```\n\n)?"
    r"## Why\n\n(?P<why>.+)\n",
    re.DOTALL,
)


class Example(NamedTuple):
    """The text of a file, and the language that it is in: yaml, json or toml."""

    language: str
    text: str


class Page(NamedTuple):
    """What there is to read about a code.

    Attributes:
        code: which one.
        title: what is wrong, in a few words.
        about: what is wrong, and what to do: paragraphs of at most 110 columns.
        wrong: a file that has the problem; `None` where no single file can.
        right: the same file without it.
        why: what the rule is there for.
    """

    code: Code
    title: str
    about: str
    wrong: Example | None
    right: Example | None
    why: str


def page_of(code: Code) -> Page:
    """The page of a code."""
    parts = _PAGE.fullmatch(files(__package__).joinpath(f"pages/{code}.md").read_text("utf-8"))
    assert parts
    assert parts["code"] == code
    wrong = Example(parts["wrong_language"], parts["wrong"]) if parts["wrong"] else None
    right = Example(parts["right_language"], parts["right"]) if parts["right"] else None
    return Page(code, parts["title"], parts["about"], wrong, right, parts["why"])
