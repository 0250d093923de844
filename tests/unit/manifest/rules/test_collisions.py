"""Manifests that claim what another claims, exactly or but for the form of letters."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.manifest.load import Declaration
from reconciler.manifest.rules.collisions import fold_text
from tests.support.builders import LEFT_OUT, external, load_manifests, manifest, snapshot
from tests.support.manifests import MANIFEST, replaced, several


def load(files: dict[str, str | bytes]) -> Declaration:
    return load_manifests(snapshot(files))


def problems(files: dict[str, str | bytes]) -> list[str]:
    return list(map(str, load(files).problems))


def text(**fields: Any) -> str:
    """A manifest on one line; JSON is YAML too."""
    return json.dumps(manifest(**fields)) + "\n"


# Two manifests, one claim


def test_one_identity_declared_twice_names_both_places() -> None:
    other = replaced("metadata: {}", "metadata: {a: 1}")
    assert problems({"b.yaml": other, "a.yaml": several(["x: 1\n", MANIFEST])}) == [
        "b.yaml:1:1: fraud/scorer:1 is declared twice (also at a.yaml:3:1)"
    ]


def test_one_identity_declared_three_times_names_the_first_place_twice() -> None:
    assert problems(dict.fromkeys(("c.yaml", "a.yaml", "b.yaml"), MANIFEST)) == [
        "b.yaml:1:1: fraud/scorer:1 is declared twice (also at a.yaml:1:1)",
        "c.yaml:1:1: fraud/scorer:1 is declared twice (also at a.yaml:1:1)",
    ]


def test_one_alias_on_two_versions_of_an_artifact_names_both_places() -> None:
    assert problems(
        {
            "a.json": text(version=1, version_alias="v-prod"),
            "b.json": text(version=2, version_alias="v-prod"),
        }
    ) == ["b.json:1:1: alias v-prod of fraud/scorer is declared twice (also at a.json:1:1)"]


def test_one_alias_pinned_and_unpinned_is_declared_twice() -> None:
    assert problems(
        {
            "a.json": text(version=1, version_alias="v-prod"),
            "b.json": text(version=LEFT_OUT, version_alias="v-prod"),
        }
    ) == ["b.json:1:1: alias v-prod of fraud/scorer is declared twice (also at a.json:1:1)"]


def test_one_uri_is_declared_twice_only_where_it_names_a_version() -> None:
    pinned = {"a.json": text(version=1), "b.json": text(version=2)}
    assert problems({**pinned}) == []
    assert problems({**pinned, "c.json": text(version=LEFT_OUT)}) == [
        f"{file}:1:1: two manifests of fraud/scorer have one source.uri, and one has nothing else "
        "(also at a.json:1:1)"
        for file in ("b.json", "c.json")
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"ml_repo": "fraud-eu"},
        {"name": "ranker"},
        {"version": 2},
        {"version": LEFT_OUT, "version_alias": "v-2"},
        {"version": LEFT_OUT, "source": external("s3://models/scorer/2")},
    ],
)
def test_what_differs_in_identity_is_kept_apart(other: dict[str, Any]) -> None:
    found = load({"a.json": text(), "b.json": text(**other)})
    assert found.problems == ()
    assert len(found.manifests) == 2


def test_aliases_and_versions_of_different_artifacts_do_not_collide() -> None:
    found = load(
        {
            "a.json": text(version_alias="v-prod"),
            "b.json": text(version_alias="v-prod", name="ranker"),
            "c.json": text(version_alias="v-prod", ml_repo="fraud-eu"),
        }
    )
    assert found.problems == ()


# But for the form of letters


def test_artifacts_that_differ_in_case_only_are_refused() -> None:
    assert problems({"a.json": text(name="Scorer"), "b.json": text(version=2), "c.json": text()}) == [
        "b.json:1:1: fraud/scorer and fraud/Scorer differ in the case of letters only (also at a.json:1:1)"
    ]
    assert problems({"a.json": text(ml_repo="Fraud"), "b.json": text()}) == [
        "b.json:1:1: fraud/scorer and Fraud/scorer differ in the case of letters only (also at a.json:1:1)"
    ]


@pytest.mark.parametrize("version", [LEFT_OUT, 7])
def test_aliases_that_differ_in_case_only_are_refused_where_one_names_a_version(version: object) -> None:
    assert problems(
        {
            "a.json": text(version=version, version_alias="v-Prod"),
            "b.json": text(version=LEFT_OUT, version_alias="v-prod"),
        }
    ) == [
        (
            "b.json:1:1: aliases v-prod and v-Prod of fraud/scorer differ in the case of letters only "
            "(also at a.json:1:1)"
        )
    ]


def test_aliases_that_differ_in_case_only_and_name_nothing_are_kept_apart() -> None:
    pinned = {
        "a.json": text(version=1, version_alias="v-Prod"),
        "b.json": text(version=2, version_alias="v-prod"),
        "c.json": text(version=LEFT_OUT, version_alias="v-next"),
    }
    assert problems({**pinned}) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("s3://models/Scorer", "s3://models/scorer"),
        ("s3://models/caf\u00e9", "s3://models/cafe\u0301"),
        ("s3://models/CAF\u00c9", "s3://models/cafe\u0301"),
        ("s3://models/stra\u00dfe", "s3://models/STRASSE"),
        ("s3://models/a\u0301\u0316", "s3://models/a\u0316\u0301"),
    ],
)
@pytest.mark.parametrize("version", [LEFT_OUT, 7])
def test_uris_that_differ_in_the_form_of_letters_only_are_refused_where_one_names_a_version(
    one: str, other: str, version: object
) -> None:
    assert problems(
        {
            "a.json": text(version=version, source=external(one)),
            "b.json": text(version=LEFT_OUT, source=external(other)),
        }
    ) == [
        (
            "b.json:1:1: two manifests of fraud/scorer, one of which has nothing but source.uri, have one "
            "that differs in the case or the Unicode form of letters only (also at a.json:1:1)"
        )
    ]


def test_uris_that_differ_in_the_form_of_letters_only_and_name_nothing_are_kept_apart() -> None:
    pinned = {
        "a.json": text(version=1, source=external("s3://models/Scorer")),
        "b.json": text(version=2, source=external("s3://models/scorer")),
        "c.json": text(version=LEFT_OUT, source=external("s3://models/SCORER"), name="ranker"),
    }
    assert problems({**pinned}) == []


@given(st.text(st.characters(codec="utf-8")), st.sampled_from(["NFC", "NFD"]))
@example("\u03b1\u0345\u0301", "NFC")
def test_what_unicode_takes_for_one_text_is_folded_to_one(text: str, form: Any) -> None:
    assert fold_text(unicodedata.normalize(form, text)) == fold_text(text)


@given(st.text(st.characters(categories=["Lu", "Ll"])))
def test_letters_are_folded_in_both_cases_alike(text: str) -> None:
    assert fold_text(text) == fold_text(text.casefold())


@given(st.text("aA\u0301\u0316\u0345\u00e9\u1e69\uac00\u1fb4\u00df", max_size=8))
def test_the_folded_form_is_the_one_that_unicode_compares_without_case(text: str) -> None:
    assert fold_text(text) == unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
