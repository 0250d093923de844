"""What became of a plan, as Markdown: the summary of a CI job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.report.count import counted
from reconciler.report.markdown import budget
from reconciler.report.markdown.change import code
from reconciler.report.markdown.fitting import Form, Kind, Section, fit, size
from reconciler.report.markdown.marker import marker
from reconciler.report.markdown.plan import guard_section
from reconciler.report.view import headline, label

_ORDER = (
    Result.FAILED, Result.UNKNOWN, Result.SKIPPED,
    Result.DELETED, Result.CREATED, Result.UPDATED, Result.UNCHANGED,
)  # fmt: skip
_NOTE = (
    "> [!NOTE]\n> Not every outcome fits here: some are only counted.\n"
    "> `reconciler apply --report FILE` writes all of them.\n\n"
)


def apply_markdown(document: ApplyDocument, most_bytes: int = budget.FOR_A_COMMENT) -> Iterator[str]:
    """The outcomes in at most so many bytes of UTF-8: their counts, then a line for each, failures first.

    Of an apply that was not begun, what the guard says is told. Outcomes that no line is left for are
    counted by ML repo. The first line is a marker for programs (`report.marker`).

    Args:
        document: the apply; its outcomes are walked over three times.
        most_bytes: with a line end after each line; at least `budget.LEAST`.

    Raises:
        ValueError: `most_bytes` is less than that.
    """
    if most_bytes < budget.LEAST:
        raise ValueError(f"an apply takes {budget.LEAST} bytes at least")
    room = most_bytes - size(_head(document, is_complete=False)) - size(_NOTE)
    sections = _sections(document, room)
    if not document.outcomes:
        sections += [section for section in (guard_section(document.plan, room),) if len(section)]
    fitted = fit(sections, room)
    is_complete = all(section.is_whole for section in fitted)
    head = _head(document, is_complete=is_complete) + ("" if is_complete else _NOTE)
    text = head + "".join(section.text for section in fitted)
    yield from text.removesuffix("\n\n").split("\n")


def _head(document: ApplyDocument, *, is_complete: bool) -> str:
    counts = Counter(outcome.result for outcome in document.outcomes)
    told = ", ".join(f"{counts[result]:,} {result}" for result in Result if counts[result])
    if document.planned and not told:
        told = f"nothing was applied, of {counted(document.planned, 'change')}"
    return (
        f"{marker(document.plan, 'apply', is_complete=is_complete)}\n\n"
        f"## Apply: {told or 'nothing to do'}\n\n"
        f"{code(headline(document.plan))}\n\n"
    )


def _sections(document: ApplyDocument, room: int) -> list[Section]:
    """A section for each result that there is."""
    totals: dict[Result, Counter[Kind]] = {}
    for outcome in document.outcomes:
        totals.setdefault(outcome.result, Counter())[_kind(outcome)] += 1
    sections = {
        result: Section(
            f"### {result.capitalize()} ({totals[result].total():,})", totals[result], (Form.LINE,), room
        )
        for result in _ORDER
        if result in totals
    }
    for outcome in document.outcomes:
        sections[outcome.result].add(_kind(outcome), {Form.LINE: partial(_line, outcome)})
    return list(sections.values())


def _kind(outcome: OutcomeDocument) -> Kind:
    return Kind(outcome.change.artifact.ml_repo, outcome.result)


def _line(outcome: OutcomeDocument) -> str:
    change = outcome.change
    name = code(label(change))
    if outcome.version is not None and change.version is None:
        name += f" is {code(f'{change.artifact}:{outcome.version}')}"
    return f"- {' · '.join([name, *(code(text) for text in (outcome.message, outcome.hint) if text)])}\n"
