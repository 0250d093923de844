"""Problems for programs: GitLab's code quality, SARIF, JUnit and JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from junitparser import JUnitXml
from sarif_kit.validate import validation_errors

from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.escape import as_json, for_xml
from reconciler.report.ci.code_quality import make_code_quality_report
from reconciler.report.ci.fingerprints import add_fingerprints
from reconciler.report.ci.junit import render_junit
from reconciler.report.ci.sarif import make_sarif_log
from reconciler.report.problem_list import make_problem_document
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.builders import load_manifests
from tests.support.files_in_memory import FilesInMemory
from tests.support.hostile import TAME, problems, words
from tests.support.judges import runner_commands, terminal_actions
from tests.support.scale import law
from tests.support.xml import read_xml

WRONG = Problem(Place("models/a b.yaml", 3, 7), Code.INVALID_NAME, "name is wrong", "mend it")
ODD = Problem(Place("models/c.yaml", 1, 1), Code.SYMBOLIC_LINK, "not followed", severity="warning")
BLANKS = {"C0 0xa"}
"""Line ends, which the documents are laid out with."""


def moved(problem: Problem, lines: int) -> Problem:
    place = problem.place
    return problem._replace(place=place._replace(line=place.line + lines))


# Fingerprints


def test_a_fingerprint_stays_when_the_line_moves_and_the_hint_changes() -> None:
    ((_, before),) = add_fingerprints([WRONG])
    ((_, after),) = add_fingerprints([moved(WRONG, 10)._replace(hint="")])
    assert before == after


def test_what_is_said_twice_of_a_file_has_two_fingerprints_that_stay() -> None:
    before = [told for _, told in add_fingerprints([WRONG, moved(WRONG, 1)])]
    after = [told for _, told in add_fingerprints([ODD, moved(WRONG, 5), moved(WRONG, 9)])]
    assert len(set(before)) == 2
    assert after[1:] == before


@pytest.mark.parametrize(
    "other",
    [
        WRONG._replace(code=Code.TOO_LONG),
        WRONG._replace(message="else"),
        WRONG._replace(place=ODD.place),
        # What is in one part does not count for another.
        WRONG._replace(code=f"{WRONG.code}n", message=WRONG.message[1:]),
    ],
)
def test_other_problems_have_other_fingerprints(other: Problem) -> None:
    found = [told for problem in (WRONG, other) for _, told in add_fingerprints([problem])]
    assert len(set(found)) == 2


# GitLab's code quality


def test_code_quality_has_what_gitlab_asks_for() -> None:
    ((_, first), (_, second)) = add_fingerprints([WRONG, ODD])
    assert make_code_quality_report([WRONG, ODD]) == [
        {
            "description": "name is wrong (mend it)",
            "check_name": "invalid-name",
            "fingerprint": first,
            "severity": "major",
            "location": {"path": "models/a b.yaml", "positions": {"begin": {"line": 3, "column": 7}}},
        },
        {
            "description": "not followed",
            "check_name": "symbolic-link",
            "fingerprint": second,
            "severity": "minor",
            "location": {"path": "models/c.yaml", "positions": {"begin": {"line": 1, "column": 1}}},
        },
    ]


def test_no_problem_is_an_empty_report() -> None:
    assert make_code_quality_report([]) == []


# SARIF


def test_a_sarif_log_has_each_result_and_the_rules_that_are_broken() -> None:
    (run,) = make_sarif_log([WRONG, moved(WRONG, 1), ODD])["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["symbolic-link", "invalid-name"]
    assert rules[1]["shortDescription"] == {"text": "The name of an artifact is not allowed."}
    assert [(result["ruleId"], result["ruleIndex"], result["level"]) for result in run["results"]] == [
        ("invalid-name", 1, "error"),
        ("invalid-name", 1, "error"),
        ("symbolic-link", 0, "warning"),
    ]
    assert run["results"][0]["message"] == {"text": "name is wrong (mend it)"}
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "models/a%20b.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 7},
    }


def test_a_sarif_log_keeps_to_the_published_schema() -> None:
    every = [Problem(Place("a.yaml", 1, 1), code, "wrong") for code in Code]
    for found in ([], [WRONG, ODD], every):
        assert validation_errors(json.loads(as_json(make_sarif_log(found)))) == []


def test_the_schema_would_find_a_mistake() -> None:
    log = make_sarif_log([WRONG])
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert validation_errors(log) != []


# JUnit


def test_a_junit_document_fails_for_errors_and_tells_of_warnings() -> None:
    document = "\n".join(render_junit([WRONG, moved(WRONG, 1), ODD], "validate"))
    root = read_xml(document)
    assert root.attrib["tests"] == "3"
    assert root.attrib["failures"] == "2"
    assert [suite.attrib["name"] for suite in root] == ["models/a b.yaml", "models/c.yaml"]
    failed, _, passed = root.iter("testcase")
    assert failed.attrib == {"name": "invalid-name: name is wrong", "classname": "models/a b.yaml"}
    failure = failed.find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "name is wrong", "type": "invalid-name"}
    assert failure.text == "models/a b.yaml:3:7: name is wrong (mend it)"
    assert passed.find("failure") is None
    assert passed.findtext("system-out") == "models/c.yaml:1:1: warning: not followed"


def test_no_problem_is_a_test_that_passes() -> None:
    root = read_xml("\n".join(render_junit([], "validate")))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("1", "0")
    assert [case.attrib["name"] for case in root.iter("testcase")] == ["manifests"]


def test_a_junit_document_is_read_by_a_program_for_it() -> None:
    document = JUnitXml.fromstring("\n".join(render_junit([WRONG, ODD], "validate")).encode())
    assert (document.tests, document.failures, document.errors) == (2, 1, 0)


@law(10, 25, 500)
@given(words())
@example(["<!ENTITY x 'y'>", "&x;", "]]>", "\ufffe\uffff", "\x00\x0b", "::error::x", "##[error]"] * 4)
def test_whatever_is_in_problems_the_documents_hold_it_as_text(words: list[str]) -> None:
    found = problems(words)
    document = "\n".join(render_junit(found, "validate"))
    told = list(read_xml(document).iter("testcase"))
    tame = list(read_xml("\n".join(render_junit(problems(TAME), "validate"))).iter("testcase"))
    assert len(told) == len(tame) == len(found)
    assert [case.attrib["classname"] for case in told] == [for_xml(problem.place.file) for problem in found]
    for text in (document, as_json(make_code_quality_report(found)), as_json(sarif_log_of(found))):
        assert runner_commands(text) == []
        assert set(terminal_actions(text)) <= BLANKS


def sarif_log_of(found: list[Problem]) -> dict[str, Any]:
    """The log of problems whose codes are this program's."""
    return make_sarif_log([problem._replace(code=Code.INVALID_NAME) for problem in found])


# JSON


def test_the_document_tells_everything_and_counts_it() -> None:
    files = (
        SourceFile("a.yaml", b"type: artifact-version\nname: a b\nmetadata: {x: no}\n"),
        SourceFile("b.yaml", b"kind: Deployment\nml_repo: a\n"),
        SourceFile("c.yaml", b"kind: Deployment\n"),
    )
    document = make_problem_document(load_manifests(Snapshot(None, FilesInMemory(files))))
    assert document["valid"] is False
    assert document["counts"] == {
        "files": 2,
        "manifests": 0,
        "other_documents": 1,
        "other_files": 1,
        "errors": 4,
        "warnings": 1,
    }
    assert document["problems"][-1] == {
        "file": "a.yaml",
        "line": 3,
        "column": 15,
        "severity": "warning",
        "code": "ambiguous-value",
        "message": "no is read as text, which YAML 1.1 reads as false",
        "hint": "quote it, so that every program reads the same",
    }
    assert {problem["code"] for problem in document["problems"]} <= set(Code)
