"""The quick way to read YAML is never another way: what it reads at all, the judge reads the same.

Texts are put together of what YAML is made of, right and wrong, or written as programs write them. What
has to hold for each is the fuzzer's law.
"""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.manifest.parse.plain_yaml import parse_plain_documents
from tests.fuzz.oracle import check_plain
from tests.support.manifests import FLOATS, TEXTS, json_values
from tests.support.scale import law

# fmt: off
PIECES = [
    *"&*!%<>|?:-,[]{}#'\"\\@`=~. \n\r\t\x00\x07\x7f\x85\xa0\ufeff\u2028\u2029é日",
    *("\n  ", "\n    ", "\r\n", ": ", "- ", "? ", ", ", " #", "---\n", "...\n", "--- ", "a: ", "'b': "),
    *("&a ", "*a", "!!str ", "!x ", "! ", "%YAML 1.2\n", "%TAG ! x\n", "<<", "<<: ", "'<<'", "Q&A"),
    *("|\n  ", "|2-\n  ", ">+\n ", ">\n", '"\\x61"', '"\\0"', '"\\ud800"', "''", "{}", "[a: b]", "{a}"),
    *("null", "~", "true", "False", "no", "ON", "a", "b", "word", "two words", "0", "-0", "1", "true ", "12"),
    *("1.0", "-0.0", "1.", ".5", "1e3", "1e999", ".inf", ".nan", "0o17", "0x1F", "010", "1:30", "1_0"),
    *("9007199254740993", "9223372036854775808", "2026-01-02", "1" * 41, "1.1.1", "+1", "-"),
]
# fmt: on
PUT_TOGETHER = st.lists(st.sampled_from(PIECES) | TEXTS, max_size=12).map("".join)
LINES = st.lists(
    st.tuples(st.sampled_from(["", "  ", "- ", "  - ", "? ", "    "]), PUT_TOGETHER).map("".join), max_size=6
).map("\n".join)


@law(250, 2_000, 50_000)
@given(PUT_TOGETHER | LINES)
@example("a: -0.0\nb: -0\nc: 1\nd: 1.0\ne: true\n")
@example("1: a\n1.0: b\ntrue: c\n")
@example("a: no\n---\nb: 1\n")
@example("\ufeff%TAG ! x\n---\n!a b\n")
def test_what_is_put_together_of_yaml_is_read_as_the_judge_reads_it(text: str) -> None:
    check_plain(text)


@law(40, 300, 5_000)
@given(st.lists(json_values(), max_size=3), st.booleans(), st.booleans(), st.sampled_from([20, 80, 100_000]))
def test_what_a_program_writes_is_read_as_the_judge_reads_it(
    values: list[Any],
    in_flow: bool,  # noqa: FBT001  drawn
    in_unicode: bool,  # noqa: FBT001  drawn
    width: int,
) -> None:
    check_plain(yaml.safe_dump_all(values, default_flow_style=in_flow, allow_unicode=in_unicode, width=width))


WORDS = st.text("abnosuwy -_/", min_size=1, max_size=60).map(str.strip)
ORDINARY = json_values(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FLOATS | WORDS, WORDS)


@law(40, 300, 5_000)
@given(st.lists(ORDINARY, max_size=3), st.booleans())
def test_what_a_program_writes_of_ordinary_values_is_read_the_quick_way(
    values: list[Any],
    in_flow: bool,  # noqa: FBT001  drawn
) -> None:
    text = yaml.safe_dump_all(values, default_flow_style=in_flow, sort_keys=False)
    assert check_plain(text)
    assert [json.dumps(value) for value, _ in parse_plain_documents(text) or []] == list(
        map(json.dumps, values)
    )
