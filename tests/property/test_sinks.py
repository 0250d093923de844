"""Data says nothing to whoever reads our output: a terminal, a runner of CI jobs, a reviewer's browser.

Random hostile texts go through each escaping function, and whole reports made of them through each
renderer. The judges read what comes out as its readers do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.applying.document import ApplyDocument
from reconciler.escape import (
    as_code_block,
    as_code_span,
    as_json,
    as_json_line,
    for_annotation,
    for_annotation_property,
    for_html,
    for_log,
    for_terminal,
)
from reconciler.planfile.write import (
    add_checksum,
    format_apply_json,
    format_plan_json,
    make_begin_json,
    make_change_json,
    make_end_json,
    make_outcome_event_json,
)
from reconciler.planning.document import ChangeDocument, GuardResult, LeftAlone, Origin, PlanDocument
from reconciler.registry.page.page import render_page
from reconciler.report.ci.annotations import render_annotations
from reconciler.report.markdown.plan import render_plan_markdown
from reconciler.report.page.page import render_apply_page, render_plan_page
from reconciler.report.shorten import shorten_end, skip_to_difference
from reconciler.report.text.plan import (
    TextLayout,
    render_apply_counts,
    render_outcome_lines,
    render_plan_lines,
)
from reconciler.report.view import (
    NOTHING,
    ChangeView,
    describe_comparison,
    index_promotions,
    shorten_view,
    view_change,
    view_changes_briefly,
)
from tests.support.builders import describe_alone
from tests.support.hostile import TAME, TEXTS, WORDS, document, outcomes, overview, problems, words
from tests.support.judges import (
    Command,
    Element,
    read_html,
    read_markdown,
    runner_commands,
    terminal_actions,
    unseen,
)
from tests.support.manifests import json_values
from tests.support.scale import law

SOME = st.lists(TEXTS, min_size=10, max_size=10)
each_text = law(25, 200, 10_000)
each_report = law(*(texts // WORDS + 1 for texts in (250, 2_000, 100_000)))
"""As many texts, a report's worth at a time."""

LINKED_BY_GITHUB = re.compile(r"@\w|#\d|\bGH-\d|://|www\.|\w@\w|\b[0-9a-f]{7,40}\b", re.IGNORECASE)
ESCAPED_NUMBER_SIGN = r"\x23"


def assert_silent(lines: str) -> None:
    """What is printed commands no runner and no terminal, and hides nothing."""
    assert runner_commands(lines) == []
    for line in lines.split("\n"):
        assert terminal_actions(line) == []
        assert unseen(line) == []


def numbered(text: str) -> str:
    """Without the escapes that keep two number signs apart from a bracket."""
    return text.replace(ESCAPED_NUMBER_SIGN, "#")


# The judges


NO_RUN = {"actor": None, "url": None}


@pytest.mark.parametrize(
    "line",
    [
        "::error::a",
        " \t\u2003::error file=a,line=1::b",
        "a\r::error::b",
        "\u0640::error::a",
        "a ##[error]b",
        "##\u0488[error]b",
        "##vso[task.complete]a",
        "##teamcity[message text='a']",
        "section_start:1:a\r\x1b[0Kb",
    ],
)
def test_a_runner_would_take_commands(line: str) -> None:
    assert len(runner_commands(line)) == 1


def test_a_runner_reads_what_a_command_says() -> None:
    (command,) = runner_commands("::error file=a%3Ab%2C c,line=1::100%25%0Ab::c")
    assert command == Command("error", {"file": "a:b, c", "line": "1"}, "100%\nb::c")


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("a\x1b[31mb", ["ESC [31m"]),
        ("a\x9b1;31mb", ["C1 [1;31m"]),
        ("\x1b]0;t\x07a\x1b]8;;b\x1b\\c", ["ESC ]0;t\x07", "ESC ]8;;b\x1b\\"]),
        ("\x90q\x9ca\x1bc", ["C1 Pq\x9c", "ESC c"]),
        ("a\rb\x7f", ["C0 0xd", "C0 0x7f"]),
        ("é日😀", []),
    ],
)
def test_a_terminal_would_obey(text: str, actions: list[str]) -> None:
    assert terminal_actions(text) == actions


def test_nobody_would_see_what_is_hidden() -> None:
    assert unseen("a\u202e \U000e0041 b\ufe0f ❤\ufe0f") == ["\u202e", "\U000e0041", "\ufe0f"]


