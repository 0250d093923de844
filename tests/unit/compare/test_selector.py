"""Which declared versions globs and shards select."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from reconciler.compare.selector import EVERYTHING, Selector, Shard
from reconciler.errors import SettingsError
from reconciler.model import Artifact, Outline
from tests.support.builders import declaration, external, manifest


def unpinned(**given: Any) -> dict[str, Any]:
    return {field: value for field, value in manifest(**given).items() if field != "version"}


DECLARED = declaration(
    manifest(),
    manifest(version=4),
    manifest(name="ranker"),
    unpinned(name="ranker", version_alias="v-prod"),
    manifest(ml_repo="forecasting", name="demand"),
    unpinned(ml_repo="forecasting", name="by-contents", source=external("s3://b/1")),
).manifests

SHARDS_OF_THREE = [2, 1, 2, 2, 1, 1, 2, 3]
"""Of the artifacts fraud/scorer-0 to fraud/scorer-7."""


def selected(*globs: str) -> list[str]:
    return [outline.label for outline in filter(Selector(globs), DECLARED)]


def test_without_a_glob_everything_is_selected() -> None:
    assert list(filter(EVERYTHING, DECLARED)) == list(DECLARED)
    assert EVERYTHING.is_everything
    assert not Selector(["*"]).is_everything


@pytest.mark.parametrize(
    "globs",
    [["fraud/*:1"], ["*/scorer", "!*:4"], ["fraud/sco[r:]er:[14]"], ["*:4", "forecasting/*"], ["!*"], []],
)
def test_an_artifact_of_which_a_version_is_selected_may_be(globs: list[str]) -> None:
    selector = Selector(globs)
    assert all(selector.may_select(outline.artifact) for outline in filter(selector, DECLARED))


def test_an_artifact_that_no_glob_and_no_shard_is_about_is_not_selected() -> None:
    artifact = Artifact("forecasting", "demand")
    assert not Selector(["fraud/*:1", "search/*"]).may_select(artifact)
    assert [Selector((), Shard(number, 2)).may_select(artifact) for number in (1, 2)].count(True) == 1


@pytest.mark.parametrize(
    ("globs", "labels"),
    [
        (["fraud/scorer"], ["fraud/scorer:1", "fraud/scorer:4"]),
        (["fraud/scorer:4"], ["fraud/scorer:4"]),
        (["*@v-prod"], ["fraud/ranker@v-prod"]),
        (["forecasting/*"], ["forecasting/by-contents (s3://b/1)", "forecasting/demand:1"]),
        (["fraud/[rs]*:1"], ["fraud/ranker:1", "fraud/scorer:1"]),
        (["*/demand", "fraud/scorer:1"], ["forecasting/demand:1", "fraud/scorer:1"]),
        (["fraud/*", "!fraud/scorer"], ["fraud/ranker:1", "fraud/ranker@v-prod"]),
        (["!fraud/*", "fraud/scorer:4"], []),
        (["!fraud/*", "!*/demand"], ["forecasting/by-contents (s3://b/1)"]),
        (["fraud"], []),
        (["FRAUD/scorer"], []),
    ],
)
def test_globs_name_artifacts_or_their_versions(globs: list[str], labels: list[str]) -> None:
    assert selected(*globs) == labels


@pytest.mark.parametrize("glob", ["", "!", "f" * 1001])
def test_a_glob_that_names_nothing_is_refused(glob: str) -> None:
    with pytest.raises(SettingsError, match="selection is"):
        Selector([glob])


@pytest.mark.parametrize(
    "given", ["", "1", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1/ 2", "\u0661/\u0662", "1/9999999"]
)
def test_what_is_no_shard_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="is no shard"):
        Shard.parse(given)


def test_shards_are_the_same_everywhere() -> None:
    """Machines of one job have to agree, whatever seed their Python hashes texts with."""
    artifacts = [Artifact("fraud", f"scorer-{number}") for number in range(8)]
    told = [
        [shard.includes(artifact) for artifact in artifacts]
        for shard in (Shard(1, 3), Shard(2, 3), Shard(3, 3))
    ]
    assert [column.index(True) + 1 for column in zip(*told, strict=True)] == SHARDS_OF_THREE


def test_every_artifact_is_in_exactly_one_shard_and_shards_are_about_equal() -> None:
    artifacts = [Artifact(f"team-{number % 7}", f"model-{number}") for number in range(4_000)]
    shards = [Shard.parse(f"{number}/8") for number in range(1, 9)]
    held = Counter[Shard]()
    for artifact in artifacts:
        (shard,) = [shard for shard in shards if shard.includes(artifact)]
        held[shard] += 1
    assert max(held.values()) < 1.2 * min(held.values())


def test_versions_of_one_artifact_are_in_one_shard() -> None:
    for number in (1, 2, 3):
        in_shard: list[Outline] = list(filter(Selector(shard=Shard(number, 3)), DECLARED))
        left = {outline.artifact for outline in DECLARED if outline not in in_shard}
        assert not left & {outline.artifact for outline in in_shard}
