"""Problems for a terminal: searchable first lines, and carets below what they are about."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.errors import Place, Problem
from reconciler.manifest.excerpts import Excerpt
from reconciler.report.text.plan import Line, TextLayout
from reconciler.report.text.problems import render_concise_problems, render_problems
from tests.support.judges import terminal_actions, unseen
from tests.support.scale import law

PLACE = Place("models/a.yaml", 12, 7)
WRONG = Problem(PLACE, "invalid-name", "name may hold only letters", "mend it")
NARROW = TextLayout(80)


def page(before: str, behind: str, width: int = 80) -> list[str]:
    """The excerpt of one problem."""
    lines = list(render_problems([WRONG], {PLACE: Excerpt(before, behind)}, TextLayout(width)))
    return [line.text for line in lines[1:-1]]


def test_a_problem_is_shown_with_its_line_a_caret_and_help() -> None:
    assert list(render_problems([WRONG], {PLACE: Excerpt("name: ", "fraud scorer")}, NARROW)) == [
        Line("models/a.yaml:12:7: error[invalid-name]: name may hold only letters", "bad"),
        Line("  12 | name: fraud scorer"),
        Line("     |       ^", "bad"),
        Line("  help: mend it"),
    ]


def test_what_is_not_known_is_left_out() -> None:
    warning = Problem(PLACE, "symbolic-link", "not followed", severity="warning")
    assert list(render_problems([warning], {}, NARROW)) == [
        Line("models/a.yaml:12:7: warning[symbolic-link]: not followed", "changed")
    ]


def test_concise_is_one_line_for_each_without_help() -> None:
    warning = Problem(PLACE, "symbolic-link", "not followed\x1b", "copy it", "warning")
    assert [line.text for line in render_concise_problems([WRONG, warning])] == [
        "models/a.yaml:12:7: error[invalid-name]: name may hold only letters",
        "models/a.yaml:12:7: warning[symbolic-link]: not followed\\x1b",
    ]


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        ("\t\tname: ", "        name: "),
        ("日本: ", "日本: "),
        ("cafe\u0301: ", "cafe\u0301: "),
        ("o\u20dd\ufe0f: ", "o\u20dd\\ufe0f: "),
        ("a\x1b[31m: ", "a\\x1b[31m: "),
        ("a\u202eb: ", "a\\u202eb: "),
    ],
)
def test_the_caret_stands_below_the_place_whatever_is_before_it(before: str, shown: str) -> None:
    line, caret = page(before, "x")
    assert line == f"  12 | {shown}x"
    wide, marks = sum(map(shown.count, "日本")), sum(map(shown.count, "\u0301\u20dd"))
    assert caret == f"     | {' ' * (len(shown) + wide - marks)}^"


@pytest.mark.parametrize(
    ("before", "behind", "line", "caret"),
    [
        ("a" * 10, "b" * 90, f"{'a' * 10}{'b' * 60}...", 10),
        ("a" * 90, "b" * 10, f"...{'a' * 60}{'b' * 10}", 63),
        ("a" * 400, "b" * 400, f"...{'a' * 45}{'b' * 22}...", 48),
        ("a" * 400, "", f"...{'a' * 69}", 72),
        ("日" * 40, "b", f"...{'日' * 34}b", 71),
    ],
)
def test_a_long_line_is_cut_so_that_the_place_can_be_seen(
    before: str, behind: str, line: str, caret: int
) -> None:
    assert page(before, behind) == [f"  12 | {line}", f"     | {' ' * caret}^"]


def test_no_mark_is_left_of_a_letter_that_is_cut_away() -> None:
    line, caret = page("e\u0301" * 200, "")
    assert line == "  12 | ..." + "e\u0301" * 69
    assert caret == f"     | {' ' * 72}^"


def test_a_wide_terminal_shows_more_up_to_what_people_read() -> None:
    assert [len(page("", "b" * 400, width)[0]) for width in (80, 120, 160, 400)] == [80, 120, 160, 160]


TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("日本\t\u0301\u200b\x1b\u202e: a")), max_size=400)


@law(15, 200, 5_000)
@given(TEXTS, TEXTS, st.integers(80, 200))
@example("\u0301" * 400, "\u0301" * 400, 80)
def test_an_excerpt_is_two_lines_within_the_width_and_harmless(before: str, behind: str, width: int) -> None:
    lines = page(before, behind, width)
    assert len(lines) == 2
    for line in lines:
        assert terminal_actions(line) == []
        assert unseen(line) == []
    line, caret = lines
    assert caret == f"     | {' ' * (len(caret) - 8)}^"
    assert len(caret) <= min(width, 160)
    # No letter is narrower than nothing, and none that is shown is wider than two cells.
    assert len([character for character in line if character.isascii()]) <= min(width, 160)
