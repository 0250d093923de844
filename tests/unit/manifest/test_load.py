"""From files to declared versions: what is sorted out, what is reported, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Place, Problem
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.outlines import Outlines
from reconciler.manifest.rules import problems as module
from reconciler.source.snapshot import Snapshot
from tests.support.builders import LEFT_OUT, documents, external, load_manifests, manifest, snapshot
from tests.support.files_in_memory import FilesInMemory
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
    (declared,) = documents(load({"models/scorer.yaml": "# comment\n\n" + MANIFEST}))
    assert declared.label == "fraud/scorer:1"
    assert declared.place == Place("models/scorer.yaml", 3, 1)
    assert declared.document == manifest()


def test_a_json_file_declares_what_the_same_yaml_does() -> None:
    (from_json,) = documents(load({"a.json": json.dumps(manifest(), indent=2)}))
    (from_yaml,) = documents(load({"a.yaml": MANIFEST}))
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
    assert (found.documents, len(found.snapshot.files), found.problems) == (0, 1, ())


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    data = b"\xef\xbb\xbf" + MANIFEST.replace("\n", "\r\n").encode()
    (declared,) = documents(load({"a.yaml": data}))
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
        (
            "type: artifact_version\nml_repo: a\n",
            "1:7: warning: type artifact_version is left to other tools",
        ),
        (
            "ml_repo: a\ntype: artifact-verison\n",
            "2:7: warning: type artifact-verison is left to other tools",
        ),
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
        ("metadata: {}", "metadata: {a: 1, a: 2}", "8:18: key given twice (first at line 8, column 12)"),
        ("version: 1", "version: !x 1", "4:10: tag !x is not supported (only JSON types are)"),
        ("name: scorer", "name: [scorer", "4:8: not valid YAML: did not find expected ',' or ']'"),
    ],
)
def test_a_problem_has_the_place_of_what_is_wrong(old: str, new: str, expected: str) -> None:
    found = load({"a.yaml": replaced(old, new)})
    assert f"a.yaml:{expected}" in list(map(str, found.problems))
    assert not found.is_valid
    assert found.manifests == ()


def test_a_reserved_metadata_key_is_reported_at_the_key() -> None:
    assert problems({"a.yaml": replaced("metadata: {}", "metadata:\n  ok: 1\n  .truefoundry: 2")}) == [
        (
            "a.yaml:10:3: keys that begin with .truefoundry belong to the platform "
            "(leave it out; its registered value is kept)"
        ),
    ]


def test_every_problem_of_every_file_is_reported_in_order_of_place() -> None:
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
            "c.yaml": b"ml_repo: \xff",
        }
    ) == [
        "a.yaml:3:7: name may hold only letters, digits, - and _",
        "a.yaml:8:11: metadata must be a mapping",
        "a.yaml:20:1: not valid YAML: did not find expected node content",
        "b.yaml:4:10: version must be 1 or more",
        "c.yaml:1:10: not UTF-8 text (save the file as UTF-8)",
    ]


def test_manifests_beside_a_broken_document_are_still_checked_against_each_other() -> None:
    found = load({"a.yaml": several([MANIFEST, MANIFEST, "x: [\n"])})
    assert [problem.place.line for problem in found.problems] == [10, 20]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"\xff\xfe" + "ml_repo".encode("utf-16-le"), "1:1"),
        (b"ml_repo: 1\nb: \xc3(", "2:4"),
        (b"ml_repo: 1\r\n\xe9", "2:1"),
        (b"type: artifact-version\nname: caf\xe9\n", "2:10"),
    ],
)
def test_text_that_is_no_utf8_is_reported_at_its_first_wrong_byte(data: bytes, place: str) -> None:
    assert problems({"a.yaml": data}) == [f"a.yaml:{place}: not UTF-8 text (save the file as UTF-8)"]


def test_problems_of_reading_are_passed_on() -> None:
    passed = Problem(
        Place("link.yaml", 1, 1), "symbolic-link", "symbolic link, not followed", severity="warning"
    )
    found = load_manifests(Snapshot(None, FilesInMemory(()), (passed,)))
    assert found.problems == (passed,)
    assert found.is_valid


# Encodings


@pytest.mark.parametrize("file", ["a.yaml", "a.json"])
@pytest.mark.parametrize(
    ("data", "place"),
    [
        (text().encode("utf-16"), "1:1"),
        (text().encode().replace(b"scorer", b"\xc0\xaf", 1), "1:59"),
        (text().encode().replace(b"scorer", b"\xed\xa0\x80", 1), "1:59"),
        (text().encode().replace(b"scorer", b"\xf4\x90\x80\x80", 1), "1:59"),
        (text().encode()[:70] + b"\xf0\x9f\x98", "1:71"),
    ],
    ids=["UTF-16", "overlong", "surrogate", "beyond Unicode", "cut short"],
)
def test_another_encoding_than_utf8_is_refused(file: str, data: bytes, place: str) -> None:
    assert problems({file: data}) == [f"{file}:{place}: not UTF-8 text (save the file as UTF-8)"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_another_encoding_without_a_mark_is_refused(encoding: str) -> None:
    at = 1 if encoding == "utf-16-be" else 2
    data = text().encode(encoding)
    assert problems({"a.yaml": data}) == [f"a.yaml:1:{at}: not valid YAML: a control character"]
    assert problems({"a.json": data})[0].startswith(f"a.json:1:{at}: not valid JSON: expected a ")


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x9b"])
def test_a_control_character_as_it_is_is_refused(character: str) -> None:
    assert problems({"a.yaml": replaced("metadata: {}", f"metadata: {{a: {character}}}")}) == [
        "a.yaml:8:15: not valid YAML: a control character"
    ]


def test_characters_that_are_written_as_escapes_are_text() -> None:
    (declared,) = documents(load({"a.yaml": replaced("{}", '{a: "\\e[31m\\0\\u202e"}')}))
    assert declared.document["metadata"] == {"a": "\x1b[31m\0\u202e"}


def test_half_of_a_surrogate_pair_is_refused() -> None:
    in_json = problems({"a.json": text(metadata={"a": "\ud800"})})
    assert in_json == ["a.json:1:163: half of a surrogate pair is no character"]
    in_yaml = problems({"a.yaml": replaced("{}", '{a: "\\ud800"}')})
    assert in_yaml == ["a.yaml:8:18: not valid YAML: found invalid Unicode character escape code"]


def test_a_byte_order_mark_before_json_changes_nothing() -> None:
    (declared,) = documents(load({"a.json": b"\xef\xbb\xbf" + text().encode()}))
    assert declared.document == manifest()


def test_block_texts_have_the_same_line_ends_on_every_system() -> None:
    block = replaced("metadata: {}", "metadata: {}\ndescription: |\n  two\n  lines")
    (unix,) = documents(load({"a.yaml": block}))
    (windows,) = documents(load({"a.yaml": block.replace("\n", "\r\n")}))
    assert windows.document == unix.document
    assert windows.document["description"] == "two\nlines\n"


def test_keys_of_metadata_in_two_forms_of_unicode_are_two() -> None:
    keys = {"caf\u00e9": 1, "cafe\u0301": 2}
    (declared,) = documents(load({"a.json": text(metadata=keys)}))
    assert declared.document["metadata"] == keys


def test_nothing_is_reported_what_a_file_that_is_no_manifest_holds() -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": "root:x:0:0 sesame: [ # ml_repo\n",
        "b.yaml": "sesame: !sesame {sesame: .inf, sesame: 0123} # ml_repo\n",
        "c.yaml": "ml_repo sesame\x07",
        "d.json": '{"ml_repo": sesame}',
        "e.yaml": b"ml_repo sesame \xff",
        "f.yaml": "&sesame a: *open # ml_repo\n",
        "g.yaml": "%SESAME sesame\n--- sesame # ml_repo\n",
        "h.yaml": "--- !sesame!sesame x # ml_repo\n",
    }
    assert len(problems(files)) == 7
    assert "sesame" not in "".join(problems(files)).lower()


# Floods


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        (MANIFEST + "".join(f"field{number}: 1\n" for number in range(1000)), "error"),
        (replaced("{}", f"{{a: [{'.inf, ' * 1000}]}}"), "error"),
        (replaced("{}", "\n" + "  a: 1\n" * 1000), "error"),
        (several(["type: artifact-version\n"] * 1000), "error"),
        (several([MANIFEST] * 1000), "error"),
        (replaced("{}", f"{{a: [{'no, ' * 1000}]}}"), "warning"),
        (replaced("{}", f"{{password: [{'x, ' * 1000}]}}"), "warning"),
        (several(["type: artifact_version\nml_repo: a\n"] * 1000), "warning"),
    ],
    ids=["fields", "numbers", "keys", "documents", "copies", "look-alikes", "credentials", "near misses"],
)
def test_a_flood_of_problems_in_one_file_is_reported_in_part(content: str, severity: str) -> None:
    found = load({"a.yaml": content, "b.yaml": "ml_repo: ["})
    mine = [problem for problem in found.problems if problem.place.file == "a.yaml"]
    assert len(mine) == 101
    assert {problem.severity for problem in mine} == {severity}
    assert sum(problem.message.startswith("more than 100 ") for problem in mine) == 1
    assert found.problems[-1].place.file == "b.yaml"


def test_a_file_is_read_no_further_than_errors_are_reported() -> None:
    invalid = ["type: artifact-version\n"] * 1000
    assert load({"a.yaml": several([*invalid, "x: 1\n"]), "b.yaml": "ml_repo: 1\n"}).others == 1


def test_an_error_before_a_warning_keeps_a_manifest_from_being_declared() -> None:
    found = load({"a.yaml": replaced("{}", "{a: .inf, b: no}")})
    assert [problem.severity for problem in found.problems] == ["error", "warning"]
    assert found.manifests == ()


def test_an_error_behind_a_flood_of_warnings_is_reported() -> None:
    flood = replaced("{}", f"{{a: [{'no, ' * 1000}]}}")
    found = load({"a.yaml": several([flood, "x: [\n"])})
    assert not found.is_valid
    assert "a.yaml:11:1: not valid YAML: did not find expected node content" in map(str, found.problems)


def test_files_behind_a_flood_in_all_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PROBLEMS_IN_ALL", 3)
    found = load({**{f"{number}.yaml": "ml_repo: [" for number in range(9)}, "a.yaml": "ml_repo: 1\n"})
    assert str(found.problems[-1]) == (
        "3.yaml:2:1: more than 3 errors in all: only the first are told (mend those first)"
    )
    assert (found.others, len(found.snapshot.files)) == (0, 10)


def test_a_path_far_down_is_reported_in_part() -> None:
    nested: Any = {"password": "x"}
    for number in range(50):
        nested = {"é" * 50 + str(number): nested}
    (problem,) = load({"a.json": text(metadata=nested)}).problems
    assert len(problem.message) < 300
    assert problem.message.isascii()
    assert problem.message.startswith("metadata.\\xe9\\xe9")
    assert ".password looks like a credential" in problem.message


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
    assert [d.document for d in documents(load(files))] == [d.document for d in documents(load(expected))]


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


def test_an_empty_snapshot_declares_nothing() -> None:
    loaded = load_manifests(snapshot({}))
    assert (loaded.manifests, loaded.others, loaded.problems) == ((), 0, ())
    assert len(loaded.snapshot.files) == 0
    assert loaded.documents == 0
    assert loaded.is_valid


def test_what_was_read_once_is_given_again_and_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = Loading(snapshot({"a.yaml": MANIFEST, "b.yaml": "type: artifact-version\n"}))
    declaration = loading.load_declaration()
    assert len(declaration.problems) > 1
    monkeypatch.setattr(Outlines, "__iter__", None)
    assert list(loading.load_batches()) == [declaration.manifests]
    assert loading.load_declaration() is declaration


@pytest.mark.parametrize("placeholder", ["${BUILD}", "{{ build }}", "{build}", "$(BUILD)", "<build>"])
def test_a_place_that_nobody_has_filled_in_is_a_warning(placeholder: str) -> None:
    found = load({"a.yaml": replaced("scorer/1", f"scorer/{placeholder}").replace("uri: s3", "uri: s3")})
    assert [(problem.code, problem.severity) for problem in found.problems] == [("placeholder", "warning")]
    assert labels(found) == ["fraud/scorer:1"]


@pytest.mark.parametrize("kind", ["Artifact-Version", "ARTIFACT-VERSION", "artifact-Version"])
def test_a_type_that_differs_in_case_only_is_an_error(kind: str) -> None:
    found = load({"a.yaml": replaced("type: artifact-version", f"type: {kind}")})
    assert list(map(str, found.problems)) == [
        f"a.yaml:1:7: type {kind} differs from artifact-version in case (write it in lower case)"
    ]
    assert not found.is_valid


@pytest.mark.parametrize("joint", ["---\n\ufeff", "\ufeff---\n", "...\n---\n\ufeff", "--- # second\n\ufeff"])
def test_a_byte_order_mark_may_stand_before_a_later_document(joint: str) -> None:
    found = load({"a.yaml": f"\ufeff{MANIFEST}{joint}{replaced('version: 1', 'version: 2')}"})
    assert found.problems == ()
    assert labels(found) == ["fraud/scorer:1", "fraud/scorer:2"]
