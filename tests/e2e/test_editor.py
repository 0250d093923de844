"""What an editor shows: the language server of editors, told where the schema is by the files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.language_server import LanguageServer

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "team"
MANIFEST = EXAMPLES / "search-ranking" / "ranker" / "2.yaml"
NAME_RULE = r'String does not match the pattern of "^[A-Za-z0-9_\-]+$".'
MISTAKES = {
    "unknown-field": ("version: 2", "verison: 2", [(5, "Property verison is not allowed.")]),
    "text-for-a-number": ("version: 2", "version: '2'", [(5, 'Incorrect type. Expected "integer".')]),
    "name": ("name: ranker", "name: a b", [(4, NAME_RULE)]),
    "type": ("artifact-version\n", "artifact\n", [(2, 'Value must be "artifact-version".')]),
    "left-out": ("ml_repo: search-ranking\n", "", [(2, 'Missing property "ml_repo".')]),
    "of-contents": (
        "  uri:",
        "  url:",
        [(10, 'Missing property "uri".'), (12, "Property url is not allowed.")],
    ),
    "kind-of-contents": (
        "type: external",
        "type: s3",
        [(11, 'Value must be "truefoundry" | "external".')],
    ),
}
"""What is changed in a manifest that is right, and what is said on which lines."""


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    with LanguageServer(EXAMPLES) as running:
        yield running


def test_nothing_is_underlined_in_the_examples(server: LanguageServer) -> None:
    files = {
        file: file.read_text()
        for file in EXAMPLES.rglob("*")
        if file.suffix in {".yaml", ".json"} and ".reconciler" not in file.parts
    }
    assert len(files) > 12
    assert server.diagnostics(files) == {file: [] for file in files}


def test_mistakes_are_underlined_where_they_are(server: LanguageServer) -> None:
    right = MANIFEST.read_text()
    wrong = {
        MANIFEST.with_name(f"{name}.yaml"): right.replace(old, new, 1)
        for name, (old, new, _) in MISTAKES.items()
    }
    assert right not in wrong.values()
    assert server.diagnostics(wrong) == {
        MANIFEST.with_name(f"{name}.yaml"): expected for name, (_, _, expected) in MISTAKES.items()
    }


def test_the_schema_that_the_tool_prints_is_found_beside_the_manifest_of_the_readme(
    server: LanguageServer, tmp_path: Path
) -> None:
    shown = re.search(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown
    (tmp_path / "artifact-version.schema.json").write_text(Cli(tmp_path)("schema").out)
    right, wrong, lost = (
        tmp_path / "right.yaml",
        tmp_path / "wrong.yaml",
        tmp_path / "elsewhere" / "lost.yaml",
    )
    texts = {right: shown[1], wrong: shown[1].replace("metadata:", "meta:"), lost: shown[1]}
    found = server.diagnostics(texts)
    assert found[right] == []
    assert [each.message for each in found[wrong]] == [
        'Missing property "metadata".',
        "Property meta is not allowed.",
    ]
    assert "Unable to load schema" in found[lost][0].message


def test_json_names_its_schema_in_a_field(server: LanguageServer) -> None:
    right = EXAMPLES / "search-ranking/stopwords/1.json"
    wrong = right.with_name("2.json")
    found = server.diagnostics({wrong: right.read_text().replace('"name"', '"nmae"')})
    assert "Property nmae is not allowed." in {each.message for each in found[wrong]}


def test_fields_are_offered_and_explained(server: LanguageServer) -> None:
    text = MANIFEST.read_text()
    last = text.count("\n") + 1
    file = MANIFEST.with_name("begun.yaml")
    server.diagnostics({file: f"{text}s"})
    assert server.completions(file, last, 2)["step"].startswith("Step of the run")
    assert "Name of the artifact in its ML repo." in server.hover(file, 4, 2)
