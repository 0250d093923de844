"""Problems as SARIF 2.1.0, which code scanning services take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.codes import Code
from reconciler.codes.pages import page_of
from reconciler.errors import Place, Problem
from reconciler.report.ci.fingerprints import fingerprints

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"


def sarif_log(problems: Sequence[Problem]) -> dict[str, Any]:
    """The log as JSON types: one run, and of the rules those that are broken.

    Args:
        problems: in order of place.
    """
    broken = {problem.code for problem in problems}
    rules = [code for code in Code if code in broken]
    driver = {"name": "reconciler", "version": __version__, "rules": list(map(_rule, rules))}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(problems, rules)),
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code) -> dict[str, Any]:
    page = page_of(code)
    return {
        "id": code,
        "shortDescription": {"text": f"{page.title[:1].upper()}{page.title[1:]}."},
        "fullDescription": {"text": page.about},
        "help": {"text": f"{page.about}\n\n{page.why}\n\nSee `reconciler explain {code}`."},
    }


def _results(problems: Iterable[Problem], rules: Sequence[str]) -> Iterable[dict[str, Any]]:
    for problem, fingerprint in fingerprints(problems):
        message = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
        yield {
            "ruleId": problem.code,
            # A saved plan may tell of rules that only a newer version knows.
            "ruleIndex": rules.index(problem.code) if problem.code in rules else -1,
            "level": problem.severity,
            "message": {"text": message},
            "locations": list(_locations(problem.place)),
            "partialFingerprints": {"reconciler/v1": fingerprint},
        }


def _locations(place: Place) -> Iterator[dict[str, Any]]:
    """The one place; none of what is about a plan as a whole."""
    if place.file:
        artifact = {"uri": quote(place.file, errors="surrogatepass"), "uriBaseId": _ROOT}
        region = {"startLine": place.line, "startColumn": place.column}
        yield {"physicalLocation": {"artifactLocation": artifact, "region": region}}
