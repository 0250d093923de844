"""How names that others chose stand in messages."""

from __future__ import annotations

from reconciler.manifest.rules.words import find_similar_word, format_path, shorten_text


def test_a_slip_resembles_and_another_word_does_not() -> None:
    assert find_similar_word("Versoin", ["version", "name"]) == "version"
    assert find_similar_word("colour", ["version", "name"]) is None
    assert find_similar_word("version" * 100, ["version" * 99]) is None


def test_an_excerpt_is_short_and_printable() -> None:
    assert shorten_text("a\nb\x1b\u202e") == "a\\nb\\x1b\\u202e"
    assert shorten_text("x" * 40) == "x" * 40
    assert shorten_text("x" * 41) == "x" * 40 + "..."
    assert shorten_text("é" * 41) == "\\xe9" * 10 + "..."


def test_a_path_is_short_and_printable() -> None:
    assert format_path(["metadata", "a b", 0]) == "metadata.a b.0"
    assert format_path(list("abcdef")) == "a.b.c.d.e.f"
    assert format_path(list("abcdefghi")) == "a.b.c...h.i"
    assert format_path(["\x1b", "x" * 99]) == "\\x1b." + "x" * 40 + "..."
