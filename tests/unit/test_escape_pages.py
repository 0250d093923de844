"""Data from outside is text in Markdown and in HTML; random texts are in `tests/property/test_sinks`."""

from __future__ import annotations

import pytest

from reconciler.escape import as_code_block, as_code_span, for_html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b> @octocat #1 https://example.com", "`<b> @octocat #1 https://example.com`"),
        ("a`b", "``a`b``"),
        ("a``b`c", "```a``b`c```"),
        ("`a", "`` `a ``"),
        ("a`", "`` a` ``"),
        (" a ", "`  a  `"),
        (" a", "` a`"),
        ("  ", "`  `"),
        ("", "`  `"),
        ("a\nb\x1b", r"`a\nb\x1b`"),
        ("##[error]", r"`\x23#[error]`"),
    ],
)
def test_a_code_span_is_longer_than_any_run_of_backticks_in_it(text: str, expected: str) -> None:
    assert as_code_span(text) == expected


def test_a_code_block_is_longer_than_any_run_of_backticks_in_it() -> None:
    assert as_code_block(["a", "b\nc"], "diff") == "```diff\na\nb\\nc\n```"
    assert as_code_block(["````", "`````x"], "") == "``````\n````\n`````x\n``````"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b a=\"1\" c='2'>&amp;", "&lt;b a=&quot;1&quot; c=&#x27;2&#x27;&gt;&amp;amp;"),
        ("\x00\u202e\n", r"\x00\u202e\n"),
        ("é日😀", "&#233;&#26085;&#128512;"),
        ("##[error]x ##vso[a.b]", "&#35;#[error]x &#35;#vso[a.b]"),
    ],
)
def test_html_is_text_in_every_encoding(text: str, expected: str) -> None:
    assert for_html(text) == expected
