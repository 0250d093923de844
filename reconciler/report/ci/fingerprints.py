"""What a problem is known by from one run to the next, though lines move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

from reconciler.errors import Problem


def fingerprints(problems: Iterable[Problem]) -> Iterator[tuple[Problem, str]]:
    """Each problem with its fingerprint, 64 hexadecimal digits.

    It is made of the file, the code and the message, and of how many such come before it in the file: not
    of the line, which everything added above moves.

    Args:
        problems: in order of place.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for problem in problems:
        known_by = (problem.place.file, problem.code, problem.message)
        told = "\0".join((*known_by, str(seen[known_by])))
        seen[known_by] += 1
        yield problem, sha256(told.encode(errors="surrogatepass")).hexdigest()