@pytest.mark.parametrize(
    "text",
    [
        "<b>", "[a](b)", "![a](b)", "**a**", "~~a~~", "https://example.com", "www.example.com",
        "<a@example.com>", "[a]\n\n[a]: b", "a\n---", "a|b\n-|-", "&amp;", "`a`", "\\*", "> a", "# a",
        "a  \nb", "- [ ] a",
    ],
)  # fmt: skip
def test_a_reader_of_markdown_would_find_more_than_text(text: str) -> None:
    assert read_markdown(text).structure != (
        ("paragraph_open", "p", ""), ("inline", "", ""), ("text", "", text), ("paragraph_close", "p", ""),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["<b>", "<!-- a", "&lt;", "</p>a", "<script>", "\x00", "a\rb"])
def test_a_browser_would_find_more_than_text(text: str) -> None:
    page = read_html(f"<!doctype html><p>{text}</p>")
    assert [element.text for element in page] != ["", "", "", text]


# One text


@each_text
@given(SOME)
def test_a_terminal_only_prints_a_text(texts: list[str]) -> None:
    for text in texts:
        line = for_terminal(text)
        assert "\n" not in line
        assert terminal_actions(line) == unseen(line) == []


@each_text
@given(st.sampled_from(["", "  ", "a.yaml:1:1: ", "\x1b[31m"]), SOME)
def test_a_runner_finds_no_command_in_a_line(start: str, texts: list[str]) -> None:
    for text in texts:
        assert runner_commands(for_log(start + for_terminal(text))) == []


@each_text
@given(SOME)
def test_an_annotation_is_the_one_command_that_it_is_meant_to_be(texts: list[str]) -> None:
    for file, message in zip(texts, reversed(texts), strict=True):
        line = f"::error file={for_annotation_property(file)},line=1,col=2::{for_annotation(message)}"
        (command,) = runner_commands(line)
        assert command.name == "error"
        assert command.properties.keys() == {"file", "line", "col"}
        assert numbered(command.properties["file"]) == numbered(for_terminal(file))
        assert (command.properties["line"], command.properties["col"]) == ("1", "2")
        assert numbered(command.data).removeprefix(" ") == numbered(for_terminal(message)).removeprefix(" ")
        assert terminal_actions(line) == unseen(line) == []


@each_text
@given(st.sampled_from(["{}", "a {} b", "## {}", "- {}", "**a** {} ({})", "> {}"]), SOME)
def test_a_code_span_holds_a_text_and_nothing_else(around: str, texts: list[str]) -> None:
    tame = read_markdown(around.replace("{}", as_code_span("tame")))
    for text in texts:
        markdown = around.replace("{}", as_code_span(text))
        read = read_markdown(markdown)
        assert read.structure == tame.structure
        assert set(map(numbered, read.code)) == {numbered(for_terminal(text))}
        assert_silent(markdown)


@each_text
@given(SOME)
def test_a_code_block_holds_its_lines_and_nothing_else(texts: list[str]) -> None:
    for lines in (texts[:1], texts[1:3], [*texts[3:], "```", "`````"]):
        block = as_code_block(lines, "diff")
        read = read_markdown(f"a\n\n{block}\n\nb\n")
        assert read.structure == read_markdown("a\n\n```diff\ntame\n```\n\nb\n").structure
        assert numbered(read.code[0]) == numbered("\n".join(map(for_terminal, lines)))
        assert [action for line in block.split("\n") for action in terminal_actions(line)] == []
        assert unseen(block) == []


@each_text
@given(SOME)
def test_html_holds_a_text_and_nothing_else(texts: list[str]) -> None:
    for text in texts:
        safe = for_html(text)
        page = f'<!doctype html><p title="{safe}">{safe}</p><title>{safe}</title>'
        _, _, _, paragraph, title = read_html(page)
        assert paragraph == Element(2, "p", (("title", for_terminal(text)),), for_terminal(text))
        assert title == Element(2, "title", (), for_terminal(text))
        assert page.isascii()
        assert_silent(page)


@each_text
@given(SOME)
def test_json_reads_back_as_it_was_and_says_nothing(texts: list[str]) -> None:
    document = {texts[0]: texts[1:4], texts[4]: {texts[5]: [texts[6], {texts[7]: texts[8]}]}, "": texts[9]}
    assert_read_back(as_json(document), document)
    assert_read_back(as_json(document, ascii_only=True), document)
    assert_read_back(as_json_line(document), document)
    assert "\n" not in as_json_line(document)


