"""YAML text to JSON values, with positions: the core schema of YAML 1.2, and every fault in its place."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diff import are_same
from reconciler.errors import ReconcilerError
from reconciler.manifest.parse.document import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    ParsedDocument,
    UnreadableError,
)
from reconciler.manifest.parse.plain_yaml import parse_plain_documents
from reconciler.manifest.parse.yaml import parse_yaml
from tests.support.manifests import INTEGERS, json_values


def parsed(text: str) -> ParsedDocument:
    """The only document of a text that has no faults."""
    (document,) = parse_yaml(text)
    assert [fault for fault in document.faults if not fault.is_warning] == []
    return document


def faults(text: str) -> list[str]:
    """The faults of a text as `line:column message (hint)`."""
    return [
        "{}:{} {}".format(*fault.position, fault.message) + (f" ({fault.hint})" if fault.hint else "")
        for document in parse_yaml(text)
        for fault in document.faults
    ]


def unreadable(text: str) -> str:
    with pytest.raises(UnreadableError) as caught:
        list(parse_yaml(text))
    return "{}:{} {}".format(*caught.value.position, caught.value)


# Types

CORE = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    "0": 0,
    "1": 1,
    "+1": 1,
    "-1": -1,
    "-0": 0,
    "19": 19,
    "0x1f": 31,
    "0xFF": 255,
    "0o17": 15,
    "9223372036854775807": 2**63 - 1,
    "0x7fffffffffffffff": 2**63 - 1,
    "0.0": 0.0,
    "1.0": 1.0,
    "1.": 1.0,
    "-1.": -1.0,
    ".5": 0.5,
    "-.5": -0.5,
    "+.5": 0.5,
    "1e3": 1000.0,
    "1E3": 1000.0,
    "1e+3": 1000.0,
    "1.5e-3": 0.0015,
    "+12.5e2": 1250.0,
}
TEXT = [
    "no", "No", "NO", "yes", "on", "off", "y", "n", "nULL", "tRUE", "nil", "None", "010", "08", "00",
    "-01", "00.5", "0X1F", "0O17", "0b1", "-0x1f", "+0o7", "0x", "0o8", "0xg", "1_000", "1,000", "1:30",
    "12:30:45", "1:30.5", "2026-01-02", "2026-01-02T03:04:05Z", "1.2.3", "1e", "e3", "1e+", ".", "+",
    "-a", ".inff", ".e3", "v1", "1a", "=", "<<", "~a", "1-2", "+-1", "--1", "1..2", "Infinity", "NaN",
    "inf",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CORE.items())
def test_plain_scalars_have_the_types_of_the_core_schema(text: str, expected: object) -> None:
    (value,) = _mapping(parsed(f"key: {text}\n").value).values()
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize("text", TEXT)
def test_what_only_yaml_1_1_reads_otherwise_stays_text(text: str) -> None:
    assert parsed(f"key: {text}\n").value == {"key": text}


@pytest.mark.parametrize("text", [*filter(None, CORE), *TEXT])
@pytest.mark.parametrize("form", ["'{}'", '"{}"', "!!str {}", "|-\n  {}", "!!str '{}'"])
def test_quoted_tagged_and_block_scalars_stay_text(text: str, form: str) -> None:
    assert parsed(f"key: {form.format(text)}\n").value == {"key": text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!!int 1", 1),
        ("!!int '1'", 1),
        ("!!float 1", 1.0),
        ("!!float 1.5", 1.5),
        ("!!bool true", True),
        ("!!null ''", None),
        ("!!str", ""),
        ("!!map {a: 1}", {"a": 1}),
        ("!!seq [1]", [1]),
        ("!!map\n  a: !!seq\n  - 1", {"a": [1]}),
    ],
)
def test_tags_of_json_types_are_understood(text: str, expected: object) -> None:
    document = parsed(f"key: {text}\n")
    assert are_same(_mapping(document.value)["key"], expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("!!int x", "int"),
        ("!!int 1.5", "int"),
        ("!!int 010", "int"),
        ("!!float x", "float"),
        ("!!bool yes", "bool"),
        ("!!bool 1", "bool"),
        ("!!null x", "null"),
    ],
)
def test_a_value_that_does_not_fit_its_tag_is_a_fault(text: str, tag: str) -> None:
    assert faults(f"key: {text}") == [f"1:6 value does not fit its tag !!{tag}"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("!!binary aGk=", "!!binary"),
        ("!!timestamp 2026-01-02", "!!timestamp"),
        ("!!set {a}", "!!set"),
        ("!!omap []", "!!omap"),
        ("!!map []", "!!map"),
        ("!!seq {}", "!!seq"),
        ("!!int {}", "!!int"),
        ("!!python/object/apply:os.system [x]", "!!python/object/apply:os.system"),
        ("!Ref x", "!Ref"),
        ("!<tag:example.com,2026:x> x", "tag:example.com,2026:x"),
        ("!%1Bm x", "!\\x1bm"),
    ],
)
def test_a_tag_outside_json_is_a_fault_and_never_runs(text: str, shown: str) -> None:
    assert faults(f"key: {text}") == [f"1:6 tag {shown} is not supported (only JSON types are)"]


@pytest.mark.parametrize(
    "text", [".inf", "-.inf", "+.INF", ".Inf", ".nan", ".NaN", ".NAN", "1e999", "-1e999"]
)
def test_a_number_that_is_not_finite_is_a_fault(text: str) -> None:
    assert faults(f"key: {text}") == ["1:6 not a finite number (quote it to keep it as text)"]


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775808",
        "-9223372036854775809",
        "0xffffffffffffffff",
        "0o7777777777777777777777",
        "9" * 99_999,
    ],
)
def test_an_integer_beyond_64_bits_is_a_fault(text: str) -> None:
    assert faults(f"key: {text}") == ["1:6 integer beyond 64 bits (quote it to keep it as text)"]


# Positions


def test_every_key_and_value_has_its_line_and_column() -> None:
    node = parsed("# comment\na: 1\nb:\n  c: {d: x,\n      e: [1, two]}\n  f:\n  - g\n  -   h: 1\n").node
    assert node.position == (2, 1)
    assert node.find_position(["a"]) == (2, 4)
    assert node.find_position(["a"], key=True) == (2, 1)
    assert node.find_position(["b", "c"]) == (4, 6)
    assert node.find_position(["b", "c", "d"], key=True) == (4, 7)
    assert node.find_position(["b", "c", "e"], key=True) == (5, 7)
    assert node.find_position(["b", "c", "e", 1]) == (5, 14)
    assert node.find_position(["b", "f", 0]) == (7, 5)
    assert node.find_position(["b", "f", 1, "h"]) == (8, 10)


def test_a_path_that_does_not_exist_is_located_at_its_deepest_part() -> None:
    node = parsed("a: 1\nb:\n  c: 2\n").node
    assert node.find_position(["x"]) == (1, 1)
    assert node.find_position(["b", "x"]) == (3, 3)
    assert node.find_position(["b", "c", "x", "y"]) == (3, 6)
    assert node.find_position([]) == (1, 1)


def test_windows_line_ends_and_wide_characters_do_not_move_columns() -> None:
    node = parsed("a: 1\r\n😀: {é: 日本, k: v}\r\nz: 1\r\n").node
    assert node.find_position(["😀"], key=True) == (2, 1)
    assert node.find_position(["😀", "é"]) == (2, 8)
    assert node.find_position(["😀", "k"]) == (2, 15)
    assert node.find_position(["z"]) == (3, 4)


def test_a_byte_order_mark_is_no_text() -> None:
    document = parsed("\ufeffa: 1\n")
    assert document.value == {"a": 1}


def test_an_alias_stands_where_it_is_written_and_its_parts_where_they_are() -> None:
    node = parsed("a: &x {p: 1}\nb: *x\n").node
    assert node.find_position(["b"]) == (2, 4)
    assert node.find_position(["b", "p"]) == (1, 11)


def test_a_merged_value_keeps_its_place_and_its_key_points_at_the_merge() -> None:
    node = parsed("a: &x {p: 1}\nb:\n  <<: *x\n").node
    assert node.find_position(["b", "p"]) == (1, 11)
    assert node.find_position(["b", "p"], key=True) == (3, 7)


# Documents


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# only a comment\n", []),
        ("---\n", [None]),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("---\na: 1\n---\n---\nb: 2\n...\n", [{"a": 1}, None, {"b": 2}]),
        ("--- text\n--- [1]\n", ["text", [1]]),
        ("%YAML 1.2\n---\na: 1\n", [{"a": 1}]),
        ("text: |\n  ---\n  not a document\n", [{"text": "---\nnot a document\n"}]),
    ],
)
def test_a_file_holds_any_number_of_documents(text: str, expected: list[object]) -> None:
    assert [document.value for document in parse_yaml(text)] == expected


def test_each_document_has_its_own_lines() -> None:
    first, second = parse_yaml("a: 1\n---\n# more\nb: 2\n")
    assert (first.node.position, second.node.position) == ((1, 1), (4, 1))


def test_documents_before_a_broken_one_are_read() -> None:
    documents = parse_yaml("a: 1\n---\nb: [\n")
    assert next(documents).value == {"a": 1}
    with pytest.raises(UnreadableError):
        next(documents)


def test_anchors_end_with_their_document() -> None:
    assert unreadable("a: &x 1\n---\nb: *x\n") == "3:4 alias without an anchor before it"


# Anchors, aliases, merge keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1\nb: *x", {"a": 1, "b": 1}),
        ("a: &x '1'\nb: *x", {"a": "1", "b": "1"}),
        ("a: &x [1, {b: 2}]\nc: *x", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("? &x a\n: *x", {"a": "a"}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("a: &x {p: 1, q: 2}\nb: {q: 3, <<: *x}", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("b: {<<: [{p: 1}, {p: 2, r: 3}]}", {"b": {"p": 1, "r": 3}}),
        ("b: {<<: {<<: {p: 1}, q: 2}, r: 3}", {"b": {"p": 1, "q": 2, "r": 3}}),
        ("b: {<<: {}}", {"b": {}}),
        ("b: {'<<': 1}", {"b": {"<<": 1}}),
        ("b: {!!str <<: 1}", {"b": {"<<": 1}}),
        ("b: {!!merge <<: {p: 1}, q: 2}", {"b": {"p": 1, "q": 2}}),
        ("b: {!!merge '<<': {p: 1}}", {"b": {"p": 1}}),
        ("%TAG !y! tag:yaml.org,2002:\n---\nb: {!y!merge <<: {p: 1}}", {"b": {"p": 1}}),
        ("- <<", ["<<"]),
    ],
)
def test_aliases_and_merge_keys_give_what_they_name(text: str, expected: object) -> None:
    assert parsed(text).value == expected


@pytest.mark.parametrize("text", ["a: *x", "*x : 1", "- &x [*y]", "&x [a, *x]", "&x {a: *x}", "&x {<<: *x}"])
def test_an_alias_of_nothing_or_of_itself_is_refused(text: str) -> None:
    assert unreadable(text).endswith("alias without an anchor before it")


@pytest.mark.parametrize("second", ["<<", "!!merge <<"])
def test_a_second_merge_key_is_given_twice(second: str) -> None:
    assert faults(f"<<: {{p: 1}}\n{second}: {{q: 2}}") == [
        "2:1 key given twice (first at line 1, column 1; give it a list: <<: [*a, *b])"
    ]


@pytest.mark.parametrize("text", ["<<: 1", "<<: [1]", "<<: [{a: 1}, 2]", "<<: [[{a: 1}]]", "<<:"])
def test_a_merge_of_no_mapping_is_a_fault(text: str) -> None:
    assert [fault.partition(" ")[2] for fault in faults(text)] == [
        "a merge key takes a mapping or a list of mappings"
    ]


# Keys


@pytest.mark.parametrize(
    ("text", "place", "first"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", "line 1, column 1"),
        ("a: 1\n'a': 3\n", "2:1", "line 1, column 1"),
        ("{a: 1,\n b: 2, a: 3}", "2:8", "line 1, column 2"),
        ("x:\n  a: 1\n  a: 1\n", "3:3", "line 2, column 3"),
        ('"\\x61": 1\na: 2', "2:1", "line 1, column 1"),
        ("&k a: 1\n*k : 2", "2:1", "line 1, column 1"),
    ],
)
def test_a_key_given_twice_is_a_fault_at_the_second(text: str, place: str, first: str) -> None:
    assert faults(text) == [f"{place} key given twice (first at {first})"]


def test_one_key_in_two_mappings_is_no_fault() -> None:
    assert faults("- a: 1\n- a: 2\n- {b: {a: 3}, a: 4}\n") == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1: x", "1:1"),
        ("a: 1\n1.5: x", "2:1"),
        ("true: x", "1:1"),
        ("null: x", "1:1"),
        ("~: x", "1:1"),
        ("? [a]\n: x", "1:3"),
        ("{{a: b}: x}", "1:2"),
        ("!!int '3': x", "1:1"),
    ],
)
def test_a_key_that_is_no_text_is_a_fault(text: str, place: str) -> None:
    assert faults(text) == [f"{place} key is not text (quote it)"]


@pytest.mark.parametrize("text", ["no: x", "on: x", "'1': x", "!!str 1: x", "010: x", "'': x"])
def test_a_key_that_is_text_by_the_core_schema_is_a_key(text: str) -> None:
    assert parsed(text).value is not None


def test_every_fault_of_a_document_is_reported() -> None:
    assert faults("a: .inf\nb: !x 1\na: 2\n1: y\n") == [
        "1:4 not a finite number (quote it to keep it as text)",
        "2:4 tag !x is not supported (only JSON types are)",
        "3:1 key given twice (first at line 1, column 1)",
        "4:1 key is not text (quote it)",
    ]


# What is no YAML


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\nb: 2", "2:2 not valid YAML: did not find expected ',' or ']'"),
        ("a: b: c", "1:5 not valid YAML: mapping values are not allowed in this context"),
        ("a:\n\t- b", "2:1 not valid YAML: found character that cannot start any token"),
        ("a: 'x", "1:6 not valid YAML: found unexpected end of stream"),
        ('a: "\\q"', "1:5 not valid YAML: found unknown escape character"),
        ("a: @b", "1:4 not valid YAML: found character that cannot start any token"),
        ("a: 1\n b: 2", "2:3 not valid YAML: mapping values are not allowed in this context"),
        ("%YAML 2.0\n---\na: 1", "1:1 not valid YAML: found incompatible YAML document"),
        ("a: \x07", "1:4 not valid YAML: a control character"),
        ("é: 1\nb: \x1b[31m", "2:4 not valid YAML: a control character"),
        ("\x00", "1:1 not valid YAML: a control character"),
        ('a: "\\ud83d\\ude00"', "1:7 not valid YAML: found invalid Unicode character escape code"),
        ("a: 1\nb: !%C0%80 x", "2:5 not valid YAML: an escape in a tag is no UTF-8"),
        ("- !%C3%A9 x\n- !%ED%A0%80 x", "2:4 not valid YAML: an escape in a tag is no UTF-8"),
        ("%TAG ! %C1%81\n---\n!x y", "1:8 not valid YAML: an escape in a tag is no UTF-8"),
    ],
)
def test_what_is_no_yaml_is_refused_at_its_place(text: str, expected: str) -> None:
    assert unreadable(text) == expected


def test_without_libyaml_one_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    with pytest.raises(ReconcilerError, match="PyYAML is installed without libyaml") as caught:
        list(parse_yaml("a: 1"))
    assert "pip install" in caught.value.hint


# Bounds


@pytest.mark.parametrize("kind", ["flow", "block", "mapping"])
def test_nesting_is_bounded(kind: str) -> None:
    def nested(levels: int) -> str:
        if kind == "flow":
            return "[" * levels + "]" * levels
        if kind == "mapping":
            return "{a: " * levels + "1" + "}" * levels
        return "- " * levels + "1"

    assert parsed(nested(MAX_DEPTH)).value
    assert unreadable(nested(MAX_DEPTH + 1)).endswith(f"nested deeper than {MAX_DEPTH} levels")
    assert unreadable(nested(10_000)).endswith(f"nested deeper than {MAX_DEPTH} levels")


def test_nesting_is_counted_through_aliases() -> None:
    half = MAX_DEPTH // 2

    def stacked(levels: int) -> str:
        # The mapping around is a level too.
        return f"a: &a {'[' * half}{']' * half}\nb: {'[' * levels}*a{']' * levels}\n"

    assert parsed(stacked(MAX_DEPTH - half - 1)).value
    assert (
        unreadable(stacked(MAX_DEPTH - half))
        == f"2:{4 + MAX_DEPTH - half} nested deeper than {MAX_DEPTH} levels"
    )


def test_values_are_counted() -> None:
    assert parsed(f"[{'1,' * (MAX_NODES - 1)}]").value
    assert unreadable(f"[{'1,' * MAX_NODES}]").endswith(
        "more than 50,000 values in one document, aliases expanded"
    )


def _bomb(name: str) -> str:
    if name == "lists":
        steps = (f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
        return "a0: &a0 [x]\n" + "".join(steps)
    if name == "mappings":
        steps = (f"a{n}: &a{n} {{b: *a{n - 1}, c: *a{n - 1}}}\n" for n in range(1, 60))
        return "a0: &a0 {x: y}\n" + "".join(steps)
    if name == "merges":
        keys = ", ".join(f"k{n}: 1" for n in range(100))
        return f"a: &a {{{keys}}}\n" + "".join(f"b{n}: {{<<: [{'*a,' * 100}]}}\n" for n in range(100))
    return "".join(f"k{n}: {{}}\n" for n in range(MAX_NODES))


@pytest.mark.parametrize("name", ["lists", "mappings", "merges", "many keys"])
def test_a_small_text_can_not_become_a_large_value(name: str) -> None:
    assert unreadable(_bomb(name)).endswith("more than 50,000 values in one document, aliases expanded")


@pytest.mark.parametrize("part", ["x" * 20_000, f"{{? {'x' * 20_000} : 1}}", f"[{'x' * 20_000}, []]"])
@pytest.mark.parametrize("form", ["[{}]", "[{}, 1]"])
def test_a_short_text_can_not_become_a_long_one(part: str, form: str) -> None:
    def aliased(times: int) -> str:
        return f"a: &a {part}\nb: {form.format(', '.join(['*a'] * times))}\n"

    assert parsed(aliased(51)).value
    assert unreadable(aliased(52)).endswith(
        "more than 1,048,576 characters in one document, aliases expanded"
    )


def test_a_long_text_without_aliases_is_read() -> None:
    text = "x" * (MAX_CHARACTERS + 1)
    assert parsed(f"- &a {text}\n").value == [text]


def test_tag_directives_are_bounded_before_libyaml_compares_each_with_all() -> None:
    def directives(count: int) -> str:
        return "".join(f"%TAG !{number}! x\n" for number in range(count))

    assert parsed(directives(100) + "--- 1\n").value == 1
    assert unreadable(directives(101) + "--- 1\n") == "101:1 more than 100 %TAG directives in one file"
    assert unreadable("--- 1\n" + directives(99) + "---\r\n%TAG ! x\r%TAG ! y").startswith("102:10 ")


def test_a_text_about_tag_directives_holds_none() -> None:
    assert parsed("a: |\n" + "  %TAG ! x\n" * 101).value


def test_the_bound_holds_for_each_document_alone() -> None:
    text = f"[{'1,' * (MAX_NODES // 2)}]\n"
    assert len(list(parse_yaml("---\n".join([text] * 3)))) == 3


# What ended a line in YAML 1.1 only


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_what_ended_a_line_in_yaml_1_1_is_text_and_moves_no_line(end: str) -> None:
    text = f"""# a{end}comment
