"""Outcomes as Markdown; hostile ones in `tests/property/test_markdown`."""

from __future__ import annotations

import pytest

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.planning.document import GuardResult
from reconciler.report.markdown import budget
from reconciler.report.markdown.outcomes import render_apply_markdown
from tests.support.builders import COMMIT
from tests.support.documents import DIGEST, change, document


def markdown(*outcomes: OutcomeDocument, most_bytes: int = budget.MAX_COMMENT_BYTES) -> str:
    plan = document(*(outcome.change for outcome in outcomes))
    apply = ApplyDocument(plan, outcomes, len(outcomes), exit_code=3)
    return "".join(f"{line}\n" for line in render_apply_markdown(apply, most_bytes))


def test_the_whole_of_an_apply() -> None:
    text = markdown(
        OutcomeDocument(change(1), Result.UPDATED, 1),
        OutcomeDocument(change(2, version=None), Result.CREATED, 7),
        OutcomeDocument(
            change(3), Result.FAILED, 1, "422, description is too long", "see what is registered"
        ),
        OutcomeDocument(change(4), Result.SKIPPED, None, "fraud/scorer-3:1 before it failed"),
        OutcomeDocument(change(5), Result.UNKNOWN, None, "no whole answer within 60 s"),
    )
    assert (
        text
        == f"""\
<!-- reconciler apply target=83ed2926ca5241d8 digest={DIGEST} commit={COMMIT} complete=yes -->

## Apply: 1 created, 1 updated, 1 failed, 1 unknown, 1 skipped

`https://example.com (api ml, tenant example) against commit 0123456789`

### Failed (1)

- `fraud/scorer-3:1` · `422, description is too long` · `see what is registered`

### Unknown (1)

- `fraud/scorer-5:1` · `no whole answer within 60 s`

### Skipped (1)

- `fraud/scorer-4:1` · `fraud/scorer-3:1 before it failed`

### Created (1)

- `fraud/scorer-2 (s3://models/scorer-2)` is `fraud/scorer-2:7`

### Updated (1)

- `fraud/scorer-1:1`
"""
    )


def test_an_apply_without_changes_says_so() -> None:
    assert "\n## Apply: nothing to do\n" in markdown()


def test_an_apply_that_was_held_back_says_so_and_what_the_guard_found() -> None:
    plan = document(change(1), change(2), guard=GuardResult(("9 of 10 registered versions",)))
    text = "\n".join(render_apply_markdown(ApplyDocument(plan, (), planned=2, exit_code=4)))
    assert "\n## Apply: nothing was applied, of 2 changes\n" in text
    assert text.endswith("\n- `9 of 10 registered versions`")


def test_failures_are_reported_before_what_went_well_is_listed() -> None:
    went_well = [OutcomeDocument(change(number), Result.UPDATED, 1) for number in range(5_000)]
    failed = [OutcomeDocument(change(number), Result.FAILED, None, "x" * 250) for number in range(40)]
    text = markdown(*went_well, *failed, most_bytes=30_000)
    assert len(text.encode()) <= 30_000
    assert "complete=no" in text
    assert "> Not every outcome fits here" in text
    assert text.count("x" * 250) == 40
    listed = text.count("\n- `fraud/scorer-") - 40
    assert f"- **{5_000 - listed:,}** not listed here\n  - `fraud`: {5_000 - listed:,} updated\n" in text


def test_too_little_room_for_any_apply_is_refused() -> None:
    with pytest.raises(ValueError, match="4000 bytes"):
        markdown(most_bytes=budget.MIN_BYTES - 1)
