"""What stands above the changes of a page: what was read and compared, and by which version of the tool."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.phrases import format_count
from reconciler.planning.document import PlanDocument, Scope
from reconciler.report.page.sentence import Inline, Sentence, list_names, make_code, make_commit
from reconciler.report.view import describe_left_alone, explain_unknown_orphans
from reconciler.report.web import WebPages


def list_facts(document: PlanDocument, web: WebPages | None) -> Iterator[tuple[str, Sentence]]:
    """The facts about a plan, each with its name: what was read, and what it was compared with."""
    source, target = document.source, document.target
    if source.repository is not None:
        yield "Repository", [make_code(source.repository, web.repository if web else None)]
    yield "Read", _describe_read(document, web)
    if source.paths:
        yield "Paths", list_names(source.paths)
    if source.base is not None:
        yield "Base", [make_commit(source.base, web)]
    tenant = (", tenant ", make_code(target.tenant)) if target.tenant is not None else ()
    yield "Control plane", [make_code(target.host), *tenant, ", API ", make_code(target.api)]
    yield "Compared", _describe_compared(document.scope)
    if source.defaults:
        yield "Defaults", list_names(source.defaults)
    if others := describe_left_alone(document):
        yield "Left alone", [others]
    if why := explain_unknown_orphans(document):
        yield "Orphans", [why]


def _describe_read(document: PlanDocument, web: WebPages | None) -> Iterator[str | Inline]:
    source = document.source
    if not source.in_work_tree:
        yield "commit "
    elif source.commit is None:
        yield "the work tree, without a commit"
    else:
        yield "the work tree at "
    if source.commit is not None:
        yield make_commit(source.commit, web)
        if source.in_work_tree and source.is_dirty:
            yield ", whose manifests were edited"


def _describe_compared(scope: Scope) -> Iterator[str | Inline]:
    left_out = f" ({scope.not_selected} more not selected)" if scope.not_selected else ""
    rows = format_count(scope.rows, "registered version")
    yield f"{format_count(scope.manifests, 'manifest')}{left_out} with {rows}"
    if scope.ml_repos:
        yield " in "
        yield from list_names(scope.ml_repos)
