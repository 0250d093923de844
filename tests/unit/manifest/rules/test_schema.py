"""The rules of a manifest: as messages, and as a JSON Schema that agrees with them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from reconciler.manifest.parse.yaml import parse_yaml
from reconciler.manifest.rules.schema import make_manifest_json_schema
from reconciler.manifest.rules.violations import Violation, find_violations
from tests.support.builders import LEFT_OUT, external, load_manifests, manifest, snapshot
from tests.support.manifests import json_values

EXAMPLES = Path(__file__).parents[4] / "examples" / "team"
SCHEMA = make_manifest_json_schema()
VALIDATOR = Draft202012Validator(dict(SCHEMA))
MANAGED = {"type": "truefoundry"}
NAME_RULE = "name may hold only letters, digits, - and _"
ML_REPO_RULE = "ml_repo must be 3 to 100 letters, digits and -, a letter first, no - last"
ALIAS_RULE = (
    "version_alias must be v, then letters, digits, . and -, ending in a letter or digit, e.g. v-prod"
)
RESERVED = (
    "keys that begin with .truefoundry belong to the platform (leave it out; its registered value is kept)"
)
NAMELESS = (
    "nothing names the version: a second run could not tell which one the first registered "
    "(give version, version_alias or source.uri)"
)
UNSEEN = (
    "{} holds {}, a character that is not seen or reorders text "
    "(leave it out: an identifier has to be what it looks like)"
)
KNOWN = "type, name, ml_repo, metadata, source, version, version_alias, description, step, run_id"

LOCAL = (
    "source.type local is an upload from one machine, which git can not declare "
    "(upload the files with TrueFoundry's client and give the source.uri that it returns)"
)

GOOD: list[dict[str, Any]] = [
    {},
    {"name": "a"},
    {"name": "A-b_9"},
    {"name": "-"},
    {"name": "a" * 256},
    {"ml_repo": "abc"},
    {"ml_repo": "A-9"},
    {"ml_repo": "a" * 100},
    {"metadata": {"a": {".truefoundry": 1}, "truefoundry": None, "": [1, None, {"b": 1.5}]}},
    {"version": 2**31 - 1},
    {"version_alias": "v1"},
    {"version_alias": "v-prod"},
    {"version_alias": "v1.0.0-rc.1"},
    {"version_alias": "v" + "a" * 127},
    {"version_alias": None},
    {"description": ""},
    {"description": "é" * 512},
    {"description": "two\nlines, \u202eright to left", "metadata": {"\u202e": "\x1b[31m"}},
    {"run_id": "größe 😀", "source": external("s3://models/größe 😀")},
    {"description": None},
    {"step": 0},
    {"step": 2**62},
    {"run_id": "run-1"},
    {"run_id": None},
    {"source": MANAGED},
    {"source": {**MANAGED, "uri": "s3://store/1"}},
    {"source": external("gs://bucket/x")},
    {"source": external("wasbs://container@account/x")},
    {"source": external("https://example.com/x")},
    {"version": LEFT_OUT},
    {"version": LEFT_OUT, "version_alias": "v-prod", "source": MANAGED},
    {"version": LEFT_OUT, "version_alias": None},
]
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"name": LEFT_OUT}, "name", "missing"),
    ({"name": ""}, "name", NAME_RULE),
    ({"name": "a b"}, "name", NAME_RULE),
    ({"name": "é"}, "name", NAME_RULE),
    ({"name": "fraud/scorer"}, "name", NAME_RULE),
    ({"name": "a" * 257}, "name", "name is longer than 256 characters"),
    ({"name": 1}, "name", "name must be text, and is read as the number 1 (quote it)"),
    ({"name": None}, "name", "name must be text"),
    ({"ml_repo": LEFT_OUT}, "ml_repo", "missing"),
    ({"ml_repo": "ab"}, "ml_repo", ML_REPO_RULE),
    ({"ml_repo": "1ab"}, "ml_repo", ML_REPO_RULE),
    ({"ml_repo": "ab-"}, "ml_repo", ML_REPO_RULE),
    ({"ml_repo": "a_b"}, "ml_repo", ML_REPO_RULE),
    ({"ml_repo": "a" * 101}, "ml_repo", ML_REPO_RULE),
    ({"ml_repo": 5}, "ml_repo", "ml_repo must be text, and is read as the number 5 (quote it)"),
    ({"metadata": LEFT_OUT}, "metadata", "missing (metadata: {} for none)"),
    ({"metadata": []}, "metadata", "metadata must be a mapping"),
    ({"metadata": "x"}, "metadata", "metadata must be a mapping"),
    (
        {"metadata": {".truefoundry": 1}},
        "metadata..truefoundry",
        RESERVED,
    ),
    (
        {"metadata": {".truefoundry_size": 1}},
        "metadata..truefoundry_size",
        RESERVED,
    ),
    ({"version": 0}, "version", "version must be 1 or more"),
    ({"version": -1}, "version", "version must be 1 or more"),
    ({"version": 2**31}, "version", "version must be 2147483647 or less"),
    ({"version": "1"}, "version", "version must be an integer (write the number without quotes)"),
    ({"version": " 1 "}, "version", "version must be an integer (write the number without quotes)"),
    ({"version": 1.5}, "version", "version must be an integer"),
    ({"version": True}, "version", "version must be an integer"),
    (
        {"version": None},
        "version",
        "version must be an integer (leave version out to leave it as it is registered)",
    ),
    ({"version_alias": "prod"}, "version_alias", ALIAS_RULE),
    ({"version_alias": ""}, "version_alias", ALIAS_RULE),
    ({"version_alias": "v"}, "version_alias", ALIAS_RULE),
    ({"version_alias": "v-"}, "version_alias", ALIAS_RULE),
    ({"version_alias": "v_1"}, "version_alias", ALIAS_RULE),
    ({"version_alias": "V1"}, "version_alias", ALIAS_RULE),
    ({"version_alias": "v" + "a" * 128}, "version_alias", "version_alias is longer than 128 characters"),
    (
        {"version_alias": 1.1},
        "version_alias",
        "version_alias must be text, and is read as the number 1.1 (quote it)",
    ),
    ({"description": "a" * 513}, "description", "description is longer than 512 characters"),
    ({"description": True}, "description", "description must be text, and is read as true (quote it)"),
    ({"description": []}, "description", "description must be text"),
    ({"step": -1}, "step", "step must be 0 or more"),
    ({"step": "1"}, "step", "step must be an integer (write the number without quotes)"),
    ({"step": 1.5}, "step", "step must be an integer"),
    ({"step": None}, "step", "step must be an integer (leave step out to leave it as it is registered)"),
    ({"run_id": 1}, "run_id", "run_id must be text, and is read as the number 1 (quote it)"),
    ({"source": LEFT_OUT}, "source", "missing"),
    ({"source": None}, "source", "source must be a mapping"),
    ({"source": "s3://x"}, "source", "source must be a mapping"),
    ({"source": []}, "source", "source must be a mapping"),
    ({"source": {}}, "source", "source type is missing"),
    ({"source": {"type": "s3"}}, "source.type", "source.type must be truefoundry or external"),
    ({"source": {"type": None}}, "source.type", "source.type must be truefoundry or external"),
    (
        {"source": {"type": "local", "paths": ["model.pkl"]}},
        "source.type",
        LOCAL,
    ),
    ({"source": external("s3://x\u202ey")}, "source.uri", UNSEEN.format("source.uri", "U+202E")),
    ({"source": external("s3://x\n")}, "source.uri", UNSEEN.format("source.uri", "U+000A")),
    ({"source": external("s3://x ")}, "source.uri", UNSEEN.format("source.uri", "U+0020")),
    ({"source": external("\u00a0s3://x y")}, "source.uri", UNSEEN.format("source.uri", "U+00A0")),
    ({"source": {**MANAGED, "uri": "s3://x\u200b"}}, "source.uri", UNSEEN.format("source.uri", "U+200B")),
    ({"run_id": "run\x9b1"}, "run_id", UNSEEN.format("run_id", "U+009B")),
    ({"run_id": "\u00adrun"}, "run_id", UNSEEN.format("run_id", "U+00AD")),
    ({"source": {"type": "external"}}, "source.uri", "missing"),
    ({"source": external("")}, "source.uri", "source.uri is empty"),
    ({"source": {"type": "external", "uri": None}}, "source.uri", "source.uri must be text"),
    ({"source": {**MANAGED, "uri": None}}, "source.uri", "source.uri must be text"),
    (
        {"source": {**external("s3://x"), "zzz": 1}},
        "source.zzz",
        "unknown field zzz (known fields: type, uri)",
    ),
    (
        {"source": {**external("s3://x"), "external": 1}},
        "source.external",
        "unknown field external (known fields: type, uri)",
    ),
    ({"source": {**external("s3://x"), "urii": 1}}, "source.urii", "unknown field urii (did you mean uri?)"),
    ({"verison": 1}, "verison", "unknown field verison (did you mean version?)"),
    ({"Description": "x"}, "Description", "unknown field Description (did you mean description?)"),
    ({"ml-repo": "x"}, "ml-repo", "unknown field ml-repo (did you mean ml_repo?)"),
    ({"zzz": 1}, "zzz", f"unknown field zzz (known fields: {KNOWN})"),
    ({"\x1b[31m": 1}, "\x1b[31m", f"unknown field \\x1b[31m (known fields: {KNOWN})"),
    ({"😀" * 99: 1}, "😀" * 99, "unknown field " + r"\U0001f600" * 4 + f"... (known fields: {KNOWN})"),
    ({"x" * 99: 1}, "x" * 99, f"unknown field {'x' * 40}... (known fields: {KNOWN})"),
    (
        {"version": LEFT_OUT, "source": MANAGED},
        "",
        NAMELESS,
    ),
    (
        {"version": LEFT_OUT, "source": MANAGED, "version_alias": None},
        "",
        NAMELESS,
    ),
]


def told(found: Violation) -> tuple[str, str]:
    path = ".".join(map(str, found.path))
    return path, found.message + (f" ({found.hint})" if found.hint else "")


def identifier(case: object) -> str | None:
    return re.sub(r"<object.*?>", "LEFT_OUT", repr(case))[:60] if isinstance(case, dict) else ""


@pytest.mark.parametrize("given_fields", GOOD, ids=identifier)
def test_a_manifest_within_the_rules_breaks_none(given_fields: dict[str, Any]) -> None:
    document = manifest(**given_fields)
    assert list(find_violations(document)) == []
    assert VALIDATOR.is_valid(document)


@pytest.mark.parametrize(("given_fields", "path", "message"), BAD, ids=identifier)
def test_a_broken_rule_is_reported_once_and_in_its_place(
    given_fields: dict[str, Any], path: str, message: str
) -> None:
    document = manifest(**given_fields)
    where, what = told(*find_violations(document))
    assert where == path
    assert what == message or (message.startswith("missing") and what.endswith(message))
    assert not VALIDATOR.is_valid(document)


def test_a_number_with_a_point_is_no_version_though_the_schema_language_takes_it_for_an_integer() -> None:
    (violation,) = find_violations(manifest(version=3.0))
    assert told(violation) == ("version", "version must be an integer")


def test_every_broken_rule_is_reported() -> None:
    document = manifest(name="a b", version="1", source=external(""), zzz=1, metadata={".truefoundry": 1})
    paths = {told(violation)[0] for violation in find_violations(document)}
    assert paths == {"name", "version", "source.uri", "zzz", "metadata..truefoundry"}


def test_all_that_a_bare_document_misses_is_reported() -> None:
    paths = [told(violation)[0] for violation in find_violations({"type": "artifact-version"})]
    assert sorted(paths) == ["", "metadata", "ml_repo", "name", "source"]


def test_another_type_breaks_the_schema() -> None:
    assert not VALIDATOR.is_valid(manifest(type="service"))
    assert not VALIDATOR.is_valid(manifest(type=LEFT_OUT))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["a", "a b", "é", 1, None, "-_-"]),
            "ml_repo": st.sampled_from(["fraud", "f", "a_b", "a-b", "a--", True]),
            "version": st.sampled_from([1, 0, -1, "1", 1.5, False, 2**31]),
            "version_alias": st.sampled_from(["v1", "v", "1", None, 5, "v-", "v.1"]),
            "description": st.sampled_from(["", "x" * 512, "x" * 513, None, 1, {}]),
            "step": st.sampled_from([0, 5, -1, "0", True]),
            "run_id": st.sampled_from(["", "r", None, 7, []]),
            "metadata": json_values() | st.sampled_from([{".truefoundry": {}}, {".": 1}]),
            "source": st.sampled_from(
                [
                    MANAGED,
                    {**MANAGED, "uri": "s3://x"},
                    external("s3://x"),
                    external(""),
                    {"type": "x"},
                    {},
                    None,
                    1,
                ]
            ),
            "other": st.just(1),
        },
    )
)
def test_the_schema_and_the_model_agree(fields: dict[str, Any]) -> None:
    document = manifest(**{"version": LEFT_OUT, **fields})
    assert VALIDATOR.is_valid(document) == (not list(find_violations(document)))


@given(json_values())
def test_any_document_is_judged_without_a_crash(value: Any) -> None:
    document = manifest(**dict.fromkeys(("name", "source", "metadata", "version", "description"), value))
    assert all(violation.message for violation in find_violations(document))


# The schema itself


def test_the_schema_is_one_and_names_its_dialect() -> None:
    Draft202012Validator.check_schema(dict(SCHEMA))
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "artifact-version"


def test_the_schema_describes_every_field_and_offers_no_default() -> None:
    properties = SCHEMA["properties"]
    assert isinstance(properties, dict)
    assert all(rules["description"] for rules in properties.values())
    assert '"default"' not in json.dumps(SCHEMA)


def test_the_schema_of_the_examples_is_the_one_of_this_version() -> None:
    written = json.loads((EXAMPLES / ".reconciler/artifact-version.schema.json").read_text())
    assert written == SCHEMA


def test_every_example_is_valid_for_the_schema_and_for_the_model() -> None:
    files = sorted(
        path
        for path in EXAMPLES.rglob("*")
        if path.suffix in {".yaml", ".json"} and ".reconciler" not in path.parts
    )
    found = 0
    for file in files:
        for document in parse_yaml(file.read_text()):
            assert isinstance(document.value, dict)
            if document.value["type"] == "artifact-version":
                found += 1
                assert list(find_violations(document.value)) == []
                assert VALIDATOR.is_valid(document.value)
    assert found >= 12


def test_every_example_points_editors_at_the_schema() -> None:
    for file in EXAMPLES.rglob("*.yaml"):
        for part in re.split(r"(?m)^---\n", file.read_text()):
            pointer = re.match(r"# yaml-language-server: \$schema=(\S+)\n", part)
            if "type: artifact-version" in part:
                assert pointer, file
                assert (
                    file.parent / pointer[1]
                ).resolve() == EXAMPLES / ".reconciler/artifact-version.schema.json"


def test_the_example_repository_loads_without_a_problem() -> None:
    files = {
        str(path.relative_to(EXAMPLES)): path.read_bytes()
        for path in EXAMPLES.rglob("*")
        if path.suffix in {".yaml", ".json"} and ".reconciler" not in path.parts
    }
    loaded = load_manifests(snapshot(files))
    assert loaded.problems == ()
    assert (loaded.others, loaded.other_files) == (0, 1)
    assert {declared.artifact.ml_repo for declared in loaded.manifests} == {
        "fraud",
        "forecasting",
        "search-ranking",
    }
