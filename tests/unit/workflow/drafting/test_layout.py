"""Which file a version is written to: by a template, and apart from others on any file system."""

from __future__ import annotations

from itertools import product

import pytest

from reconciler.model import Artifact
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.workflow.drafting.drafts import bundle_drafts, join_contents, make_draft
from reconciler.workflow.drafting.layout import Layout
from tests.support.builders import manifest


def paths(template: str, *names: str) -> list[str]:
    """The paths of the first versions of artifacts, by `ML_REPO/NAME`."""
    layout = Layout(template)
    return [layout.find_path(Artifact(*name.split("/")), 1) for name in names]


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{ml_repo}/{name}/{version}.yaml", "fraud/scorer/1.yaml"),
        ("{ml_repo}/{name}.yml", "fraud/scorer.yml"),
        ("models/{version}-{name}.{version}.yaml", "models/1-scorer.1.yaml"),
        ("all of them.yaml", "all of them.yaml"),
    ],
)
def test_a_template_is_filled_in(template: str, path: str) -> None:
    assert paths(template, "fraud/scorer", "fraud/scorer") == [path, path]


@pytest.mark.parametrize(
    "template",
    [
        "", ".yaml", "{name}.json", "a//b.yaml", "./{name}.yaml", "a/../b.yaml", "/a.yaml", ".a/b.yaml",
        "a\\b.yaml", "{name!r}.yaml", "{name.x}.yaml", "{}.yaml", "{name.yaml", "a:b.yaml", "a.yaml/",
    ],
)  # fmt: skip
def test_other_templates_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"ends in \.yaml"):
        Layout(template)


def test_what_differs_in_case_only_gets_a_number() -> None:
    found = paths("{ml_repo}.yaml", "fraud/a", "Fraud/a", "FRAUD/b", "fraud/c", "Fraud/c")
    assert found == ["fraud.yaml", "Fraud-2.yaml", "FRAUD-3.yaml", "fraud.yaml", "Fraud-2.yaml"]


def test_names_of_devices_are_no_names_of_files() -> None:
    found = paths("{ml_repo}/{name}.yaml", "con/lpt1", "Aux/com9", "console/com")
    assert found == ["con_/lpt1_.yaml", "Aux_/com9_.yaml", "console/com.yaml"]


def test_long_names_are_cut_and_stay_apart() -> None:
    names = ["x" * 199 + "".join(end) for end in product("ab", repeat=2)]
    found = paths("{ml_repo}/{name}.yaml", *(f"fraud/{name}" for name in names), f"fraud/{'y' * 195}")
    assert len(set(found)) == 5
    assert max(len(path.split("/")[1]) for path in found) <= 200
    assert all(path.endswith(".yaml") for path in found)
    assert found[-1] == f"fraud/{'y' * 195}.yaml"


def test_a_file_that_would_be_larger_than_is_read_is_several() -> None:
    layout = Layout("{name}.yaml")
    text = "x" * (MAX_FILE_BYTES // 2)
    drafts = [
        make_draft(manifest(version=version, metadata={"text": text if version < 4 else ""}), layout, ())
        for version in range(1, 6)
    ]
    bundles = bundle_drafts(drafts, {"scorer.2.yaml"}.__contains__)
    found = [(path, len(each)) for path, each in bundles if len(join_contents(each)) <= MAX_FILE_BYTES]
    assert found == [("scorer.yaml", 1), ("scorer.3.yaml", 1), ("scorer.4.yaml", 3)]
