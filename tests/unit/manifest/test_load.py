"""From files to declared versions: what is sorted out, what is reported, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Place, Problem
from reconciler.manifest.load import Declaration, load_manifests
from reconciler.source.snapshot import Snapshot
from tests.support.builders import LEFT_OUT, external, manifest, snapshot
from tests.support.manifests import MANIFEST, replaced, several


def load(files: dict[str, str | bytes]) -> Declaration:
    return load_manifests(snapshot(files))


def problems(files: dict[str, str | bytes]) -> list[str]:
    return list(map(str, load(files).problems))


def labels(declaration: Declaration) -> list[str]:
    return [declared.label for declared in declaration.manifests]


def text(**fields: Any) -> str:
    """A manifest on one line; JSON is YAML too."""
    return json.dumps(manifest(**fields)) + "\n"


# What is read


def test_a_manifest_is_declared_with_its_place_and_the_fields_it_gives() -> None:
    (declared,) = load({"models/scorer.yaml": "# comment\n\n" + MANIFEST}).manifests
    assert declared.label == "fraud/scorer:1"
    assert declared.place == Place("models/scorer.yaml", 3, 1)
    assert declared.document == manifest()


def test_a_json_file_declares_what_the_same_yaml_does() -> None:
    (from_json,) = load({"a.json": json.dumps(manifest(), indent=2)}).manifests
    (from_yaml,) = load({"a.yaml": MANIFEST}).manifests
    assert from_json.document == from_yaml.document


def test_a_json_file_is_no_yaml() -> None:
    assert problems({"a.json": MANIFEST}) == ["a.json:1:1: not valid JSON: expected a value"]


def test_several_documents_of_one_file_are_declared_each_in_its_place() -> None:
    found = load({"a.yml": several([MANIFEST, replaced("version: 1", "version: 2"), ""])})
    assert labels(found) == ["fraud/scorer:1", "fraud/scorer:2"]
    assert [declared.place.line for declared in found.manifests] == [1, 10]


@pytest.mark.parametrize(
    "content", ["", "\n \n", "# comment\n", "---\n---\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf# x\n"]
)
def test_an_empty_file_declares_nothing_and_is_no_problem(content: str | bytes) -> None:
    found = load({"a.yaml": content})
    assert (found.documents, found.files, found.problems) == (0, 1, ())


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    data = b"\xef\xbb\xbf" + MANIFEST.replace("\n", "\r\n").encode()
    (declared,) = load({"a.yaml": data}).manifests
    assert declared.document == manifest()
    assert declared.place == Place("a.yaml", 1, 1)


@pytest.mark.parametrize(
    "other",
    [
        "type: service\nname: x\n",
        "kind: Deployment\napiVersion: apps/v1\n",
        "text\n",
        "42\n",
        "- 1\n- 2\n",
        "{}\n",
        "type: 1\n",
        "type: [artifact-version]\n",
        "type: model-version\nname: x\n",
        "a: 1\na: 2\n",
        "type: service\nport: !Ref x\n",
    ],
)
def test_a_document_of_another_type_is_counted_and_not_judged(other: str) -> None:
    found = load({"a.yaml": several([MANIFEST, other])})
    assert (len(found.manifests), found.others, found.documents) == (1, 1, 2)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("type: artifact_version\n", "1:7: warning: type artifact_version is left to other tools"),
        ("type: Artifact-Version\n", "1:7: warning: type Artifact-Version is left to other tools"),
        ("a: 1\ntype: artifact-verison\n", "2:7: warning: type artifact-verison is left to other tools"),
        ("type: artifact-versions\n", "1:7: warning: type artifact-versions is left to other tools"),
    ],
)
def test_a_type_that_nearly_matches_is_a_warning(document: str, expected: str) -> None:
    found = load({"a.yaml": document})
    assert list(map(str, found.problems)) == [f"a.yaml:{expected} (did you mean artifact-version?)"]
    assert (found.is_valid, found.others) == (True, 1)


def test_a_manifest_without_type_and_a_list_of_manifests_are_warnings() -> None:
    untyped = replaced("type: artifact-version\n", "")
    listed = "- type: artifact-version\n  name: x\n"
    assert problems({"a.yaml": untyped, "b.yaml": listed}) == [
        (
            "a.yaml:1:1: warning: looks like an artifact version but has no type, so it is not read "
            "(add type: artifact-version)"
        ),
        (
            "b.yaml:1:1: warning: a list of manifests is not read "
            "(give each manifest a document of its own, separated by ---)"
        ),
    ]


def test_an_unknown_scheme_is_a_warning_and_the_manifest_is_declared() -> None:
    found = load({"a.yaml": replaced("s3://", "https://")})
    assert list(map(str, found.problems)) == [
        "a.yaml:7:8: warning: source.uri has a scheme that TrueFoundry's clients do not know (s3, gs, wasbs)"
    ]
    assert labels(found) == ["fraud/scorer:1"]


# What is wrong, and where


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("name: scorer", "name: a b", "3:7: name may hold only letters, digits, - and _"),
        ("version: 1", "version: '1'", "4:10: version must be an integer (write the number without quotes)"),
        ("version: 1", "verison: 1", "4:1: unknown field verison (did you mean version?)"),
        ("  type: external", "  type: s3", "6:9: source.type must be truefoundry or external"),
        ("  uri: s3:", "  urii: s3:", "7:3: unknown field urii (did you mean uri?)"),
        ("metadata: {}", "metadata: []", "8:11: metadata must be a mapping"),
        ("metadata: {}", "metadata: {a: .inf}", "8:15: not a finite number (quote it to keep it as text)"),
        ("metadata: {}", "metadata: {a: 1, a: 2}", "8:18: key given twice, first at line 8, column 12"),
        ("version: 1", "version: !x 1", "4:10: tag !x is not supported (only JSON types are)"),
        ("name: scorer", "name: [scorer", "4:8: not valid YAML: did not find expected ',' or ']'"),
    ],
)
def test_a_problem_has_the_place_of_what_is_wrong(old: str, new: str, expected: str) -> None:
    found = load({"a.yaml": replaced(old, new)})
    assert f"a.yaml:{expected}" in list(map(str, found.problems))
    assert not found.is_valid
    assert found.manifests == ()


def test_a_reserved_metadata_key_is_told_at_the_key() -> None:
    assert problems({"a.yaml": replaced("metadata: {}", "metadata:\n  ok: 1\n  .truefoundry: 2")}) == [
        (
            "a.yaml:10:3: keys that begin with .truefoundry belong to the platform "
            "(leave it out; its registered value is kept)"
        ),
    ]


def test_every_problem_of_every_file_is_told_in_order_of_place() -> None:
    assert problems(
        {
            "b.yaml": replaced("version: 1", "version: 0"),
            "a.yaml": several(
                [
                    replaced("name: scorer", "name: a b").replace("metadata: {}", "metadata: 1"),
                    MANIFEST,
                    "x: [\n",
                ]
            ),
            "c.yaml": b"a: \xff",
        }
    ) == [
        "a.yaml:3:7: name may hold only letters, digits, - and _",
        "a.yaml:8:11: metadata must be a mapping",
        "a.yaml:20:1: not valid YAML: did not find expected node content",
        "b.yaml:4:10: version must be 1 or more",
        "c.yaml:1:4: not UTF-8 text (save the file as UTF-8)",
    ]


def test_manifests_beside_a_broken_document_are_still_checked_against_each_other() -> None:
    found = load({"a.yaml": several([MANIFEST, MANIFEST, "x: [\n"])})
    assert [problem.place.line for problem in found.problems] == [10, 20]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"\xff\xfea\x00", "1:1"),
        (b"a: 1\nb: \xc3(", "2:4"),
        (b"a: 1\r\n\xe9", "2:1"),
        (b"type: artifact-version\nname: caf\xe9\n", "2:10"),
    ],
)
def test_text_that_is_no_utf8_is_told_at_its_first_wrong_byte(data: bytes, place: str) -> None:
    assert problems({"a.yaml": data}) == [f"a.yaml:{place}: not UTF-8 text (save the file as UTF-8)"]


def test_problems_of_reading_are_passed_on() -> None:
    passed = Problem(Place("link.yaml", 1, 1), "symbolic link, not followed", severity="warning")
    found = load_manifests(Snapshot(None, (), (passed,)))
    assert found.problems == (passed,)
    assert found.is_valid


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


# Order

VERSIONS: list[dict[str, Any]] = [
    {"ml_repo": "eu-fraud", "version": 1},
    {"name": "ranker", "version": 1},
    {"version": 1},
    {"version": 2},
    {"version": 10},
    {"version": LEFT_OUT, "source": external("s3://models/z")},
    {"version": LEFT_OUT, "version_alias": "v-a"},
    {"version": LEFT_OUT, "version_alias": "v-b"},
]


def test_manifests_come_by_artifact_then_version_then_those_without_one() -> None:
    files: dict[str, str | bytes] = {
        f"{n}.json": text(**fields) for n, fields in enumerate(reversed(VERSIONS))
    }
    assert labels(load(files)) == [
        "eu-fraud/scorer:1",
        "fraud/ranker:1",
        "fraud/scorer:1",
        "fraud/scorer:2",
        "fraud/scorer:10",
        "fraud/scorer (s3://models/z)",
        "fraud/scorer@v-a",
        "fraud/scorer@v-b",
    ]


@given(st.permutations(VERSIONS), st.permutations(range(len(VERSIONS))))
def test_the_order_of_files_and_their_names_make_no_difference(
    fields: list[dict[str, Any]], numbers: list[int]
) -> None:
    files: dict[str, str | bytes] = {
        f"{number}.json": text(**one) for number, one in zip(numbers, fields, strict=True)
    }
    expected: dict[str, str | bytes] = {f"{n}.json": text(**one) for n, one in enumerate(VERSIONS)}
    assert [d.document for d in load(files).manifests] == [d.document for d in load(expected).manifests]


@given(st.permutations(["a", "b", "c", "d"]))
def test_problems_do_not_depend_on_the_order_of_reading(names: list[str]) -> None:
    contents: dict[str, str | bytes] = {
        "a": MANIFEST,
        "b": several([MANIFEST, "x: ["]),
        "c": replaced("version: 1", "version: 0"),
        "d": text(version_alias="v-prod"),
    }
    assert problems({f"{name}.yaml": contents[name] for name in names}) == problems(
        {f"{name}.yaml": contents[name] for name in sorted(names)}
    )