@given(json_values())
def test_json_keeps_values_of_every_type(value: Any) -> None:
    assert_read_back(as_json(value), value)
    assert_read_back(as_json_line(value), value)


def assert_read_back(written: str, document: Any) -> None:
    # Two halves of a character in a row are one when they are read, however they are written.
    assert json.loads(written, parse_constant=pytest.fail) == json.loads(json.dumps(document))
    assert_silent(written)


# Whole reports


@each_report
@given(words(), st.sampled_from([TextLayout(80), TextLayout(120, "→")]))
def test_reports_as_text_say_nothing(words: list[str], layout: TextLayout) -> None:
    ended = list(map(describe_alone, outcomes(words)))
    lines = [
        *render_plan_lines(document(words), layout),
        *(line for outcome in ended for line in render_outcome_lines(outcome)),
    ]
    texts = [for_log(line.text) for line in [*lines, render_apply_counts(ended)]]
    texts += [for_log(for_terminal(str(problem))) for problem in problems(words)]
    assert all("\n" not in text for text in texts)
    assert_silent("\n".join(texts))


@each_report
@given(words())
def test_reports_as_json_read_back_as_they_were_and_say_nothing(words: list[str]) -> None:
    planned, ended = document(words), list(map(describe_alone, outcomes(words)))
    applied = ApplyDocument(planned, ended, len(ended), 3)
    for shown in (
        format_plan_json(planned),
        format_plan_json(planned, ascii_only=True),
        format_apply_json(applied),
    ):
        text = written(add_checksum(shown))
        first, *_ = json.loads(text, parse_constant=pytest.fail)["changes"]
        assert first == json.loads(json.dumps(make_change_json(next(iter(planned.changes)))))
        assert_silent(text)
    lines = [
        make_begin_json(planned, NO_RUN),
        *map(make_outcome_event_json, ended),
        make_end_json(ended, 3),
    ]
    for line in lines:
        assert_read_back(as_json_line(line), line)


@each_report
@given(words())
def test_a_plan_as_markdown_has_its_data_in_code(words: list[str]) -> None:
    planned = document(words)
    text, tame = (written(render_plan_markdown(each)) for each in (planned, document(TAME)))
    read = read_markdown(text)
    marker, *structure = read.structure
    assert marker == ("html_block", "", text[: text.index("\n") + 1])
    assert tuple(structure) == read_markdown(tame).structure[1:]
    assert list(map(numbered, read.code)) == list(map(numbered, expected_code(planned)))
    outside = [content for _, _, content in structure if content]
    assert [content for content in outside if LINKED_BY_GITHUB.search(content)] == []
    assert_silent(text)


@each_report
@given(words())
def test_a_plan_as_a_page_has_its_data_in_texts(words: list[str]) -> None:
    told, tame = whole_document(words), whole_document(TAME)
    page = written(render_plan_page(told))
    elements = read_html(without_marks(page))
    assert shapes(elements) == shapes(read_html(without_marks(written(render_plan_page(tame)))))
    assert page_data(elements) == list(map(for_terminal, expected_texts(told)))
    assert_silent(page)


@each_report
@given(words())
def test_an_apply_as_a_page_has_the_same_elements_whatever_its_texts(words: list[str]) -> None:
    page, tame = (written(render_apply_page(applied(given))) for given in (words, TAME))
    assert shapes(read_html(without_marks(page))) == shapes(read_html(without_marks(tame)))
    assert_silent(page)


_ORIGINS: tuple[Origin | None, ...] = ("branch", "pending", "drift", None)


def whole_document(words: list[str]) -> PlanDocument:
    """The plan, and all that git, the guard and the warnings say."""
    told = document(words)
    changes = tuple(
        replace(
            change,
            origin=origin,
            commit=words[number],
            author=words[-number],
            left_alone=(LeftAlone(words[number], "ignored"),),
        )
        for number, (change, origin) in enumerate(zip(told.changes, cycle(_ORIGINS), strict=False), start=1)
    )
    source = replace(told.source, repository=words[3], commit=words[4], base=words[5])
    guard, warnings = GuardResult((words[6], words[7])), tuple(problems(words))
    return replace(told, source=source, changes=changes, guard=guard, diagnostics=warnings)


