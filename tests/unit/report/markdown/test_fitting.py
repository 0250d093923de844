"""Sections that share the room of a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from reconciler.report.markdown.fitting import Form, Kind, Section, fit_sections

ALL = (Form.WHOLE, Form.BRIEF, Form.LINE)
SIZES = {Form.WHOLE: 400, Form.BRIEF: 100, Form.LINE: 20}


def made(form: Form, number: int) -> str:
    """A thing in a form, of as many bytes as `SIZES` says."""
    return f"{form.name[0]}{number}".ljust(SIZES[form] - 1) + "\n"


def section(title: str, things: int, room: int = 10_000, kinds: int = 1) -> Section:
    """A section of so many things, which are of several kinds in turn."""
    kind = [Kind(f"repo-{number}", "to update") for number in range(kinds)]
    totals = Counter(kind[number % kinds] for number in range(things))
    filled = Section(title, totals, ALL, room)
    for number in range(things):
        filled.add(kind[number % kinds], {form: partial(made, form, number) for form in ALL})
    return filled


@pytest.mark.parametrize(
    ("room", "form"),
    [(4_007, Form.WHOLE), (4_006, Form.BRIEF), (1_007, Form.BRIEF), (1_006, Form.LINE), (208, Form.LINE)],
)
def test_a_section_takes_the_richest_form_that_fits(room: int, form: Form) -> None:
    (fitted,) = fit_sections([section("# one", 10)], room)
    assert (fitted.form, fitted.unlisted) == (form, 0)
    assert fitted.is_whole == (form is Form.WHOLE)
    assert fitted.size_bytes <= room


def test_what_has_no_line_is_counted_with_its_kind() -> None:
    (fitted,) = fit_sections([section("# one", 10, kinds=2)], 207)
    assert fitted.form is Form.COUNTED
    assert fitted.text.startswith("# one\n\nL0 ")
    assert (
        fitted.text.endswith(
            f"- **{fitted.unlisted}** not listed here\n"
            f"  - `repo-0`: {fitted.unlisted // 2} to update\n"
            f"  - `repo-1`: {fitted.unlisted // 2} to update\n\n"
        )
        or fitted.unlisted % 2
    )
    assert fitted.text.count("\nL") == 10 - fitted.unlisted
    assert fitted.size_bytes <= 207


@pytest.mark.parametrize("room", range(36, 400, 7))
def test_no_section_takes_more_than_its_room(room: int) -> None:
    (fitted,) = fit_sections([section("# one", 1_000, kinds=30)], room)
    assert fitted.size_bytes <= room
    assert fitted.text.count("\nL") == 1_000 - fitted.unlisted
    assert fitted.text.startswith("# one\n\n")


def test_a_section_without_room_for_a_count_is_left_out() -> None:
    (fitted,) = fit_sections([section("# one", 10)], 30)
    assert (fitted.text, fitted.unlisted, fitted.is_whole) == ("", 10, False)


def test_the_first_section_takes_what_the_lines_of_the_others_leave() -> None:
    first, second = fit_sections([section("# one", 4), section("# two", 10)], 2_000)
    assert (first.form, second.form) == (Form.WHOLE, Form.LINE)


def test_the_first_section_takes_half_where_the_others_have_too_many_lines() -> None:
    first, second = fit_sections([section("# one", 2), section("# two", 1_000)], 2_000)
    assert (first.form, second.form) == (Form.WHOLE, Form.COUNTED)
    assert second.text.count("\nL") > 50


def test_no_section_takes_so_much_that_another_can_not_tell_its_number() -> None:
    many = [section(f"# {number}", 1_000, 600) for number in range(8)]
    fitted = fit_sections(many, 600)
    assert all("not listed here" in each.text for each in fitted)
    assert sum(each.size_bytes for each in fitted) <= 600


def test_a_form_that_has_outgrown_the_room_is_made_no_more() -> None:
    calls: Counter[Form] = Counter()

    def counting(form: Form, number: int) -> Callable[[], str]:
        def make() -> str:
            calls[form] += 1
            return made(form, number)

        return make

    filled = Section("# one", Counter({Kind(): 100_000}), ALL, 2_000)
    for number in range(100_000):
        filled.add(Kind(), {form: counting(form, number) for form in ALL})
    assert filled.is_full
    assert calls == {Form.WHOLE: 5, Form.BRIEF: 20, Form.LINE: 100}


def test_the_largest_groups_are_reported_and_how_many_more_there_are() -> None:
    totals = Counter({Kind(f"repo-{number}", "to create"): 1_000 - number for number in range(100)})
    (fitted,) = fit_sections([full(totals)], 1_000)
    assert "\n  - `repo-0`: 1,000 to create\n  - `repo-1`: 999 to create\n" in fitted.text
    told = fitted.text.count("to create")
    assert fitted.text.endswith(f"\n  - and {100 - told} more ML repos\n\n")


def test_a_group_is_reported_once_with_all_that_is_in_it() -> None:
    totals = Counter({Kind("a|`b", "to create"): 1_000, Kind("a|`b", "in conflict"): 2_000})
    (fitted,) = fit_sections([full(totals)], 1_000)
    assert fitted.text == (
        "# one\n\n- **3,000** not listed here\n  - ``a|`b``: 2,000 in conflict, 1,000 to create\n\n"
    )


def full(totals: Counter[Kind]) -> Section:
    """A section in which nothing has a line that fits."""
    section = Section("# one", totals, (Form.LINE,), 1_000)
    section.add(Kind(), {Form.LINE: lambda: "x" * 2_000})
    return section
