"""Look-alikes: plain scalars that YAML 1.1 reads otherwise, and numbers that others round."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.manifest.parse.document import UnreadableError
from reconciler.manifest.parse.yaml import parse_yaml
from tests.support.builders import documents, load_manifests, snapshot

LOOK_ALIKES = {
    "no": "false",
    "Yes": "true",
    "ON": "true",
    "off": "false",
    "010": "an octal number",
    "-01": "an octal number",
    "1:30": "a number to the base 60",
    "190:20:30.15": "a number to the base 60",
    "0b101": "a binary number",
    "1_000": "a number",
    "00.5": "a number",
    ".5_0": "a number",
    "0x_ff": "a hexadecimal number",
    "-0x1f": "a hexadecimal number",
    "2026-11-23": "a date",
    "2026-11-23T10:00:00Z": "a point in time",
}
NUMBERS = {
    "1e3": ("1000.0", 1000.0),
    "1e-10": ("1.0e-10", 1e-10),
    "1.5e3": ("1500.0", 1500.0),
    "-.5": ("-0.5", -0.5),
    "0o17": ("15", 15),
}


@pytest.mark.parametrize(("text", "reading"), LOOK_ALIKES.items())
def test_both_readings_are_reported(text: str, reading: str) -> None:
    (document,) = parse_yaml(f"key: {text}")
    assert document.value == {"key": text}
    (fault,) = document.faults
    assert fault.is_warning
    assert fault.position == (1, 6)
    assert f"{fault.subject} {fault.message}" == f"{text} is read as text, which YAML 1.1 reads as {reading}"
    assert not isinstance(yaml.safe_load(f"key: {text}")["key"], str)


@pytest.mark.parametrize("text", ["08", "0192117", "-09", "01e3", "+019", "08.e2"])
def test_a_leading_zero_that_only_the_core_schema_reads_as_a_number_is_reported(text: str) -> None:
    (document,) = parse_yaml(f"key: {text}")
    assert document.value == {"key": text}
    (fault,) = document.faults
    told = f"{fault.subject} {fault.message}"
    assert told == f"{text} is read as text, which YAML 1.2's core schema reads as a number"
    assert fault.is_warning
    assert isinstance(yaml.safe_load(f"key: {text}")["key"], str)  # YAML 1.1


@pytest.mark.parametrize(("text", "spelling"), NUMBERS.items())
def test_a_number_that_yaml_1_1_takes_for_text_is_reported_with_a_spelling_for_both(
    text: str, spelling: tuple[str, float]
) -> None:
    agreed, number = spelling
    (document,) = parse_yaml(f"key: {text}")
    assert document.value == {"key": number}
    (fault,) = document.faults
    assert fault.is_warning
    assert f"{fault.subject} {fault.message}" == (
        f"{text} is read as the number {agreed}, which YAML 1.1 reads as text"
    )
    assert fault.hint == f"write {agreed} or quote it, so that every program reads the same"
    assert yaml.safe_load(f"key: {text}") == {"key": text}
    assert yaml.safe_load(f"key: {agreed}") == {"key": number}
    (advised,) = parse_yaml(f"key: {agreed}")
    assert (advised.value, list(advised.faults)) == ({"key": number}, [])


_KINDS = {"str": str, "int": int, "float": float, "bool": bool, "null": type(None)}


@given(st.text("0123456789-+.:_eExobnafTZ y", min_size=1, max_size=12))
@example("0o0")
@example("09:30")
@example("1:30:00.5")
@example("2026-1-2")
@example("2026-01-02 03:04:05 +1")
@example("1.e5")
@example("1_0.5e+3")
@example("0777777777777777777777777")
def test_there_is_a_warning_exactly_where_pyyaml_reads_another_value(text: str) -> None:
    try:
        (document,) = parse_yaml(f"- {text}\n")
    except UnreadableError:
        return
    value: Any = document.value
    if any(not fault.is_warning for fault in document.faults) or not _is_one_scalar(value):
        return
    listed: Any = yaml.compose(f"- {text}\n", Loader=yaml.CSafeLoader)
    kind = listed.value[0].tag.removeprefix("tag:yaml.org,2002:")
    is_read_otherwise = kind not in _KINDS or type(value[0]) is not _KINDS[kind]
    assert any("YAML 1.1" in fault.message for fault in document.faults) == is_read_otherwise


def _is_one_scalar(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list | dict)


@pytest.mark.parametrize("text", ["none", "yesterday", "1.2.3", "v1", "1:99", "09:30", "a_b", "1.10"])
def test_what_no_version_reads_otherwise_is_not_warned_about(text: str) -> None:
    (document,) = parse_yaml(f"key: {text}")
    assert list(document.faults) == []


def test_a_tab_within_a_look_alike_is_reported_as_an_escape() -> None:
    (document,) = parse_yaml("key: 2026-01-02\t03:04:05Z")
    assert document.value == {"key": "2026-01-02\t03:04:05Z"}
    assert [fault.subject for fault in document.faults] == [r"2026-01-02\t03:04:05Z"]


def test_a_scalar_too_long_to_be_meant_as_a_number_is_not_warned_about() -> None:
    (document,) = parse_yaml(f"key: 1{':1' * 100}")
    assert list(document.faults) == []


def test_a_look_alike_under_the_key_of_a_credential_is_not_shown() -> None:
    text = (
        "type: artifact-version\nname: scorer\nml_repo: fraud\nversion: 1\n"
        "metadata: {pin: 0123, password: 0456}\nsource: {type: truefoundry}\n"
    )
    problems = load_manifests(snapshot({"a.yaml": text})).problems
    assert [str(problem).partition(" (")[0] for problem in problems] == [
        "a.yaml:5:17: warning: 0123 is read as text, which YAML 1.1 reads as an octal number",
        "a.yaml:5:33: warning: *** is read as text, which YAML 1.1 reads as an octal number",
        (
            "a.yaml:5:33: warning: metadata.password looks like a credential, which all readers of the "
            "registry see"
        ),
    ]


@pytest.mark.parametrize("text", ["'no'", '"010"', "!!str no", "! 1:30", "|\n  no"])
def test_what_is_quoted_is_not_warned_about(text: str) -> None:
    (document,) = parse_yaml(f"key: {text}")
    assert list(document.faults) == []


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)])
def test_numbers_that_others_round_are_kept_and_warned_about(number: int) -> None:
    (document,) = parse_yaml(f"key: {number}")
    assert document.value == {"key": number}
    assert [fault.is_warning for fault in document.faults] == [True]


def test_a_warning_does_not_keep_a_manifest_from_being_read() -> None:
    text = (
        "type: artifact-version\nname: scorer\nml_repo: fraud\nversion: 1\nmetadata: {reviewed: no}\n"
        "source: {type: truefoundry}\n"
    )
    declaration = load_manifests(snapshot({"a.yaml": text}))
    assert [declared.document["metadata"] for declared in documents(declaration)] == [{"reviewed": "no"}]
    assert declaration.is_valid
    (problem,) = declaration.problems
    assert str(problem).startswith("a.yaml:5:22: warning: no is read as text, which YAML 1.1 reads as false")


def test_an_alias_that_looks_like_a_number_is_reported_as_to_be_quoted() -> None:
    text = (
        "type: artifact-version\nname: scorer\nml_repo: fraud\nversion_alias: 1.10\nmetadata: {}\n"
        "source: {type: truefoundry}\n"
    )
    declaration = load_manifests(snapshot({"a.yaml": text}))
    assert "a.yaml:4:16: version_alias must be text, and is read as the number 1.1 (quote it)" in map(
        str, declaration.problems
    )


def test_a_git_lfs_pointer_is_told_apart_from_the_file() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    assert load_manifests(snapshot({"a.yaml": pointer})).problems == ()
    (problem,) = load_manifests(snapshot({"a.yaml": pointer}, named=["a.yaml"])).problems
    assert str(problem).startswith("a.yaml:1:1: a Git LFS pointer, not the file itself")
