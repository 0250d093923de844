"""Problems as JUnit XML, which about every CI system shows as test results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby

from junitparser import Failure, JUnitXml, TestCase, TestSuite

from reconciler.errors import Problem
from reconciler.escape import for_xml


def junit_lines(problems: Sequence[Problem], command: str) -> Iterator[str]:
    """The document: a suite for each file with problems, in it a case for each; else one case that passes.

    Errors are failures. A case of a warning passes, and tells it as its output.

    Args:
        problems: in order of place; those of no place are the command's.
        command: what has found them, e.g. `validate`.
    """
    name = f"reconciler {command}"
    document = JUnitXml(name)
    for file, in_file in groupby(problems, lambda problem: problem.place.file):
        # By `append`, as `add_testsuite` compares each suite with all before it.
        of = for_xml(file) or name
        document.append(_suite(of, [_case(problem, of) for problem in in_file]))
    if not problems:
        document.append(_suite(name, [TestCase("manifests", name)]))
    document.update_statistics()
    written = BytesIO()
    document.write(written, pretty=True)
    # No text holds a tab: those are what the lines are indented with.
    yield from written.getvalue().decode().rstrip("\n").replace("\t", "  ").split("\n")


def _suite(name: str, cases: list[TestCase]) -> TestSuite:
    suite = TestSuite(name)
    suite.add_testcases(cases)
    return suite


def _case(problem: Problem, of: str) -> TestCase:
    # By its name a service knows a case from run to run, so there is no line in it.
    case = TestCase(for_xml(f"{problem.code}: {problem.message}"), of)
    if problem.severity == "error":
        failure = Failure(for_xml(problem.message), problem.code)
        failure.text = for_xml(str(problem))
        case.result = [failure]
    else:
        case.system_out = for_xml(str(problem))
    return case
