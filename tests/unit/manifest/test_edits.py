"""Whether the work tree declares what the commit does."""

from __future__ import annotations

import pytest

from reconciler.manifest.edits import find_edits
from tests.support.builders import snapshot
from tests.support.manifests import MANIFEST, replaced

COMMITTED: dict[str, str | bytes] = {"a.yaml": MANIFEST, "b.yaml": replaced("version: 1", "version: 2")}


def differing(files: dict[str, str | bytes]) -> tuple[str, ...]:
    return find_edits(snapshot(COMMITTED), snapshot(files, in_work_tree=True))


def test_the_same_files_differ_in_nothing() -> None:
    assert differing(COMMITTED) == ()


@pytest.mark.parametrize(
    "content",
    [
        "# a comment\n" + MANIFEST,
        MANIFEST.replace("\n", "\r\n"),
        "\ufeff" + MANIFEST,
        "".join(reversed(MANIFEST.splitlines(keepends=True)))
        .replace("  uri: s3://models/scorer/1\n  type: external\nsource:\n", "")
        .replace("metadata", "source: {type: external, uri: 's3://models/scorer/1'}\nmetadata"),
        MANIFEST + "---\ntype: service\n",
    ],
)
def test_layout_comments_and_other_documents_are_no_edit(content: str) -> None:
    assert differing({**COMMITTED, "a.yaml": content}) == ()


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (MANIFEST, "fraud/scorer:1"),
        (MANIFEST.replace("scorer", "Scorer"), "fraud/Scorer:1"),
        (replaced("version: 1", "version_alias: v-a"), "fraud/scorer@v-a"),
    ],
)
def test_a_manifest_that_claims_what_another_claims_is_named(content: str, label: str) -> None:
    both = {**COMMITTED, "a.yaml": replaced("version: 1", "version: 1\nversion_alias: v-a")}
    files: dict[str, str | bytes] = {**both, "c.yaml": content}
    assert find_edits(snapshot(both), snapshot(files, in_work_tree=True)) == (label,)


def test_a_moved_file_is_no_edit() -> None:
    assert differing({"x/moved.yaml": COMMITTED["a.yaml"], "b.yaml": COMMITTED["b.yaml"]}) == ()


def test_a_change_an_addition_and_a_removal_are_named() -> None:
    assert differing(
        {
            "a.yaml": replaced("metadata: {}", "metadata: {a: 1}"),
            "c.yaml": replaced("version: 1", "version: 3"),
        }
    ) == ("fraud/scorer:1", "fraud/scorer:2", "fraud/scorer:3")


@pytest.mark.parametrize(
    ("before", "after"), [("1", "true"), ("1", "'1'"), ("null", "''"), ("[1, 2]", "[2, 1]")]
)
def test_a_change_of_type_or_order_is_an_edit(before: str, after: str) -> None:
    def files(value: str) -> dict[str, str | bytes]:
        return {"a.yaml": replaced("metadata: {}", f"metadata: {{a: {value}}}")}

    assert find_edits(snapshot(files(before)), snapshot(files(after))) == ("fraud/scorer:1",)


def test_a_file_that_can_not_be_read_is_named_itself() -> None:
    assert differing({**COMMITTED, "b.yaml": "ml_repo: ["}) == ("b.yaml",)


def test_files_of_other_tools_and_broken_ones_that_are_the_same_are_no_edit() -> None:
    broken: dict[str, str | bytes] = {**COMMITTED, "c.yaml": "ml_repo: ["}
    files = {**broken, "chart.yaml": "{{ a }}", "lock.json": "{"}
    assert find_edits(snapshot(broken), snapshot(files, in_work_tree=True)) == ()
