"""Plans and applies as a page; whole ones are in `test_golden`, hostile ones in `tests/property/test_sinks`.

What a browser makes of it is in `tests/e2e/test_page`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.planning.document import GuardResult, LeftAlone, PlanDocument
from reconciler.report.page.page import render_apply_page, render_plan_page
from tests.support.builders import COMMIT, LEFT_OUT, described, external, manifest, registered
from tests.support.judges import Element, read_html
from tests.support.page_documents import (
    BASE,
    applied,
    conflict,
    create,
    long_plan,
    plan_document,
    rich_plan,
    update,
    written,
)
from tests.support.scale import runs


def page(plan: PlanDocument) -> str:
    return written(render_plan_page(plan))


def elements(text: str, tag: str) -> list[Element]:
    """The elements of a page that have a tag, and in their texts those that mark words."""
    return [element for element in read_html(re.sub("</?(del|ins)>", "", text)) if element.tag == tag]


def attributes(text: str, tag: str, name: str) -> list[str | None]:
    return [dict(element.attributes).get(name) for element in elements(text, tag)]


def headings(text: str, *tags: str) -> list[str]:
    return [element.text.strip() for element in read_html(text) if element.tag in tags]


@pytest.fixture
def plan() -> PlanDocument:
    has = (registered(1, description="old"), registered(1, name="b"))
    return described(
        manifest(name="a"),
        manifest(name="b", source=external("s3://other")),
        manifest(name="scorer", description=None),
        has=has,
    )


# What it may do


def test_the_page_may_do_nothing_but_show_its_own_style_and_run_its_own_script(plan: PlanDocument) -> None:
    text = page(plan)
    hashes = []
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        hashes.append(base64.b64encode(hashlib.sha256(content.encode()).digest()).decode())
        assert "url(" not in content
        assert "@import" not in content
    policy = (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    metas = [dict(element.attributes) for element in elements(text, "meta")]
    assert {"http-equiv": "Content-Security-Policy", "content": policy} in metas
    assert metas.index({"charset": "utf-8"}) == 0


@pytest.mark.parametrize("text", [page(rich_plan()), written(render_apply_page(applied(rich_plan())))])
def test_the_page_holds_nothing_that_fetches_nor_a_handler(text: str) -> None:
    found = read_html(text)
    assert not {element.tag for element in found} & {"img", "link", "form", "iframe", "base", "object"}
    names = {name for element in found for name, _ in element.attributes}
    assert not {name for name in names if name.startswith("on") or name in {"src", "style", "srcset"}}


def test_a_page_is_the_same_each_time_and_in_ascii() -> None:
    assert page(rich_plan()) == page(rich_plan())
    assert page(rich_plan()).isascii()


# What it is


def test_the_page_says_its_language_and_takes_on_the_readers_colours(plan: PlanDocument) -> None:
    assert attributes(page(plan), "html", "lang") == ["en"]
    assert {"name": "color-scheme", "content": "light dark"} in [
        dict(element.attributes) for element in elements(page(plan), "meta")
    ]


def test_the_page_has_one_title_and_its_headings_in_order(plan: PlanDocument) -> None:
    text = page(plan)
    assert headings(text, "title") == ["Plan: 1 to create, 1 to update, 1 in conflict, 0 unchanged"]
    found = [element for element in read_html(text) if re.fullmatch("h[1-6]", element.tag)]
    assert [element.tag for element in found] == ["h1", "h2", "h3", "h2", "h3", "h3"]
    assert headings(text, "h1", "h2") == ["Plan", "Conflicts", "Changes"]


def test_it_tells_what_was_read_and_asked() -> None:
    text = page(rich_plan())
    told = dict(zip(headings(text, "dt"), elements(text, "dd"), strict=True))
    assert list(told) == [
        "Repository", "Read", "Paths", "Base", "Control plane", "Compared", "Left alone", "Made", "Digest",
    ]  # fmt: skip
    codes = [element.text for element in elements(text, "code")][:9]
    assert codes == [
        "https://github.com/example/models.git", COMMIT, "models", BASE, "https://control.example.com",
        "example", "ml", "fraud", "0.1.0",
    ]  # fmt: skip
    assert told["Compared"].text == "100 manifests with 90 registered versions in "
    assert f'<code class="digest">{"9f86d081" * 8}</code>' in text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"in_work_tree": False}, f"commit <code>{COMMIT}</code>"),
        ({"in_work_tree": True}, f"the work tree at <code>{COMMIT}</code>"),
        (
            {"in_work_tree": True, "is_dirty": True},
            f"the work tree at <code>{COMMIT}</code>, whose manifests were edited",
        ),
        ({"in_work_tree": True, "commit": None}, "the work tree, without a commit"),
    ],
)
def test_it_tells_a_commit_from_a_work_tree(given: dict[str, Any], told: str) -> None:
    plan = plan_document(())
    text = page(replace(plan, source=replace(plan.source, repository=None, **given)))
    assert f"<dt>Read</dt><dd>{told}</dd>" in text
    assert "<dt>Repository</dt>" not in text


def test_a_plan_without_changes_says_so() -> None:
    text = page(plan_document(()))
    assert "Nothing to do: everything declared is registered as declared." in text
    assert elements(text, "article") == elements(text, "input") == []


# Its changes


def test_conflicts_come_first_then_the_changes_by_who_brings_them() -> None:
    text = page(rich_plan())
    assert headings(text, "h2") == [
        "Guard: nothing is applied",
        "Promotions",
        "Conflicts",
        "Brought by this branch",
        "Pending: declared at the base already, and not applied",
        "Drift: registered otherwise than declared at the base and now",
        "Warnings",
    ]
    assert attributes(text, "article", "id") == ["c2", "c3", "c5", "c6", "c1", "c4"]


def test_each_action_has_a_table_whose_columns_are_named(plan: PlanDocument) -> None:
    columns = [
        element.text for element in elements(page(plan), "th") if ("scope", "col") in element.attributes
    ]
    assert columns == ["Field", "Registered", "Declared", "Field", "Value", "Field", "Before", "After"]


def test_a_side_without_a_value_is_marked(plan: PlanDocument) -> None:
    cells = [(dict(element.attributes)["class"], element.text) for element in elements(page(plan), "td")]
    assert cells[-2:] == [("before", '"old"'), ("none", "(none)")]


def test_the_words_that_differ_are_marked() -> None:
    text = page(plan_document((update(),)))
    assert '<td class="before">&quot;Adds <del>device</del> history.&quot;</td>' in text
    assert '<td class="after">&quot;Adds <ins>merchant</ins> history.&quot;</td>' in text


def test_a_text_is_cleaned_before_its_words_are_told_apart() -> None:
    def clean(text: str) -> str:
        return text.replace("merchant history", "***")

    text = written(render_plan_page(plan_document((update(),)), clean))
    assert '<td class="after">&quot;Adds <ins>***</ins>.&quot;</td>' in text


def test_a_change_tells_who_touched_it_what_waits_and_what_is_left_alone() -> None:
    left_alone = tuple(LeftAlone(f"/{number}", "ignored") for number in range(10))
    change = replace(next(iter(rich_plan().changes)), waits_for="fraud/x:1", left_alone=left_alone)
    text = page(plan_document((change,)))
    assert "last changed in <a href=" in text
    assert "by <code>A Reviewer</code>" in text
    assert headings(text, "p")[-2].startswith("waits until the conflict of fraud/x:1")
    assert "<code>/7</code> (ignored), and 2 more</p>" in text
    assert "<code>/8</code>" not in text


def test_every_write_has_its_patch_and_a_conflict_has_none() -> None:
    text = page(plan_document((conflict(), create(), update())))
    patches = [element.text for element in elements(text, "pre")]
    assert [patch.count('"op"') for patch in patches] == [1, 4]
    assert patches[1].startswith(
        '[{"op": "test", "path": "/description", "value": "Adds device history."},\n {'
    )


def test_links_lead_to_commits_and_lines_where_the_repository_is_known() -> None:
    text = page(rich_plan())
    links = set(attributes(text, "a", "href"))
    assert links == {
        "#changes",
        "https://github.com/example/models",
        *(f"https://github.com/example/models/commit/{commit}" for commit in (COMMIT, BASE, "a" * 40)),
        *(
            f"https://github.com/example/models/blob/{COMMIT}/models/{place}"
            for place in (
                "created-3.yaml#L1", "created-5.yaml#L1", "stuck-2.yaml#L12", "updated-1.yaml#L12",
                "updated-4.yaml#L12", "updated-6.yaml#L12",
            )
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    "repository", [None, "https://git.example.com/a/b", "javascript:alert(1)//github.com/a/b"]
)
def test_without_such_a_repository_the_page_links_to_nothing(repository: str | None) -> None:
    plan = rich_plan()
    text = page(replace(plan, source=replace(plan.source, repository=repository)))
    assert attributes(text, "a", "href") == ["#changes"]


def test_of_many_changes_only_those_to_look_at_are_open() -> None:
    def is_open(text: str) -> list[bool]:
        details = [
            element
            for element in elements(text, "details")
            if not element.attributes or "open" in dict(element.attributes)
        ]
        return ["open" in dict(element.attributes) for element in details]

    assert is_open(page(long_plan(100))) == [True] * 100
    assert is_open(page(long_plan(101))) == [True] * 2 + [False] * 99


def test_a_long_list_of_promotions_is_closed() -> None:
    plan = rich_plan()
    assert "<summary>All 13</summary>" in page(replace(plan, promotions=plan.promotions[:1] * 13))
    assert "<summary>All" not in page(replace(plan, promotions=plan.promotions[:1] * 12))


def test_the_bar_counts_what_there_is() -> None:
    text = page(rich_plan())
    labels = [element.text.strip() for element in elements(text, "label")]
    counts = [element.text for element in elements(text, "b")][:4]
    assert list(zip(counts, labels, strict=True)) == [
        ("6", "all"), ("1", "conflict"), ("3", "update"), ("2", "create"),
    ]  # fmt: skip
    assert ".bar .update { flex-grow: 3; }" in text
    assert "#only-failed" not in text


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        (GuardResult(), []),
        (GuardResult(("a", "b")), ["Guard: nothing is applied"]),
        (GuardResult(("a", "b"), is_waived=True), ["Guard: allowed all the same"]),
    ],
)
def test_the_guard_is_reported(guard: GuardResult, told: list[str]) -> None:
    text = page(plan_document((), guard=guard))
    assert headings(text, "h2") == told
    assert headings(text, "li") == list(guard.violations)
    assert ("--allow-mass-change" in text) == guard.blocks


def test_a_value_of_a_mebibyte_is_cut_and_its_patch_left_out() -> None:
    plan = described(
        manifest(metadata={"a": "x" * (2**20 - 999)}), has=(registered(1, metadata={"a": "y" * 2**20}),)
    )
    assert len(page(plan)) < len(page(described(manifest()))) + 2_000
    assert "2096" in headings(page(plan), "pre")[0]


def test_credentials_are_masked_wherever_they_stand() -> None:
    uri = "https://user:hunter2hunter2@example.com/x"
    secret = manifest(version=LEFT_OUT, source=external(uri), metadata={"password": "hunter2hunter2"})
    assert "hunter2" not in page(described(secret))
    assert page(described(secret)).count("*** (sha256:") == 5


# An apply


def test_after_an_apply_what_failed_comes_first() -> None:
    text = written(render_apply_page(applied(rich_plan())))
    assert headings(text, "title") == ["Apply: 2 created, 2 updated, 1 failed, 1 skipped"]
    assert headings(text, "h2")[2:] == ["Failed or unknown", "Skipped", "Applied", "Timeline", "Warnings"]
    assert attributes(text, "article", "class") == [
        "failed", "skipped", "created", "updated", "created", "updated",
    ]  # fmt: skip
    assert headings(text, "p").count("422, too long") == headings(text, "p").count("shorten it") == 1


def test_a_new_version_is_named_by_the_number_that_it_got() -> None:
    text = written(render_apply_page(applied(plan_document((create(version=None), create(2))))))
    names = [element.text for element in elements(text, "code") if element.text.startswith("fraud/")]
    assert names == ["fraud/created-1 (s3://models/created-1/1) is fraud/created-1:7", "fraud/created-2:1"]


def test_a_conflict_that_was_skipped_says_why_once() -> None:
    text = written(render_apply_page(applied(plan_document((conflict(),)))))
    assert headings(text, "p").count("source of a registered version can not change") == 1


def test_the_timeline_has_a_row_for_each_change_that_had_its_turn() -> None:
    text = written(render_apply_page(applied(rich_plan())))
    assert timeline_links(text) == ["#c1", "#c3", "#c4", "#c5", "#c6"]
    bars = [dict(element.attributes) for element in elements(text, "rect")]
    # The last of them began after 5 of the 5.25 seconds, and took the last quarter of a second.
    assert [(bar["x"], bar["width"]) for bar in bars] == [
        ("0", "95"), ("381", "48"), ("571", "48"), ("762", "48"), ("952", "48"),
    ]  # fmt: skip
    assert "5 changes in 5.2 s, on average 300 ms each.</p>" in text


def test_of_many_the_timeline_shows_the_slowest_in_order() -> None:
    def timed(seconds: list[float]) -> ApplyDocument:
        outcomes = [
            OutcomeDocument(create(n), Result.CREATED, 1, "", "", float(n), taken)
            for n, taken in enumerate(seconds)
        ]
        return ApplyDocument(plan_document([]), outcomes, len(outcomes), 0)

    text = written(render_apply_page(timed([0.1] * 40 + [2.0] * 30 + [0.1] * 40 + [90.0] * 30)))
    rows = timeline_links(text)
    assert rows == [f"#c{n}" for n in (*range(41, 71), *range(111, 141))]
    assert "The 60 slowest:" in text
    assert "1 min 30 s" in text


def timeline_links(text: str) -> list[str | None]:
    return [href for href in attributes(text, "a", "href") if re.fullmatch(r"#c\d+", href or "")]


def test_an_apply_that_was_killed_or_held_back_says_so() -> None:
    apply = applied(rich_plan())
    killed = replace(apply, outcomes=list(apply.outcomes)[:2], planned=6, exit_code=None)
    assert headings(written(render_apply_page(killed)), "title") == [
        "Apply: the run was killed: 1 failed, 1 skipped of 6 changes"
    ]
    held_back = written(render_apply_page(replace(apply, outcomes=(), exit_code=4)))
    assert headings(held_back, "title") == ["Apply: nothing was applied"]
    assert attributes(held_back, "article", "class").count("create") == 2
    assert "Timeline" not in held_back


# How much it takes


def test_a_page_is_written_in_memory_that_does_not_grow_with_the_plan() -> None:
    def peak(count: int) -> int:
        plan = long_plan(count)
        assert drained(render_plan_page(long_plan(10))) == 10
        tracemalloc.start()
        try:
            assert drained(render_plan_page(plan)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # The page itself has 5 MB. Half a megabyte may be garbage in cycles that was not collected yet.
    assert peak(runs(1_000, 4_000, 40_000)) < 1_000_000


def drained(lines: Iterator[str]) -> int:
    """How many changes a page has; nothing of it is kept."""
    return sum(line.count("<article ") for line in lines)
