"""What is in the way stands at its own line, in every format that tells where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.judges import runner_commands
from tests.support.registry_server import RegistryServer
from tests.support.xml import read_xml

PLACES = {
    "block.yaml": (11, 8), "flow.yaml": (5, 31), "plain.json": (9, 12), "shared.yaml": (8, 10),
    "step.yaml": (6, 7), "twice.yaml": (6, 8),
}  # fmt: skip
"""Line and column of the field in the way, by file."""


def head(name: str, version: str = "version: 1\n") -> str:
    return f"type: artifact-version\nml_repo: fraud\nname: {name}\n{version}"


def files(contents: str, step: int) -> dict[str, str]:
    """Manifests in every way that they may be written, with these contents."""
    uri = f"s3://example/{contents}"
    block = f"source:\n  type: external\n  uri: {uri}\ndescription: last\n"
    shared = f"metadata:\n  kept: &kept\n    type: external\n    uri: {uri}\nsource: *kept\n"
    plain = {
        "type": "artifact-version", "ml_repo": "fraud", "name": "plain", "version": 1, "metadata": {},
        "source": {"type": "external", "uri": uri},
    }  # fmt: skip
    return {
        "block.yaml": f"# the first\n---\n{head('block')}metadata:\n  {{}}\n{block}",
        "flow.yaml": f"{head('flow')}source: {{type: external, uri: '{uri}'}}\nmetadata: {{}}\n",
        "plain.json": json.dumps(plain, indent=2),
        "shared.yaml": f"{head('shared')}{shared}",
        "step.yaml": f"{head('step')}metadata: {{}}\nstep: {step}\nsource: {{type: external, uri: s3://x/1}}\n",
    }


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """Of a repository whose branch edits contents that are registered, but for what its base declares."""
    repository = GitRepository(tmp_path_factory.mktemp("repository"))
    with RegistryServer(token=TOKEN) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        cli = Cli(repository.folder, server.url)
        same = "metadata: {}\nsource:\n  uri: s3://example/same\n  type: external\n"
        pinned = "---\n".join(head("twice", f"version: {version}\n") + same for version in (1, 2))
        for path, text in {**files("old", 1), "twice.yaml": pinned}.items():
            repository.write(path, text)
        repository.commit()
        cli("apply", "--yes")
        repository.branch("proposal")
        for path, text in {**files("new", 2), "twice.yaml": head("twice", "") + same}.items():
            repository.write(path, text)
        repository.commit()
        yield cli


def told(plan: Any) -> dict[str, tuple[int, int]]:
    """Where a plan as JSON says that what is in the way stands."""
    return {c["at"]["file"]: (c["at"]["line"], c["at"]["column"]) for c in plan["changes"] if "at" in c}


@pytest.mark.parametrize("where", [(), ("--ref", "HEAD")])
def test_a_conflict_is_at_its_field_whatever_is_read(cli: Cli, where: tuple[str, ...]) -> None:
    plan = cli("plan", *where, "--format", "json", expect=4).document
    assert told(plan) == PLACES
    assert {c["file"]: c["line"] for c in plan["changes"]}["block.yaml"] == 3  # where its manifest begins


def test_a_conflict_in_a_remote_repository_is_at_its_field(cli: Cli, tmp_path: Path) -> None:
    with GitServer(cli.folder.parent, tmp_path / "authority.pem") as server:
        there = Cli(tmp_path, cli.host, env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")})
        where = ("--repo", f"{server.url}/{cli.folder.name}", "--ref", "proposal")
        assert told(there("plan", *where, "--format", "json", expect=4).document) == PLACES


def test_every_format_of_a_plan_points_at_the_field_and_show_does_so_too(cli: Cli, tmp_path: Path) -> None:
    saved = str(tmp_path / "plan.json")
    cli("plan", "--out", saved, expect=4)
    lines = {file: str(line) for file, (line, _) in PLACES.items()}
    for command, expect in ((("plan",), 4), (("show", saved), 0)):
        ended = cli(*command, "--format", "github", expect=expect)
        found = [found for found in runner_commands(ended.out) if found.name == "error"]
        assert {each.properties["file"]: each.properties["line"] for each in found} == lines
        results = cli(*command, "--format", "sarif", expect=expect).document["runs"][0]["results"]
        physical = [result["locations"][0]["physicalLocation"] for result in results]
        assert {
            each["artifactLocation"]["uri"]: (each["region"]["startLine"], each["region"]["startColumn"])
            for each in physical
        } == PLACES
        junit = read_xml(cli(*command, "--format", "junit", expect=expect).out)
        assert "block.yaml:11:8" in "".join(junit.itertext())
        for output_format in ("text", "concise", "markdown", "html"):
            assert "block.yaml:11" in cli(*command, "--format", output_format, expect=expect).out


def test_contents_that_were_edited_are_at_their_field(cli: Cli) -> None:
    expected = {file: place for file, place in PLACES.items() if file != "twice.yaml"}

    def validated(output_format: str) -> Any:
        return cli("validate", "--base", "main", "--format", output_format, expect=1)

    problems = validated("json").document["problems"]
    assert {each["file"]: (each["line"], each["column"]) for each in problems} == expected
    assert "at block.yaml:11:8" in {each["file"]: each["message"] for each in problems}["block.yaml"]
    begins = [each["location"]["positions"]["begin"] for each in validated("gitlab").document]
    assert sorted((each["line"], each["column"]) for each in begins) == sorted(expected.values())
    text = validated("text").out
    assert "  11 |   uri: s3://example/new\n     |        ^\n" in text
    assert (
        "  5 | source: {type: external, uri: 's3://example/new'}\n    |                               ^\n"
        in text
    )
