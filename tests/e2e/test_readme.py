"""What the README says of commands, exit codes and files is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from reconciler.cli.exits import Exit
from reconciler.manifest.settings import load_settings
from reconciler.source.snapshot import SourceFile
from tests.support.builders import load_manifests, snapshot
from tests.support.cli import Cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def block(language: str) -> str:
    """The only code block of a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_table_of_exit_codes_is_whole() -> None:
    table = README.partition("### Exit codes")[2].partition("Data goes to stdout")[0]
    codes = {
        int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for code in row.split(",")
    }
    assert codes == {int(code) for code in Exit}


def test_every_command_named_has_a_help(tmp_path: Path) -> None:
    named = set(re.findall(r"^(?:\| `)?reconciler ([a-z]+)", README, re.MULTILINE))
    assert named == {
        "validate",
        "plan",
        "apply",
        "show",
        "explain",
        "schema",
        "registry",
        "demo",
        "doctor",
        "import",
        "new",
    }
    for command in named:
        Cli(tmp_path)(command, "--help")


def test_every_option_named_exists(tmp_path: Path) -> None:
    helps = "".join(
        Cli(tmp_path)(*command.split(), "--help").out
        for command in (
            "validate",
            "plan",
            "apply",
            "import",
            "new",
            "show",
            "schema",
            "registry serve",
            "registry create",
        )
    )
    benchmark = [sys.executable, "-m", "tests.bench", "--help"]
    helps += subprocess.run(benchmark, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    prose = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    for option in set(re.findall(r"`[^`\n]*?(--[a-z][a-z-]+)", prose)):
        assert option in helps, option


def test_the_manifest_shown_is_valid() -> None:
    text = block("yaml")
    assert yaml.safe_load(text)["type"] == "artifact-version"
    declaration = load_manifests(snapshot({"a.yaml": text}))
    assert declaration.problems == ()
    assert [declared.label for declared in declaration.manifests] == ["fraud/scorer:4"]


def test_the_settings_shown_are_valid() -> None:
    settings, problems = load_settings(SourceFile("reconciler.toml", block("toml").encode()))
    assert problems == ()
    assert settings.comparison.ignore
    assert settings.expect_host


def test_every_picture_is_there_and_small_and_described() -> None:
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", README)
    assert len(pictures) == 2
    for words, file in pictures:
        assert len(words) > 20, file
        assert 0 < (ROOT / file).stat().st_size < 150_000, file


def test_ci_runs_the_tests_as_the_readme_gives_them() -> None:
    assert "\n.ci/test\n" in README
    assert "step 'Tests' .ci/test\n" in (ROOT / ".ci" / "run").read_text()
