"""Look-alikes: plain scalars that YAML 1.1 reads otherwise, and numbers that others round."""

from __future__ import annotations

import pytest
import yaml

from reconciler.manifest.load import load_manifests
from reconciler.manifest.yaml import parse_yaml
from reconciler.source.snapshot import Snapshot, SourceFile

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
    "0x_ff": "a number",
}


@pytest.mark.parametrize(("text", "reading"), LOOK_ALIKES.items())
def test_both_readings_are_told(text: str, reading: str) -> None:
    (document,) = parse_yaml(f"key: {text}")
    assert document.value == {"key": text}
    (fault,) = document.faults
    assert fault.is_warning
    assert fault.position == (1, 6)
    assert fault.message == f"{text} is read as text, which YAML 1.1 reads as {reading}"
    assert not isinstance(yaml.safe_load(f"key: {text}")["key"], str)


@pytest.mark.parametrize("text", ["none", "yesterday", "1.2.3", "v1", "2026-11-23", "08", "1:99", "a_b"])
def test_what_no_version_reads_otherwise_is_not_warned_about(text: str) -> None:
    (document,) = parse_yaml(f"key: {text}")
    assert list(document.faults) == []


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
    declaration = load_manifests(Snapshot(None, (SourceFile("a.yaml", text.encode()),)))
    assert [declared.document["metadata"] for declared in declaration.manifests] == [{"reviewed": "no"}]
    assert declaration.is_valid
    (problem,) = declaration.problems
    assert str(problem).startswith("a.yaml:5:22: warning: no is read as text, which YAML 1.1 reads as false")


def test_an_alias_that_looks_like_a_number_is_told_to_be_quoted() -> None:
    text = (
        "type: artifact-version\nname: scorer\nml_repo: fraud\nversion_alias: 1.10\nmetadata: {}\n"
        "source: {type: truefoundry}\n"
    )
    declaration = load_manifests(Snapshot(None, (SourceFile("a.yaml", text.encode()),)))
    assert "a.yaml:4:16: version_alias must be text (quote it)" in map(str, declaration.problems)


def test_artifacts_that_differ_in_case_only_are_refused() -> None:
    def text(name: str) -> bytes:
        return (
            f"type: artifact-version\nname: {name}\nml_repo: fraud\nversion: 1\nmetadata: {{}}\n"
            "source: {type: truefoundry}\n"
        ).encode()

    files = (SourceFile("a.yaml", text("Scorer")), SourceFile("b.yaml", text("scorer")))
    assert [str(problem) for problem in load_manifests(Snapshot(None, files)).problems] == [
        "b.yaml:1:1: fraud/scorer and fraud/Scorer differ in the case of letters only (also at a.yaml:1:1)"
    ]


def test_a_git_lfs_pointer_is_told_apart_from_the_file() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    (problem,) = load_manifests(Snapshot(None, (SourceFile("a.yaml", pointer),))).problems
    assert str(problem).startswith("a.yaml:1:1: a Git LFS pointer, not the file itself")
