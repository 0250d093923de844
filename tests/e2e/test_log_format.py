"""stderr as JSON Lines: whatever is said is one object on a line, with fields for programs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import manifest
from tests.support.cli import TOKEN, Cli, Ended
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer
from tests.support.terminal import Terminal

MANIFEST = """\
type: artifact-version
ml_repo: fraud
name: scorer
version: 1
source: {type: external, uri: s3://example-models/1}
metadata: {}
"""


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "repository")
    made.write("scorer.yaml", MANIFEST)
    made.commit("one")
    return made


def records(ended: Ended) -> list[dict[str, Any]]:
    """What stderr says: every line has to be a record, and the moment of each to be now."""
    found = [json.loads(line) for line in ended.err.splitlines()]
    for record in found:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"])
        assert abs(datetime.fromisoformat(record["time"]) - datetime.now(UTC)) < timedelta(minutes=2)
        assert record["level"] in {"info", "warning", "error"}
    return found


def said(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "time"}


def test_a_problem_is_a_record_with_its_code_and_place(repository: GitRepository) -> None:
    repository.write("scorer.yaml", MANIFEST + "colour: red\n")
    problem, error = records(
        Cli(repository.folder, "https://example.com")("plan", "--log-format", "json", expect=1)
    )
    assert problem["level"] == "error"
    assert (problem["path"], problem["line"], problem["column"]) == ("scorer.yaml", 7, 1)
    assert problem["code"] == "unknown-field"
    assert said(error) == {"level": "error", "message": "1 error in the manifests"}


def test_an_error_is_a_record_with_its_hint_and_without_its_label(tmp_path: Path) -> None:
    (error,) = records(Cli(tmp_path, env={"RECONCILER_LOG_FORMAT": "json"})("plan", expect=1))
    assert error["level"] == "error"
    assert not error["message"].startswith("error")
    assert error["hint"]


@pytest.mark.parametrize(
    "arguments", [("plan", "--no-such-option"), ("nothing",), ("apply",), ("plan", "--api", "x")]
)
def test_what_is_not_understood_is_reported_in_records(
    arguments: tuple[str, ...], repository: GitRepository
) -> None:
    cli = Cli(repository.folder, "https://example.com", env={"RECONCILER_LOG_FORMAT": "json"})
    assert {record["level"] for record in records(cli(*arguments, expect=64))} <= {"info", "error"}


def test_the_option_wins_over_the_environment(tmp_path: Path) -> None:
    cli = Cli(tmp_path, env={"RECONCILER_LOG_FORMAT": "json"})
    assert cli("plan", "--log-format", "text", expect=1).err.startswith("error: ")


def test_hostile_text_and_the_token_make_no_record_of_their_own(
    repository: GitRepository, planted: set[Path]
) -> None:
    planted.add(repository.folder / "scorer.yaml")
    hostile = '"\\u001b[2J\\n{\\"level\\": \\"info\\"} ##[command] \\u202e"'
    repository.write("scorer.yaml", MANIFEST + f"{hostile}: 1\n{TOKEN}: 1\n")
    ended = Cli(repository.folder, "https://example.com")("plan", "--log-format", "json", expect=1)
    problem, token, _ = records(ended)
    assert ended.err.isascii()
    assert "##[" not in ended.err
    assert '{"level": "info"}' in problem["message"]
    assert "***" in token["message"]


def test_text_from_outside_is_in_a_record_as_it_is(repository: GitRepository) -> None:
    folder = "a\u3164"  # a letter that is not seen
    repository.write(f"{folder}/scorer.yaml", "type: service\n")
    with RegistryServer() as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        registry.register(manifest(version=2))
        cli = Cli(repository.folder, registry.url, env={"RECONCILER_LOG_FORMAT": "json"})
        (existing,) = records(cli("import", "--layout", f"{folder}/{{name}}.yaml"))
    assert existing["message"].startswith(f"{folder}/scorer.yaml: there is such a file")
    db = "registry\u200b.db"
    repository.write(".gitignore", "")
    warning, created = records(cli("registry", "create", "--db", db, "fraud"))
    assert warning["message"].startswith(f"git would commit {db}: ")
    assert created["message"].startswith(f"{db} has the ML repos fraud")


def test_details_are_records_and_stdout_stays_as_it_was(repository: GitRepository) -> None:
    cli = Cli(repository.folder, f"sqlite:///{repository.folder.parent}/registry.db")
    cli("registry", "create", "--db", "../registry.db", "fraud")
    plain = cli("plan")
    ended = cli("plan", "-v", "--log-format", "json")
    assert ended.out == plain.out
    assert records(ended)[0]["message"].startswith("control plane: sqlite:///")
    assert {record["level"] for record in records(ended)} == {"info"}


def test_on_a_terminal_nobody_is_asked_and_nothing_is_drawn(repository: GitRepository) -> None:
    with Terminal(Cli(repository.folder, "https://example.com"), "apply", "--log-format", "json") as terminal:
        assert terminal.end() == 64
        assert "give --yes" in terminal.sent