plain: a {end} b: c
"in {end} quotes": 'x {end} y'
block: |
  one{end}two
flow: [a{end}b, "\U00010000\\u2028"]
last: 1
"""
    document = parsed(text.replace("b: c", "b"))
    assert document.value == {
        "plain": f"a {end} b",
        f"in {end} quotes": f"x {end} y",
        "block": f"one{end}two\n",
        "flow": [f"a{end}b", "\U00010000\u2028"],
        "last": 1,
    }
    assert document.node.find_position(("last",)) == (7, 7)
    assert unreadable(text).startswith("2:")
    assert parse_plain_documents(text) is None


# Round trips

# What libyaml prints and what a double-quoted text may hold as it is.
_PRINTABLE = st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufeff\ufffe\uffff")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+")
"""The core schema's numbers, as the specification (10.3.2) writes them."""
_WORDS = st.text(_PRINTABLE, max_size=30) | st.sampled_from([*CORE, *TEXT])
_SCALARS = st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | _WORDS


@given(json_values(_SCALARS, _WORDS), st.sampled_from([None, 2]), st.booleans())
def test_json_text_means_the_same_as_yaml(value: Any, indent: int | None, compact: bool) -> None:  # noqa: FBT001
    separators = (",", ":") if compact else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    assert are_same(parsed(text).value, value)


