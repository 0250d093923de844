"""The nouns, and how people read them."""

from __future__ import annotations

import dataclasses

import pytest

from reconciler.model import Artifact, source_uri, version_label
from tests.support.builders import LEFT_OUT, declared, external, registered


@pytest.mark.parametrize(
    ("version", "alias", "uri", "expected"),
    [
        (4, "v-prod", "s3://x", ":4"),
        (None, "v-prod", "s3://x", "@v-prod"),
        (None, None, "s3://x", " (s3://x)"),
        (None, "", "s3://x", " (s3://x)"),
    ],
)
def test_a_version_is_reported_by_number_else_alias_else_contents(
    version: int | None, alias: str | None, uri: str, expected: str
) -> None:
    assert version_label(version, alias, uri) == expected


def test_a_manifest_names_its_version_as_far_as_it_says() -> None:
    assert declared(version=4).label == "fraud/scorer:4"
    assert declared(version=LEFT_OUT, version_alias="v-prod").label == "fraud/scorer@v-prod"
    assert declared(version=LEFT_OUT).label == "fraud/scorer (s3://models/scorer/1)"


def test_a_cleared_or_empty_alias_is_none() -> None:
    assert declared(version_alias=None).alias is None
    assert declared().alias is None
    assert registered(1, version_alias="").alias is None
    assert registered(1, version_alias="v-prod").alias == "v-prod"


@pytest.mark.parametrize("source", [None, "s3://x", [], {}, {"uri": None}, {"uri": ""}, {"uri": 1}])
def test_a_source_without_a_uri_has_none(source: object) -> None:
    assert source_uri({"source": source}) is None  # type: ignore[dict-item]


def test_a_source_uri_is_found() -> None:
    assert source_uri({}) is None
    assert registered(1, source=external("s3://x")).uri == "s3://x"


def test_what_is_registered_reads_as_its_identity() -> None:
    assert str(registered(4)) == "fraud/scorer:4"


def test_artifacts_are_ordered_by_repo_then_name() -> None:
    assert sorted([Artifact("b", "a"), Artifact("a", "b"), Artifact("a", "a")]) == [
        Artifact("a", "a"),
        Artifact("a", "b"),
        Artifact("b", "a"),
    ]
    assert str(Artifact("fraud", "scorer")) == "fraud/scorer"


def test_nouns_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        declared().place = None  # type: ignore[misc, assignment]
    with pytest.raises(dataclasses.FrozenInstanceError):
        registered().version = 2  # type: ignore[misc]
