"""An apply as Markdown, for the summary of a CI job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.phrases import format_count
from reconciler.report.effort import describe_retries
from reconciler.report.markdown import budget
from reconciler.report.markdown.change import format_code
from reconciler.report.markdown.fitting import Form, Kind, Section, count_bytes, fit_sections
from reconciler.report.markdown.marker import make_marker
from reconciler.report.markdown.plan import make_guard_section
from reconciler.report.view import describe_comparison, describe_results, format_label

_ORDER = (
    Result.FAILED, Result.UNKNOWN, Result.SKIPPED,
    Result.DELETED, Result.CREATED, Result.UPDATED, Result.UNCHANGED,
)  # fmt: skip
_NOTE = (
    "> [!NOTE]\n> Not every outcome fits here: some are only counted.\n"
    "> `reconciler apply --report FILE` writes all of them.\n\n"
)


def render_apply_markdown(
    document: ApplyDocument, most_bytes: int = budget.MAX_COMMENT_BYTES
) -> Iterator[str]:
    """The outcomes in at most so many bytes of UTF-8: their counts, then a line for each, failures first.

    An apply that was not begun shows the violations of the guard. Outcomes that have no room for a line
    are counted by ML repo. The first line is a marker for programs (module `marker`).

    Args:
        document: the apply; its outcomes are walked over three times.
        most_bytes: with a line end after each line; at least `budget.MIN_BYTES`.

    Raises:
        ValueError: `most_bytes` is less than that.
    """
    if most_bytes < budget.MIN_BYTES:
        raise ValueError(f"an apply takes {budget.MIN_BYTES} bytes at least")
    room = most_bytes - count_bytes(_render_head(document, is_complete=False)) - count_bytes(_NOTE)
    sections = _make_sections(document, room)
    if not document.outcomes and document.plan.guard.violations:
        sections.append(make_guard_section(document.plan, room))
    fitted = fit_sections(sections, room)
    is_complete = all(section.is_whole for section in fitted)
    head = _render_head(document, is_complete=is_complete) + ("" if is_complete else _NOTE)
    text = head + "".join(section.text for section in fitted)
    yield from text.removesuffix("\n\n").split("\n")


def _render_head(document: ApplyDocument, *, is_complete: bool) -> str:
    results = describe_results(document.outcomes)
    if document.planned and not results:
        results = f"nothing was applied, of {format_count(document.planned, 'change')}"
    return (
        f"{make_marker(document.plan, 'apply', is_complete=is_complete)}\n\n"
        f"## Apply: {results or 'nothing to do'}\n\n"
        f"{format_code(describe_comparison(document.plan))}\n\n"
    )


def _make_sections(document: ApplyDocument, room: int) -> list[Section]:
    """A section for each result that there is."""
    totals: dict[Result, Counter[Kind]] = {}
    for outcome in document.outcomes:
        totals.setdefault(outcome.result, Counter())[_make_kind(outcome)] += 1
    sections = {
        result: Section(
            f"### {result.capitalize()} ({totals[result].total():,})", totals[result], (Form.LINE,), room
        )
        for result in _ORDER
        if result in totals
    }
    for outcome in document.outcomes:
        sections[outcome.result].add(_make_kind(outcome), {Form.LINE: partial(_render_line, outcome)})
    return list(sections.values())


def _make_kind(outcome: OutcomeDocument) -> Kind:
    return Kind(outcome.change.artifact.ml_repo, outcome.result)


def _render_line(outcome: OutcomeDocument) -> str:
    change = outcome.change
    name = format_code(format_label(change))
    if outcome.version is not None and change.version is None:
        name += f" is {format_code(f'{change.artifact}:{outcome.version}')}"
    told = map(format_code, filter(None, (outcome.message, outcome.hint, describe_retries(outcome))))
    return f"- {' · '.join([name, *told])}\n"
