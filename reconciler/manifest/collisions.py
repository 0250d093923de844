"""Manifests that claim what another one claims, or what a person or a file system takes for the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from reconciler.errors import Problem
from reconciler.model import Artifact, Declared

_LONGEST = 4096
_DIFFER = "differ in the case of letters only"


def collisions(manifests: Sequence[Declared]) -> Iterator[Problem]:
    """One problem for each manifest that claims what an earlier one, by place, has claimed."""
    yield from _artifacts_that_look_alike(manifests)
    for claims in _claims(manifests, lambda declared: declared.version):
        yield from _declared_twice(claims, lambda d: f"{d.label} is declared twice")
    for claims in _claims(manifests, lambda declared: declared.alias):
        versions = {declared.version for declared in claims}
        if len(versions) == 1 and None not in versions:
            continue  # copies of one version, which is said already
        yield from _declared_twice(claims, lambda d: f"alias {d.alias} of {d.artifact} is declared twice")
    for claims in _claims(manifests, lambda declared: declared.uri):
        if any(map(_is_named_by_uri, claims)):
            yield from _declared_twice(
                claims,
                lambda d: f"two manifests of {d.artifact} have one source.uri, and one has nothing else",
            )
    yield from _look_alikes(
        manifests,
        lambda declared: declared.alias,
        _is_named_by_alias,
        lambda d, first: f"aliases {d.alias} and {first.alias} of {d.artifact} {_DIFFER}",
    )
    yield from _look_alikes(
        manifests,
        lambda declared: declared.uri,
        _is_named_by_uri,
        lambda d, _: (
            f"two manifests of {d.artifact}, one of which has nothing but source.uri, have one that differs "
            "in the case or the Unicode form of letters only"
        ),
    )


def folded(text: str) -> str:
    """What texts have in common that differ in case, or in how their letters are composed, only.

    Longer texts than any identity that people write are not looked at to their end.
    """
    head, rest = text[:_LONGEST], text[_LONGEST:]
    return (head.casefold() if head.isascii() else _decomposed(_decomposed(head).casefold())) + rest


def _decomposed(text: str) -> str:
    """The text in normal form D; the library's own takes the square of the time to sort many marks."""
    characters = "".join(map(_parts, text))
    return "".join(
        character
        for is_mark, run in groupby(characters, lambda c: unicodedata.combining(c) > 0)
        for character in (sorted(run, key=unicodedata.combining) if is_mark else run)
    )


def _parts(character: str) -> str:
    return unicodedata.normalize("NFD", character)


def _artifacts_that_look_alike(manifests: Sequence[Declared]) -> Iterator[Problem]:
    """A problem for each artifact whose name is another's but for the case of letters."""
    first: dict[str, Declared] = {}
    said: set[Artifact] = set()
    for declared in sorted(manifests, key=lambda declared: declared.place):
        earlier = first.setdefault(folded(str(declared.artifact)), declared)
        if earlier.artifact != declared.artifact and declared.artifact not in said:
            said.add(declared.artifact)
            message = f"{declared.artifact} and {earlier.artifact} {_DIFFER}"
            yield Problem(declared.place, message, f"also at {earlier.place}")


def _look_alikes(
    manifests: Sequence[Declared],
    name: Callable[[Declared], str | None],
    is_named: Callable[[Declared], bool],
    message: Callable[[Declared, Declared], str],
) -> Iterator[Problem]:
    """A problem for each manifest of an artifact whose name is an earlier one's but for letters' form.

    Args:
        manifests: all of them.
        name: what may name a version.
        is_named: whether it does, because the manifest has nothing that comes before.
        message: of a manifest and the first one that it looks like.
    """
    artifacts = {declared.artifact for declared in manifests if is_named(declared)}
    of_artifacts = [declared for declared in manifests if declared.artifact in artifacts]
    for claims in _claims(of_artifacts, lambda declared: folded(name(declared) or "") or None):
        first = claims[0]
        if any(map(is_named, claims)):
            differing = (declared for declared in claims if name(declared) != name(first))
            for declared in differing:
                yield Problem(declared.place, message(declared, first), f"also at {first.place}")


def _is_named_by_alias(declared: Declared) -> bool:
    return declared.version is None and declared.alias is not None


def _is_named_by_uri(declared: Declared) -> bool:
    return declared.version is None and declared.alias is None


def _claims(manifests: Sequence[Declared], key: Callable[[Declared], object]) -> Iterator[list[Declared]]:
    """Manifests of one artifact that share a key, where more than one does; in order of place."""
    claims: dict[object, list[Declared]] = {}
    for declared in manifests:
        if (value := key(declared)) is not None:
            claims.setdefault((declared.artifact, value), []).append(declared)
    return (sorted(group, key=lambda d: d.place) for group in claims.values() if len(group) > 1)


def _declared_twice(claims: list[Declared], message: Callable[[Declared], str]) -> Iterator[Problem]:
    first = claims[0].place
    for declared in claims[1:]:
        yield Problem(declared.place, message(declared), f"also at {first}")
