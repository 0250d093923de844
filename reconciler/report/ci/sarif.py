"""Problems as SARIF 2.1.0, which code scanning services take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.codes import Code
from reconciler.codes.pages import page_of
from reconciler.errors import Place, Problem
from reconciler.report.ci.fingerprints import add_fingerprints

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"


def make_sarif_log(problems: Sequence[Problem]) -> dict[str, Any]:
    """The log as JSON types: one run, with the rules that the problems break.

    Args:
        problems: sorted by place.
    """
    broken = {problem.code for problem in problems}
    rules = [code for code in Code if code in broken]
    driver = {"name": "reconciler", "version": __version__, "rules": list(map(_make_rule, rules))}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(_make_results(problems, rules)),
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _make_rule(code: Code) -> dict[str, Any]:
    page = page_of(code)
    return {
        "id": code,
        "shortDescription": {"text": f"{page.title[:1].upper()}{page.title[1:]}."},
        "fullDescription": {"text": page.about},
        "help": {"text": f"{page.about}\n\n{page.why}\n\nSee `reconciler explain {code}`."},
    }


def _make_results(problems: Iterable[Problem], rules: Sequence[str]) -> Iterable[dict[str, Any]]:
    for problem, fingerprint in add_fingerprints(problems):
        message = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
        yield {
            "ruleId": problem.code,
            # A plan saved by a newer version may hold codes that this one does not know.
            "ruleIndex": rules.index(problem.code) if problem.code in rules else -1,
            "level": problem.severity,
            "message": {"text": message},
            "locations": list(_make_locations(problem.place)),
            "partialFingerprints": {"reconciler/v1": fingerprint},
        }


def _make_locations(place: Place) -> Iterator[dict[str, Any]]:
    """The place of a problem; none for a problem of the whole plan."""
    if place.file:
        artifact = {"uri": quote(place.file, errors="surrogatepass"), "uriBaseId": _ROOT}
        region = {"startLine": place.line, "startColumn": place.column}
        yield {"physicalLocation": {"artifactLocation": artifact, "region": region}}
