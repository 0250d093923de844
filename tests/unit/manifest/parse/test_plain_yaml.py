"""YAML that needs no judge: what is read without one, and what is left to it."""

from __future__ import annotations

import gc
import json
import threading
from pathlib import Path

import pytest
import yaml

from reconciler.manifest.parse import plain_yaml
from reconciler.manifest.parse.document import MAX_DEPTH
from reconciler.manifest.parse.plain_yaml import parse_plain_documents
from reconciler.manifest.parse.yaml import parse_yaml
from tests.fuzz.oracle import check_plain
from tests.support.manifests import MANIFEST, several

EXAMPLES = sorted((Path(__file__).parents[4] / "examples").rglob("*.yaml"))


def only(text: str) -> str:
    """The only document of a plain text, as JSON, which keeps types apart."""
    plain = parse_plain_documents(text)
    assert plain is not None
    ((value, _),) = plain
    return json.dumps(value)


# What is plain


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_manifests_as_people_write_them_are_plain(path: Path) -> None:
    assert check_plain(path.read_text())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: 1.0", {"a": 1.0}),
        ("a: -0.0", {"a": -0.0}),
        ("a: true", {"a": True}),
        ("a: '1'", {"a": "1"}),
        ("a:", {"a": None}),
        ("a: ''", {"a": ""}),
        ("'': 1", {"": 1}),
        ("'1': 1", {"1": 1}),
        ("? a\n: 1", {"a": 1}),
        ("? a", {"a": None}),
        ("[a: b]", [{"a": "b"}]),
        ("{a, b: }", {"a": None, "b": None}),
        ("a: one\n  two\n\n  three", {"a": "one two\nthree"}),
        ("a: 1\n  2", {"a": "1 2"}),
        ("a: |\n  no\n", {"a": "no\n"}),
        ("a: |2-\n    x\n", {"a": "  x"}),
        ("a: >+\n  x\n  y\n\n", {"a": "x y\n\n"}),
        ("a: ' no '", {"a": " no "}),
        ('a: "\\x00\\u00e9"', {"a": "\0é"}),
        ("a: x\tx", {"a": "x\tx"}),
        ("a:\tx", {"a": "x"}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a: 1\rb: 2", {"a": 1, "b": 2}),
        ("\ufeffa: 1", {"a": 1}),
        ("'<<': 1", {"<<": 1}),
        ("a: =", {"a": "="}),
        ("a: Q&A, really! 5*3 % of <<it>>", {"a": "Q&A, really! 5*3 % of <<it>>"}),
        ("a: b & c * d", {"a": "b & c * d"}),
        ("a: 90% of # * &", {"a": "90% of"}),
        ("%YAML 1.2\n---\na: 1", {"a": 1}),
        ("text", "text"),
        ("# comment\n--- # more\na: 1\n... # end\n", {"a": 1}),
    ],
)
def test_what_is_plain_is_read_as_the_judge_reads_it(text: str, value: object) -> None:
    assert only(text) == json.dumps(value)
    assert check_plain(text)


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        ("# only a comment\n", []),
        ("---\n", [(None, (2, 1))]),
        ("---\n...\n---\n", [(None, (2, 1)), (None, (4, 1))]),
        ("a: 1\n---\n# more\n  b: 2\n", [({"a": 1}, (1, 1)), ({"b": 2}, (4, 3))]),
        ("--- text\n--- [1]\n", [("text", (1, 5)), ([1], (2, 5))]),
        ("a: 1\n...\n--- b\n...\n", [({"a": 1}, (1, 1)), ("b", (3, 5))]),
        ("é: 1\r\n--- 'x'\r\n", [({"é": 1}, (1, 1)), ("x", (2, 5))]),
    ],
)
def test_each_document_has_the_position_of_its_value(text: str, documents: object) -> None:
    assert parse_plain_documents(text) == documents
    assert check_plain(text)


def test_a_scalar_that_was_met_before_says_the_same_again() -> None:
    for _ in range(2):
        assert (
            only("[1, 1.0, true, '1', -0.0, 0, no-one, ~]") == '[1, 1.0, true, "1", -0.0, 0, "no-one", null]'
        )
        assert parse_plain_documents("[no]") is None