def applied(words: list[str]) -> ApplyDocument:
    """What became of it, in every way there is."""
    ended = [
        replace(describe_alone(outcome), began=float(number), seconds=1.0)
        for number, outcome in enumerate(outcomes(words))
    ]
    return ApplyDocument(whole_document(words), ended, len(ended), 3)


@each_report
@given(words())
def test_annotations_are_the_commands_that_they_are_meant_to_be(words: list[str]) -> None:
    found = problems(words)
    commands = runner_commands(written(render_annotations(found)))
    assert [command.name for command in commands] == ["error"] * 4 + ["warning"] * 4
    by_line = {int(command.properties["line"]): command for command in commands}
    for problem in found:
        place, told = problem.place, by_line[problem.place.line]
        assert told.properties.keys() == {"file", "line", "col", "title"}
        assert numbered(told.properties["file"]) == numbered(for_terminal(place.file))
        assert numbered(for_terminal(problem.message)) in numbered(told.data)


@each_report
@given(words())
def test_the_registrys_page_has_its_data_in_texts(words: list[str]) -> None:
    page, tame = (render_page(overview(given)).decode() for given in (words, TAME))
    elements = read_html(page)
    assert shapes(elements) == shapes(read_html(tame))
    for element in elements:
        text = element.text.replace("\n", "")  # the lines of metadata
        assert terminal_actions(text) == unseen(text) == []


def without_marks(page: str) -> str:
    """A page without the marks of words that differ: where they stand depends on the texts.

    Data can not look like one, as its angle brackets are escaped.
    """
    return re.sub("</?(?:del|ins)>", "", page)


def shapes(elements: Iterable[Element]) -> list[Any]:
    """All but the texts, and the places where a text may be broken."""
    return [element.shape for element in elements if element.tag != "wbr"]


def written(lines: Iterable[str]) -> str:
    """What is printed of a page."""
    return "".join(f"{line}\n" for line in lines)


def expected_code(decided: PlanDocument) -> Iterator[str]:
    """The data of a plan in Markdown: each code span, each code block."""
    yield in_a_span(describe_comparison(decided))
    for view in in_order(decided):
        yield in_a_span(view.label)
        yield in_a_span(view.place)
        sign = "!" if view.action == "conflict" else "#"
        lines = [f"{sign} {text}" for text in (view.note, view.hint) if text]
        for field in view.fields:
            before, after = skip_to_difference(field.before or "", field.after, 60)
            lines += [f"- {field.path}: {before}"] * (field.before not in (None, NOTHING))
            lines += [f"+ {field.path}: {after}"] * (field.after != NOTHING)
        yield "\n".join(map(for_terminal, lines))
    yield from (in_a_span(str(promotion)) for promotion in decided.promotions)
    yield decided.digest


def in_a_span(text: str) -> str:
    return shorten_end(for_terminal(text), 300)


def expected_texts(decided: PlanDocument) -> Iterator[str]:
    """The data of a plan on a page, in order."""
    source, target = decided.source, decided.target
    yield from filter(None, (source.repository, source.commit, *source.paths, source.base))
    yield from filter(None, (target.host, target.tenant, target.api, *decided.scope.ml_repos))
    yield from (decided.tool_version, decided.digest, *decided.guard.violations)
    yield from map(str, decided.promotions)
    takers = index_promotions(decided)
    for change in sorted(decided.changes, key=group):
        view = shorten_view(view_change(change, takers))
        yield from (view.label, view.place)
        yield from filter(None, ((view.commit or "")[:10], view.author, change.fqn, view.note, view.hint))
        for field in view.fields:
            yield from (text for text in (field.path, field.before, field.after) if text is not None)
        yield from (left.path for left in change.left_alone)
    yield from (shorten_end(str(problem), 300) for problem in decided.diagnostics)


def group(change: ChangeDocument) -> int:
    """The place on the page of what a change is shown together with."""
    return -1 if change.action == "conflict" else _ORIGINS.index(change.origin)


def in_order(decided: PlanDocument) -> list[ChangeView]:
    return sorted(view_changes_briefly(decided), key=lambda view: view.action != "conflict")


_HOLDS_DATA = {("class", "note"), ("class", "hint"), ("scope", "row")}


def page_data(elements: Iterable[Element]) -> list[str]:
    """The texts of those elements that hold data."""
    return [
        element.text
        for element in elements
        if (element.tag in {"code", "td"} or _HOLDS_DATA & set(element.attributes))
        or (element.tag == "li" and element.text)
    ]
