"""What an editor shows: the tools that editors have, told where the schemas are by the files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.builders import manifest
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.language_server import NODE_MODULES, LanguageServer, run_node
from tests.support.manifests import hard_fields
from tests.support.registry_server import RegistryServer

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


def written(repository: GitRepository, pattern: str) -> dict[Path, str]:
    return {file: file.read_text() for file in repository.folder.rglob(pattern)}


def test_nothing_is_underlined_in_what_import_writes(
    server: LanguageServer, repository: GitRepository, registry: RegistryServer
) -> None:
    for version in range(1, 81):
        registry.register(manifest(version=version, **hard_fields(version)))
    cli = Cli(repository.folder, registry.url)
    cli("import", "--select", "!*:8?")
    cli("import", "--into", "models", "--layout", "{ml_repo}-{name}.yml")
    one_each, together = written(repository, "*.yaml"), written(repository, "*.yml")
    assert (len(one_each), len(together)) == (79, 1)
    assert server.diagnostics({**one_each, **together}) == {file: [] for file in (*one_each, *together)}


def test_nothing_is_underlined_in_what_new_writes(server: LanguageServer, repository: GitRepository) -> None:
    cli = Cli(repository.folder)
    for more in (("--uri", "s3://example-models/1"), ("--alias", "v-next", "--into", "models")):
        cli("new", "fraud/scorer", *more)
    texts = written(repository, "*.yaml")
    assert len(texts) == 2
    assert server.diagnostics(texts) == {file: [] for file in texts}


def test_fields_are_offered_and_explained(server: LanguageServer) -> None:
    text = MANIFEST.read_text()
    last = text.count("\n") + 1
    file = MANIFEST.with_name("begun.yaml")
    server.diagnostics({file: f"{text}s"})
    assert server.completions(file, last, 2)["step"].startswith("Step of the run")
    assert "Name of the artifact in its ML repo." in server.hover(file, 4, 2)


# reconciler.toml

SETTINGS_RIGHT = """\
#:schema reconciler.schema.json
normalise = ["drop-null"]
[ignore]
"fraud/*" = ["/description"]
[guard]
percent = 10
at_least = 5
"""
SETTINGS_WRONG = {
    'paths = ["../x"]': (3, '"../x" does not match'),
    'exclude = "drafts"': (3, '"drafts" is not of type "array"'),
    'exclde = ["drafts"]': (3, "('exclde' was unexpected)"),
    'prune = "always"': (3, '"always" is not one of ["report","never"]'),
    "[guard]\npercent = 90": (4, "90 is greater than the maximum of 30"),
}
"""What is said in the third line of a file that is right until then; where, and what is told."""


def test_settings_are_judged_by_the_schema_that_they_name(tmp_path: Path) -> None:
    shown = re.search(r"^```toml\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown
    (tmp_path / "reconciler.schema.json").write_text(Cli(tmp_path)("schema", "settings").out)
    right = SETTINGS_RIGHT.splitlines(keepends=True)[:2]
    texts = [shown[1], SETTINGS_RIGHT, *("".join([*right, wrong]) for wrong in SETTINGS_WRONG)]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.toml").write_text(text)
    taplo = str(NODE_MODULES / "@taplo/cli/dist/cli.js")
    ended = run_node(taplo, "lint", "--colors", "never", folder=tmp_path)
    told = re.findall(r"^error: (.*)\n +┌─ .*/(\d+)\.toml:(\d+):", ended, re.MULTILINE)
    found = {(int(number), int(line), message) for message, number, line in told}
    assert {number for number, _, _ in found} == {*range(2, len(texts))}, ended
    for number, (line, message) in enumerate(SETTINGS_WRONG.values(), 2):
        assert any((number, line) == (at, row) and message in said for at, row, said in found), message
