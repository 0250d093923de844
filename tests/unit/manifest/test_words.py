"""How names that others chose stand in messages."""

from __future__ import annotations

from reconciler.manifest.words import dotted, excerpt, resembles


def test_a_slip_resembles_and_another_word_does_not() -> None:
    assert resembles("Versoin", ["version", "name"]) == "version"
    assert resembles("colour", ["version", "name"]) is None
    assert resembles("version" * 100, ["version" * 99]) is None


def test_an_excerpt_is_short_and_printable() -> None:
    assert excerpt("a\nb\x1b\u202e") == "a\\nb\\x1b\\u202e"
    assert excerpt("x" * 40) == "x" * 40
    assert excerpt("x" * 41) == "x" * 40 + "..."
    assert excerpt("é" * 41) == "\\xe9" * 10 + "..."


def test_a_path_is_short_and_printable() -> None:
    assert dotted(["metadata", "a b", 0]) == "metadata.a b.0"
    assert dotted(list("abcdef")) == "a.b.c.d.e.f"
    assert dotted(list("abcdefghi")) == "a.b.c...h.i"
    assert dotted(["\x1b", "x" * 99]) == "\\x1b." + "x" * 40 + "..."
