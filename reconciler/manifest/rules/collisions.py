"""Manifests that claim the same version, alias or URI, or names that a person or file system confuses."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from reconciler.codes import Code
from reconciler.errors import Problem
from reconciler.model import Outline

_MAX_FOLDED_CHARACTERS = 4096
_DIFFER = "differ in the case of letters only"


def find_collisions(manifests: Iterable[Outline]) -> Iterator[Problem]:
    """One problem for each manifest that claims what an earlier one, by place, has claimed.

    Args:
        manifests: all of them, those of one artifact one after another.
    """
    firsts = []
    for _, group in groupby(manifests, attrgetter("artifact")):
        outlines = list(group)
        firsts.append(min(outlines, key=attrgetter("place")) if len(outlines) > 1 else outlines[0])
        if len(outlines) > 1 and not _are_plainly_apart(outlines):
            yield from _find_artifact_collisions(outlines)
    yield from _find_similar_artifacts(firsts)


def _are_plainly_apart(manifests: Sequence[Outline]) -> bool:
    """Whether each has a version and an alias of its own, as nearly all have."""
    versions = {outline.version for outline in manifests}
    aliases = [outline.alias for outline in manifests if outline.alias is not None]
    return None not in versions and len(versions) == len(manifests) and len(set(aliases)) == len(aliases)


def _find_artifact_collisions(manifests: Sequence[Outline]) -> Iterator[Problem]:
    for claims in _group_claims(manifests, lambda declared: declared.version):
        yield from _describe_duplicates(
            claims, Code.DUPLICATE_VERSION, lambda d: f"{d.label} is declared twice"
        )
    for claims in _group_claims(manifests, lambda declared: declared.alias):
        versions = {declared.version for declared in claims}
        if len(versions) == 1 and None not in versions:
            continue  # copies of one version, a problem above already
        yield from _describe_duplicates(
            claims, Code.DUPLICATE_ALIAS, lambda d: f"alias {d.alias} of {d.artifact} is declared twice"
        )
    for claims in _group_claims(manifests, lambda declared: declared.uri):
        if any(map(_is_named_by_uri, claims)):
            yield from _describe_duplicates(
                claims,
                Code.DUPLICATE_URI,
                lambda d: f"two manifests of {d.artifact} have one source.uri, and one has nothing else",
            )
    yield from _find_look_alikes(
        manifests,
        Code.SIMILAR_ALIAS,
        lambda declared: declared.alias,
        _is_named_by_alias,
        lambda d, first: f"aliases {d.alias} and {first.alias} of {d.artifact} {_DIFFER}",
    )
    yield from _find_look_alikes(
        manifests,
        Code.SIMILAR_URI,
        lambda declared: declared.uri,
        _is_named_by_uri,
        lambda d, _: (
            f"two manifests of {d.artifact}, one of which has nothing but source.uri, have one that differs "
            "in the case or the Unicode form of letters only"
        ),
    )


def fold_text(text: str) -> str:
    """A form that is equal for texts which differ only in case, or in how their letters are composed.

    Of very long texts only the beginning is folded.
    """
    head, rest = text[:_MAX_FOLDED_CHARACTERS], text[_MAX_FOLDED_CHARACTERS:]
    return (head.casefold() if head.isascii() else _decompose_text(_decompose_text(head).casefold())) + rest


def _decompose_text(text: str) -> str:
    """The text in normal form D; the library's own takes the square of the time to sort many marks."""
    characters = "".join(unicodedata.normalize("NFD", character) for character in text)
    return "".join(
        character
        for is_mark, run in groupby(characters, lambda c: unicodedata.combining(c) > 0)
        for character in (sorted(run, key=unicodedata.combining) if is_mark else run)
    )


def _find_similar_artifacts(firsts: Iterable[Outline]) -> Iterator[Problem]:
    """A problem for each artifact whose name is another's but for the case of letters.

    Args:
        firsts: the first manifest of each artifact, by place.
    """
    first: dict[str, Outline] = {}
    for declared in sorted(firsts, key=attrgetter("place")):
        earlier = first.setdefault(fold_text(str(declared.artifact)), declared)
        if earlier is not declared:
            message = f"{declared.artifact} and {earlier.artifact} {_DIFFER}"
            yield Problem(declared.place, Code.SIMILAR_NAME, message, f"also at {earlier.place}")


def _find_look_alikes(
    manifests: Sequence[Outline],
    code: Code,
    name: Callable[[Outline], str | None],
    is_named: Callable[[Outline], bool],
    message: Callable[[Outline, Outline], str],
) -> Iterator[Problem]:
    """A problem for each manifest of an artifact whose name is an earlier one's but for letters' form.

    Args:
        manifests: all of the artifact's.
        code: of the rule that they break.
        name: what may name a version.
        is_named: whether it does, because the manifest has nothing that comes before.
        message: of a manifest and the first one that it looks like.
    """
    if not any(map(is_named, manifests)):
        return
    for claims in _group_claims(manifests, lambda declared: fold_text(name(declared) or "") or None):
        first = claims[0]
        if any(map(is_named, claims)):
            differing = (declared for declared in claims if name(declared) != name(first))
            for declared in differing:
                yield Problem(declared.place, code, message(declared, first), f"also at {first.place}")


def _is_named_by_alias(declared: Outline) -> bool:
    return declared.version is None and declared.alias is not None


def _is_named_by_uri(declared: Outline) -> bool:
    return declared.version is None and declared.alias is None


def _group_claims(manifests: Sequence[Outline], key: Callable[[Outline], object]) -> Iterator[list[Outline]]:
    """Manifests of one artifact that share a key, where more than one does; in order of place."""
    claims: dict[object, list[Outline]] = {}
    for declared in manifests:
        if (value := key(declared)) is not None:
            claims.setdefault(value, []).append(declared)
    return (sorted(group, key=lambda d: d.place) for group in claims.values() if len(group) > 1)


def _describe_duplicates(
    claims: list[Outline], code: Code, message: Callable[[Outline], str]
) -> Iterator[Problem]:
    first = claims[0].place
    for declared in claims[1:]:
        yield Problem(declared.place, code, message(declared), f"also at {first}")
