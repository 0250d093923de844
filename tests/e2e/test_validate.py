"""`validate` in each of its formats, and the pages of the codes that it tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.codes import Code
from tests.support.cli import Cli, Ended
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.manifests import replaced
from tests.support.xml import read_xml

MANIFEST = """\
type: artifact-version
ml_repo: fraud
name: fraud scorer
version: 3
source: {type: external, uri: s3://example-models/fraud/scorer/3}
metadata: {password: hunter2, reviewed: no}
"""
SUMMARY = "1 error, 0 valid manifests in 1 file\n"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    repository = GitRepository(tmp_path / "repository")
    repository.write("scorer.yaml", MANIFEST)
    repository.commit()
    return Cli(repository.folder)


def validated(cli: Cli, output_format: str, *arguments: str) -> Ended:
    """The end of a validation, which shows no credential of a manifest."""
    ended = cli("validate", "--format", output_format, *arguments, expect=1)
    assert "hunter2" not in ended.out + ended.err
    return ended


def test_a_remote_repository_is_shown_with_its_lines(cli: Cli, tmp_path: Path) -> None:
    with GitServer(cli.folder.parent, tmp_path / "authority.pem") as server:
        env = {"SSL_CERT_FILE": str(tmp_path / "authority.pem")}
        remote = validated(Cli(tmp_path, env=env), "text", "--repo", f"{server.url}/{cli.folder.name}")
    assert remote == validated(cli, "text")


@pytest.mark.parametrize("output_format", ["json", "gitlab", "sarif"])
def test_the_formats_for_programs_are_one_document_with_every_problem(cli: Cli, output_format: str) -> None:
    ended = validated(cli, output_format)
    assert ended.err == SUMMARY
    document = ended.document
    match output_format:
        case "json":
            codes = [problem["code"] for problem in document["problems"]]
        case "gitlab":
            codes = [problem["check_name"] for problem in document]
        case _:
            codes = [result["ruleId"] for result in document["runs"][0]["results"]]
    assert codes == ["invalid-name", "credential", "ambiguous-value"]


def test_junit_is_one_document_with_every_problem(cli: Cli) -> None:
    ended = validated(cli, "junit")
    assert ended.err == SUMMARY
    assert read_xml(ended.out).attrib["tests"] == "3"


# Pages


def test_every_code_is_listed_within_a_terminal(cli: Cli) -> None:
    lines = cli("explain").out.splitlines()
    assert [line.split()[0] for line in lines] == list(Code)
    assert max(map(len, lines)) <= 80


def test_a_page_tells_what_is_wrong_with_an_example_and_why(cli: Cli) -> None:
    out = Cli(cli.folder, env={"COLUMNS": "80"})("explain", "unknown-field").out
    assert out.startswith("unknown-field: a manifest holds a field that no manifest has\n\n")
    assert "\nWrong:\n\n    type: artifact-version\n" in out
    assert "\n    desciption: Scores payments.\n\nRight:\n\n" in out
    assert "\n    description: Scores payments.\n\nWhy:\n\n" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("given", ["[unknown-field]", "UNKNOWN-FIELD"])
def test_a_code_is_known_as_it_is_copied(cli: Cli, given: str) -> None:
    assert cli("explain", given).out.startswith("unknown-field: ")


def test_what_a_slip_may_mean_is_shown(cli: Cli) -> None:
    refused = cli("explain", "unknwon-field", expect=64)
    assert refused.out == ""
    assert "no such code: 'unknwon-field'. Did you mean 'unknown-field'?" in refused.err
    assert "'reconciler explain' lists all codes" in cli("explain", "zzz", expect=64).err


def test_every_page_can_be_printed(cli: Cli) -> None:
    for code in json.loads(json.dumps(list(Code)))[::8]:
        assert cli("explain", code).out.startswith(f"{code}: ")


@pytest.mark.parametrize("output_format", ["text", "concise"])
def test_quiet_tells_errors_and_no_warnings(output_format: str, tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "repository")
    repository.write("1.yaml", replaced("metadata: {}", "metadata: {a: 08}"))
    cli = Cli(repository.folder)
    assert "ambiguous-value" in cli("validate", "--format", output_format).out
    quiet = cli("validate", "--format", output_format, "-q")
    assert (quiet.out, quiet.err) == ("", "")
    repository.write("2.yaml", replaced("version: 1", "version: 0"))
    told = cli("validate", "--format", output_format, "-q", expect=1).out
    assert "out-of-range" in told
    assert "ambiguous-value" not in told


def test_only_manifests_without_an_error_are_counted_as_valid(cli: Cli) -> None:
    valid = (
        "type: artifact-version\nml_repo: fraud\nname: {}\nversion: 1\n"
        "source: {{type: external, uri: s3://n}}\nmetadata: {{}}\n"
    )
    for name in ("one", "two", "three"):
        (cli.folder / f"{name}.yaml").write_text(valid.format(name))
    assert "1 error, 3 valid manifests in 3 of 4 files\n" in cli("validate", expect=1).err
    (cli.folder / "scorer.yaml").write_text(valid.format("one"))
    twice = cli("validate", "--format", "json", expect=1)
    assert "1 error, 3 valid manifests in 3 of 4 files\n" in twice.err
    assert (twice.document["counts"]["manifests"], twice.document["counts"]["files"]) == (3, 4)
    (cli.folder / "scorer.yaml").write_text("type: model-version\nml_repo: fraud\n")
    assert "3 valid manifests in 3 of 4 files, 1 document of other types\n" in cli("validate").err
