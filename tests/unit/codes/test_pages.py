"""Every code has a page, every page a code, and every example the problem that it is an example of."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reconciler
from reconciler.codes import Code, pages
from reconciler.codes.pages import Example, page_of
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.builders import load_manifests
from tests.support.files_in_memory import FilesInMemory

PACKAGE = Path(reconciler.__file__).parent
WITHOUT_EXAMPLE = {
    Code.FILE_TOO_LARGE,
    Code.SYMBOLIC_LINK,
    Code.FILE_NAME,
    Code.DUPLICATE_FILE,
    Code.NOT_UTF_8,
    Code.SHARED_VERSION,
    Code.CONFLICT,
    Code.GUARD,
    Code.DELETION,
    Code.EDITED_CONTENTS,
    Code.TOO_MANY_PROBLEMS,
    Code.SETTINGS_CHANGED,
    Code.BASE_NOT_KNOWN,
    Code.NOT_APPLIED,
    Code.OUTCOME_UNKNOWN,
    Code.DECLARED_IN_PASSING,
}
"""What no text of one file has."""
FILES = {"yaml": "fraud/scorer.yaml", "json": "fraud/scorer.json", "toml": "reconciler.toml"}
OF_ANOTHER_TOOL = SourceFile("models/values.yaml", b"replicas: 2")


def found_in(example: Example) -> list[str]:
    """The codes of the problems that the loader finds in an example."""
    file = SourceFile(FILES[example.language], example.text.encode())
    is_settings = example.language == "toml"
    files, settings = ((OF_ANOTHER_TOOL,), file) if is_settings else ((file,), None)
    named = () if is_settings else (file.path,)
    read = Snapshot(None, FilesInMemory(files, named), settings=settings)
    return [problem.code for problem in load_manifests(read).problems]


def sources() -> list[ast.Module]:
    files = [file for file in PACKAGE.rglob("*.py") if file.parent.name != "codes"]
    return [ast.parse(file.read_text()) for file in files]


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    folder = Path(pages.__file__).parent / "pages"
    assert {file.name for file in folder.iterdir()} == {f"{code}.md" for code in Code}
    assert [page_of(code).code for code in Code] == list(Code)


def test_every_code_is_used_by_something() -> None:
    used = {
        node.attr
        for tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"
    }
    assert used == {code.name for code in Code}


def test_no_problem_is_made_with_a_code_that_is_only_spelled_out() -> None:
    """Such a one could have no page."""
    made = [
        node.args[1]
        for tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
    ]
    assert len(made) >= 10
    assert not [ast.dump(code) for code in made if isinstance(code, ast.Constant | ast.JoinedStr)]


@pytest.mark.parametrize("code", Code)
def test_the_wrong_example_has_the_problem_and_no_other(code: Code) -> None:
    page = page_of(code)
    assert (page.wrong is None) == (page.right is None) == (code in WITHOUT_EXAMPLE)
    if page.wrong:
        assert set(found_in(page.wrong)) == {code}


@pytest.mark.parametrize("code", [code for code in Code if code not in WITHOUT_EXAMPLE])
def test_the_right_example_has_no_problem(code: Code) -> None:
    right = page_of(code).right
    assert right
    assert found_in(right) == []


@pytest.mark.parametrize("code", Code)
def test_a_page_says_what_and_why_in_whole_sentences(code: Code) -> None:
    page = page_of(code)
    assert len(f"{code:20}  {page.title}") <= 80
    assert not page.title.endswith(".")
    for text in (page.about, page.why):
        assert all(paragraph[-1] in ".:`" for paragraph in text.split("\n\n"))
        assert all(len(line) <= 110 for line in text.split("\n"))


@pytest.mark.parametrize("code", Code)
def test_a_code_is_short_words_and_named_as_it_reads(code: Code) -> None:
    assert code.name == code.value.upper().replace("-", "_")
    assert len(code) <= 20
