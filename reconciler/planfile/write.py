"""Plans and applies for programs: JSON documents with a version of their own, written line by line.

A document has its heading first, then each change on a line of its own, and a checksum last, so that it
is written in little memory however many changes there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.diff import make_json_patch
from reconciler.errors import Problem
from reconciler.escape import as_json, as_json_line
from reconciler.planning.document import (
    ChangeDocument,
    GuardResult,
    OrphanDocument,
    OrphansDocument,
    PlanDocument,
    PromotionDocument,
    Scope,
    Share,
    Source,
)

FORMAT_VERSION = "1.0"
"""Of all documents. Readers ignore fields of a newer minor version, and refuse another major one."""
INDENT = "    "
"""Before each change."""


def plan_json(document: PlanDocument, *, ascii_only: bool = False) -> Iterator[str]:
    """A plan in lines, all but its end, which `sealed` gives."""
    yield from _heading_lines(document, ascii_only=ascii_only)
    yield from _list("changes", map(change_json, document.changes), ascii_only=ascii_only)


def apply_json(document: ApplyDocument, *, ascii_only: bool = False) -> Iterator[str]:
    """A plan and what became of each of its changes, in lines, all but its end, which `sealed` gives."""
    heading = {"planned": document.planned, "exit_code": document.exit_code}
    yield from _heading_lines(document.plan, ascii_only=ascii_only, **heading)
    yield from _list("changes", map(change_json, document.plan.changes), ascii_only=ascii_only)
    yield from _list("outcomes", map(outcome_json, document.outcomes), ascii_only=ascii_only)


def sealed(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a document as they are to be written, and its end: the checksum of all that is before."""
    checksum = sha256()
    for line in lines:
        checksum.update(f"{line}\n".encode())
        yield line
    yield checksum_line(checksum.hexdigest())


def checksum_line(checksum: str) -> str:
    """The end of a document."""
    return f'  "checksum": "{checksum}"\n}}'


def begin_json(document: PlanDocument, run: Mapping[str, str | None]) -> dict[str, Any]:
    """The first line of a report: what is about to be applied, and where.

    Args:
        document: the plan.
        run: `actor` and `url` of the run of a CI system.
    """
    return {"event": "begin", **_heading(document), "changes": len(document.changes), "run": dict(run)}


def outcome_event_json(outcome: OutcomeDocument) -> dict[str, Any]:
    """A line of a report: one outcome, with the whole change that it is of."""
    return {"event": "outcome", **outcome_json(outcome), "change": change_json(outcome.change)}


def end_json(outcomes: Collection[OutcomeDocument], exit_code: int) -> dict[str, Any]:
    """The last line of a report; without it, the run was killed."""
    counts = Counter(outcome.result for outcome in outcomes)
    return {"event": "end", "counts": dict(sorted(counts.items())), "exit_code": exit_code}


def change_json(change: ChangeDocument) -> dict[str, Any]:
    """One change; the patch follows from what is before and after."""
    return {
        "action": change.action,
        **_identity(change),
        "id": change.id,
        "fqn": change.fqn,
        "file": change.file,
        "line": change.line,
        "before": change.before,
        "after": change.after,
        "patch": make_json_patch(change.before, change.after),
        "left_alone": [{"path": each.path, "reason": each.reason} for each in change.left_alone],
        "reason": change.reason,
        "hint": change.hint,
        "waits_for": change.waits_for,
        "origin": change.origin,
        "commit": change.commit,
        "author": change.author,
        "date": change.date,
        "in_use": list(change.in_use),
        "renamed_from": change.renamed_from,
        **({"at": change.at._asdict()} if change.at else {}),
    }


def outcome_json(outcome: OutcomeDocument) -> dict[str, Any]:
    """One outcome; its version is the one registered, else the one asked for."""
    change = outcome.change
    return {
        "result": outcome.result,
        **_identity(change),
        "version": change.version if outcome.version is None else outcome.version,
        "action": change.action,
        "message": outcome.message,
        "hint": outcome.hint,
        "began": _microseconds(outcome.began),
        "seconds": _microseconds(outcome.seconds),
    }


