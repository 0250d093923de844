"""Numbers and lists of things in words, e.g. `12 manifests`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def format_count(number: int, noun: str) -> str:
    """A number with its noun, e.g. `1 file`, `1,200 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def format_counts(*counted: tuple[int, str, str]) -> Iterator[str]:
    """Numbers with their nouns and what is behind these; without those that are 0."""
    return (f"{format_count(number, noun)}{behind}" for number, noun, behind in counted if number)


def name_first(names: Sequence[str], most: int) -> str:
    """The first names, so many at most, and how many more there are, e.g. `a, b and 3 more`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
