"""The corpus that the fuzzer starts from: every hostile file of it is read, or refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.codes import Code
from reconciler.manifest.parse.document import Node, ParsedDocument, UnreadableError
from tests.fuzz import oracle

CORPUS = sorted(path for path in (Path(__file__).parent / "corpus").iterdir() if path.suffix)


def test_the_corpus_is_where_it_is_looked_for() -> None:
    assert {path.suffix for path in CORPUS} == {".yaml", ".json", ".toml"}
    assert len(CORPUS) > 100


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_a_file_of_the_corpus_breaks_no_rule(path: Path) -> None:
    oracle.check(path.read_bytes())


# That the rules are looked at: parsers that break one


def raising(error: Exception) -> Callable[[str], Any]:
    def parse(_: str) -> Any:
        raise error

    return parse


def giving(value: Any, node: Node) -> Callable[[str], ParsedDocument]:
    return lambda _: ParsedDocument(value, node)


ONE = Node((1, 1), [Node((1, 2))])
BROKEN: dict[str, tuple[Callable[[str], Any], str]] = {
    "no place": (raising(UnreadableError(Code.INVALID_JSON, "wrong", (0, 1))), "line 0"),
    "a place behind the end": (raising(UnreadableError(Code.INVALID_JSON, "wrong", (4, 1))), "line 4"),
    "no words": (raising(UnreadableError(Code.INVALID_JSON, "", (1, 1))), "without words"),
    "many words": (raising(UnreadableError(Code.INVALID_JSON, "x" * 400, (1, 1))), "400 characters"),
    "words that do things": (
        raising(UnreadableError(Code.INVALID_JSON, "\x1b[31m", (1, 1))),
        "not printable",
    ),
    "valid JSON refused": (raising(UnreadableError(Code.INVALID_JSON, "wrong", (1, 1))), "refused, unlike"),
    "another value": (giving([2], ONE), "another value"),
    "another type": (giving([True], ONE), "another value"),
    "no position": (giving([1], Node((1, 1), [])), "shorter"),
    "not finite": (giving([float("inf")], ONE), "not finite"),
    "no JSON": (giving([(1,)], ONE), "no JSON"),
    "too large": (giving([2**64], ONE), "too large"),
}


@pytest.mark.parametrize(("parse", "found"), BROKEN.values(), ids=BROKEN)
def test_a_parser_that_breaks_a_rule_is_found_out(
    parse: Callable[[str], Any], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oracle, "parse_plain_documents", lambda _: None)
    monkeypatch.setattr(oracle, "parse_yaml", lambda _: [])
    monkeypatch.setattr(oracle, "parse_json", parse)
    with pytest.raises((AssertionError, ValueError), match=found):
        oracle.check(b"[1]")


def test_invalid_json_that_is_read_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "parse_json", giving([1], ONE))
    with pytest.raises(AssertionError, match="read, unlike"):
        oracle.check(b"[1,]")


def test_an_exception_of_the_package_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.manifest.file.parse_json", raising(KeyError("x")))
    with pytest.raises(KeyError):
        oracle.check(b"[1]")


def test_a_text_that_says_one_thing_as_yaml_and_another_as_json_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(oracle, "parse_plain_documents", lambda _: None)
    monkeypatch.setattr(oracle, "parse_yaml", lambda _: [ParsedDocument(2, Node((1, 1)))])
    with pytest.raises(AssertionError, match="something else as YAML"):
        oracle.check(b"1")


WRONG_WAYS: dict[str, tuple[Any, str]] = {
    "another value": ([(2, (1, 1))], "not what the judge reads"),
    "another type": ([(True, (1, 1))], "not what the judge reads"),
    "another place": ([(1, (1, 2))], "not what the judge reads"),
    "another document": ([(1, (1, 1)), (None, (2, 1))], "passed over"),
}


@pytest.mark.parametrize(("plain", "found"), WRONG_WAYS.values(), ids=WRONG_WAYS)
def test_a_quick_way_that_reads_something_else_is_found_out(
    plain: Any, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oracle, "parse_plain_documents", lambda _: plain)
    with pytest.raises(AssertionError, match=found):
        oracle.check_plain("1")


def test_a_quick_way_that_passes_over_a_warning_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "parse_plain_documents", lambda _: [("no", (1, 1))])
    with pytest.raises(AssertionError, match="passed over"):
        oracle.check_plain("no")
