"""Problems as JUnit XML, which nearly every CI system shows as test results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby

from junitparser import Failure, JUnitXml, TestCase, TestSuite

from reconciler.errors import Problem
from reconciler.escape import for_xml


def render_junit(problems: Sequence[Problem], command: str) -> Iterator[str]:
    """The lines of the document: a suite per file, a case per problem; without problems, one passing case.

    An error is a failure. A warning is a case that passes and has the warning as its output.

    Args:
        problems: sorted by place; problems without a file go to a suite named after the command.
        command: the command that found them, e.g. `validate`.
    """
    name = f"reconciler {command}"
    document = JUnitXml(name)
    for file, in_file in groupby(problems, lambda problem: problem.place.file):
        # By `append`, as `add_testsuite` compares each suite with all before it.
        of = for_xml(file) or name
        document.append(_make_suite(of, [_make_case(problem, of) for problem in in_file]))
    if not problems:
        document.append(_make_suite(name, [TestCase("manifests", name)]))
    document.update_statistics()
    written = BytesIO()
    document.write(written, pretty=True)
    # No text holds a tab: those are what the lines are indented with.
    yield from written.getvalue().decode().rstrip("\n").replace("\t", "  ").split("\n")


def _make_suite(name: str, cases: list[TestCase]) -> TestSuite:
    suite = TestSuite(name)
    suite.add_testcases(cases)
    return suite


def _make_case(problem: Problem, of: str) -> TestCase:
    # By its name a service knows a case from run to run, so there is no line in it.
    case = TestCase(for_xml(f"{problem.code}: {problem.message}"), of)
    if problem.severity == "error":
        failure = Failure(for_xml(problem.message), problem.code)
        failure.text = for_xml(str(problem))
        case.result = [failure]
    else:
        case.system_out = for_xml(str(problem))
    return case
