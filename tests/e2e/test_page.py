"""The page of a plan or an apply in a browser: what it does, and that it can be read by everyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, Page

from reconciler.report.page.page import render_apply_page, render_plan_page
from tests.support.browser import Reader, launched, needs_chromium
from tests.support.page_documents import applied, long_plan, plan_document, rich_plan, written
from tests.support.scale import runs

pytestmark = needs_chromium
Open: TypeAlias = Callable[..., Reader]

PAGES = {
    "plan": lambda: render_plan_page(rich_plan()),
    "apply": lambda: render_apply_page(applied(rich_plan())),
    "long plan": lambda: render_plan_page(long_plan(120)),
    "empty plan": lambda: render_plan_page(plan_document(())),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def tabs() -> dict[str, Page]:
    """The tabs that were opened, by their modes."""
    return {}


@pytest.fixture
def opened(browser: Browser, tabs: dict[str, Page], tmp_path: Path) -> Iterator[Open]:
    """Opens a page by its name, or what a test gives it, in a tab of a mode."""
    readers = []

    def opened(page: str | Iterator[str], **mode: Any) -> Reader:
        file = tmp_path / "page.html"
        file.write_text(written(PAGES[page]()) if page in PAGES else written(iter(page)), "ascii")
        tab = tabs.get(str(mode)) or tabs.setdefault(str(mode), browser.new_page(**mode))
        readers.append(Reader(tab, file))
        return readers[-1]

    yield opened
    for reader in readers:
        reader.leave()


# It stays by itself


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fetches_nothing_and_has_nothing_to_complain_of(opened: Open, name: str) -> None:
    reader = opened(name)
    reader.page.mouse.wheel(0, 10_000)
    assert reader.fetched == [reader.address]
    assert reader.said == []


def test_what_got_into_a_page_by_mistake_is_neither_run_nor_fetched(opened: Open) -> None:
    def with_an_intruder() -> Iterator[str]:
        for line in render_plan_page(rich_plan()):
            yield line
            if line.startswith("<h1>") or "<h1>" in line:
                yield '<img src="https://example.com/a.png" onerror="document.title=1"><p id="styled"'
                yield ' style="position:fixed">a</p><script>document.title = 2</script>'
                yield "<style>body { display: none }</style>"
                yield '<iframe src="https://example.com"></iframe><form action="https://example.com"></form>'

    reader = opened(with_an_intruder())
    reader.page.locator("#styled").wait_for(state="visible")
    assert reader.page.title().startswith("Plan: ")
    assert reader.page.evaluate("getComputedStyle(document.getElementById('styled')).position") == "static"
    assert len(reader.said) >= 5
    assert all("Content Security Policy" in line for line in reader.said)


# Everyone can read it


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_wrong(opened: Open, name: str, scheme: str) -> None:
    assert opened(name, color_scheme=scheme).violations() == []


def test_axe_finds_nothing_wrong_on_a_telephone_nor_with_every_patch_open(opened: Open) -> None:
    reader = opened("apply", viewport={"width": 390, "height": 800})
    reader.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert reader.violations() == []


@pytest.mark.parametrize("name", PAGES)
def test_nobody_has_to_scroll_sideways(opened: Open, name: str) -> None:
    reader = opened(name, viewport={"width": 320, "height": 800})
    assert reader.page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_page_is_dark_for_those_who_want_it_so(opened: Open) -> None:
    grounds = {
        scheme: opened("plan", color_scheme=scheme).page.evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert grounds == {"light": "rgb(247, 248, 250)", "dark": "rgb(15, 19, 23)"}


def test_on_paper_closed_changes_are_open_and_controls_are_gone(opened: Open) -> None:
    reader = opened("plan", color_scheme="dark")
    reader.page.locator("#c3 summary").first.click()
    assert reader.page.locator("#c3 table").is_hidden()
    reader.page.emulate_media(media="print")
    assert reader.page.locator("#c3 table").bounding_box() is not None
    assert reader.page.evaluate(
        "document.querySelector('#c3 table').checkVisibility({contentVisibilityAuto: 1})"
    )
    assert reader.page.locator("#find").is_hidden()
    assert reader.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# Without a script


def test_without_a_script_everything_is_there_but_the_search(opened: Open) -> None:
    reader = opened("plan", java_script_enabled=False)
    assert reader.seen() == ["c2", "c3", "c5", "c6", "c1", "c4"]
    assert reader.page.locator("#find").is_hidden()
    assert reader.page.locator("#toggle").is_hidden()
    patch = reader.page.locator("#c1 .raw")
    patch.locator("summary").click()
    assert "replace" in patch.locator("pre").inner_text()


@pytest.mark.parametrize("with_script", [True, False])
def test_a_part_of_the_bar_leaves_the_changes_that_it_counts(opened: Open, *, with_script: bool) -> None:
    reader = opened("plan", java_script_enabled=with_script)
    bar = reader.page.locator(".bar")
    bar.get_by_text("2 create").click()
    assert reader.seen() == ["c3", "c5"]
    headings = reader.page.locator("h2:visible").all_inner_texts()
    assert [text.split()[0] for text in headings][2:] == ["Brought", "Warnings"]
    bar.get_by_text("1 conflict").click()
    assert reader.seen() == ["c2"]
    bar.get_by_text("6 all").click()
    assert len(reader.seen()) == 6


def test_the_parts_of_the_bar_are_as_wide_as_what_they_count(opened: Open) -> None:
    reader = opened("plan", viewport={"width": 1280, "height": 800})
    widths = {name: width(reader, f".bar .{name}") for name in ("conflict", "update", "create")}
    assert widths["update"] / widths["create"] == pytest.approx(3 / 2, rel=0.05)
    assert widths["conflict"] < widths["create"]


def width(reader: Reader, selector: str) -> float:
    box = reader.page.locator(selector).bounding_box()
    assert box
    return box["width"]


# Search


def test_a_search_leaves_the_changes_that_hold_all_its_words(opened: Open) -> None:
    reader = opened("plan")
    reader.page.locator("#find").fill("MERCHANT updated-")
    reader.page.get_by_text("3 of 6 shown").wait_for()
    assert reader.seen() == ["c6", "c1", "c4"]
    assert reader.page.get_by_text("Conflicts").is_hidden()
    reader.page.locator(".bar").get_by_text("2 create").click()
    reader.page.get_by_text("0 of 6 shown").wait_for()
    assert reader.seen() == []
    reader.page.locator("#find").press("Escape")
    reader.page.get_by_text("2 of 6 shown").wait_for()
    assert reader.seen() == ["c3", "c5"]


def test_a_search_reads_what_can_be_seen_and_not_the_patch(opened: Open) -> None:
    reader = opened("plan")
    reader.page.locator("#find").fill('"op"')
    reader.page.get_by_text("0 of 6 shown").wait_for()
    assert reader.seen() == []


def test_thousands_of_changes_are_searched_and_picked(opened: Open) -> None:
    count = runs(2_000, 2_000, 10_000)
    reader = opened(render_plan_page(long_plan(count)))
    told = reader.page.locator("#told")
    reader.page.locator("#find").fill("created-99.yaml")
    told.get_by_text(f"1 of {count:,} shown").wait_for()
    assert reader.page.locator("article:visible").count() == 1
    reader.page.locator("#find").fill("")
    reader.page.locator(".bar .conflict").click()
    told.get_by_text(f"{count // 100} of {count:,} shown").wait_for()
    assert reader.page.locator("article:visible").count() == count // 100
    reader.page.locator("#toggle").get_by_text("Close all").click()
    assert reader.page.locator("article:visible > [open]").count() == 0


# The keyboard


def test_a_slash_begins_a_search_but_not_within_one(opened: Open) -> None:
    reader = opened("plan")
    reader.page.keyboard.press("/")
    reader.page.keyboard.type("a/b")
    assert reader.page.locator("#find").input_value() == "a/b"


def test_the_first_stop_skips_what_stands_above_the_changes(opened: Open) -> None:
    reader = opened("plan")
    reader.page.keyboard.press("Tab")
    assert reader.page.locator(":focus").inner_text() == "Skip to the changes"
    assert reader.page.evaluate("document.activeElement.getBoundingClientRect().x") >= 0
    reader.page.keyboard.press("Enter")
    assert reader.page.evaluate("document.activeElement.id") == "changes"


def test_keys_pick_from_the_bar_and_close_a_change_and_the_focus_can_be_seen(opened: Open) -> None:
    reader = opened("plan")
    reader.page.locator("#only-all").focus()
    reader.page.keyboard.press("ArrowRight")
    assert reader.seen() == ["c2"]
    outline = "getComputedStyle({}).outlineStyle"
    assert reader.page.evaluate(outline.format("document.activeElement.parentElement")) == "solid"
    reader.page.locator("#c2 summary").first.focus()
    reader.page.keyboard.press("Enter")
    assert reader.page.locator("#c2 table").is_hidden()
    assert reader.page.evaluate(outline.format("document.activeElement")) == "solid"


def test_all_changes_are_closed_and_opened_at_once(opened: Open) -> None:
    reader = opened("plan")
    closed = reader.page.locator("article > details:not([open])")
    reader.page.get_by_role("button", name="Close all").click()
    assert closed.count() == 6
    reader.page.get_by_role("button", name="Open all").click()
    assert closed.count() == 0


def test_the_timeline_leads_to_a_change_and_opens_it(opened: Open) -> None:
    reader = opened(render_apply_page(applied(long_plan(300))))
    assert reader.page.locator("#c6 table").is_hidden()
    # By the keyboard: what is drawn late may move a link away from under the pointer.
    reader.page.locator(".times a[href='#c6']").press("Enter")
    reader.page.locator("#c6 table").wait_for(state="visible")
