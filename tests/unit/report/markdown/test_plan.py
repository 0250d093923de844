"""Plans as Markdown; whole documents are in `test_golden`, hostile ones in `tests/property/test_markdown`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from reconciler.compare.selector import Shard
from reconciler.errors import Place, Problem
from reconciler.model import Artifact, Target
from reconciler.planning.document import GuardResult, PlanDocument, PromotionDocument, Share, Source
from reconciler.report.markdown import budget
from reconciler.report.markdown.plan import render_plan_markdown
from tests.support.builders import COMMIT, LEFT_OUT, described, external, manifest, registered
from tests.support.documents import DIGEST, Changes, change, document

SECTIONS = (
    "### Guard", "### Conflicts (1)", "### Brought by this branch (1)",
    "### Pending since before this branch (1)", "### Drift: changed elsewhere (1)", "### Promotions",
    "### Warnings",
)  # fmt: skip


def markdown(plan: PlanDocument, most_bytes: int = budget.MAX_COMMENT_BYTES) -> str:
    return "".join(f"{line}\n" for line in render_plan_markdown(plan, most_bytes))


def rich() -> PlanDocument:
    """A plan with something in each section, the least important first."""
    return document(
        change(1, origin="drift"),
        change(2, origin="pending"),
        change(3, origin="branch", commit=COMMIT, author="Ada Example"),
        change(4, "conflict", origin="drift"),
        promotions=(PromotionDocument(Artifact("fraud", "scorer"), "v-prod", 1, 3),),
        diagnostics=(Problem(Place("a.yaml", 1, 2), "similar-type", "looks wrong", severity="warning"),),
        guard=GuardResult(("12 of 30 registered versions (40 %) would be updated, more than 30 %",)),
    )


def test_the_headline_has_the_counts() -> None:
    lines = markdown(described(manifest())).split("\n")
    assert lines[1:5] == [
        "",
        "## Plan: 1 to create, 0 to update, 0 in conflict, 0 unchanged",
        "",
        "`https://example.com (api ml, tenant example) against commit 0123456789`",
    ]


def test_the_first_line_is_a_marker_with_digest_and_commit() -> None:
    assert markdown(document()).startswith(
        f"<!-- reconciler plan target=83ed2926ca5241d8 digest={DIGEST} commit={COMMIT} complete=yes -->\n"
    )


def target(**given: Any) -> str:
    return markdown(document(**given)).split()[3]


def test_a_marker_names_the_same_target_for_another_plan_of_the_same_paths() -> None:
    source = document().source
    assert target() == target(digest="0" * 64, source=replace(source, commit="f" * 40))
    assert target() == target(target=Target("https://example.com", "svc", "example"))  # the same registry
    assert target() == target(target=Target("https://example.com", "ml", None))  # it may not be known
    others = {
        target(target=Target("https://other.example.com", "ml", "example")),
        target(source=replace(source, paths=("models",))),
        target(share=Share(Shard(1, 2), (), {}, {})),
        target(share=Share(Shard(2, 2), (), {}, {})),
        target(),
    }
    assert len(others) == 5


@pytest.mark.parametrize("commit", [None, "", "-->", "main", "F" * 40, f"{COMMIT}\n"])
def test_a_marker_holds_nothing_but_the_id_of_a_commit(commit: str | None) -> None:
    source = Source(None, commit, (), in_work_tree=True, is_dirty=False)
    assert "commit=none complete=yes -->\n" in markdown(document(source=source))


def test_what_is_in_the_way_comes_first_and_promotions_last() -> None:
    text = markdown(rich())
    places = [text.index(title) for title in SECTIONS]
    assert places == sorted(places)


def test_a_guard_says_all_that_it_found_and_whether_it_was_allowed() -> None:
    guard = GuardResult(("12 of 30 registered versions", "9 of 10 registered versions"))
    text = markdown(document(guard=guard))
    assert "### Guard: not to be applied\n\n> [!CAUTION]\n" in text
    assert "- `12 of 30 registered versions`\n- `9 of 10 registered versions`\n" in text
    assert "### Guard: allowed\n\n> [!WARNING]\n" in markdown(document(guard=replace(guard, is_waived=True)))


def test_conflicts_say_why_and_what_to_do() -> None:
    text = markdown(
        described(manifest(name="b", source=external("s3://other")), has=(registered(1, name="b"),))
    )
    assert (
        "! source of a registered version can not change\n! declare it as a new version: 2 is free\n" in text
    )


def test_a_change_tells_who_touched_its_manifest_last_and_a_conflict_whose_it_is() -> None:
    text = markdown(rich())
    assert " · `models/scorer-3.yaml:1` · `last edited in 0123456789 by Ada Example`\n" in text
    assert "**conflict** `fraud/scorer-4:1` · `models/scorer-4.yaml:1` · `drift, changed elsewhere`\n" in text


def test_a_file_links_to_its_line_where_the_repository_has_pages() -> None:
    source = replace(document().source, repository="https://github.com/example/models")
    page = f"https://github.com/example/models/blob/{COMMIT}/models"
    text = markdown(document(change(1), change(2, file="models/a) b.yaml"), source=source))
    assert f" · [`models/scorer-1.yaml:1`]({page}/scorer-1.yaml#L1)\n" in text
    assert f" · [`models/a) b.yaml:1`]({page}/a%29%20b.yaml#L1)\n" in text


def test_a_side_without_a_value_has_no_line() -> None:
    text = markdown(
        described(manifest(description=None, metadata={"a": 1}), has=(registered(1, description="old"),))
    )
    assert '```diff\n- description: "old"\n+ metadata.a: 1\n```' in text


def test_promotions_are_listed() -> None:
    plan = described(
        manifest(version=2, version_alias="v-a"), has=(registered(1, version_alias="v-a"), registered(2))
    )
    assert "### Promotions\n\n- `fraud/scorer v-a: :1 -> :2`\n" in markdown(plan)


def test_a_value_of_a_mebibyte_is_cut_to_where_it_begins_to_differ() -> None:
    before, after = "x" * 2**19 + "OLD" + "y" * 2**19, "x" * 2**19 + "NEW" + "y" * (2**19 - 999)
    has = (registered(1, metadata={"a": before, "k" * 2**20: 1}),)
    text = markdown(described(manifest(metadata={"a": after}), has=has))
    assert "xOLDy" in text
    assert "xNEWy" in text
    assert len(text) < 2_000


@pytest.mark.parametrize("room", [budget.MAX_COMMENT_BYTES, budget.MIN_BYTES])
def test_what_differs_late_in_a_value_stands_where_nobody_has_to_scroll(room: int) -> None:
    text = "It reads the corrected labels of all payments that were disputed within ninety days, as of "
    has = tuple(registered(number, description=f"{text}2025.") for number in range(1, 12))
    plan = described(
        *(manifest(version=number, description=f"{text}2026, and more.") for number in range(1, 12)), has=has
    )
    expected = (
        '- description: ...thin ninety days, as of 2025."\n+ description: ...thin ninety days, as of 2026, a'
    )
    assert expected in markdown(plan, room)


def test_credentials_are_masked_wherever_they_stand() -> None:
    uri = "https://user:hunter2hunter2@example.com/x"
    text = markdown(
        described(manifest(version=LEFT_OUT, source=external(uri), metadata={"password": "hunter2hunter2"}))
    )
    assert "hunter2" not in text
    assert text.count("*** (sha256:") == 3


def test_ten_changes_are_open_and_eleven_are_folded() -> None:
    assert "<details>" not in markdown(document(changes=Changes(10)))
    text = markdown(document(changes=Changes(11)))
    assert text.count("<details><summary><b>update</b> <code>fraud/scorer-") == 11
    assert text.count("\n</details>\n") == text.count("```diff\n") == 11


def test_conflicts_are_open_among_many_changes() -> None:
    text = markdown(document(change(0, "conflict"), *Changes(100)))
    assert "\n**conflict** `fraud/scorer-0:1`" in text
    assert "<summary><b>update</b> <code>fraud/scorer-99:1</code> <code>description</code></summary>" in text


def many_fields(number: int) -> Any:
    """A change whose fields take some 3,500 bytes as a whole, and 1,500 in brief."""
    found = change(number)
    metadata = {f"field-{place:02}": "v" * 150 for place in range(20)}
    return replace(found, before=found.after, after={**found.after, "metadata": metadata})


def test_the_less_room_there_is_the_less_is_reported_each_change() -> None:
    plan = document(changes=Changes(12, many_fields))
    whole, brief, lines = (markdown(plan, most) for most in (60_000, 25_000, 5_000))
    assert whole.count("+ metadata.field-19: ") == 12
    assert "complete=yes" in whole
    assert brief.count("# and 13 more fields\n") == 12
    assert "with their first fields only" in brief
    assert lines.count("\n- **update** `fraud/scorer-") == 12
    assert "<details>" not in lines
    assert "have one line each" in lines
    assert all("complete=no" in text for text in (brief, lines))


def test_what_has_no_line_is_counted_by_ml_repo() -> None:
    repos = ("fraud", "search")
    plan = document(
        changes=Changes(900, lambda number: change(number, "create", ml_repo=repos[number % 3 == 0]))
    )
    text = markdown(plan, 8_000)
    listed = text.count("\n- **create** ")
    told = int(text.split("**")[-2])
    assert 0 < listed == 900 - told
    assert f"> Not all of this plan fits here: {told} entries are only counted.\n" in text
    by_repo = [int(line.split()[2]) for line in text.split("\n") if line.startswith("  - `")]
    assert len(by_repo) == 2
    assert sum(by_repo) == told


def test_the_largest_of_many_ml_repos_are_reported() -> None:
    def one(number: int) -> Any:
        return change(number, ml_repo="fraud" if number < 500 else f"repo-{number}")

    text = markdown(document(changes=Changes(900, one)), 6_000)
    lines = [line for line in text.split("\n") if line.startswith("  - ")]
    assert lines[1].startswith("  - `repo-")
    assert lines[0].startswith("  - `fraud`: ")
    assert lines[-1].endswith(" more ML repos")


def test_the_less_important_gives_way_first() -> None:
    plan = document(
        *(change(number, "conflict") for number in range(5)),
        *(replace(many_fields(number), origin="branch") for number in range(10, 22)),
        *(replace(many_fields(number), origin="drift") for number in range(30, 42)),
    )
    text = markdown(plan, 25_000)
    assert text.count("\n! source of a registered version") == 5
    assert text.count("<details><summary><b>update</b> <code>fraud/scorer-1") == 10
    assert text.count("<details><summary><b>update</b> <code>fraud/scorer-2") == 2
    assert text.count("\n- **update** `fraud/scorer-3") == 10
    assert text.count("\n- **update** `fraud/scorer-4") == 2


def test_few_conflicts_are_reported_as_a_whole_before_a_hundred_thousand_changes() -> None:
    def one(number: int) -> Any:
        return change(number, "conflict" if number % 40_000 == 39_999 else "update")

    changes = Changes(100_000, one)
    plan = document(changes=changes)
    changes.walks = 0
    text = markdown(plan)
    assert changes.walks == 2
    assert text.count("\n! declare it as a new version") == 2
    assert 59_000 < len(text.encode()) <= 60_000
    assert "\n  - `fraud`: 99,252 to update\n" in text


@pytest.mark.parametrize("changes", [3, 30, 300, 3_000])
def test_a_plan_is_as_large_as_it_may_be_at_most(changes: int) -> None:
    plan = document(changes=Changes(changes))
    sizes = [len(markdown(plan, most).encode()) for most in (4_000, 10_000, 60_000, 1_000_000)]
    assert all(size <= most for size, most in zip(sizes, (4_000, 10_000, 60_000, 1_000_000), strict=True))
    assert all(smaller <= larger for smaller, larger in pairwise(sizes))


def test_a_plan_without_changes_says_so() -> None:
    text = markdown(document())
    assert "\nNothing to do: everything declared is registered as declared.\n" in text
    assert text.endswith(f"\nDigest `{DIGEST}`\n")


def test_too_little_room_for_any_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="4000 bytes"):
        markdown(document(), budget.MIN_BYTES - 1)
