"""Plans and outcomes for a terminal; whole pages are in `test_golden`."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Outcome, Result
from reconciler.planning.describe import describe_plan
from reconciler.planning.document import GuardResult, PlanDocument
from reconciler.report.text.plan import (
    TextLayout,
    render_apply_counts,
    render_apply_lines,
    render_outcome_lines,
    render_plan_lines,
)
from tests.support.builders import (
    COMMIT,
    LEFT_OUT,
    describe_alone,
    described,
    load_manifests,
    manifest,
    plan_of,
    planned,
    registered,
    snapshot,
)

HOSTILE = [
    "\x1b[31m",
    "\x1b]0;owned\x07",
    "\u202e",
    "\n",
    "\r",
    "\t",
    "\x9b",
    "\u2028",
    "\u2066",
    "\x00",
    "\x7f",
]
TEXTS = st.lists(
    st.sampled_from([*HOSTILE, "a", "é", "日"]) | st.characters(exclude_categories=["Cs"]), max_size=60
).map("".join)
LAYOUTS = st.builds(TextLayout, st.integers(80, 200), st.sampled_from(["->", "→"]))


def page(plan: PlanDocument, width: int = 80) -> list[str]:
    return [line.text for line in render_plan_lines(plan, TextLayout(width))]


def assert_harmless(lines: list[str]) -> None:
    for line in lines:
        assert line.splitlines() in ([], [line])
        assert not {unicodedata.category(character) for character in line} & {"Cc", "Cs", "Zl", "Zp"}
        assert "\u202e" not in line
        assert "\u2066" not in line


@given(TEXTS, TEXTS, TEXTS, LAYOUTS)
def test_nothing_that_is_declared_or_registered_steers_the_terminal(
    ours: str, theirs: str, key: str, layout: TextLayout
) -> None:
    asked = manifest(description=ours[:512], metadata={f"k{key}": {"x": ours}, "same": [key]})
    has = registered(1, description=theirs, metadata={f"k{key}": {"x": theirs}, theirs: key})
    files = {f"models/{key or 'a'}.json": json.dumps(asked), "new.json": json.dumps({**asked, "version": 2})}
    plan = describe_plan(plan_of(load_manifests(snapshot({**files})), (has,)))
    assert_harmless([line.text for line in render_plan_lines(plan, layout)])


@given(TEXTS, TEXTS)
def test_nothing_that_a_server_says_steers_the_terminal(message: str, hint: str) -> None:
    (change,) = planned(manifest()).changes
    outcome = Outcome(change, Result.FAILED, None, message, hint)
    assert_harmless([line.text for line in render_outcome_lines(describe_alone(outcome))])


@given(st.text(st.sampled_from("ab"), max_size=300), st.text(st.sampled_from("ab"), max_size=300))
def test_a_changed_text_fits_its_line(before: str, after: str) -> None:
    plan = described(manifest(description=after), has=(registered(1, description=before),))
    for line in page(plan):
        assert len(line) <= 80 or line.startswith("Plan: ")


def test_long_texts_are_cut_to_where_they_begin_to_differ() -> None:
    before, after = "x" * 200 + "OLD" + "y" * 200, "x" * 200 + "NEW" + "y" * 200
    lines = page(described(manifest(description=after), has=(registered(1, description=before),)))
    (changed,) = [line for line in lines if "description" in line]
    assert "xOLDy" in changed
    assert "xNEWy" in changed


def test_a_line_that_has_room_is_not_cut() -> None:
    lines = page(
        described(manifest(description="b" * 60), has=(registered(1, description="a" * 60),)), width=200
    )
    assert f'      description  "{"a" * 60}" -> "{"b" * 60}"' in lines


def test_the_place_stands_at_the_end_of_the_line_or_below() -> None:
    plan = described(manifest(name="a" * 40))
    together, apart = page(plan, 80), page(plan, 60)
    assert together[2].startswith("  + create")
    assert together[2].endswith(" 0.json:1")
    assert len(together[2]) == 80
    assert "      0.json:1" in apart


def test_the_arrow_is_what_the_paper_can_show() -> None:
    plan = described(
        manifest(version=2, version_alias="v-a"), has=(registered(1, version_alias="v-a"), registered(2))
    )
    ascii_page = "\n".join(line.text for line in render_plan_lines(plan, TextLayout(80)))
    arrow_page = "\n".join(line.text for line in render_plan_lines(plan, TextLayout(80, "→")))
    assert ascii_page.isascii()
    assert "->" in ascii_page
    assert "->" not in arrow_page
    assert "> fraud/scorer v-a: :1 → :2" in arrow_page


def test_nothing_to_do_is_shown_as_such() -> None:
    lines = page(described(manifest(), has=(registered(1),)))
    assert "Nothing to do: everything declared is registered as declared." in lines
    assert lines[-1] == "Plan: 0 to create, 0 to update, 0 in conflict, 1 unchanged"


def test_every_sign_tells_its_action_without_colour() -> None:
    plan = described(
        manifest(step=1), manifest(name="a"), manifest(name="b", description="x"),
        has=(registered(1), registered(1, name="b")),
    )  # fmt: skip
    heads = [line.split()[:2] for line in page(plan) if line[:3] in {"  +", "  ~", "  !"}]
    assert sorted(heads) == [["!", "conflict"], ["+", "create"], ["~", "update"]]


@pytest.mark.parametrize("result", list(Result))
def test_every_result_has_a_line_that_names_it(result: Result) -> None:
    (change,) = planned(manifest()).changes
    (line,) = render_outcome_lines(describe_alone(Outcome(change, result, 1)))
    assert line.text.split()[1:] == [str(result), "fraud/scorer:1"]


def test_an_outcome_says_why_and_what_to_do_on_lines_of_their_own() -> None:
    (change,) = planned(manifest()).changes
    outcome = describe_alone(Outcome(change, Result.FAILED, None, "why", "do"))
    lines = [line.text.strip() for line in render_outcome_lines(outcome)]
    assert lines[1:] == ["why", "do"]


def test_a_version_that_the_control_plane_numbered_is_named_with_its_number() -> None:
    (change,) = planned(manifest(version=LEFT_OUT, version_alias="v-a")).changes
    (line,) = render_outcome_lines(describe_alone(Outcome(change, Result.CREATED, 7)))
    assert line.text.endswith("fraud/scorer@v-a is fraud/scorer:7")


@pytest.mark.parametrize(
    ("results", "expected", "style"),
    [
        ([Result.CREATED, Result.CREATED], "Apply: 2 created", "strong"),
        ([Result.CREATED, Result.SKIPPED], "Apply: 1 created, 1 skipped", "strong"),
        ([Result.FAILED, Result.UPDATED], "Apply: 1 updated, 1 failed", "bad"),
        ([Result.UNKNOWN], "Apply: 1 unknown", "bad"),
    ],
)
def test_the_last_line_counts_the_results(results: list[Result], expected: str, style: str) -> None:
    (change,) = planned(manifest()).changes
    line = render_apply_counts([describe_alone(Outcome(change, result)) for result in results])
    assert (line.text, line.style) == (expected, style)


# What brings a change, and what stands in its way


def told_by(**found: Any) -> list[str]:
    document = described(manifest())
    (change,) = document.changes
    return page(replace(document, changes=(replace(change, **found),)))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"origin": "branch"}, "      of this branch"),
        ({"commit": COMMIT}, "      last edited in 0123456789"),
        (
            {"origin": "pending", "commit": COMMIT, "author": "Ada"},
            "      pending since before this branch, last edited in 0123456789 by Ada",
        ),
        ({"origin": "drift", "author": "Ada"}, "      drift, changed elsewhere"),
    ],
)
def test_a_change_says_who_brings_it_as_far_as_that_is_known(found: dict[str, Any], expected: str) -> None:
    assert expected in told_by(**found)


def test_a_long_author_is_cut_and_can_not_steer_the_terminal() -> None:
    lines = told_by(commit=COMMIT, author="\x1b[31m" + "a" * 200)
    (line,) = [line for line in lines if "last edited" in line]
    assert len(line) == 80
    assert_harmless(lines)


def test_without_a_base_nothing_is_shown_of_who_brings_a_change() -> None:
    assert not [line for line in told_by() if "branch" in line or "edited" in line]


def test_a_guard_that_blocks_says_why_and_how_to_allow_it_before_the_counts() -> None:
    blocked = replace(described(manifest()), guard=GuardResult(("4 of 10 too much", "7 of 10 too much")))
    lines = page(blocked)
    start = lines.index("Guard: too much at once, nothing is applied")
    assert lines[start + 1 : start + 4] == [
        "  ! 4 of 10 too much",
        "  ! 7 of 10 too much",
        "      if all of it is meant, allow it: --allow-mass-change",
    ]
    assert lines[start + 5].startswith("Plan: ")


def test_a_guard_that_is_waived_shows_what_it_would_have_stopped() -> None:
    waived = replace(described(manifest()), guard=GuardResult(("4 of 10 too much",), is_waived=True))
    lines = page(waived)
    start = lines.index("Guard: waived")
    assert lines[start + 1 : start + 3] == ["  ! 4 of 10 too much", ""]


def test_the_digest_stands_last_and_whole() -> None:
    document = described(manifest())
    assert page(document)[-1] == f"Digest: {document.digest}"
    assert len(page(document)[-1]) <= 80


def test_values_of_one_change_have_their_arrows_in_one_column() -> None:
    has = registered(1, description="old", metadata={"a": 1, "long": "x" * 40})
    lines = page(described(manifest(description="new", metadata={"a": 22, "long": "y"}), has=(has,)))
    assert '      description    "old" -> "new"' in lines
    assert "      metadata.a     1     -> 22" in lines
    assert f'      metadata.long  "{"x" * 40}" -> "y"' in lines


def test_on_endless_paper_values_are_shown_as_they_are() -> None:
    has = registered(1, description="x" * 300)
    document = described(
        manifest(description="y" * 300), manifest(version=2, description="z" * 300), has=(has,)
    )
    lines = [line.text for line in render_plan_lines(document, TextLayout(shows_all=True))]
    assert f'      description  "{"x" * 300}" -> "{"y" * 300}"' in lines
    assert f'      description  "{"z" * 300}"' in lines


def test_on_a_very_wide_line_the_place_stays_near_its_name() -> None:
    (head,) = [line for line in page(described(manifest()), 200) if line.startswith("  + create")]
    assert head.endswith(" 0.json:1")
    assert len(head) == 120


def test_what_is_in_conflict_comes_last() -> None:
    conflict = manifest(name="a", source={"type": "external", "uri": "s3://models/a/other"})
    document = described(conflict, manifest(name="b"), manifest(name="c"), has=(registered(1, name="a"),))
    heads = [line.split()[:3] for line in page(document) if line[:3] in {"  +", "  !"}]
    assert heads == [
        ["+", "create", "fraud/b:1"],
        ["+", "create", "fraud/c:1"],
        ["!", "conflict", "fraud/a:1"],
    ]


def many(creations: int) -> PlanDocument:
    """So many creations, an update, and a creation that waits for a conflict."""
    other = {"source": {"type": "external", "uri": "s3://models/other"}}
    return described(
        *(manifest(version=version + 2, description="new") for version in range(creations)),
        manifest(description="new"),
        manifest(name="stopped", **other),
        manifest(name="stopped", version=2, description="new"),
        has=(registered(1, description="old"), registered(1, name="stopped")),
    )


def test_of_many_creations_a_line_each_is_shown() -> None:
    lines = page(many(98))
    assert len([line for line in lines if line.startswith("  + create    fraud/scorer:")]) == 98
    assert [line for line in lines if line.startswith("      description")] == [
        '      description  "old" -> "new"'
    ]
    assert "      waits until the conflict of fraud/stopped:1 is resolved" in lines
    assert "      source of a registered version can not change" in lines
    assert "Of what is to be created, only names are shown: --full shows all of it." in lines
    assert lines.count("") == 2


@pytest.mark.parametrize(("creations", "layout"), [(97, TextLayout()), (98, TextLayout(shows_all=True))])
def test_of_fewer_or_where_all_is_wanted_fields_are_shown(creations: int, layout: TextLayout) -> None:
    lines = [line.text for line in render_plan_lines(many(creations), layout)]
    assert lines.count('      description  "new"') == creations + 1
    assert not [line for line in lines if "--full" in line]


# A whole apply


def applied(exit_code: int | None, planned: int = 1) -> list[str]:
    document = described(manifest())
    (change,) = document.changes
    outcome = OutcomeDocument(change, Result.CREATED, 1)
    ended = ApplyDocument(document, (outcome,), planned, exit_code)
    return [line.text for line in render_apply_lines(ended, TextLayout())]


def test_an_apply_has_its_plan_its_outcomes_and_its_counts() -> None:
    lines = applied(0)
    assert lines[: lines.index("")] == page(described(manifest()))[:1]
    assert lines[-2:] == ["  + created   fraud/scorer:1", "Apply: 1 created"]


def test_an_apply_that_was_killed_says_of_how_much_nothing_is_known() -> None:
    assert applied(None, planned=3)[-1] == "The run was killed: of 2 of 3 changes nothing is known"


def test_an_apply_of_nothing_says_so() -> None:
    assert render_apply_counts(()).text == "Apply: nothing to do"
