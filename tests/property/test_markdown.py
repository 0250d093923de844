"""Markdown of any plan is within any budget, is Markdown to its end, and shows data as code alone.

The documents are full of hostile texts, short and long, in every field that takes one, however a real plan
may be made. What is read back besides code has to be what the renderers themselves say, word by word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.errors import Place, Problem
from reconciler.model import Artifact, Target
from reconciler.planning.document import (
    Action,
    ChangeDocument,
    GuardResult,
    Origin,
    PlanDocument,
    PromotionDocument,
    Source,
)
from reconciler.report.markdown import budget
from reconciler.report.markdown.outcomes import render_apply_markdown
from reconciler.report.markdown.plan import render_plan_markdown
from tests.support.documents import document
from tests.support.hostile import TEXTS
from tests.support.judges import Markdown, read_markdown, runner_commands, terminal_actions, unseen
from tests.support.scale import law

each_document = law(25, 100, 5_000)

SAYS = re.findall(
    r"\w+",
    """
    a all allowed alone and applied apply are as at be before branch brought by caution changed changes
    commits conflict conflicts counted create created declared delete deleted deletes digest do document
    documents drift each earlier elsewhere entries every everything failed field fields first fits
    format from given guard have here html in is it last left line listed longer ml more much no not
    note nothing of on once one only or orphan orphans other outcome page pending plan promotions prune
    refuses registered removed repos see shown since skipped some take their them this to too types
    unchanged unknown unless update updated version versions warning warnings with writes
""",
)
"""Every word that the renderers say."""
SAID = re.compile(rf"\b(?:{'|'.join(SAYS)})\b|[0-9]|[ ,.:·()]", re.IGNORECASE)
MARKER = re.compile(
    r"<!-- reconciler (?:plan|apply) target=[0-9a-f]{16} digest=(?:[0-9a-f]{64}|none)"
    r" commit=(?:[0-9a-f]{40}|[0-9a-f]{64}|none) complete=(?:yes|no) -->"
)
FOLD = re.compile(
    r"<details><summary><b>(?:create|update|conflict)</b> <code>([^<>]*)</code>(?: <code>([^<>]*)</code>)?"
    r"</summary>\n?"
)
DIFF = re.compile(r"[-+!#] ")

_long = st.builds(lambda text, times: text * times, TEXTS, st.sampled_from([1, 1, 1, 1, 7, 60]))
_value = _long | st.integers() | st.none()
_document = st.dictionaries(_long, _value | st.dictionaries(_long, _value, max_size=2), max_size=4)
_hexadecimal = st.sampled_from(["0" * 40, "ab" * 32])


@st.composite
def changes(draw: DrawFn) -> ChangeDocument:
    action: Action = draw(st.sampled_from(["create", "update", "conflict"]))
    origin: Origin | None = draw(st.sampled_from([None, "branch", "pending", "drift"]))
    return ChangeDocument(
        action=action,
        artifact=Artifact(draw(_long), draw(_long)),
        version=draw(st.none() | st.integers(1, 3)),
        id=None,
        fqn=None,
        file=draw(st.none() | _long),
        line=draw(st.none() | st.integers(1)),
        before=None if action == "create" else draw(_document),
        after=draw(_document),
        reason=draw(_long),
        hint=draw(_long),
        waits_for=draw(st.just("") | _long),
        origin=origin,
        commit=draw(st.none() | _hexadecimal | _long),
        author=draw(st.none() | _long),
    )


@st.composite
def plans(draw: DrawFn) -> PlanDocument:
    found = draw(st.lists(changes(), max_size=4))
    source = Source(
        repository=draw(st.none() | _long),
        commit=draw(st.none() | _hexadecimal | _long),
        paths=tuple(draw(st.lists(_long, max_size=2))),
        in_work_tree=draw(st.booleans()),
        is_dirty=draw(st.booleans()),
    )
    problems = [Problem(Place(text, 1, 2), "similar-type", text) for text in draw(some())]
    promotions = [PromotionDocument(Artifact(text, text), text, 1, None) for text in draw(some())]
    made = document(
        *found,
        source=source,
        target=Target(draw(_long), draw(_long), draw(st.none() | _long)),
        promotions=tuple(promotions),
        diagnostics=tuple(problems),
        guard=GuardResult(tuple(draw(some())), is_waived=draw(st.booleans())),
        digest=draw(_hexadecimal | _long),
    )
    counts = {**made.counts, "undeclared": draw(st.integers(0, 10**30))}
    return replace(made, counts=counts)


def grown(plan: PlanDocument, times: int) -> PlanDocument:
    """The same plan so many times over."""
    return replace(
        plan,
        changes=(*plan.changes,) * times,
        promotions=plan.promotions * times,
        diagnostics=plan.diagnostics * times,
    )


def some() -> SearchStrategy[list[str]]:
    return st.lists(_long, max_size=3)


TIMES = st.sampled_from([1, 1, 1, 4, 20, 300])
BUDGETS = st.sampled_from([budget.MIN_BYTES, 10_000, budget.MAX_COMMENT_BYTES]) | st.integers(
    budget.MIN_BYTES, 100_000
)


@each_document
@given(plans(), TIMES, BUDGETS)
def test_a_plan_is_within_its_budget_and_shows_data_as_code_alone(
    plan: PlanDocument, times: int, most_bytes: int
) -> None:
    text = "".join(f"{line}\n" for line in render_plan_markdown(grown(plan, times), most_bytes))
    assert_fit(text, most_bytes)


@each_document
@given(plans(), st.lists(st.sampled_from(list(Result)), min_size=1), _long, TIMES, BUDGETS)
def test_an_apply_is_within_its_budget_and_shows_data_as_code_alone(
    plan: PlanDocument, results: list[Result], said: str, times: int, most_bytes: int
) -> None:
    outcomes = [
        OutcomeDocument(
            each, results[number % len(results)], number % 3 or None, said, said,
            attempts=number, request_id=said,
        )
        for number, each in enumerate((*plan.changes,) * times)
    ]  # fmt: skip
    apply = ApplyDocument(plan, outcomes, planned=len(outcomes), exit_code=0)
    assert_fit("".join(f"{line}\n" for line in render_apply_markdown(apply, most_bytes)), most_bytes)


def assert_fit(text: str, most_bytes: int) -> None:
    assert len(text.encode()) <= most_bytes
    first, *rest = text.split("\n")
    assert MARKER.fullmatch(first)
    assert not [line for line in rest if line.startswith("<!--")]
    assert rest[-1] == ""
    read = read_markdown(text)
    assert list(unexpected(read)) == []
    assert runner_commands(text) == []
    assert [action for line in rest for action in terminal_actions(line)] == []
    assert unseen(text.replace("\n", "")) == []


def unexpected(read: Markdown) -> Iterator[str]:
    """What is neither code nor what the renderers say; folds that are not closed among it."""
    open_folds = 0
    for kind, tag, content in read.structure:
        if kind == "html_block":
            begins, ends = bool(FOLD.fullmatch(content)), content.strip() == "</details>"
            open_folds += begins - ends
            if open_folds not in {0, 1} or not (begins or ends or MARKER.fullmatch(content.strip())):
                yield content
        elif kind == "fence":
            if tag != "diff":
                yield tag
        elif kind in {"link_open", "image", "html_inline", "linkify", "strikethrough_open", "table_open"}:
            yield kind
        elif SAID.sub("", content).strip():
            yield content
    if open_folds:
        yield "a fold is left open"