def _heading_lines(document: PlanDocument, *, ascii_only: bool, **more: Any) -> Iterator[str]:
    heading = as_json({**_heading(document), **more}, ascii_only=ascii_only)
    yield heading.removesuffix("\n}") + ","


def _list(name: str, items: Iterable[Mapping[str, Any]], *, ascii_only: bool) -> Iterator[str]:
    yield list_begin(name)
    last = ""
    for item in items:
        if last:
            yield f"{last},"
        last = INDENT + as_json_line(item, ascii_only=ascii_only)
    if last:
        yield last
    yield LIST_END


def list_begin(name: str) -> str:
    """The line before a list that has each of its members on a line."""
    return f'  "{name}": ['


LIST_END = "  ],"


def _heading(document: PlanDocument) -> dict[str, Any]:
    target = document.target
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": document.tool_version,
        "made": document.made,
        "source": _source(document.source),
        "control_plane": {"host": target.host, "api": target.api, "tenant": target.tenant},
        "scope": _scope(document.scope),
        **({"shard": _shard(document.share)} if document.share else {}),
        "counts": dict(document.counts),
        "promotions": list(map(_promotion, document.promotions)),
        "diagnostics": list(map(problem_json, document.diagnostics)),
        "orphans": _orphans(document.orphans),
        "guard": _guard(document.guard),
        "digest": document.digest,
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "repository": source.repository,
        "commit": source.commit,
        "paths": list(source.paths),
        "work_tree": source.in_work_tree,
        "dirty": source.is_dirty,
        "base": source.base,
        "defaults": list(source.defaults),
    }


def _scope(scope: Scope) -> dict[str, Any]:
    return {
        "ml_repos": list(scope.ml_repos),
        "pages": scope.pages,
        "rows": scope.rows,
        "manifests": scope.manifests,
        "not_selected": scope.not_selected,
        "orphans_not_selected": scope.orphans_not_selected,
    }


def _shard(share: Share) -> dict[str, Any]:
    return {
        "number": share.shard.number,
        "of": share.shard.of,
        "select": list(share.globs),
        "guard": share.limits._asdict(),
        "ml_repos": [
            {
                "name": name,
                "versions": extent.versions,
                "listed": extent.listed,
                "declared": share.declared.get(name, 0),
            }
            for name, extent in sorted(share.extents.items())
        ],
        "orphans_not_selected": share.orphans_not_selected,
    }


def _orphans(orphans: OrphansDocument) -> dict[str, Any]:
    return {
        "unknown": orphans.unknown,
        "hint": orphans.hint,
        "found": [
            {
                **_identity(orphan),
                "id": orphan.id,
                "fqn": orphan.fqn,
                "uri": orphan.uri,
                "origin": orphan.origin,
                "commit": orphan.commit,
                "author": orphan.author,
                "date": orphan.date,
                "in_use": list(orphan.in_use),
            }
            for orphan in orphans.found
        ],
    }


def _promotion(promotion: PromotionDocument) -> dict[str, Any]:
    return {
        "ml_repo": promotion.artifact.ml_repo,
        "name": promotion.artifact.name,
        "alias": promotion.alias,
        "from": promotion.source,
        "to": promotion.target,
    }


def problem_json(problem: Problem) -> dict[str, Any]:
    """One thing that is wrong with a manifest."""
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def _guard(guard: GuardResult) -> dict[str, Any]:
    return {"violations": list(guard.violations), "waived": guard.is_waived, "blocks": guard.blocks}


def _microseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _identity(change: ChangeDocument | OrphanDocument) -> dict[str, Any]:
    return {"ml_repo": change.artifact.ml_repo, "name": change.artifact.name, "version": change.version}