def test_what_is_remembered_is_bounded() -> None:
    words = [f"word-{number}" for number in range(4_000)]
    assert only("\n".join(f"- {word}" for word in [*words, *words])) == json.dumps([*words, *words])
    assert only(f"- {'x' * 10_000}") == json.dumps(["x" * 10_000])
    assert len(plain_yaml._known_scalars) <= 2_000  # noqa: SLF001  nothing else shows it
    assert max(map(len, plain_yaml._known_scalars)) < 100  # noqa: SLF001


# What is left to the judge


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1",
        "&x a: 1",
        "[&x 1]",
        "a: *x",
        "a: !!str 1",
        "a: ! 1",
        "!x {}",
        "'a':!x 1",
        "{'a':&x 1}",
        "['a',*x]",
        "['a',&x 1]",
        "[a,&x 1]",
        "a: &_ 1",
        "a: &-x 1",
        "%YAML 3.0\n---\na: 1",
        "%YAML 1.2\na: 1",
        "\ufeff%TAG ! x\n---\na: 1",
        "%TAG ! x\n---\n!a 1",
        "%OTHER x\n---\na: 1",
        "<<: {a: 1}",
        "a: <<",
        "a: no",
        "a: ON",
        "a: 010",
        "a: 1:30",
        "a: 1e3",
        "a: 0o17",
        "a: 2026-01-02",
        "a: .inf",
        "a: 1e999",
        "a: 9223372036854775808",
        "a: 9007199254740993",
        "a: 1\na: 2",
        "a: 1\n'a': 2",
        "{a, a}",
        "1: x",
        "true: x",
        "~: x",
        ": x",
        "? [a]\n: x",
        "? {a: b}",
        "{[]: a, {}: b}",
        "a: [1",
        "a: b: c",
        "a:\n\t- b",
        "a: 'x",
        "a: @b",
        '"\\ud83d"',
        "a: 1\n---\nb: [",
        "a: 1\n---\nb: no",
        "a: \x07",
        "\x00",
        "a: 1\n\x00",
        "a: x\n\ufeffb: 1\n]",
        "a: \ud800",
    ],
)
def test_what_the_judge_has_to_see_is_left_to_it(text: str) -> None:
    assert parse_plain_documents(text) is None


def test_without_libyaml_everything_is_left_to_the_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert parse_plain_documents("a: 1") is None


# Bounds


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_nesting_is_bounded(opening: str, closing: str) -> None:
    def nested(levels: int) -> str:
        return opening * levels + "1" + closing * levels

    assert check_plain(nested(MAX_DEPTH))
    assert not check_plain(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[? ", "[{a: ", "{? "])
def test_any_nesting_takes_little_of_the_stack(opening: str) -> None:
    answers: list[object] = []
    previous = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=lambda: answers.append(parse_plain_documents(opening * 100_000)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(previous)
    assert answers == [None]


def test_values_are_counted_in_all_documents_together() -> None:
    most = 10_000
    assert check_plain(f"[{'1,' * (most - 1)}]")
    assert parse_plain_documents(f"[{'1,' * most}]") is None
    assert check_plain("--- 1\n" * most)
    assert parse_plain_documents("--- 1\n" * (most + 1)) is None


def test_many_mappings_are_read_if_they_are_in_many_documents() -> None:
    assert check_plain(several([MANIFEST] * 400))
    assert parse_plain_documents(f"[{'{a: b},' * 1_000}]") is None


def test_nothing_is_left_to_the_garbage_collector() -> None:
    texts = [MANIFEST, "a: [{b: no}]", "a: [1", "[" * 1_000, f"[{'1,' * 20_000}]"]
    gc.collect()
    gc.disable()
    try:
        for text in texts:
            parse_plain_documents(text)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_judge_agrees_that_a_manifest_has_no_faults() -> None:
    ((value, position),) = parse_plain_documents(MANIFEST) or []
    (document,) = parse_yaml(MANIFEST)
    assert (document.value, document.node.position, document.faults) == (value, position, [])
