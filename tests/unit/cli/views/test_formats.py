"""The output formats: each prints a plan and an apply on stdout, or refuses."""

from __future__ import annotations

import click
import pytest

from reconciler.cli.views.formats import BESIDE_TEXT, ViewOptions, make_format
from reconciler.terminal.terminal import Terminal
from tests.support.page_documents import applied, rich_plan

BEGINS = {
    "text": "http",
    "json": "{",
    "markdown": "<!-- reconciler ",
    "html": "<!doctype html>",
    "concise": "",
    "github": "http",
    "gitlab": "{",
    "sarif": "{",
    "junit": "<?xml",
}
OF_PLANS = {"gitlab"}


def view(output_format: str) -> ViewOptions:
    return ViewOptions(output_format, 60_000, summary=False, full=False)


def test_every_format_is_tested_here() -> None:
    assert {"text", *BESIDE_TEXT} == set(BEGINS)


@pytest.mark.parametrize("name", BEGINS)
def test_a_plan_is_printed_on_stdout(
    terminal: Terminal, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    make_format(terminal, view(name)).print_plan(rich_plan())
    printed = capfd.readouterr()
    assert printed.out.startswith(BEGINS[name])
    assert printed.out
    assert printed.err == ""


@pytest.mark.parametrize("name", sorted(set(BEGINS) - OF_PLANS))
def test_an_apply_is_printed_on_stdout(
    terminal: Terminal, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    make_format(terminal, view(name)).print_apply(applied(rich_plan()))
    printed = capfd.readouterr()
    assert printed.out.startswith(BEGINS[name])
    assert printed.out
    assert printed.err == ""


@pytest.mark.parametrize("name", sorted(OF_PLANS))
def test_a_format_of_plans_refuses_an_apply(terminal: Terminal, name: str) -> None:
    with pytest.raises(click.UsageError, match=f"--format {name} is for plans"):
        make_format(terminal, view(name)).print_apply(applied(rich_plan()))
