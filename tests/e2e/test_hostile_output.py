"""The tool as a process, on data that would speak through its output: every stream, file and format."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler.registry import Behaviour, Store
from reconciler.wire.models import VersionManifest
from tests.support.cli import Cli, Ended
from tests.support.git_repository import GitRepository
from tests.support.judges import read_html, read_markdown, runner_commands, terminal_actions, unseen

SAYS = (
    "::error::a\n::add-mask::b\r##[error]c ##vso[task.complete]d ##teamcity[e]\u2028 ::debug::f"
    "\x1b[31m\x1b]0;g\x07\x9b1A\x07 \u202eh\u200b\U000e0041 </script><img src=x onerror=i> \"'>"
    "\n\n```\n~~~\n# j\n@octocat #1 https://example.com [k](l) <!-- | `m` ${{ n }}"
)
SEEN = "".join(character for character in SAYS if character.isprintable())
"""What an identifier may hold: no control character, nothing that hides or reorders."""
FILE = "::error::x\x1b[31m\n##[error]y\u202e.json"


def manifest(version: int, **fields: Any) -> dict[str, Any]:
    return {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": "scorer",
        "version": version,
        "source": {"type": "external", "uri": f"s3://example/{version}/{SEEN}"},
        "metadata": {},
        **fields,
    }


def assert_silent(ended: Ended) -> None:
    for stream in (ended.out, ended.err):
        assert runner_commands(stream) == []
        assert [action for line in stream.split("\n") for action in terminal_actions(line)] == []
        assert unseen(stream) == []


def in_folder(folder: Path) -> Cli:
    """A repository and a registry with one of everything: to create, to update, in conflict."""
    repository = GitRepository(folder / "repository")
    said = {"description": SAYS, "metadata": {SAYS: SAYS, "nested": {SAYS: [SAYS]}}}
    conflict = manifest(1, name="ranker") | {"source": {"type": "external", "uri": f"s3://{SEEN}"}}
    for name, document in {
        FILE: manifest(1, **said),
        "new.json": manifest(2, **said),
        "unpinned.json": {key: value for key, value in manifest(0, name="a").items() if key != "version"},
        "conflict.json": conflict,
        "other.json": {"type": f"artifact_version{SAYS}"},
    }.items():
        repository.write(name, json.dumps(document))
    repository.commit()
    database = folder / "registry.db"
    with Store(database) as store:
        store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        other = {"type": "external", "uri": f"s3://{SAYS}"}
        for document in (
            manifest(1, metadata={SAYS: "", "x": SAYS}),
            manifest(1, name="ranker", source=other),
        ):
            store.put_version(VersionManifest.model_validate(document), Behaviour())
    return Cli(repository.folder, f"sqlite:///{database}")


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """One for all tests that change nothing of it."""
    return in_folder(tmp_path_factory.mktemp("hostile"))


def test_plans_say_nothing_in_any_format(cli: Cli) -> None:
    assert_silent(cli("plan", expect=4))
    assert_silent(found := cli("plan", "--format", "json", expect=4))
    assert sorted(change["action"] for change in found.document["changes"]) == [
        "conflict", "create", "create", "update",
    ]  # fmt: skip
    assert SAYS in [change["after"].get("description") for change in found.document["changes"]]


def test_a_plan_in_markdown_shows_data_as_code(cli: Cli) -> None:
    ended = cli("plan", "--format", "markdown", expect=4)
    assert_silent(ended)
    read = read_markdown(ended.out)
    kinds = {kind for kind, _, _ in read.structure}
    assert kinds <= {
        "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text",
        "strong_open", "strong_close", "code_inline", "fence", "html_block",
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",  # of warnings
    }  # fmt: skip
    (marker,) = (content for kind, _, content in read.structure if kind == "html_block")
    assert re.fullmatch(r"<!-- reconciler plan (?:[a-z]+=[0-9a-z]+ )+-->\n", marker)
    assert any("@octocat" in code for code in read.code)
    assert not any("octocat" in text or "example" in text for _, _, text in read.structure)


def test_a_plan_as_a_page_shows_data_as_text(cli: Cli) -> None:
    ended = cli("plan", "--format", "html", expect=4)
    assert_silent(ended)
    elements = read_html(ended.out)
    tags = [element.tag for element in elements]
    assert not set(tags) & {"img", "-comment", "link", "iframe", "object", "base"}
    assert tags.count("script") == tags.count("style") == 1
    addresses = [value for element in elements for name, value in element.attributes if name == "href"]
    assert all((address or "").startswith("#") for address in addresses)
    names = {name for element in elements for name, _ in element.attributes}
    assert not any(name.startswith("on") or name in {"style", "src", "srcdoc"} for name in names)
    assert any("<img src=x onerror=i>" in element.text for element in elements)


def test_an_apply_says_nothing_on_its_streams_and_in_its_report(tmp_path: Path) -> None:
    cli = in_folder(tmp_path)
    report = tmp_path / "report.jsonl"
    assert_silent(cli("apply", "--yes", "--report", str(report), expect=4))
    written = report.read_bytes().decode()
    assert len(written.splitlines()) == 6
    assert [json.loads(line)["event"] for line in written.split("\n")[:-1]] == [
        "begin", "outcome", "outcome", "outcome", "outcome", "end",
    ]  # fmt: skip
    assert_silent(Ended(0, written, ""))
    assert_silent(cli("apply", "--yes", "--format", "json", expect=4))


@pytest.mark.parametrize("output_format", ["text", "concise", "json", "github", "gitlab", "sarif", "junit"])
def test_a_validation_says_nothing_but_its_annotations(tmp_path: Path, output_format: str) -> None:
    cli = in_folder(tmp_path)
    broken = {**manifest(9), SAYS: SAYS, "step": SAYS, "metadata": {"password": SAYS}}
    (cli.folder / FILE).write_text(json.dumps(broken))
    (cli.folder / "broken.yaml").write_text(f"type: artifact-version\n{json.dumps(SAYS)}: [")
    ended = cli("validate", "--format", output_format, expect=1)
    lines = ended.out.split("\n")
    annotations = [line for line in lines if line.startswith("::")]
    rest = "\n".join(line for line in lines if not line.startswith("::"))
    assert_silent(Ended(1, rest, ended.err))
    assert (len(annotations) > 3) == (output_format == "github")
    for command in runner_commands("\n".join(annotations)):
        assert command.name in {"error", "warning"}
        assert command.properties.keys() == {"file", "line", "col", "title"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((SAYS,), 64),
        (("plan", f"--{SAYS}"), 64),
        (("plan", "--format", SAYS), 64),
        (("plan", SAYS), 1),
        (("plan", "--ref", SAYS), 1),
        (("plan", "--repo", SAYS), 1),
        (("plan", "--host", SAYS), 1),
        (("plan", "--host", f"sqlite:///{SAYS}/x"), 1),
        (("plan", "--host", f"sqlite:///registry.db?{SAYS}={SAYS}"), 1),
        (("validate", SAYS), 1),
        (("explain", SAYS), 64),
        (("apply", "--yes", "--report", f"{SAYS}/x"), 1),
        (("apply", "--yes", "--report", "."), 64),
        (("registry", "create", "--db", "x.db", SAYS), 1),
        (("registry", "serve", "--db", "x.db", "--switch", SAYS.replace("=", "")), 64),
        (("registry", "serve", "--db", "x.db", "--switch", f"{SAYS}={SAYS}"), 1),
        (("registry", "serve", "--db", "x.db", "--host", SAYS), 1),
    ],
)
def test_no_argument_speaks(cli: Cli, arguments: tuple[str, ...], code: int) -> None:
    ended = cli(*arguments, expect=code)
    assert_silent(ended)
    assert ended.err
    assert ended.out == ""


@pytest.mark.parametrize(("name", "code"), [("TFY_HOST", 1), ("TFY_API_KEY", 1), ("RECONCILER_API", 64)])
def test_no_variable_of_the_environment_speaks(cli: Cli, name: str, code: int) -> None:
    ended = Cli(cli.folder, "https://127.0.0.1:1", env={name: SAYS})("plan", expect=code)
    assert_silent(ended)
    assert ended.err


def test_no_request_speaks_through_the_registrys_own_messages(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    command = cli.command("registry", "serve", "--db", "registry.db", "--port", "0")
    with subprocess.Popen(
        command, cwd=tmp_path, env=cli.environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        url = process.stderr.readline().split()[3]
        for request in (SAYS, f"GET /{SAYS} HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: \x1b[31m\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=10) as client:
                client.sendall(request.encode())
                assert client.recv(100).startswith(b"HTTP/1.1 ")
        process.terminate()
        said = process.stderr.read()
    assert "Invalid HTTP request" in said
    assert_silent(Ended(0, "", said))