def _reads_as_a_number(value: Any) -> bool:
    """Whether a text in it is a number by YAML 1.2 that YAML 1.1 takes for text, so PyYAML leaves it bare."""
    if isinstance(value, dict):
        return any(_reads_as_a_number(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(_reads_as_a_number, value))
    return (
        isinstance(value, str) and bool(_NUMBER.fullmatch(value)) and isinstance(yaml.safe_load(value), str)
    )


@given(json_values(_SCALARS, _WORDS).filter(lambda value: not _reads_as_a_number(value)), st.booleans())
def test_what_pyyaml_writes_is_read_back(value: Any, flow: bool) -> None:  # noqa: FBT001
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True, width=10_000)
    assert are_same(parsed(text).value, value)


@pytest.mark.parametrize(
    ("word", "number"), [("1e3", 1000.0), ("0o17", 15), ("-.5", -0.5), ("1.5e3", 1500.0)]
)
def test_what_yaml_1_1_leaves_bare_is_a_number_here(word: str, number: float) -> None:
    text = yaml.safe_dump({"key": word})
    assert text == f"key: {word}\n"
    assert parsed(text).value == {"key": number}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        documents = list(parse_yaml(text))
    except UnreadableError as error:
        assert min(error.position) >= 1  # noqa: PT017  refusing is one of two right answers
    else:
        assert all(min(document.node.position) >= 1 for document in documents)


@given(st.text("ab:-[]{}&*<!|>'\"# \n\t?,%@01.~", max_size=40))
def test_any_text_of_indicators_is_read_or_refused(text: str) -> None:
    try:
        documents = list(parse_yaml(text))
    except UnreadableError as error:
        assert str(error)  # noqa: PT017  refusing is one of two right answers
    else:
        assert all(json.dumps(document.value) for document in documents)


def _mapping(value: Any) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value
