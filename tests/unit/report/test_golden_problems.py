"""All formats of problems for one repository with many, byte for byte as they were last looked at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from reconciler.escape import as_json
from reconciler.manifest.excerpts import read_excerpts
from reconciler.manifest.load import Declaration
from reconciler.report.ci.annotations import render_annotations
from reconciler.report.ci.code_quality import make_code_quality_report
from reconciler.report.ci.junit import render_junit
from reconciler.report.ci.sarif import make_sarif_log
from reconciler.report.problem_list import make_problem_document
from reconciler.report.text.plan import Line, TextLayout
from reconciler.report.text.problems import render_concise_problems, render_problems
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.builders import load_manifests
from tests.support.files_in_memory import FilesInMemory
from tests.support.golden import GOLDEN, check

FILES: dict[str, bytes] = {
    "models/fraud, 50% done/a:b.yaml": b"""\
type: artifact-version
ml_repo: fraud
name: sc orer
version: true
source: {type: external, uri: s3://example-fraud-models/scorer/1}
metadata: {api_key: 0123-4567-89ab-cdef, uptime: 100%}
desciption: The scorer of payments, as it was before the labels were corrected in the spring of 2026.
""",
    "models/fraud/scorer.json": b"""\
{
\t"type": "artifact-version",
\t"ml_repo": "fraud",
\t"name": "scorer",
\t"version": 1,
\t"version": 2,
\t"source": {"type": "external", "uri": "s3://example-fraud-models/scorer/1"},
\t"metadata": {}
}
""",
    "models/fraud/unreadable.yaml": b"type: artifact-version\nname: [\n",
    "models/search/synonyms.yaml": """\
type: artifact-version
ml_repo: search-ranking
name: synonyms
version: 1
source: {type: truefoundry, uri: gs://example-search-models/synonyms/1}
metadata: {言語: [日本語, 한국어], 文字コード: UTF-8, reviewed: no, data: [2026-01, 2026-02, 2026-03]}
---
type: artifact-version
ml_repo: search-ranking
name: synonyms
version: 1
source: {type: truefoundry, uri: gs://example-search-models/synonyms/2}
metadata: {datasets: [queries-2026-01, queries-2026-02, queries-2026-03, queries-2026-04], clicks: 0123}
""".encode(),
    "models/search/\x1b[31m.yaml": b"type: artifact_version\nml_repo: fraud\n",
    "models/search/windows.yaml": "# \u202edehcraes\r\n{type: artifact-version, name: caf\xe9}\r\n".encode(
        "latin-1", "replace"
    ),
}
SETTINGS = SourceFile("reconciler.toml", b'ignroe = ["/metadata/metrics"]\n')


@pytest.fixture(scope="module")
def found() -> Declaration:
    files = FilesInMemory(SourceFile(path, data) for path, data in sorted(FILES.items()))
    return load_manifests(Snapshot(None, files, settings=SETTINGS))


def page(lines: Iterable[Line]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def written(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(("name", "width"), [("problems/80.txt", 80), ("problems/200.txt", 200)])
def test_problems_as_text(found: Declaration, name: str, width: int) -> None:
    lines = render_problems(found.problems, read_excerpts(found.snapshot, found.problems), TextLayout(width))
    check(name, page(lines))


def test_problems_one_a_line(found: Declaration) -> None:
    check("problems/concise.txt", page(render_concise_problems(found.problems)))


def test_problems_as_annotations(found: Declaration) -> None:
    check("problems/annotations.github", written(render_annotations(found.problems)))


def test_problems_as_a_code_quality_report(found: Declaration) -> None:
    check("problems/code-quality.json", f"{as_json(make_code_quality_report(found.problems))}\n")


def test_problems_as_sarif(found: Declaration) -> None:
    check("problems/sarif.json", f"{as_json(make_sarif_log(found.problems))}\n")


def test_problems_as_test_results(found: Declaration) -> None:
    check("problems/junit.xml", written(render_junit(found.problems, "validate")))


def test_problems_as_a_document(found: Declaration) -> None:
    check("problems/problems.json", f"{as_json(make_problem_document(found))}\n")


def test_golden_files_are_those_that_are_compared() -> None:
    source = Path(__file__).read_text()
    unused = [
        file.name for file in (GOLDEN / "problems").iterdir() if f'"problems/{file.name}"' not in source
    ]
    assert unused == []
