"""Plans and outcomes for a terminal; whole pages are in `test_golden`."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.outcome import Outcome, Result
from reconciler.plan.change import Plan
from reconciler.report.text import Paper, applied_line, outcome_lines, plan_lines
from tests.support.builders import LEFT_OUT, load_manifests, manifest, plan_of, planned, registered, snapshot

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
PAPERS = st.builds(Paper, st.integers(80, 200), st.sampled_from(["->", "→"]))


def page(plan: Plan, width: int = 80) -> list[str]:
    return [line.text for line in plan_lines(plan, Paper(width))]


def assert_harmless(lines: list[str]) -> None:
    for line in lines:
        assert line.splitlines() in ([], [line])
        assert not {unicodedata.category(character) for character in line} & {"Cc", "Cs", "Zl", "Zp"}
        assert "\u202e" not in line
        assert "\u2066" not in line


@given(TEXTS, TEXTS, TEXTS, PAPERS)
def test_nothing_that_is_declared_or_registered_steers_the_terminal(
    ours: str, theirs: str, key: str, paper: Paper
) -> None:
    asked = manifest(description=ours[:512], metadata={f"k{key}": {"x": ours}, "same": [key]})
    has = registered(1, description=theirs, metadata={f"k{key}": {"x": theirs}, theirs: key})
    files = {f"models/{key or 'a'}.json": json.dumps(asked), "new.json": json.dumps({**asked, "version": 2})}
    plan = plan_of(load_manifests(snapshot({**files})), (has,))
    assert_harmless([line.text for line in plan_lines(plan, paper)])


@given(TEXTS, TEXTS)
def test_nothing_that_a_server_says_steers_the_terminal(message: str, hint: str) -> None:
    (change,) = planned(manifest()).changes
    outcome = Outcome(change, Result.FAILED, None, message, hint)
    assert_harmless([line.text for line in outcome_lines(outcome)])


@given(st.text(st.sampled_from("ab"), max_size=300), st.text(st.sampled_from("ab"), max_size=300))
def test_a_changed_text_fits_its_line(before: str, after: str) -> None:
    plan = planned(manifest(description=after), has=(registered(1, description=before),))
    for line in page(plan):
        assert len(line) <= 80 or line.startswith("Plan: ")


def test_long_texts_are_cut_to_where_they_begin_to_differ() -> None:
    before, after = "x" * 200 + "OLD" + "y" * 200, "x" * 200 + "NEW" + "y" * 200
    lines = page(planned(manifest(description=after), has=(registered(1, description=before),)))
    (changed,) = [line for line in lines if "description" in line]
    assert "xOLDy" in changed
    assert "xNEWy" in changed


def test_a_line_that_has_room_is_not_cut() -> None:
    lines = page(
        planned(manifest(description="b" * 60), has=(registered(1, description="a" * 60),)), width=200
    )
    assert f'      description  "{"a" * 60}" -> "{"b" * 60}"' in lines


def test_the_place_stands_at_the_end_of_the_line_or_below() -> None:
    plan = planned(manifest(name="a" * 40))
    together, apart = page(plan, 80), page(plan, 60)
    assert together[2].startswith("  + create")
    assert together[2].endswith(" 0.json:1")
    assert len(together[2]) == 80
    assert apart[3] == "      0.json:1"


def test_the_arrow_is_what_the_paper_can_show() -> None:
    plan = planned(
        manifest(version=2, version_alias="v-a"), has=(registered(1, version_alias="v-a"), registered(2))
    )
    ascii_page = "\n".join(line.text for line in plan_lines(plan, Paper(80)))
    arrow_page = "\n".join(line.text for line in plan_lines(plan, Paper(80, "→")))
    assert ascii_page.isascii()
    assert "->" in ascii_page
    assert "->" not in arrow_page
    assert "> fraud/scorer v-a: :1 → :2" in arrow_page


def test_nothing_to_do_is_said_so() -> None:
    lines = page(planned(manifest(), has=(registered(1),)))
    assert "Nothing to do: everything declared is registered as declared." in lines
    assert lines[-1] == "Plan: 0 to create, 0 to update, 0 in conflict, 1 unchanged"


def test_every_sign_tells_its_action_without_colour() -> None:
    plan = planned(
        manifest(step=1), manifest(name="a"), manifest(name="b", description="x"),
        has=(registered(1), registered(1, name="b")),
    )  # fmt: skip
    heads = [line.split()[:2] for line in page(plan) if line[:3] in {"  +", "  ~", "  !"}]
    assert sorted(heads) == [["!", "conflict"], ["+", "create"], ["~", "update"]]


@pytest.mark.parametrize("result", list(Result))
def test_every_result_has_a_line_that_names_it(result: Result) -> None:
    (change,) = planned(manifest()).changes
    (line,) = outcome_lines(Outcome(change, result, 1))
    assert line.text.split()[1:] == [str(result), "fraud/scorer:1"]


def test_an_outcome_says_why_and_what_to_do_on_lines_of_their_own() -> None:
    (change,) = planned(manifest()).changes
    lines = [line.text.strip() for line in outcome_lines(Outcome(change, Result.FAILED, None, "why", "do"))]
    assert lines[1:] == ["why", "do"]


def test_a_version_that_the_control_plane_numbered_is_named_with_its_number() -> None:
    (change,) = planned(manifest(version=LEFT_OUT, version_alias="v-a")).changes
    (line,) = outcome_lines(Outcome(change, Result.CREATED, 7))
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
    line = applied_line([Outcome(change, result) for result in results])
    assert (line.text, line.style) == (expected, style)
