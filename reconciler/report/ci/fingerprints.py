"""Fingerprints, by which CI systems recognise a problem in the next run although lines have moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

from reconciler.errors import Problem


def add_fingerprints(problems: Iterable[Problem]) -> Iterator[tuple[Problem, str]]:
    """Each problem with its fingerprint, 64 hexadecimal digits.

    The fingerprint is a hash of the file, the code, the message, and the number of equal problems before
    it in the file. The line is no part of it, because lines move when something is added above.

    Args:
        problems: sorted by place.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for problem in problems:
        known_by = (problem.place.file, problem.code, problem.message)
        key = "\0".join((*known_by, str(seen[known_by])))
        seen[known_by] += 1
        yield problem, sha256(key.encode(errors="surrogatepass")).hexdigest()
